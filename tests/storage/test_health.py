"""The judge of SIMs over a real queue: what is quarantined, what waits, what goes another way and says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from queue_rig import ACCEPTED, SIM_REFUSED, UNKNOWN, Rig, verdict
from sqlalchemy import update

from pbx_sms.core.verdict import Kind, Scope, Verdict
from pbx_sms.storage import health
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import sims
from pbx_sms.storage.sims import change_state

TEMPORARY_21 = verdict(Kind.TEMPORARY, Scope.MESSAGE, "+CMS ERROR: 21")
UNKNOWN_500 = verdict(Kind.UNKNOWN, Scope.MODEM, "+CMS ERROR: 500")
BAD_NUMBER = verdict(Kind.PERMANENT, Scope.MESSAGE, "+CMS ERROR: 1")
MODEM_REFUSED = verdict(Kind.TEMPORARY, Scope.MODEM, "+CMS ERROR: 302")
PORT_LOST = verdict(Kind.UNKNOWN, Scope.MODEM, "port lost")
OFFICE = "+79160009999"


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def send(rig: Rig, agent: int, sim: int, answer: Verdict = ACCEPTED, **values: Any) -> int:
    """One message through a SIM, a second later than the one before."""
    rig.later(seconds=1)
    message = rig.message(**values)
    rig.submit(message, sim, agent, [answer])
    return message


def wake(rig: Rig, sim: int) -> None:
    """Its rest is over."""
    with rig.database.begin() as connection:
        connection.execute(update(sims).where(sims.c.sim_id == sim).values(state="ready", until_at=None))


def refuse_three(rig: Rig, agent: int, sim: int, answer: Verdict = SIM_REFUSED, **values: Any) -> list[int]:
    refused = []
    for _ in range(3):
        refused.append(send(rig, agent, sim, answer, **values))
        if rig.sim_row(sim).state == "throttled" and len(refused) < 3:
            wake(rig, sim)
    return refused


def interleaved(rig: Rig, agent: int, bad: int, good: int, answer: Verdict = SIM_REFUSED) -> None:
    """Three recipients refused by one SIM while another passes."""
    for _ in range(3):
        send(rig, agent, good)
        send(rig, agent, bad, answer)
        send(rig, agent, good)
        if rig.sim_row(bad).state == "throttled":
            wake(rig, bad)


@pytest.mark.parametrize("answer", [SIM_REFUSED, TEMPORARY_21, UNKNOWN_500, UNKNOWN], ids=lambda a: a.code)
def test_a_sim_that_is_refused_for_everybody_while_another_passes_is_quarantined(
    rig: Rig, answer: Verdict
) -> None:
    agent, bad, good = rig.agent(), rig.sim(), rig.sim()
    interleaved(rig, agent, bad, good, answer)
    row = rig.sim_row(bad)
    assert (row.state, row.until_at, row.reason_code) == ("quarantined", None, "sim_refused_for_all")
    evidence = row.reason_params
    assert evidence["recipients"] == 3
    assert evidence["codes"] == answer.code
    assert evidence["passed"] >= 4
    assert "•••" in evidence["numbers"]
    assert rig.sim_row(good).state == "ready"
    event = rig.event_rows("sim")[-1]
    assert (event.sim_id, event.state, event.reason_code) == (bad, "quarantined", "sim_refused_for_all")


@pytest.mark.parametrize("answer", [BAD_NUMBER, MODEM_REFUSED, PORT_LOST], ids=lambda a: a.code)
def test_bad_numbers_and_modems_that_fail_say_nothing_about_the_sim(rig: Rig, answer: Verdict) -> None:
    agent, sim, good = rig.agent(), rig.sim(), rig.sim()
    interleaved(rig, agent, sim, good, answer)
    assert rig.sim_row(sim).state == "ready"


def test_one_refusal_throttles(rig: Rig) -> None:
    agent, sim, good = rig.agent(), rig.sim(), rig.sim()
    send(rig, agent, good)
    send(rig, agent, sim, SIM_REFUSED)
    assert rig.sim_row(sim).state == "throttled"


def test_one_recipient_refused_again_and_again_is_no_pattern(rig: Rig) -> None:
    agent, sim, good = rig.agent(), rig.sim(), rig.sim()
    for _ in range(5):
        send(rig, agent, good)
        send(rig, agent, sim, SIM_REFUSED, msisdn=OFFICE)
        wake(rig, sim)
    send(rig, agent, sim, SIM_REFUSED, msisdn=OFFICE)
    assert rig.sim_row(sim).state == "throttled"


def test_when_all_sims_are_refused_nobody_is_quarantined_and_all_back_off(rig: Rig) -> None:
    agent, first, second = rig.agent(), rig.sim(), rig.sim()
    send(rig, agent, first)
    send(rig, agent, second)
    for _ in range(3):
        for sim in (first, second):
            wake(rig, sim)
            send(rig, agent, sim, SIM_REFUSED)
    for sim in (first, second):
        row = rig.sim_row(sim)
        assert (row.state, row.reason_code) == ("throttled", "all_sims_refused")
        assert row.until_at > rig.now


def test_a_sim_without_others_to_compare_with_is_suspended_for_an_hour(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    refuse_three(rig, agent, sim)
    row = rig.sim_row(sim)
    assert (row.state, row.reason_code) == ("suspended", "several_refused")
    assert row.until_at == rig.now + timedelta(hours=1)


def test_a_wall_at_a_round_number_is_the_daily_limit_and_rests_until_the_window_frees(rig: Rig) -> None:
    agent, sim, good = rig.agent(), rig.sim(), rig.sim()
    began_at = rig.now + timedelta(seconds=1)
    for _ in range(50):
        send(rig, agent, sim)
    interleaved(rig, agent, sim, good, UNKNOWN_500)
    row = rig.sim_row(sim)
    assert (row.state, row.reason_code) == ("suspended", "looks_like_daily_limit")
    assert row.reason_params["parts"] == 50
    assert row.until_at == began_at + timedelta(hours=24)


def test_refusals_from_before_a_release_are_forgotten(rig: Rig) -> None:
    agent, bad, good = rig.agent(), rig.sim(), rig.sim()
    interleaved(rig, agent, bad, good)
    rig.later(seconds=1)
    with rig.database.begin() as connection:
        assert change_state(connection, bad, "ready", rig.now)  # type: ignore[arg-type]
    send(rig, agent, good)
    send(rig, agent, bad, SIM_REFUSED)
    assert rig.sim_row(bad).state == "throttled"


@pytest.mark.parametrize("reroute", [False, True])
def test_what_a_quarantined_sim_was_refused_waits_for_it_unless_its_mailing_may_reroute(
    rig: Rig, reroute: bool
) -> None:
    agent, bad, good = rig.agent(), rig.sim(), rig.sim()
    mailing = rig.mailing(reroute=reroute)
    send(rig, agent, good)
    refused = []
    for _ in range(3):
        send(rig, agent, good)
        refused.append(send(rig, agent, bad, TEMPORARY_21, mailing_id=mailing))
    assert rig.sim_row(bad).state == "quarantined"
    rows = [rig.row(message) for message in refused]
    assert {row.state for row in rows} == {"queued"}
    assert {row.bound_sim_id for row in rows} == ({None} if reroute else {bad})
    told = {row.message_id for row in rig.event_rows() if row.reason_code == "waits_for_own_sim"}
    assert told == (set() if reroute else set(refused))


def test_what_goes_through_another_sim_says_so(rig: Rig) -> None:
    agent, first, second = rig.agent(), rig.sim(), rig.sim()
    message = rig.message(mailing_id=rig.mailing(reroute=True))
    rig.submit(message, first, agent, [SIM_REFUSED])
    rig.later(minutes=1)
    rig.submit(message, second, agent)
    events = [row for row in rig.event_rows() if row.message_id == message and row.state == "submitting"]
    assert [(row.sim_id, row.reason_code) for row in events] == [(first, None), (second, "rerouted")]
    assert events[1].reason_params == {"from_sim": rig.sim_row(first).imsi}


def test_a_number_that_two_working_sims_are_refused_for_is_given_up(rig: Rig) -> None:
    agent, first, second = rig.agent(), rig.sim(), rig.sim()
    message = rig.message(mailing_id=rig.mailing(reroute=True))
    for sim in (first, second):
        rig.later(minutes=2)
        rig.submit(message, sim, agent, [SIM_REFUSED])
        assert rig.state(message) == "queued", "nothing has passed since: it may be an outage"
        wake(rig, sim)
        send(rig, agent, sim)
    rig.later(minutes=2)
    rig.submit(message, first, agent, [SIM_REFUSED])
    assert (rig.state(message), rig.reason(message)) == ("failed", "number_suspect")


def test_a_number_is_not_to_blame_where_its_sims_fail_others_too(rig: Rig) -> None:
    agent, first, second = rig.agent(), rig.sim(), rig.sim()
    message = rig.message(mailing_id=rig.mailing(reroute=True))
    for sim in (first, second, first):
        rig.later(minutes=2)
        wake(rig, sim)
        rig.submit(message, sim, agent, [SIM_REFUSED])
    assert rig.state(message) == "queued"


# delivery


def sent_and_reported(rig: Rig, agent: int, sim: int, count: int, delivered: int) -> None:
    for number in range(count):
        rig.later(seconds=1)
        message = rig.message()
        granted = rig.submit(message, sim, agent)
        reference = rig.references[sim]
        if number < delivered:
            rig.report(sim, reference, granted.msisdn)


def watch(rig: Rig) -> list[int]:
    return rig.do(lambda connection, new: health.watch_delivery(connection, rig.now, new))


def test_a_sim_whose_parts_do_not_arrive_is_quarantined(rig: Rig) -> None:
    agent, silent, good = rig.agent(), rig.sim(), rig.sim()
    sent_and_reported(rig, agent, silent, 20, 1)
    sent_and_reported(rig, agent, good, 20, 18)
    assert watch(rig) == [], "their reports may still come"
    rig.later(hours=2)
    assert watch(rig) == [silent]
    row = rig.sim_row(silent)
    assert (row.state, row.reason_code) == ("quarantined", "sim_does_not_deliver")
    assert row.reason_params == {"delivered": 1, "due": 20, "others_percent": 90}
    assert watch(rig) == []


def test_a_sim_without_a_single_report_is_quarantined_until_a_person_knows_better(rig: Rig) -> None:
    agent, silent, good = rig.agent(), rig.sim(), rig.sim()
    sent_and_reported(rig, agent, silent, 20, 0)
    sent_and_reported(rig, agent, good, 20, 20)
    rig.later(hours=2)
    assert watch(rig) == [silent]
    with rig.database.begin() as connection:
        change_state(connection, silent, "ready", rig.now)  # type: ignore[arg-type]
    assert watch(rig) == [], "what was sent before the release does not count"
    sent_and_reported(rig, agent, silent, 20, 0)
    rig.later(hours=2)
    assert watch(rig) == []
