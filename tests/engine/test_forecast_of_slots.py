"""What is foreseen of modems with several SIM slots is what the engine then does, within two in a hundred."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from engine_rig import SLOW, Rig, imsi_of
from foreseen_runs import MakeRig, assert_true, foreseen
from sqlalchemy import insert, select

from pbx_sms.core.reason import Reason
from pbx_sms.core.route_rules import Route
from pbx_sms.drivers.sim_slots import SimSlots
from pbx_sms.engine.pace import Pace
from pbx_sms.storage.schema import modems, sims

FIRST, SECOND = imsi_of(0), imsi_of(70)
#: a slot is looked at every few seconds, as in production
BRISK = Pace(look_s=2.0, lease_s=600.0, round_s=30.0, poll_s=600.0, usage_s=60.0)


async def slotted(make_rig: MakeRig, *, modem_count: int = 1, **more: Any) -> tuple[Rig, int, int]:
    """An engine whose first modem has two slots; both of its SIMs are known."""
    rig = make_rig(modems=modem_count, **({"pace": SLOW} | more))
    rig.modems[0].slot_imsis = (FIRST, SECOND)
    rig.modems[0].slots = SimSlots(2)
    await rig.start()
    with rig.database.begin() as connection:
        modem_id = connection.execute(select(modems.c.modem_id).where(modems.c.name == "gsm1")).scalar_one()
        long_ago = rig.database.now() - timedelta(days=60)
        row = {"imsi": SECOND, "state": "ready", "first_seen_at": long_ago, "slot_modem_id": modem_id}
        connection.execute(insert(sims).values(row | {"slot": 2}))
    return rig, rig.sim(FIRST).sim_id, rig.sim(SECOND).sim_id


def strictly(rig: Rig, *sim_ids: int) -> Callable[[int], Route]:
    """Messages in turn, each to one of the SIMs alone."""
    reason = Reason("route_only", {"sims": ["x"]})
    return lambda index: Route(sim_ids=frozenset({sim_ids[index % len(sim_ids)]}), strict=True, reason=reason)


async def changed_before(rig: Rig, first: int, second: int) -> None:
    """It is known how long a change and a part take."""
    for sim_id in (second, first):
        mailing = rig.mailing(1, route_of=strictly(rig, sim_id))
        await rig.until(lambda mailing=mailing: rig.is_finished(mailing))  # type: ignore[misc]


async def test_the_second_slot_takes_over_when_the_day_of_the_first_is_used(make_rig: MakeRig) -> None:
    rig, first, second = await slotted(make_rig, limits={"per_day": 60, "min_gap_s": 6.0})
    mailing = rig.mailing([1, 2] * 150)
    ending = foreseen(rig, mailing)
    assert set(ending.parts_by_sim) == {first, second}
    # both SIMs' days, one after the other: 120 parts in each 24 hours, not 60
    assert set(list(ending.parts_by_day.values())[1:-1]) == {120}
    await assert_true(rig, (mailing, ending))


async def test_two_slots_beside_a_modem_with_one(make_rig: MakeRig) -> None:
    rig, *_ = await slotted(make_rig, modem_count=2, limits={"per_day": 40, "min_gap_s": 20.0})
    mailing = rig.mailing([1] * 500)
    ending = foreseen(rig, mailing)
    assert len(ending.parts_by_sim) == 3
    await assert_true(rig, (mailing, ending))


async def test_the_two_sims_of_one_modem_do_not_send_at_the_same_time(make_rig: MakeRig) -> None:
    rig, first, second = await slotted(make_rig, pace=BRISK, limits={"min_gap_s": 10.0})
    await changed_before(rig, first, second)
    mailing = rig.mailing(400, route_of=strictly(rig, first, second))
    ending = foreseen(rig, mailing)
    assert ending.parts_by_sim == {first: 200, second: 200}
    assert ending.ends_at is not None
    # together they would be done in half the time
    assert ending.ends_at - rig.clock.true_now() > timedelta(seconds=4000)
    await assert_true(rig, (mailing, ending))


async def test_a_sim_at_rest_that_is_needed_takes_its_share_of_the_modem(make_rig: MakeRig) -> None:
    rig, first, second = await slotted(make_rig, pace=BRISK, limits={"min_gap_s": 15.0, "per_day": 150})
    await changed_before(rig, first, second)
    everybody = rig.mailing([2] * 120)
    strict = rig.mailing(40, route_of=strictly(rig, second))
    await assert_true(rig, (strict, foreseen(rig, strict)), (everybody, foreseen(rig, everybody)))
