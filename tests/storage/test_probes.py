"""Tests of a SIM: a message that proves it works, and nothing else that passes one in quarantine."""

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
from pbx_sms.storage import balances, keep_alive, probes, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import modems, sims

TEMPORARY_21 = verdict(Kind.TEMPORARY, Scope.MESSAGE, "+CMS ERROR: 21")
UNKNOWN_500 = verdict(Kind.UNKNOWN, Scope.MODEM, "+CMS ERROR: 500")
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


def test_a_sim_in_another_slot_is_tested_where_its_modem_can_change_the_slot(
    rig: Rig, office: Settings
) -> None:
    sim, modem = rig.sim(), rig.modem(rig.agent(), "gsm1")
    with rig.database.begin() as connection:
        connection.execute(update(sims).where(sims.c.sim_id == sim).values(slot=2, slot_modem_id=modem))
        connection.execute(update(modems).where(modems.c.modem_id == modem).values(state="absent"))
    with pytest.raises(Conflict, match="probe_modem_away"):
        order(rig, office, sim)
    with rig.database.begin() as connection:
        connection.execute(update(modems).where(modems.c.modem_id == modem).values(state="registered"))
    assert order(rig, office, sim).at_rest_in == "gsm1"


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
    rig.do(lambda connection, _: balances.told(connection, Settings(), sim, "Баланс: 51,20 р.", rig.now))
    assert last_used_at() == rig.now
    with rig.database.read() as connection:
        row = connection.execute(select(sims.c.balance_text, sims.c.balance_at)).one()
    assert tuple(row) == ("Баланс: 51,20 р.", rig.now)
