"""A test of a SIM that lies in another slot changes the slot, once nothing else needs the modem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from engine_rig import CALM, Rig, imsi_of
from sqlalchemy import insert, select

from pbx_sms.drivers.sim_slots import SimSlots
from pbx_sms.operations import sims as sim_orders
from pbx_sms.storage.schema import events, modems, sims

MakeRig = Callable[..., Rig]
FIRST, SECOND = imsi_of(0), imsi_of(70)


async def slotted(make_rig: MakeRig, state: str = "ready", **more: Any) -> Rig:
    rig = make_rig(modems=1, pace=CALM, health={"probe_number": "+79160000009"}, **more)
    rig.modems[0].slot_imsis = (FIRST, SECOND)
    rig.modems[0].slots = SimSlots(2)
    await rig.start()
    with rig.database.begin() as connection:
        modem_id = connection.execute(select(modems.c.modem_id).where(modems.c.name == "gsm1")).scalar_one()
        row = {"imsi": SECOND, "state": state, "first_seen_at": rig.database.now() - timedelta(days=60)}
        connection.execute(insert(sims).values(row | {"slot": 2, "slot_modem_id": modem_id}))
    return rig


def probe(rig: Rig) -> dict[str, Any]:
    ordered = sim_orders.probe(rig.database, rig.settings, name=SECOND)
    rig.database.wake()
    return ordered


def changes(rig: Rig) -> list[str]:
    found = sorted(rig.rows(events), key=lambda row: row.event_id)
    return [row.reason_code for row in found if str(row.reason_code).startswith("slot_")]


def carried(rig: Rig) -> Counter[str]:
    return Counter(entry.imsi for entry in rig.cell.ledger)


async def test_a_test_of_a_sim_at_rest_changes_the_slot_and_the_log_says_why(make_rig: MakeRig) -> None:
    rig = await slotted(make_rig, report_s=5.0)
    assert probe(rig)["at_rest_in"] == "gsm1"
    await rig.until(lambda: carried(rig) == {SECOND: 1})
    assert changes(rig) == ["slot_changed_probe"]


async def test_a_quarantined_sim_is_tested_and_stays_for_its_report(make_rig: MakeRig) -> None:
    rig = await slotted(make_rig, "quarantined", report_s=60.0)
    probe(rig)
    await rig.until(lambda: rig.sim(SECOND).state == "ready")
    assert carried(rig) == {SECOND: 1}
    assert changes(rig) == ["slot_changed_probe"]


async def test_a_mailing_that_needs_the_modem_goes_first(make_rig: MakeRig) -> None:
    rig = await slotted(make_rig, report_s=5.0, limits={"min_gap_s": 10.0})
    mailing = rig.mailing(60)
    probe(rig)
    await rig.until(lambda: rig.is_finished(mailing))
    assert carried(rig) == {FIRST: 60}
    await rig.until(lambda: carried(rig) == {FIRST: 60, SECOND: 1})
