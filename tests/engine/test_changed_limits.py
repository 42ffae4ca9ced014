"""Limits that a person changes while the engine runs hold from the next part on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from engine_rig import CALM, Rig, imsi_of, smallest_gap

MakeRig = Callable[..., Rig]


async def test_a_raised_quota_lets_go_on_what_waited_for_it(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_hour": 5}, pace=CALM)
    await rig.start()
    mailing = rig.mailing(12)
    await rig.until(lambda: len(rig.cell.ledger) == 5)
    await rig.passes(60)
    assert rig.mailing_row(mailing).reason_code == "quota_hour"
    rig.set_sim(imsi_of(0), per_hour=9)
    await rig.until(lambda: len(rig.cell.ledger) == 9, within_s=60)
    await rig.passes(60)
    assert len(rig.cell.ledger) == 9
    rig.set_sim(imsi_of(0), per_hour=0)
    await rig.until(lambda: rig.is_finished(mailing), within_s=60)


async def test_a_lowered_quota_stops_the_sim(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_hour": 30}, pace=CALM)
    await rig.start()
    rig.mailing(20)
    await rig.until(lambda: len(rig.cell.ledger) == 4)
    rig.set_sim(imsi_of(0), per_hour=6)
    await rig.passes(1800)
    # what was being begun when it was written
    assert len(rig.cell.ledger) <= 6


async def test_a_message_too_long_for_the_old_quota_goes_under_the_new_one(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_hour": 2}, pace=CALM)
    await rig.start()
    mailing = rig.mailing([3])
    await rig.passes(120)
    assert rig.cell.ledger == []
    rig.set_sim(imsi_of(0), per_hour=3)
    # it was put back for ten minutes
    await rig.until(lambda: rig.is_finished(mailing), within_s=900)


async def test_a_longer_gap_holds_from_the_next_part_but_one(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"min_gap_s": 2.0}, pace=CALM)
    await rig.start()
    mailing = rig.mailing(12)
    await rig.until(lambda: len(rig.cell.ledger) == 4)
    rig.set_sim(imsi_of(0), min_gap_s=30.0)
    await rig.passes(1)
    slow_from = len(rig.cell.ledger)
    await rig.until(lambda: rig.is_finished(mailing))
    assert smallest_gap(rig.cell.ledger[slow_from:]) >= timedelta(seconds=30)
