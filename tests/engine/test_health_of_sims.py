"""SIMs that are refused, tests that release them, and idle ones: the real engine in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from doubles.modem import Rule
from engine_rig import SLOW, Rig, imsi_of

from pbx_sms.engine.pace import Pace
from pbx_sms.operations import balances, sims
from pbx_sms.storage.schema import events

MakeRig = Callable[..., Rig]
OFFICE = "+79160009999"
REFUSED = "+CMS ERROR: 42"
#: for the better part of an hour in which little happens
LEISURELY = Pace(look_s=20.0, lease_s=300.0, round_s=20.0, poll_s=300.0)


def sim_events(rig: Rig, imsi: str) -> list[tuple[str, str | None]]:
    """(state, reason) of the SIM's own log."""
    sim_id = rig.sim(imsi).sim_id
    rows = sorted(rig.rows(events), key=lambda row: row.event_id)
    return [(row.state, row.reason_code) for row in rows if row.kind == "sim" and row.sim_id == sim_id]


def refused_for_all(rig: Rig, modem: int = 0, code: str = REFUSED) -> Rule:
    rule = Rule(imsi=rig.modems[modem].imsi, code=code)
    rig.cell.rules.append(rule)
    return rule


async def test_a_sim_that_is_refused_for_everybody_stops_while_the_others_go_on_at_full_pace(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(modems=3, latency_s=2.0)
    bad = rig.modems[0].imsi
    refused_for_all(rig)
    await rig.start()
    mailing = rig.mailing(200)
    # two SIMs, two seconds a part
    await rig.passes(205)
    assert rig.states(mailing) == {"submitted": 197, "queued": 3}
    assert rig.sim(bad).state == "quarantined"
    assert rig.sim(bad).reason_code == "sim_refused_for_all"
    assert set(rig.by_sim()) == {imsi_of(1), imsi_of(2)}
    # its own three wait for it
    await rig.passes(300)
    waiting = [row for row in rig.messages_of(mailing) if row.state == "queued"]
    assert len(waiting) == 3
    assert {row.reason_code for row in waiting} == {"waits_for_own_sim"}
    assert {row.bound_sim_id for row in waiting} == {rig.sim(bad).sim_id}


async def test_a_mailing_that_may_reroute_ends_although_a_sim_is_refused(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    refused_for_all(rig)
    await rig.start()
    mailing = rig.mailing(60, reroute=True)
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.states(mailing) == {"submitted": 60}
    rig.assert_each_once(mailing)
    assert [row for row in rig.rows(events) if row.reason_code == "rerouted"]


async def test_answers_that_prove_nothing_cost_no_more_than_three_messages(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    refused_for_all(rig, code="+CMS ERROR: 500")
    await rig.start()
    mailing = rig.mailing(200)
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.states(mailing) == {"submitted": 197, "unknown": 3}
    assert rig.sim(rig.modems[0].imsi).state == "quarantined"


async def test_a_dead_number_is_given_up_and_no_sim_is_blamed(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    mailing = rig.mailing(200, reroute=True)
    dead = rig.messages_of(mailing)[5].msisdn
    rig.cell.rules.append(Rule(number=dead, code=REFUSED))
    await rig.until(lambda: rig.is_finished(mailing))
    (failed,) = [row for row in rig.messages_of(mailing) if row.state == "failed"]
    assert (failed.msisdn, failed.reason_code) == (dead, "number_suspect")
    await rig.passes(60)
    assert {rig.sim(modem.imsi).state for modem in rig.modems} == {"ready"}


async def test_an_outage_of_the_network_blames_nobody_and_loses_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3, pace=LEISURELY)
    rules = [refused_for_all(rig, modem) for modem in range(3)]
    await rig.start()
    mailing = rig.mailing(50)
    await rig.passes(1800)
    states = {rig.sim(modem.imsi).state for modem in rig.modems}
    assert states <= {"throttled", "ready", "suspended"}
    assert rig.states(mailing) == {"queued": 50}
    for rule in rules:
        rig.cell.rules.remove(rule)
    await rig.until(lambda: rig.is_finished(mailing), within_s=48 * 3600)
    assert rig.states(mailing) == {"submitted": 50}
    assert "quarantined" not in {state for modem in rig.modems for state, _ in sim_events(rig, modem.imsi)}


async def test_a_delivered_test_brings_a_quarantined_sim_back_to_its_messages(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, report_s=3.0, health={"probe_number": OFFICE})
    bad = rig.modems[0].imsi
    rule = refused_for_all(rig)
    await rig.start()
    mailing = rig.mailing(200)
    await rig.until(lambda: rig.sim(bad).state == "quarantined")

    sims.probe(rig.database, rig.settings, name=bad)
    await rig.passes(30)
    assert rig.sim(bad).state == "quarantined"
    assert sim_events(rig, bad)[-1] == ("quarantined", "probe_failed")

    rig.cell.rules.remove(rule)
    sims.probe(rig.database, rig.settings, name=bad)
    await rig.until(lambda: rig.is_finished(mailing))
    assert ("ready", "probe_delivered") in sim_events(rig, bad)
    assert rig.states(mailing) == {"submitted": 200}
    probe = next(entry for entry in rig.cell.ledger if entry.number == OFFICE)
    assert (probe.imsi, bad[-4:] in probe.text) == (bad, True)


async def test_a_test_passes_a_sim_that_waits_for_its_daily_limit(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, report_s=1.0, health={"probe_number": OFFICE})
    bad = rig.modems[0].imsi
    await rig.start()
    first = rig.mailing(100)
    await rig.until(lambda: rig.is_finished(first))
    assert len(rig.by_sim()[bad]) == 50
    rule = refused_for_all(rig)
    second = rig.mailing(200)
    await rig.until(lambda: rig.sim(bad).state == "suspended")
    assert rig.sim(bad).reason_code == "looks_like_daily_limit"
    rig.cell.rules.remove(rule)
    sims.probe(rig.database, rig.settings, name=bad)
    await rig.until(lambda: rig.is_finished(second), within_s=300)
    assert rig.states(second) == {"submitted": 200}


async def test_a_test_does_not_keep_the_other_sims_from_their_work(make_rig: MakeRig) -> None:
    one_a_day = {"imsi": imsi_of(0), "per_day": 1, "service_reserve_per_day": 0}
    rig = make_rig(modems=2, health={"probe_number": OFFICE}, sim=[one_a_day], pace=LEISURELY)
    bad = rig.modems[0].imsi
    await rig.start()
    rig.set_sim(bad, state="quarantined", reason_code="sim_refused_for_all", reason_params={})
    await rig.passes(2)
    # the quota of the day is used up by one test, the next has to wait
    for _ in range(2):
        sims.probe(rig.database, rig.settings, name=bad)
        await rig.passes(31 * 60)
    mailing = rig.mailing(50)
    await rig.until(lambda: rig.is_finished(mailing), within_s=120)
    assert len([entry for entry in rig.cell.ledger if entry.number == OFFICE]) == 1


async def test_a_round_of_tests_goes_through_every_sim_of_this_engine(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3, report_s=1.0, health={"probe_number": OFFICE})
    other = make_rig(modems=1, agent="pbx2", first_modem=3, report_s=1.0)
    await rig.start()
    await other.start()
    rig.set_sim(rig.modems[2].imsi, state="disabled")
    rig.set_sim(rig.modems[1].imsi, state="quarantined", reason_code="x", reason_params={})
    await rig.passes(2)
    assert rig.engine is not None
    assert rig.engine.scheduler is not None
    await rig.engine.scheduler.probe_round()
    await rig.passes(10)
    assert sorted(entry.imsi for entry in rig.cell.ledger) == [imsi_of(0), imsi_of(1)]
    assert rig.sim(rig.modems[1].imsi).state == "ready"
    assert rig.sim(rig.modems[2].imsi).state == "disabled"


async def test_a_round_that_cannot_be_says_why(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    await rig.start()
    assert rig.engine is not None
    assert rig.engine.scheduler is not None
    await rig.engine.scheduler.probe_round()
    imsi = rig.modems[0].imsi
    assert sim_events(rig, imsi)[-1] == ("ready", "probe_left_out")


async def test_an_idle_sim_is_asked_for_its_balance_before_two_days_are_over(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, pace=SLOW)
    await rig.start()
    mailing = rig.mailing(2)
    await rig.until(lambda: rig.is_finished(mailing))
    await rig.passes(47 * 3600)
    assert [modem.ussd_codes for modem in rig.modems] == [[], []]
    await rig.passes(3600)
    for modem in rig.modems:
        assert modem.ussd_codes == ["*100#"]
        assert rig.sim(modem.imsi).balance_text == "Balance: 100.00"
        assert sim_events(rig, modem.imsi)[-1] == ("ready", "kept_alive")
    await rig.passes(47 * 3600)
    assert [len(modem.ussd_codes) for modem in rig.modems] == [1, 1]


async def test_a_message_that_comes_in_is_use_enough(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=SLOW)
    await rig.start()
    await rig.passes(24 * 3600)
    rig.modems[0].receive("+79161112233", "Спасибо")
    await rig.passes(47 * 3600)
    assert rig.modems[0].ussd_codes == []


async def test_where_the_balance_cannot_be_asked_a_test_is_sent(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=SLOW, report_s=1.0, health={"probe_number": OFFICE})
    rig.modems[0].ussd_error = "ussd_no_reply"
    await rig.start()
    await rig.passes(49 * 3600)
    assert [entry.number for entry in rig.cell.ledger] == [OFFICE]


async def test_a_held_sim_sends_no_test_and_the_log_says_so(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=SLOW, health={"probe_number": OFFICE})
    imsi = rig.modems[0].imsi
    rig.modems[0].ussd_error = "ussd_no_reply"
    await rig.start()
    rig.set_sim(imsi, state="disabled")
    await rig.passes(49 * 3600)
    assert rig.cell.ledger == []
    assert sim_events(rig, imsi)[-1] == ("disabled", "keep_alive_failed")


async def test_keeping_alive_can_be_switched_off(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=SLOW, health={"keep_alive_h": 0})
    await rig.start()
    await rig.passes(100 * 3600)
    assert rig.modems[0].ussd_codes == []
    assert "keep_alive_at" not in listed(rig)


async def test_the_countdown_is_shown(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    await rig.start()
    left = listed(rig)["keep_alive_at"] - rig.clock.now()
    assert 47.9 * 3600 < left.total_seconds() <= 48 * 3600


def listed(rig: Rig) -> dict[str, Any]:
    (sim,) = sims.list_sims(rig.database, rig.settings)
    return sim


async def test_a_balance_that_somebody_wants_is_asked_at_once_and_a_low_one_warns(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=SLOW, cost={"low_balance": 150})
    await rig.start()
    await rig.passes(5)
    imsi = rig.modems[0].imsi
    balances.ask(rig.database, rig.settings, name=imsi)
    await rig.passes(120)
    assert rig.modems[0].ussd_codes == ["*100#"]
    assert listed(rig)["balance_low"] is True
    assert sim_events(rig, imsi)[-2:] == [("ready", "balance_asked"), ("ready", "balance_low")]
    await rig.passes(3600)
    assert rig.modems[0].ussd_codes == ["*100#"], "one order, one question"


async def test_a_balance_is_asked_again_when_it_is_old(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=SLOW, cost={"balance_every_h": 24})
    await rig.start()
    await rig.passes(49 * 3600)
    assert rig.modems[0].ussd_codes == ["*100#", "*100#", "*100#"]
