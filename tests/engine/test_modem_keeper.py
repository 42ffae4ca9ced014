"""Modems come, go, hang, carry calls and change their SIMs; whatever one does, the others do not notice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from doubles.modem import Rule
from engine_rig import Rig, imsi_of

from pbx_sms.storage.schema import events

MakeRig = Callable[..., Rig]


async def test_a_modem_unplugged_while_idle_loses_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    rig.modems[0].unplug()
    await rig.passes(5)
    row = rig.modem_row("gsm1")
    assert (row.state, row.reason_code) == ("absent", "port_missing")
    assert rig.sim(imsi_of(0)).modem_id is None
    mailing = rig.mailing(10)
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    rig.modems[0].plug()
    await rig.until(lambda: rig.modem_row("gsm1").state == "registered", within_s=40)
    assert rig.sim(imsi_of(0)).modem_id == rig.modem_row("gsm1").modem_id


@pytest.mark.parametrize("taken", [True, False])
async def test_a_modem_lost_with_a_part_in_flight_leaves_one_unknown(make_rig: MakeRig, taken: bool) -> None:
    rig = make_rig(modems=2)
    rig.cell.rules = [Rule(imsi=imsi_of(0), after=3, vanish=True, taken=taken, times=1)]
    await rig.start()
    mailing = rig.mailing(30)
    await rig.until(lambda: not rig.modems[0].plugged)
    rig.modems[0].plug()
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.states(mailing) == {"unknown": 1, "submitted": 29}
    assert len(rig.cell.ledger) == 29 + taken
    rig.assert_no_part_twice()
    assert rig.modems[0].open_count == 2


async def test_a_modem_lost_between_two_parts_resumes_with_the_rest(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"min_gap_s": 10.0})
    await rig.start()
    mailing = rig.mailing([4])
    await rig.until(lambda: len(rig.cell.ledger) == 2)
    modem = next(one for one in rig.modems if one.imsi == rig.cell.ledger[0].imsi)
    await rig.passes(3)
    modem.unplug()
    await rig.passes(60)
    # nobody else may go on with it
    assert rig.states(mailing) == {"queued": 1}
    modem.plug()
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)


async def test_a_modem_that_hangs_is_opened_again_and_costs_one_part(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    mailing = rig.mailing(120)
    await rig.passes(5)
    rig.modems[0].hung = True
    await rig.passes(75)
    # it took one part, said nothing for a minute, and was asked before it could get another
    assert rig.states(mailing)["unknown"] == 1
    assert "modem_silent" in [row.reason_code for row in rig.rows(events) if row.kind == "modem"]
    rig.modems[0].hung = False
    rig.mailing(20)
    await rig.until(lambda: rig.modem_row("gsm1").state == "registered", within_s=60)
    await rig.until(lambda: rig.open_count() == 0)
    assert rig.states(mailing) == {"unknown": 1, "submitted": 119}
    rig.assert_no_part_twice()


async def test_a_modem_in_a_call_gets_nothing_and_goes_on_after_it(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    await rig.start()
    mailing = rig.mailing(10)
    await rig.until(lambda: len(rig.cell.ledger) == 3)
    rig.modems[0].ring()
    await rig.passes(2)
    assert rig.modem_row("gsm1").state == "in_call"
    during = len(rig.cell.ledger)
    await rig.passes(300)
    assert len(rig.cell.ledger) == during <= 4
    assert rig.mailing_row(mailing).reason_code == "waits_for_call"
    rig.modems[0].hang_up()
    await rig.until(lambda: rig.is_finished(mailing), within_s=30)
    rig.assert_each_once(mailing)
    assert rig.mailing_row(mailing).reason_code is None


async def test_a_modem_without_a_network_waits_and_says_so(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    await rig.start()
    rig.modems[0].lose_network()
    mailing = rig.mailing(3)
    await rig.passes(10)
    assert rig.cell.ledger == []
    row = rig.mailing_row(mailing)
    assert (row.reason_code, row.reason_params) == ("modem_not_registered", {"modem": "gsm1"})
    rig.modems[0].find_network()
    await rig.until(lambda: rig.is_finished(mailing), within_s=10)


async def test_without_any_modem_the_mailing_says_so(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    rig.modems[0].plugged = False
    await rig.start()
    mailing = rig.mailing(1)
    await rig.passes(5)
    assert rig.mailing_row(mailing).reason_code == "no_sim"
    rig.modems[0].plug()
    await rig.until(lambda: rig.is_finished(mailing), within_s=60)
    assert rig.mailing_row(mailing).reason_code is None


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("port_busy", "failed"),
        ("port_forbidden", "failed"),
        ("sim_pin_wanted", "locked"),
        ("no_imsi", "failed"),
    ],
)
async def test_a_modem_that_cannot_be_opened_is_tried_again_and_says_why(
    make_rig: MakeRig, code: str, state: str
) -> None:
    rig = make_rig(modems=2)
    rig.modems[0].locked = code
    await rig.start()
    mailing = rig.mailing(5)
    await rig.until(lambda: rig.is_finished(mailing), within_s=30)
    row = rig.modem_row("gsm1")
    assert (row.state, row.reason_code) == (state, code)
    rig.modems[0].locked = None
    await rig.until(lambda: rig.modem_row("gsm1").state == "registered", within_s=70)


async def test_a_flapping_modem_loses_and_repeats_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    mailing = rig.mailing([1, 2, 3, 2] * 15)
    for _ in range(12):
        await rig.passes(3.4)
        rig.modems[0].unplug()
        await rig.passes(0.7)
        rig.modems[0].plug()
    await rig.until(lambda: rig.open_count() == 0)
    rig.assert_no_part_twice()
    states = rig.states(mailing)
    assert set(states) <= {"submitted", "unknown", "failed"}
    assert states.get("unknown", 0) <= 12
    for row in rig.messages_of(mailing):
        sent = [entry for entry in rig.cell.ledger if entry.number == row.msisdn]
        if row.state == "submitted":
            assert [entry.part for entry in sent] == list(range(1, row.part_count + 1))
            assert len({(entry.imsi, entry.reference) for entry in sent}) == 1
        else:
            assert row.reason_code


async def test_a_changed_sim_is_another_sim(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, limits={"per_day": 3})
    await rig.start()
    mailing = rig.mailing(6)
    await rig.until(lambda: len(rig.cell.ledger) == 3)
    rig.modems[0].imsi = imsi_of(9)
    # noticed by the next look at the modem
    await rig.until(lambda: rig.is_finished(mailing), within_s=120)
    assert [entry.imsi for entry in rig.cell.ledger] == [imsi_of(0)] * 3 + [imsi_of(9)] * 3
    assert rig.sim(imsi_of(0)).modem_id is None


async def test_one_sim_in_two_modems_is_used_in_one_of_them(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    rig.modems[1].imsi = imsi_of(0)
    await rig.start()
    mailing = rig.mailing(5)
    await rig.until(lambda: rig.is_finished(mailing))
    assert len({entry.modem for entry in rig.cell.ledger}) == 1
    used = rig.cell.ledger[0].modem
    other = "gsm2" if used == "gsm1" else "gsm1"
    assert rig.modem_row(other).reason_code == "sim_elsewhere"
    assert rig.sim(imsi_of(0)).modem_id == rig.modem_row(used).modem_id


async def test_a_stop_ends_under_its_deadline_though_a_modem_never_answers(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    rig.modems[0].submit_timeout_s = None
    rig.cell.rules = [Rule(imsi=imsi_of(0), silent=True)]
    await rig.start()
    mailing = rig.mailing(5)
    await rig.passes(10)
    stopped_at = rig.clock.true_now()
    await rig.stop()
    assert (rig.clock.true_now() - stopped_at).total_seconds() < 215
    assert rig.states(mailing) == {"submitted": 4, "unknown": 1}
    assert rig.under_way() == 0


async def test_a_stop_waits_for_the_parts_in_flight(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3, latency_s=20.0)
    await rig.start()
    mailing = rig.mailing([1] * 9)
    await rig.passes(5)
    await rig.stop()
    assert rig.states(mailing) == {"submitted": 3, "queued": 6}
    assert len(rig.cell.ledger) == 3
    assert not any(modem.is_open for modem in rig.modems)


async def test_an_engine_that_is_told_to_stop_while_a_modem_opens_ends_at_once(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    rig.modems[0].hung = True
    await rig.start()
    stopped_at = rig.clock.true_now()
    await rig.stop()
    assert (rig.clock.true_now() - stopped_at).total_seconds() < 1
