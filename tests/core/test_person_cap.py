"""How many messages a person may get: rolling windows, by hand and against a count of every window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.people.cap import LENGTH, Period, PersonCaps

NOON = datetime(2028, 2, 29, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ago(*hours: float) -> list[datetime]:
    return sorted(NOON - hour * HOUR for hour in hours)


def test_without_a_cap_nothing_is_over() -> None:
    assert not PersonCaps()
    assert PersonCaps().over(NOON, ago(1, 2, 3)) is None


@pytest.mark.parametrize(
    ("sent", "free_at"),
    [
        ((), None),
        ((1,), None),
        ((1, 5), NOON + 19 * HOUR),
        ((1, 5, 23), NOON + 19 * HOUR),
        # exactly a day ago: it has just left
        ((1, 24), None),
        ((1, 23.5), NOON + 0.5 * HOUR),
    ],
)
def test_two_in_a_day_leave_room_when_the_last_but_one_leaves(
    sent: tuple[float, ...], free_at: datetime | None
) -> None:
    over = PersonCaps(per_day=2).over(NOON, ago(*sent))
    assert (over and over.free_at) == free_at
    assert over is None or (over.period, over.max_messages) == (Period.DAY, 2)


def test_the_cap_that_holds_up_longer_is_the_one_that_is_told() -> None:
    caps = PersonCaps(per_day=1, per_week=3)
    assert caps.over(NOON, ago(2)).period is Period.DAY  # type: ignore[union-attr]
    week = caps.over(NOON, ago(2, 50, 100))
    # 29 February and the days before it: 100 hours ago was the 25th at 8, so the 3rd of March at 8
    assert week is not None
    assert (week.period, week.free_at) == (Period.WEEK, datetime(2028, 3, 3, 8, 0, tzinfo=UTC))


@given(
    per_day=st.integers(0, 4),
    per_week=st.integers(0, 8),
    steps=st.lists(st.integers(0, 40), max_size=60),
)
def test_whoever_obeys_has_no_window_with_more_and_waits_no_longer_than_needed(
    per_day: int, per_week: int, steps: list[int]
) -> None:
    caps = PersonCaps(per_day=per_day, per_week=per_week)
    now, sent = NOON, list[datetime]()
    for hours in steps:
        now += hours * HOUR
        over = caps.over(now, sent)
        if over is None:
            sent.append(now)
            continue
        # at that instant there is room, and a moment before there was none
        assert caps.over(over.free_at, sent) is None
        assert caps.over(over.free_at - timedelta(microseconds=1), sent) is not None
    for period in Period:
        most = caps.max_of(period)
        for first in sent:
            inside = [at for at in sent if first <= at < first + LENGTH[period]]
            assert not most or len(inside) <= most
