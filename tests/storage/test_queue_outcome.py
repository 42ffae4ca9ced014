"""What every outcome makes of part, message, SIM and quota; and that it is written once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from queue_rig import (
    ACCEPTED,
    MODEM_REFUSED,
    PERMANENT,
    SIM_REFUSED,
    TEMPORARY,
    UNKNOWN,
    UNLIMITED,
    Rig,
    verdict,
)
from sqlalchemy import update

from pbx_sms.core.message import MessageState
from pbx_sms.core.retry import MAX_ATTEMPTS
from pbx_sms.core.sim import SimState
from pbx_sms.core.verdict import Kind, Scope
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import sims

ENDLESS = replace(UNLIMITED)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def refused_again(rig: Rig, message: int, sim: int, agent: int, answer=TEMPORARY):  # type: ignore[no-untyped-def]
    """One more try of the message, refused; the SIM is ready for it."""
    with rig.database.begin() as connection:
        connection.execute(update(sims).values(state=SimState.READY))
    rig.take(message, agent)
    return rig.settle(rig.granted(message, sim, agent), sim, answer)


def test_an_accepted_part_is_submitted_and_its_sim_is_well(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(failures_in_row=2), rig.message()
    rig.submit(message, sim, agent)
    row, (part,) = rig.row(message), rig.parts(message)
    assert (row.state, row.submitted_at, row.first_accepted_at) == ("submitted", rig.now, rig.now)
    assert (row.agent_id, row.lease_until_at, row.reason_code) == (None, None, None)
    assert (part.state, part.reference, part.report) == ("submitted", 0, "pending")
    assert rig.sim_row(sim).failures_in_row == 0


def test_a_temporary_refusal_of_the_message_waits_longer_each_time_and_is_given_up(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    waits = []
    for _ in range(MAX_ATTEMPTS - 1):
        assert refused_again(rig, message, sim, agent).message_state is MessageState.QUEUED
        row = rig.row(message)
        assert row.bound_sim_id is None
        waits.append((row.not_before_at - rig.now).total_seconds())
    assert waits == [0.8 * s for s in (5, 20, 80, 320, 1280, 3600, 3600, 3600, 3600)]
    settled = refused_again(rig, message, sim, agent)
    assert (settled.message_state, settled.returned) == (MessageState.FAILED, 1)
    row = rig.row(message)
    assert row.reason_code == "gave_up"
    assert row.reason_params == {"attempts": MAX_ATTEMPTS, "last": TEMPORARY.code}
    assert rig.sim_row(sim).state == "ready"


def test_refusals_that_were_about_sims_do_not_give_a_message_up(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    for _ in range(MAX_ATTEMPTS + 2):
        assert refused_again(rig, message, sim, agent, SIM_REFUSED).message_state is MessageState.QUEUED
    assert refused_again(rig, message, sim, agent).message_state is MessageState.QUEUED


def test_a_permanent_refusal_ends_the_message_with_what_the_network_said(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.submit(message, sim, agent, [PERMANENT])
    row = rig.row(message)
    assert (row.state, row.reason_code) == ("failed", PERMANENT.reason.code)
    assert rig.part_states(message) == ["refused", "pending", "pending"]
    assert rig.reserved(message) == 0


@pytest.mark.parametrize("scope", [Scope.SIM, Scope.MODEM, Scope.GATEWAY])
def test_a_permanent_refusal_of_something_else_does_not_end_the_message(rig: Rig, scope: Scope) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    rig.submit(message, sim, agent, [verdict(Kind.PERMANENT, scope)])
    assert rig.state(message) == "queued"


def test_a_refused_second_part_keeps_sim_reference_and_quota(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_hour=3)
    agent, sim, message, other = rig.agent(), rig.sim(), rig.message(3), rig.message()
    rig.take(message, agent)
    first = rig.granted(message, sim, agent, limits)
    rig.settle(first, sim)
    settled = rig.settle(rig.granted(message, sim, agent, limits), sim, TEMPORARY)
    assert (settled.message_state, settled.returned) == (MessageState.QUEUED, 0)
    row = rig.row(message)
    assert (row.bound_sim_id, row.concat_reference) == (sim, first.concat_reference)
    assert row.not_before_at - rig.now < timedelta(seconds=3)
    # another message does not get what the rest of this one needs
    rig.take(other, agent)
    assert rig.denied(other, sim, agent, limits).shortage is not None
    rig.later(seconds=10)
    rig.take(message, agent)
    for number in (2, 3):
        granted = rig.granted(message, sim, agent, limits)
        assert (granted.part_numbers, granted.concat_reference) == ((number,), first.concat_reference)
        rig.settle(granted, sim)
    assert rig.state(message) == "submitted"
    assert [(a.part, a.kind) for a in rig.attempts(message) if a.kind == "accepted"] == [
        (1, "accepted"),
        (3, "accepted"),
        (2, "accepted"),
    ]
    assert rig.reserved(message) == 0


def test_a_begun_message_refused_for_good_says_how_much_went(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.submit(message, sim, agent, [ACCEPTED, PERMANENT])
    row = rig.row(message)
    assert (row.state, row.reason_code) == ("failed", "incomplete")
    assert row.reason_params == {"sent": 1, "parts": 3, "cause": PERMANENT.reason.code}
    assert rig.reserved(message) == 0


def test_an_unknown_outcome_is_for_no_sim_and_gives_the_rest_of_the_quota_back(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    granted = rig.submit(message, sim, agent, [ACCEPTED, UNKNOWN])
    assert rig.part_states(message) == ["submitted", "unknown", "pending"]
    assert (rig.state(message), rig.reason(message)) == ("unknown", UNKNOWN.reason.code)
    assert rig.reserved(message) == 0
    assert rig.lease(agent, sim_ids=[sim]) == []
    assert rig.denied(message, sim, agent).state is None
    assert granted.part_numbers == (2,)


# the SIM


def test_three_recipients_refused_in_a_row_suspend_the_sim(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    states = []
    for _ in range(3):
        settled = refused_again(rig, rig.message(), sim, agent, SIM_REFUSED)
        states.append((settled.sim_state, settled.sim_until_at))
        row = rig.sim_row(sim)
        assert (row.state, row.until_at) == (settled.sim_state, settled.sim_until_at)
    assert states == [
        (SimState.THROTTLED, rig.now + timedelta(seconds=8)),
        (SimState.THROTTLED, rig.now + timedelta(seconds=48)),
        (SimState.SUSPENDED, rig.now + timedelta(hours=1)),
    ]
    assert [e.state for e in rig.event_rows("sim")] == ["throttled", "throttled", "suspended"]


def test_one_dead_number_suspends_no_sim_and_waits_longer_and_longer(rig: Rig) -> None:
    agent, sim, dead, other = rig.agent(), rig.sim(), rig.message(), rig.message()
    for _ in range(5):
        assert refused_again(rig, dead, sim, agent, SIM_REFUSED).sim_state is SimState.THROTTLED
    assert rig.sim_row(sim).failures_in_row == 1
    assert rig.row(dead).not_before_at > rig.now + timedelta(minutes=10)
    refused_again(rig, other, sim, agent, SIM_REFUSED)
    refused_again(rig, dead, sim, agent, SIM_REFUSED)
    assert rig.sim_row(sim).failures_in_row == 2


def test_refusals_before_the_sim_worked_do_not_count(rig: Rig) -> None:
    agent, sim, dead = rig.agent(), rig.sim(), rig.message()
    refused_again(rig, dead, sim, agent, SIM_REFUSED)
    refused_again(rig, rig.message(), sim, agent, SIM_REFUSED)
    refused_again(rig, rig.message(), sim, agent, ACCEPTED)
    refused_again(rig, dead, sim, agent, SIM_REFUSED)
    assert rig.sim_row(sim).failures_in_row == 1


def test_a_sim_that_a_person_holds_stays_held(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    with rig.database.begin() as connection:
        connection.execute(update(sims).values(state=SimState.DISABLED, until_at=None))
    assert rig.settle(granted, sim, SIM_REFUSED).sim_state is SimState.DISABLED
    assert rig.sim_row(sim).state == "disabled"


@pytest.mark.parametrize("reroute", [False, True])
def test_a_message_waits_for_the_sim_that_was_refused_unless_its_mailing_may_reroute(
    rig: Rig, reroute: bool
) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing(reroute=reroute)
    message = rig.message(mailing_id=mailing)
    rig.submit(message, sim, agent, [SIM_REFUSED])
    row = rig.row(message)
    assert row.bound_sim_id == (None if reroute else sim)
    # whoever is next in line goes first when the SIM is back: that tells whether the number is to blame
    assert (row.not_before_at is None) == reroute


def test_a_single_message_may_go_through_another_sim(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    rig.submit(message, sim, agent, [SIM_REFUSED])
    assert rig.row(message).bound_sim_id is None


def test_a_modem_to_blame_leaves_the_sim_alone_and_the_message_waits(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    rig.submit(message, sim, agent, [MODEM_REFUSED])
    assert rig.sim_row(sim).state == "ready"
    row = rig.row(message)
    assert (row.state, row.bound_sim_id) == ("queued", None)
    assert row.not_before_at > rig.now


def test_what_a_cancelled_mailing_gets_back_is_cancelled(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message, begun = rig.message(mailing_id=mailing), rig.message(2, mailing_id=mailing)
    for each in (message, begun):
        rig.take(each, agent)
    rig.settle(rig.granted(begun, sim, agent), sim)
    intents = [rig.granted(message, sim, agent), rig.granted(begun, sim, agent)]
    rig.cancel(mailing)
    for granted in intents:
        rig.settle(granted, sim, TEMPORARY)
    assert (rig.state(message), rig.reason(message)) == ("cancelled", "mailing_cancelled")
    assert rig.row(begun).reason_params == {"sent": 1, "parts": 2, "cause": "mailing_cancelled"}
    assert rig.reserved(begun) == 0


# once, and late


@pytest.mark.parametrize("answer", [ACCEPTED, TEMPORARY, SIM_REFUSED, PERMANENT, UNKNOWN])
def test_the_same_outcome_written_again_changes_nothing(rig: Rig, answer) -> None:  # type: ignore[no-untyped-def]
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2)
    granted = rig.submit(message, sim, agent, [answer])
    before = (rig.row(message), rig.parts(message), rig.attempts(message), rig.sim_row(sim), rig.event_rows())
    again = rig.settle(granted, sim, answer, reference=0)
    assert again.message_state == rig.state(message)
    after = (rig.row(message), rig.parts(message), rig.attempts(message), rig.sim_row(sim), rig.event_rows())
    assert after == before


def test_an_answer_to_an_overdue_intent_is_a_late_answer(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    rig.recover(agent)
    assert rig.state(message) == "unknown"
    assert rig.settle(granted, sim).message_state is MessageState.SUBMITTED
    assert rig.state(message) == "submitted"


def test_a_late_answer_of_acceptance_settles_the_message(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    granted = rig.submit(message, sim, agent, [UNKNOWN])
    settled = rig.late(granted.attempt_ids[0])
    assert settled is not None
    assert rig.state(message) == "submitted"
    assert rig.parts(message)[0].reference == 200
    assert rig.late(granted.attempt_ids[0], TEMPORARY) is None


def test_a_late_refusal_lets_the_message_go_anywhere_again_and_wakes_its_mailing(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message = rig.message(mailing_id=mailing)
    granted = rig.submit(message, sim, agent, [UNKNOWN])
    assert rig.finish() == [mailing]
    rig.late(granted.attempt_ids[0], TEMPORARY)
    assert (rig.state(message), rig.mailing_state(mailing)) == ("queued", "running")
    assert rig.row(message).bound_sim_id is None
    assert rig.attempts(message)[0].counted_at is None


def test_a_late_acceptance_lets_the_rest_follow_while_it_can_be_joined(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2)
    began_at = rig.now
    granted = rig.submit(message, sim, agent, [UNKNOWN])
    rig.later(seconds=100)
    settled = rig.late(granted.attempt_ids[0])
    assert settled is not None
    assert settled.message_state is MessageState.QUEUED
    row = rig.row(message)
    assert (row.state, row.bound_sim_id, row.first_accepted_at) == ("queued", sim, began_at)
    assert [e.state for e in rig.event_rows()] == ["submitting", "unknown", "queued"]
    rig.take(message, agent)
    following = rig.granted(message, sim, agent)
    assert (following.part_numbers, following.concat_reference) == ((2,), granted.concat_reference)
    rig.settle(following, sim)
    assert rig.state(message) == "submitted"


def test_a_begun_message_that_lost_its_reservation_waits_in_the_queue_until_there_is_room(rig: Rig) -> None:
    """Kept by the SIM it would be asked for again at once, without end: it needs no quota, as a rule."""
    limits = replace(UNLIMITED, per_hour=3)
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2)
    rig.submit(rig.message(), sim, agent, limits=limits)
    rig.later(minutes=58)
    granted = rig.submit(message, sim, agent, [UNKNOWN], limits=limits)
    # what was given back when it became unknown goes to another
    rig.submit(rig.message(), sim, agent, limits=limits)
    rig.late(granted.attempt_ids[0])
    rig.take(message, agent)
    denied = rig.denied(message, sim, agent, limits)
    assert (denied.state, denied.shortage) == (MessageState.QUEUED, None)
    row = rig.row(message)
    assert (row.state, row.reason_code) == ("queued", "quota_hour")
    assert row.not_before_at == rig.now + timedelta(minutes=2)
    rig.later(minutes=2)
    rig.take(message, agent)
    assert rig.granted(message, sim, agent, limits).part_numbers == (2,)


def test_a_late_acceptance_after_hours_ends_the_message_as_incomplete(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2)
    granted = rig.submit(message, sim, agent, [UNKNOWN])
    rig.later(hours=3)
    rig.late(granted.attempt_ids[0])
    rig.expire()
    assert rig.row(message).reason_params == {"sent": 1, "parts": 2, "cause": "resume_too_late"}


def test_an_answer_to_an_older_attempt_says_nothing_of_the_newer_one(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    old = rig.submit(message, sim, agent, [UNKNOWN])
    rig.resolve(message, Decision.RESEND)
    rig.submit(message, sim, agent, [UNKNOWN])
    assert rig.late(old.attempt_ids[0], TEMPORARY) is None
    assert rig.state(message) == "unknown"


def test_a_late_answer_that_is_no_answer_changes_nothing(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    granted = rig.submit(message, sim, agent, [UNKNOWN])
    assert rig.late(granted.attempt_ids[0], UNKNOWN) is None
    assert rig.late(granted.attempt_ids[0] + 1000) is None


def test_a_late_answer_for_a_message_handed_over_whole_is_about_all_its_parts(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent, whole_message=True)
    rig.settle(granted, sim, UNKNOWN)
    rig.late(granted.attempt_ids[0])
    assert rig.state(message) == "submitted"
    assert rig.part_states(message) == ["submitted"] * 3
