"""Which SIM slot of a modem is to be active."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbx_sms.core.slot_choice import Remembered, next_slot, remembered, way_out

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REST = timedelta(minutes=10)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def seen(minutes: float, imsi: str | None = "250010000000001") -> Remembered:
    return Remembered(imsi=imsi, rests_until=after(minutes))


@pytest.mark.parametrize(
    ("count", "current", "visits", "until_at", "wanted"),
    [
        # one slot: there is nothing to change to
        (1, 1, {}, after(600), None),
        # an unknown slot goes first
        (2, 1, {}, after(600), 2),
        (2, 2, {}, after(600), 1),
        # nobody knows until when: worth it
        (2, 1, {}, None, 2),
        # soon over: not worth it
        (2, 1, {}, after(9.9), None),
        (2, 1, {}, after(10), 2),
        # the other one rests too: stay
        (2, 1, {2: seen(0.1)}, after(600), None),
        (2, 1, {2: seen(0)}, after(600), 2),
        # unknown before rested, in turn; then the one that rested the longest
        (4, 3, {4: seen(-5), 2: seen(-5)}, after(600), 1),
        (3, 1, {2: seen(-5), 3: seen(-6)}, after(600), 3),
        (3, 1, {2: seen(5), 3: seen(-1)}, after(600), 3),
    ],
)
def test_the_slot_that_follows(
    count: int, current: int, visits: dict[int, Remembered], until_at: datetime | None, wanted: int | None
) -> None:
    assert next_slot(count, current, visits, until_at, NOW, REST) == wanted


@pytest.mark.parametrize(
    ("count", "current", "visits", "wanted"),
    [
        (2, 2, {2: seen(1440, None)}, 1),
        # the one whose SIM sends first, be it later, rather than an empty one
        (3, 3, {1: seen(90), 2: seen(5, None), 3: seen(1440, None)}, 1),
        (3, 3, {1: seen(90), 2: seen(60), 3: seen(1440, None)}, 2),
        # all are empty: each in turn
        (3, 1, {1: seen(1440, None), 2: seen(3, None), 3: seen(2, None)}, 2),
        (1, 1, {1: seen(1440, None)}, 1),
    ],
)
def test_the_way_out_of_a_slot_without_a_usable_sim(
    count: int, current: int, visits: dict[int, Remembered], wanted: int
) -> None:
    assert way_out(count, current, visits) == wanted


def test_what_was_found_is_believed_for_a_day_at_most() -> None:
    assert remembered("1", after(60), NOW).rests_until == after(60)
    assert remembered("1", after(60 * 24 * 20), NOW).rests_until == after(60 * 24)
    assert remembered(None, None, NOW).rests_until == after(60 * 24)
