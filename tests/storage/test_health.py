"""The judge of SIMs over a real queue: what is quarantined, what waits, what goes another way and says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from queue_rig import ACCEPTED, DELIVERED, NOT_OBTAINABLE, SIM_REFUSED, UNKNOWN, Rig, verdict
from sqlalchemy import select, update

from pbx_sms.config import Settings
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.verdict import Kind, Scope, Verdict
from pbx_sms.errors import Conflict, Refused
from pbx_sms.storage import health, keep_alive, probes, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import modems, sims
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


# tests of a SIM


@pytest.fixture
def office(settings: Callable[..., Settings]) -> Settings:
    return settings(health={"probe_number": OFFICE})


def in_modem(rig: Rig, agent: int, name: str, **values: Any) -> int:
    sim = rig.sim(**values)
    modem = rig.modem(agent, name)
    with rig.database.begin() as connection:
        connection.execute(update(sims).where(sims.c.sim_id == sim).values(modem_id=modem))
        connection.execute(update(modems).where(modems.c.modem_id == modem).values(sim_id=sim))
    return sim


def order(rig: Rig, settings: Settings, sim: int) -> probes.OrderedProbe:
    return rig.do(lambda connection, new: probes.order(connection, settings, sim, rig.now, new))


def quarantined(rig: Rig, agent: int) -> int:
    return in_modem(rig, agent, "gsm1", state="quarantined", reason_code="x", reason_params={})


def lease_probe(rig: Rig, agent: int, sim: int) -> list[queue.Leased]:
    return rig.do(
        lambda connection, _: queue.lease_probes(
            connection,
            agent_id=agent,
            sim_ids=[sim],
            now=rig.now,
            until_at=rig.now + timedelta(minutes=1),
        )
    )


@pytest.mark.parametrize("state", ["quarantined", "suspended"])
def test_a_delivered_test_releases_its_sim(rig: Rig, office: Settings, state: str) -> None:
    agent = rig.agent()
    sim = in_modem(rig, agent, "gsm1", state=state, reason_code="x", reason_params={})
    ordered = order(rig, office, sim)
    (leased,) = lease_probe(rig, agent, sim)
    assert (leased.message_id, leased.probe, leased.bound_sim_id) == (ordered.message_id, True, sim)
    granted = rig.granted(ordered.message_id, sim, agent)
    settled = rig.settle(granted, sim, ACCEPTED, reference=7)
    assert settled.sim_state == state, "not before the report"
    rig.later(seconds=5)
    rig.report(sim, 7, OFFICE, DELIVERED)
    row = rig.sim_row(sim)
    assert (row.state, row.reason_code, row.judged_since_at) == ("ready", None, rig.now)
    event = rig.event_rows("sim")[-1]
    assert (event.state, event.reason_code) == ("ready", "probe_delivered")
    assert event.message_id == ordered.message_id


def test_an_undelivered_test_keeps_the_sim_where_it_is_and_says_so(rig: Rig, office: Settings) -> None:
    agent = rig.agent()
    sim = quarantined(rig, agent)
    ordered = order(rig, office, sim)
    lease_probe(rig, agent, sim)
    rig.settle(rig.granted(ordered.message_id, sim, agent), sim, ACCEPTED, reference=7)
    rig.report(sim, 7, OFFICE, NOT_OBTAINABLE)
    assert rig.sim_row(sim).state == "quarantined"
    assert rig.event_rows("sim")[-1].reason_code == "probe_failed"


@pytest.mark.parametrize(
    ("answer", "state"), [(SIM_REFUSED, "failed"), (TEMPORARY_21, "failed"), (UNKNOWN_500, "unknown")]
)
def test_a_refused_test_is_not_tried_again(rig: Rig, office: Settings, answer: Verdict, state: str) -> None:
    agent = rig.agent()
    sim = quarantined(rig, agent)
    ordered = order(rig, office, sim)
    lease_probe(rig, agent, sim)
    rig.settle(rig.granted(ordered.message_id, sim, agent), sim, answer)
    assert rig.state(ordered.message_id) == state
    assert rig.sim_row(sim).state == "quarantined"
    event = rig.event_rows("sim")[-1]
    assert (event.reason_code, event.reason_params) == ("probe_failed", {"said": answer.code})


def test_a_test_without_a_report_is_told_once_and_a_late_report_still_releases(
    rig: Rig, office: Settings
) -> None:
    agent = rig.agent()
    sim = quarantined(rig, agent)
    ordered = order(rig, office, sim)
    lease_probe(rig, agent, sim)
    rig.settle(rig.granted(ordered.message_id, sim, agent), sim, ACCEPTED, reference=7)

    def overdue() -> int:
        return rig.do(lambda connection, new: queue.probes_overdue(connection, rig.now, new))

    assert overdue() == 0
    rig.later(minutes=31)
    assert (overdue(), overdue()) == (1, 0)
    assert rig.event_rows("sim")[-1].reason_code == "probe_no_report"
    rig.report(sim, 7, OFFICE, DELIVERED)
    assert rig.sim_row(sim).state == "ready"


def test_nothing_but_a_test_passes_a_quarantined_sim(rig: Rig) -> None:
    agent = rig.agent()
    sim = quarantined(rig, agent)
    message = rig.message()
    rig.take(message, agent)
    assert rig.denied(message, sim, agent).shortage is not None


def test_a_test_counts_against_the_quota(rig: Rig, office: Settings) -> None:
    agent = rig.agent()
    sim = quarantined(rig, agent)
    ordered = order(rig, office, sim)
    lease_probe(rig, agent, sim)
    rig.settle(rig.granted(ordered.message_id, sim, agent), sim)
    another = rig.do(
        lambda connection, new: queue.add_probe(connection, sim, "25001", OFFICE, "07:30", rig.now, new)
    )
    lease_probe(rig, agent, sim)
    limits = SimLimits(per_hour=0, per_day=1, per_month=0, min_gap_s=0.0, service_reserve_per_day=0)
    denied = rig.denied(another, sim, agent, limits)
    assert denied.shortage is not None
    assert denied.shortage.reason.code == "quota_day"


def test_a_test_is_never_sent_to_a_number_on_the_stop_list(rig: Rig, office: Settings) -> None:
    agent = rig.agent()
    sim = quarantined(rig, agent)
    ordered = order(rig, office, sim)
    rig.stop(OFFICE)
    assert rig.state(ordered.message_id) == "suppressed"
    with pytest.raises(Conflict, match="number_stopped"):
        order(rig, office, sim)


def test_without_a_configured_number_a_sim_writes_to_another_that_knows_its_own(
    rig: Rig, settings: Callable[..., Settings]
) -> None:
    agent = rig.agent()
    sim = in_modem(rig, agent, "gsm1", own_number="+79160000001")
    with pytest.raises(Refused, match="probe_no_number"):
        order(rig, settings(), sim)
    in_modem(rig, agent, "gsm2", own_number="+79160000002", state="suspended")
    in_modem(rig, agent, "gsm3", own_number="89160000003")
    in_modem(rig, rig.agent("pbx2"), "gsm1", own_number="+79160000004")
    assert order(rig, settings(), sim).msisdn == "+79160000003"


def test_a_test_is_refused_where_it_could_prove_nothing(
    rig: Rig, office: Settings, settings: Callable[..., Settings]
) -> None:
    agent = rig.agent()
    held = in_modem(rig, agent, "gsm1", state="disabled")
    away = rig.sim()
    sim = in_modem(rig, agent, "gsm2")
    for one, code in ((held, "sim_is_held"), (away, "sim_in_no_modem")):
        with pytest.raises(Conflict, match=code):
            order(rig, office, one)
    with pytest.raises(Refused, match="probe_needs_reports"):
        order(rig, settings(sending={"delivery_reports": False}), sim)
    order(rig, office, sim)
    with pytest.raises(Conflict, match="probe_under_way"):
        order(rig, office, sim)


def test_a_round_tests_the_agents_own_sims_that_nobody_holds(rig: Rig) -> None:
    agent, other = rig.agent(), rig.agent("pbx2")
    mine = [in_modem(rig, agent, "gsm1"), in_modem(rig, agent, "gsm2", state="quarantined")]
    in_modem(rig, agent, "gsm3", state="disabled")
    in_modem(rig, other, "gsm1")
    rig.sim()
    with rig.database.read() as connection:
        assert probes.round_of(connection, agent) == mine


# use


def test_a_sim_was_last_used_when_it_sent_received_or_was_answered(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()

    def last_used_at() -> Any:
        with rig.database.read() as connection:
            return keep_alive.last_used_at(connection, sim)

    seen_at = rig.now
    rig.later(hours=1)
    assert last_used_at() == seen_at
    send(rig, agent, sim)
    sent_at = rig.now
    assert last_used_at() == sent_at
    rig.later(hours=1)
    send(rig, agent, sim, UNKNOWN)
    assert last_used_at() == sent_at, "what nobody took is no use"
    rig.do(lambda connection, _: keep_alive.sim_used(connection, sim, rig.now))
    assert last_used_at() == rig.now
    rig.later(hours=1)
    rig.do(lambda connection, _: keep_alive.balance_told(connection, sim, "Баланс: 51,20 р.", rig.now))
    assert last_used_at() == rig.now
    with rig.database.read() as connection:
        row = connection.execute(select(sims.c.balance_text, sims.c.balance_at)).one()
    assert tuple(row) == ("Баланс: 51,20 р.", rig.now)
