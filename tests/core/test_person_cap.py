"""How many messages a person may get: rolling windows, by hand and against a count of every window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.people.cap import LENGTH, Period, PersonCaps

NOON = datetime(2028, 2, 29, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


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


@pytest.mark.parametrize(
    ("sent", "day_free", "week_free"),
    [
        # Berlin sets its clocks on 29 March: a day later is 11:00 by the wall, as is a week later
        ("2026-03-28T10:00", "2026-03-29T11:00", "2026-04-04T11:00"),
        # and on 25 October: 09:00
        ("2026-10-24T10:00", "2026-10-25T09:00", "2026-10-31T09:00"),
        ("2028-02-28T10:00", "2028-02-29T10:00", "2028-03-06T10:00"),
        ("2026-12-30T10:00", "2026-12-31T10:00", "2027-01-06T10:00"),
    ],
)
def test_a_day_and_a_week_are_as_long_as_any_other_when_clocks_are_set(
    sent: str, day_free: str, week_free: str
) -> None:
    sent_at, day_at, week_at = (
        datetime.fromisoformat(one).replace(tzinfo=BERLIN).astimezone(UTC)
        for one in (sent, day_free, week_free)
    )
    for caps, free_at in ((PersonCaps(per_day=1), day_at), (PersonCaps(per_week=1), week_at)):
        over = caps.over(free_at - timedelta(microseconds=1), [sent_at])
        assert over is not None
        assert over.free_at == free_at
        assert caps.over(free_at, [sent_at]) is None


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
