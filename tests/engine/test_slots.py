"""One modem with several SIM slots: it changes when its SIM rests, and no more than needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from engine_rig import CALM, SLOW, Rig, imsi_of

from pbx_sms.drivers.sim_slots import SimSlots
from pbx_sms.storage.schema import events

MakeRig = Callable[..., Rig]
FIRST, SECOND = imsi_of(0), imsi_of(70)


def slotted(make_rig: MakeRig, *imsis: str, **more: object) -> Rig:
    rig = make_rig(modems=1, **({"pace": CALM} | more))
    rig.modems[0].slot_imsis = imsis
    rig.modems[0].slots = SimSlots(len(imsis))
    return rig


def changes(rig: Rig) -> list[tuple[str, int]]:
    return [
        (row.reason_params["why"], row.reason_params["slot"])
        for row in sorted(rig.rows(events), key=lambda row: row.event_id)
        if row.reason_code in ("slot_changed", "slot_changed_rests")
    ]


async def test_two_slots_of_a_hundred_a_day_send_two_hundred_with_one_change(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND, limits={"per_day": 100})
    await rig.start()
    mailing = rig.mailing(200)
    await rig.until(lambda: rig.is_finished(mailing), within_s=7200)
    rig.assert_each_once(mailing)
    assert {imsi: len(sent) for imsi, sent in rig.by_sim().items()} == {FIRST: 100, SECOND: 100}
    assert changes(rig) == [("quota_day", 2)]


async def test_a_message_is_never_split_over_two_slots(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND, limits={"per_day": 50, "min_gap_s": 5.0})
    await rig.start()
    mailing = rig.mailing([3] * 30)
    await rig.until(lambda: rig.is_finished(mailing), within_s=7200)
    # fails where the parts of one message went through two SIMs
    rig.assert_each_once(mailing)
    assert {imsi: len(sent) for imsi, sent in rig.by_sim().items()} == {FIRST: 48, SECOND: 42}


async def test_when_both_are_used_up_the_modem_stays_until_one_has_room(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND, limits={"per_day": 20}, pace=SLOW)
    await rig.start()
    mailing = rig.mailing(60)
    await rig.until(lambda: len(rig.cell.ledger) == 40, within_s=7200)
    await rig.passes(20 * 3600)
    assert changes(rig) == [("quota_day", 2)]
    assert len(rig.cell.ledger) == 40
    await rig.until(lambda: rig.is_finished(mailing), within_s=8 * 3600)
    rig.assert_each_once(mailing)
    assert len(changes(rig)) <= 2
    assert rig.modems[0].open_count <= 3


async def test_an_hour_that_is_nearly_over_is_waited_for(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND, limits={"per_hour": 10, "min_gap_s": 330.0})
    await rig.start()
    mailing = rig.mailing(20)
    await rig.until(lambda: rig.is_finished(mailing), within_s=4 * 3600)
    assert changes(rig) == []


async def test_a_sim_that_is_out_of_use_gives_way_to_the_other(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    rig.set_sim(FIRST, state="disabled")
    await rig.passes(60)
    mailing = rig.mailing(10)
    await rig.until(lambda: rig.is_finished(mailing))
    assert Counter(entry.imsi for entry in rig.cell.ledger) == {SECOND: 10}
    assert len(changes(rig)) == 1


async def test_an_empty_slot_is_left_and_not_visited_again_that_day(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, "", limits={"per_day": 10}, pace=SLOW)
    await rig.start()
    mailing = rig.mailing(30)
    await rig.until(lambda: len(rig.cell.ledger) == 10)
    await rig.passes(12 * 3600)
    assert rig.modem_row("gsm1").state == "registered"
    assert rig.modems[0].open_count == 2
    assert len(changes(rig)) == 1
    await rig.until(lambda: rig.is_finished(mailing), within_s=3 * 86400)
    rig.assert_each_once(mailing)


async def test_a_modem_with_one_slot_never_changes(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=CALM, limits={"per_day": 10})
    await rig.start()
    rig.mailing(20)
    await rig.passes(6 * 3600)
    assert changes(rig) == []
    assert rig.modems[0].open_count == 1


async def test_a_sim_that_finds_no_network_gives_way_after_three_minutes_and_the_log_says_why(
    make_rig: MakeRig,
) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    rig.modems[0].lose_network()
    await rig.passes(170)
    assert changes(rig) == []
    await rig.until(lambda: rig.modems[0].open_count == 2, within_s=120)
    rig.modems[0].find_network()
    mailing = rig.mailing(5)
    await rig.until(lambda: rig.is_finished(mailing), within_s=120)
    assert changes(rig) == [("modem_not_registered", 2)]
    assert Counter(entry.imsi for entry in rig.cell.ledger) == {SECOND: 5}
