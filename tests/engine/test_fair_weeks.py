"""Weeks of a large mailing under the default quotas: on which day it ends, and who waits behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from engine_rig import SLOW, Rig, most_within

from pbx_sms.core.quota import SimLimits

MakeRig = Callable[..., Rig]

DAY = timedelta(days=1)
DEFAULT = SimLimits()
#: what the operator allows by default; the hour is a choice of the office's and would only stretch each day
LIMITS = {
    "per_day": DEFAULT.per_day,
    "per_month": DEFAULT.per_month,
    "min_gap_s": DEFAULT.min_gap_s,
}
RECIPIENTS = 3000


def parts_a_day(rig: Rig, began_at: datetime) -> list[int]:
    counts = Counter((entry.at - began_at) // DAY for entry in rig.cell.ledger)
    return [counts[day] for day in range(max(counts) + 1)]


def assert_within_limits(rig: Rig, per_day: int) -> None:
    for imsi, entries in rig.by_sim().items():
        assert most_within(entries, DAY) == per_day, imsi
    rig.assert_no_part_twice()


@pytest.mark.parametrize(
    ("reserve", "days", "in_a_day"), [(0, 15, 400), (DEFAULT.service_reserve_per_day, 17, 360)]
)
async def test_three_thousand_of_two_parts_take_their_days_and_fill_each(
    make_rig: MakeRig, reserve: int, days: int, in_a_day: int
) -> None:
    rig = make_rig(modems=4, limits=LIMITS | {"service_reserve_per_day": reserve}, pace=SLOW)
    await rig.start()
    began_at = rig.clock.true_now()
    large = rig.mailing([2] * RECIPIENTS)
    await rig.passes(days * 86_400)
    assert rig.is_finished(large)
    sent = parts_a_day(rig, began_at)
    assert sent[:-1] == [in_a_day] * (days - 1)
    assert sum(sent) == 2 * RECIPIENTS
    assert_within_limits(rig, in_a_day // 4)
    rig.assert_each_once(large)


async def test_a_small_mailing_of_day_three_is_done_within_the_hour_and_the_large_one_ends_on_its_day(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(
        modems=4,
        limits=LIMITS | {"service_reserve_per_day": DEFAULT.service_reserve_per_day},
        pace=SLOW,
    )
    await rig.start()
    began_at = rig.clock.true_now()
    large = rig.mailing([2] * RECIPIENTS)
    await rig.passes(2 * 86_400)
    small = rig.mailing([2] * 20)
    await rig.passes(3600)
    assert rig.is_finished(small)
    await rig.passes(15 * 86_400 - 3600)
    assert rig.is_finished(large)
    sent = parts_a_day(rig, began_at)
    assert sent[:-1] == [360] * 16
    assert sum(sent) == 2 * RECIPIENTS + 40
    assert_within_limits(rig, 90)
    rig.assert_each_once(large, small)
