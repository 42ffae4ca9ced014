"""Somebody sets the wall clock while the engine runs: no quota is passed by a clock that never jumps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from engine_rig import CALM, Rig, most_within

from pbx_sms.engine.pace import Pace

MakeRig = Callable[..., Rig]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: for hours of waiting
IDLE = Pace(look_s=120.0, lease_s=3600.0, round_s=60.0, poll_s=7200.0, usage_s=300.0)


async def test_an_hour_ahead_holds_says_why_and_frees_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_hour": 10}, pace=CALM)
    await rig.start()
    mailing = rig.mailing(60)
    await rig.until(lambda: len(rig.cell.ledger) == 10)
    rig.clock.set_by(HOUR)
    await rig.passes(120)
    row = rig.mailing_row(mailing)
    assert (row.state, row.reason_code, row.reason_params) == ("running", "clock_jumped", {"seconds": 3600})
    assert len(rig.cell.ledger) == 10
    await rig.passes(6 * 3600)
    assert most_within(rig.cell.ledger, HOUR) == 10
    # and what is allowed is used
    assert len(rig.cell.ledger) == 60
    assert rig.is_finished(mailing)


async def test_an_hour_ahead_and_right_again_holds_until_it_is_right(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_hour": 10}, pace=CALM)
    await rig.start()
    mailing = rig.mailing(30)
    await rig.until(lambda: len(rig.cell.ledger) == 4)
    rig.clock.set_by(HOUR)
    await rig.until(lambda: rig.mailing_row(mailing).reason_code == "clock_jumped")
    begun = len(rig.cell.ledger)
    await rig.passes(200)
    assert len(rig.cell.ledger) == begun
    rig.clock.set_by(-HOUR)
    await rig.passes(200)
    assert len(rig.cell.ledger) == 10
    assert rig.mailing_row(mailing).reason_code == "quota_hour"
    assert abs(rig.database.now() - rig.clock.true_now()) < timedelta(seconds=1)
    await rig.passes(3 * 3600)
    assert rig.is_finished(mailing)
    assert most_within(rig.cell.ledger, HOUR) == 10


async def test_an_hour_back_frees_nothing_and_holds_nothing_up(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_hour": 10}, pace=CALM)
    await rig.start()
    mailing = rig.mailing(40)
    await rig.until(lambda: len(rig.cell.ledger) == 10)
    before = rig.database.now()
    rig.clock.set_by(-HOUR)
    assert rig.database.now() >= before
    await rig.passes(1800)
    assert len(rig.cell.ledger) == 10
    assert rig.mailing_row(mailing).reason_code == "quota_hour"
    await rig.passes(3 * 3600)
    assert rig.is_finished(mailing)
    assert most_within(rig.cell.ledger, HOUR) == 10


@pytest.mark.parametrize("jump", [HOUR, -HOUR, DAY, timedelta(seconds=45)])
async def test_a_restart_after_the_clock_was_set_frees_nothing(make_rig: MakeRig, jump: timedelta) -> None:
    rig = make_rig(limits={"per_hour": 10, "per_day": 25}, pace=CALM)
    await rig.start()
    rig.mailing(80)
    await rig.until(lambda: len(rig.cell.ledger) == 10)
    rig.clock.set_by(jump)
    await rig.passes(60)
    await rig.stop()
    # what stands in the database is all that the next process knows
    after = make_rig(limits={"per_hour": 10, "per_day": 25}, pace=IDLE)
    after.clock.set_by(jump)
    await after.start()
    await after.passes(6 * 3600)
    assert most_within(rig.cell.ledger, HOUR) == 10
    assert most_within(rig.cell.ledger, DAY) == len(rig.cell.ledger) == 25


async def test_a_clock_that_jumps_again_and_again_never_lets_a_limit_be_passed(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"per_hour": 6, "per_day": 20}, pace=IDLE)
    await rig.start()
    rig.mailing(200)
    for hours in (1, -1, 5, -3, 26, -24, -2, 0.5, 3):
        await rig.passes(1500)
        rig.clock.set_by(hours * HOUR)
        await rig.passes(2400)
    await rig.passes(86_400)
    for entries in rig.by_sim().values():
        assert most_within(entries, HOUR) == 6
        assert most_within(entries, DAY) == 20
        assert len(entries) >= 25
