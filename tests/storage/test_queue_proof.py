"""A report that comes while the answer is awaited proves its part although the answer never comes."""

from __future__ import annotations

import pytest
from queue_rig import ACCEPTED, NOT_OBTAINABLE, SIM_REFUSED, TRYING, UNKNOWN, Rig

from pbx_sms.core.verdict import Verdict
from pbx_sms.storage.engine import Database

NUMBER = "+79161234567"


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def test_a_report_before_the_time_out_settles_what_stays_unanswered(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message(msisdn=NUMBER)
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    rig.later(seconds=6)
    assert rig.report(sim, 9, NUMBER) is None
    rig.later(seconds=54)
    settled = rig.settle(granted, sim, UNKNOWN)
    assert settled.message_state == rig.state(message) == "delivered"
    assert (rig.parts(message)[0].state, rig.parts(message)[0].reference) == ("submitted", 9)


@pytest.mark.parametrize(("status", "state"), [(TRYING, "submitted"), (NOT_OBTAINABLE, "undelivered")])
def test_whatever_the_report_says_it_proves_that_the_network_had_the_part(
    rig: Rig, status: int, state: str
) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message(msisdn=NUMBER)
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    rig.report(sim, 9, NUMBER, status)
    rig.settle(granted, sim, UNKNOWN)
    assert rig.state(message) == state


@pytest.mark.parametrize(("recipient", "other_sim"), [("+79160000000", False), (None, False), (NUMBER, True)])
def test_a_report_that_may_be_about_something_else_proves_nothing(
    rig: Rig, recipient: str | None, other_sim: bool
) -> None:
    agent, sim, other = rig.agent(), rig.sim(), rig.sim()
    message = rig.message(msisdn=NUMBER)
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    rig.report(other if other_sim else sim, 9, recipient)
    assert rig.settle(granted, sim, UNKNOWN).message_state == rig.state(message) == "unknown"


def test_a_report_from_before_the_hand_over_proves_nothing(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    rig.report(sim, 9, NUMBER)
    rig.later(seconds=1)
    message = rig.message(msisdn=NUMBER)
    rig.take(message, agent)
    rig.settle(rig.granted(message, sim, agent), sim, UNKNOWN)
    assert rig.state(message) == "unknown"


@pytest.mark.parametrize("answer", [ACCEPTED, SIM_REFUSED])
def test_an_answer_counts_more_than_a_guess_by_the_number(rig: Rig, answer: Verdict) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message(msisdn=NUMBER)
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    rig.report(sim, 9, NUMBER)
    rig.settle(granted, sim, answer, reference=8)
    assert rig.state(message) == ("submitted" if answer is ACCEPTED else "queued")


def test_the_rest_follows_a_part_that_only_its_report_proved(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message(msisdn=NUMBER, part_count=3)
    rig.submit(message, sim, agent)
    granted = rig.granted(message, sim, agent)
    rig.report(sim, 9, NUMBER)
    assert rig.settle(granted, sim, UNKNOWN).message_state == "queued"
    assert rig.part_states(message) == ["submitted", "submitted", "pending"]


def test_what_was_in_flight_when_the_engine_died_is_proven_at_its_start(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message(msisdn=NUMBER)
    rig.take(message, agent)
    rig.granted(message, sim, agent)
    rig.report(sim, 9, NUMBER)
    rig.recover(agent)
    assert rig.state(message) == "delivered"
