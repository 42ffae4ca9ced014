"""The intent: what is checked and reserved before the first byte, and that nothing is begun twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from queue_rig import ACCEPTED, SIM_REFUSED, TEMPORARY, UNKNOWN, UNLIMITED, Rig
from sqlalchemy import update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.sim import SimState
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import attempts, mailings, sims
from pbx_sms.storage.schema.types import FAR_FUTURE


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def test_the_intent_marks_message_part_attempt_and_sim_at_once(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    row, (part,), (attempt,) = rig.row(message), rig.parts(message), rig.attempts(message)
    assert (row.state, row.sim_id, row.attempt_count) == ("submitting", sim, 1)
    assert (part.state, part.sim_id) == ("submitting", sim)
    assert (attempt.attempt_id,) == granted.attempt_ids
    assert (attempt.started_at, attempt.counted_at, attempt.kind) == (rig.now, FAR_FUTURE, None)
    assert rig.sim_row(sim).last_submit_at == rig.now
    assert [(e.state, e.part, e.parts_submitted) for e in rig.event_rows()] == [("submitting", 1, 0)]


def test_what_is_only_queued_cannot_be_begun(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    assert rig.denied(message, sim, agent).state is None


def test_a_one_part_message_held_twice_by_its_agent_is_begun_once(rig: Rig) -> None:
    agent, sim, other, message = rig.agent(), rig.sim(), rig.sim(), rig.message()
    rig.take(message, agent)
    rig.granted(message, sim, agent)
    assert rig.denied(message, other, agent).state is None
    assert rig.denied(message, sim, agent).state is None
    assert len(rig.attempts(message)) == 1


def test_an_intent_ordered_again_after_a_lost_commit_is_not_given_again(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.take(message, agent)
    rig.granted(message, sim, agent)
    assert rig.denied(message, sim, agent).state is None
    assert rig.part_states(message) == ["submitting", "pending", "pending"]


def test_a_begun_message_is_not_continued_by_another_sim(rig: Rig) -> None:
    agent, sim, other, message = rig.agent(), rig.sim(), rig.sim(), rig.message(2)
    rig.submit(message, sim, agent)
    assert rig.denied(message, other, agent).state is None
    assert rig.granted(message, sim, agent).part_numbers == (2,)


def test_parts_go_one_after_the_other_with_one_reference_and_one_try(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.take(message, agent)
    seen = []
    for _ in range(3):
        granted = rig.granted(message, sim, agent)
        seen.append((granted.part_numbers, granted.concat_reference, granted.attempt_count))
        rig.settle(granted, sim)
    reference = seen[0][1]
    assert seen == [((1,), reference, 1), ((2,), reference, 1), ((3,), reference, 1)]
    assert rig.state(message) == "submitted"
    assert [a.kind for a in rig.attempts(message)] == ["accepted"] * 3


def test_a_driver_that_splits_itself_is_given_all_parts(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent, whole_message=True)
    assert granted.part_numbers == (1, 2, 3)
    assert rig.settle(granted, sim).message_state is MessageState.SUBMITTED
    assert [p.reference for p in rig.parts(message)] == [0, 1, 2]


def test_messages_to_one_number_have_different_references(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    references = set()
    for _ in range(5):
        message = rig.message(2, msisdn="+79160000000")
        references.add(rig.submit(message, sim, agent, [ACCEPTED, ACCEPTED]).concat_reference)
    assert len(references) == 5
    assert references <= set(range(256))


# quota


def test_the_quota_of_all_parts_is_reserved_before_the_first(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_hour=4)
    agent, sim = rig.agent(), rig.sim()
    first, second = rig.message(3), rig.message(2)
    rig.take(first, agent)
    rig.take(second, agent)
    granted = rig.granted(first, sim, agent, limits)
    assert (granted.reserved, rig.reserved(first)) == (3, 3)
    denied = rig.denied(second, sim, agent, limits)
    assert denied.state is MessageState.LEASED
    assert denied.shortage is not None
    assert denied.shortage.reason.code == "quota_hour"
    assert rig.attempts(second) == []
    rig.settle(granted, sim)
    # the rest needs no quota of its own
    assert rig.granted(first, sim, agent, limits).reserved == 0


def test_a_message_that_can_never_fit_says_so(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.take(message, agent)
    short = rig.denied(message, sim, agent, replace(UNLIMITED, per_day=2)).shortage
    assert short is not None
    assert (short.reason.code, short.until_at) == ("quota_never", None)


def test_a_part_counted_an_hour_ago_frees_its_place_and_one_a_moment_younger_does_not(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_hour=1)
    agent, sim = rig.agent(), rig.sim()
    rig.submit(rig.message(), sim, agent)
    counted_at = rig.now
    waits = rig.message()
    rig.take(waits, agent)
    rig.now = counted_at + timedelta(hours=1) - timedelta(microseconds=1)
    short = rig.denied(waits, sim, agent, limits).shortage
    assert short is not None
    assert short.until_at == counted_at + timedelta(hours=1)
    rig.now = short.until_at
    rig.granted(waits, sim, agent, limits)


def test_a_reservation_counts_until_it_is_settled_and_then_from_the_answer(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_hour=1)
    agent, sim, first, second = rig.agent(), rig.sim(), rig.message(), rig.message()
    rig.take(first, agent)
    granted = rig.granted(first, sim, agent, limits)
    rig.take(second, agent)
    rig.later(hours=2)
    short = rig.denied(second, sim, agent, limits).shortage
    assert short is not None
    assert short.until_at == rig.now + timedelta(seconds=5)
    rig.settle(granted, sim)
    short = rig.denied(second, sim, agent, limits).shortage
    assert short is not None
    assert short.until_at == rig.now + timedelta(hours=1)


@pytest.mark.parametrize(("answer", "counts"), [(TEMPORARY, False), (UNKNOWN, True), (ACCEPTED, True)])
def test_refused_gives_the_quota_back_and_unknown_counts(rig: Rig, answer, counts) -> None:  # type: ignore[no-untyped-def]
    limits = replace(UNLIMITED, per_day=1)
    agent, sim, first, second = rig.agent(), rig.sim(), rig.message(), rig.message()
    rig.submit(first, sim, agent, [answer])
    rig.take(second, agent)
    if counts:
        assert rig.denied(second, sim, agent, limits).shortage is not None
    else:
        rig.granted(second, sim, agent, limits)


def test_a_clock_set_back_frees_no_quota(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_hour=1)
    agent, sim, second = rig.agent(), rig.sim(), rig.message()
    rig.submit(rig.message(), sim, agent)
    rig.take(second, agent)
    rig.later(days=-3)
    assert rig.denied(second, sim, agent, limits).shortage is not None


def test_ordinary_messages_leave_the_reserve_and_service_may_use_all(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_day=3, service_reserve_per_day=1)
    agent, sim = rig.agent(), rig.sim()
    for _ in range(2):
        rig.submit(rig.message(), sim, agent, limits=limits)
    ordinary, service, more = rig.message(), rig.message(rank=1), rig.message(rank=2)
    for message in (ordinary, service, more):
        rig.take(message, agent)
    short = rig.denied(ordinary, sim, agent, limits).shortage
    assert short is not None
    assert short.reason.code == "quota_reserve"
    rig.settle(rig.granted(service, sim, agent, limits), sim)
    short = rig.denied(more, sim, agent, limits).shortage
    assert short is not None
    assert short.reason.code == "quota_day"


def test_service_messages_do_not_take_the_ordinary_share(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_day=4, service_reserve_per_day=2)
    agent, sim = rig.agent(), rig.sim()
    for _ in range(2):
        rig.submit(rig.message(rank=1), sim, agent, limits=limits)
    for _ in range(2):
        rig.submit(rig.message(), sim, agent, limits=limits)
    last = rig.message()
    rig.take(last, agent)
    assert rig.denied(last, sim, agent, limits).shortage is not None


def test_a_new_sim_sends_less_in_its_first_week(rig: Rig) -> None:
    limits = replace(UNLIMITED, warm_up_per_day=1)
    agent, sim, second = rig.agent(), rig.sim(), rig.message()
    seen = rig.now
    rig.submit(rig.message(), sim, agent, limits=limits, first_seen_at=seen)
    rig.take(second, agent)
    short = rig.denied(second, sim, agent, limits, first_seen_at=seen).shortage
    assert short is not None
    assert short.reason.code == "quota_warm_up"
    rig.granted(second, sim, agent, limits, first_seen_at=seen - timedelta(days=7))


def test_a_sim_writes_to_no_more_different_people_than_allowed(rig: Rig) -> None:
    limits = replace(UNLIMITED, recipients_per_month=2)
    agent, sim = rig.agent(), rig.sim()
    first_at = rig.now
    rig.submit(rig.message(msisdn="+79160000001"), sim, agent, limits=limits)
    rig.later(days=1)
    rig.submit(rig.message(msisdn="+79160000002"), sim, agent, limits=limits)
    again, third = rig.message(msisdn="+79160000001"), rig.message(msisdn="+79160000003")
    rig.take(third, agent)
    short = rig.denied(third, sim, agent, limits).shortage
    assert short is not None
    assert short.reason.code == "quota_recipients"
    assert short.until_at == first_at + timedelta(days=30)
    rig.submit(again, sim, agent, limits=limits)
    rig.now = first_at + timedelta(days=31)
    rig.granted(third, sim, agent, limits)


def test_the_month_begins_on_the_billing_day_in_the_offices_time(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_month=1, billing_day=23)
    agent, sim, second = rig.agent(), rig.sim(), rig.message()
    rig.submit(rig.message(), sim, agent, limits=limits)
    rig.take(second, agent)
    short = rig.denied(second, sim, agent, limits).shortage
    assert short is not None
    # midnight in Moscow
    assert short.until_at is not None
    assert (short.until_at - rig.now) == timedelta(hours=9)
    rig.now = short.until_at
    rig.granted(second, sim, agent, limits)


# what forbids


def test_a_number_on_the_stop_list_is_suppressed_at_the_last_moment(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    rig.stop("+79160000001")
    message = rig.message(msisdn="+79160000001")
    rig.take(message, agent)
    assert rig.denied(message, sim, agent).state is MessageState.SUPPRESSED
    assert (rig.state(message), rig.reason(message)) == ("suppressed", "stop_list")
    assert rig.attempts(message) == []


def test_a_stop_between_two_parts_ends_the_message_as_incomplete(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3, msisdn="+79160000001")
    rig.submit(message, sim, agent)
    rig.stop("+79160000001")
    assert rig.denied(message, sim, agent).state is MessageState.FAILED
    row = rig.row(message)
    assert (row.state, row.reason_code) == ("failed", "incomplete")
    assert row.reason_params == {"sent": 1, "parts": 3, "cause": "stop_list"}
    assert rig.reserved(message) == 0
    assert rig.event_rows()[-1].reason_code == "incomplete"


@pytest.mark.parametrize("state", [MailingState.PAUSED, MailingState.CANCELLED])
def test_a_paused_mailing_gives_back_and_a_cancelled_one_ends(rig: Rig, state: MailingState) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message = rig.message(mailing_id=mailing)
    rig.take(message, agent)
    with rig.database.begin() as connection:
        connection.execute(update(mailings).values(state=state))
    expected = {MailingState.PAUSED: "queued", MailingState.CANCELLED: "cancelled"}[state]
    assert rig.denied(message, sim, agent).state == expected
    assert rig.state(message) == expected


def test_a_begun_message_of_a_paused_mailing_is_completed(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message = rig.message(2, mailing_id=mailing)
    rig.submit(message, sim, agent)
    with rig.database.begin() as connection:
        connection.execute(update(mailings).values(state=MailingState.PAUSED))
    rig.settle(rig.granted(message, sim, agent), sim)
    assert rig.state(message) == "submitted"


def test_what_is_past_its_validity_expires_instead_of_going(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    until = rig.now + timedelta(hours=1)
    message, begun = rig.message(expires_at=until), rig.message(2, expires_at=until)
    rig.submit(begun, sim, agent)
    rig.now = until
    rig.take(message, agent)
    assert rig.denied(message, sim, agent).state is MessageState.EXPIRED
    assert rig.row(message).reason_params == {"expired_at": until.isoformat()}
    assert rig.denied(begun, sim, agent).state is MessageState.FAILED
    assert rig.row(begun).reason_params["cause"] == "expired"


def test_the_rest_of_a_message_follows_within_its_time_or_not_at_all(rig: Rig) -> None:
    agent, sim, message = rig.agent(), rig.sim(), rig.message(3)
    rig.submit(message, sim, agent)
    rig.later(seconds=300)
    rig.settle(rig.granted(message, sim, agent), sim)
    rig.later(microseconds=1)
    assert rig.denied(message, sim, agent).state is MessageState.FAILED
    assert rig.row(message).reason_params == {"sent": 2, "parts": 3, "cause": "resume_too_late"}
    assert rig.reserved(message) == 0


@pytest.mark.parametrize("state", sorted(set(SimState) - {SimState.READY}))
def test_only_a_ready_sim_sends(rig: Rig, state: SimState) -> None:
    agent, sim, message = rig.agent(), rig.sim(state=state), rig.message()
    rig.take(message, agent)
    denied = rig.denied(message, sim, agent)
    assert denied.state is MessageState.LEASED
    assert denied.shortage is not None
    assert denied.shortage.reason.code == "waits_for_sim"


def test_a_message_whose_sim_is_held_between_two_parts_waits_for_it_with_its_quota(rig: Rig) -> None:
    limits = replace(UNLIMITED, per_hour=2)
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2)
    rig.submit(message, sim, agent, limits=limits)
    with rig.database.begin() as connection:
        connection.execute(update(sims).values(state=SimState.DISABLED))
    denied = rig.denied(message, sim, agent, limits)
    assert (denied.state, denied.shortage) == (MessageState.QUEUED, None)
    assert (rig.state(message), rig.reason(message)) == ("queued", "waits_for_sim")
    assert rig.row(message).bound_sim_id == sim
    with rig.database.begin() as connection:
        connection.execute(update(sims).values(state=SimState.READY))
    (leased,) = rig.lease(agent, sim_ids=[sim])
    assert leased.begun
    assert rig.granted(message, sim, agent, limits).part_numbers == (2,)


def test_a_message_bound_to_one_sim_goes_back_when_another_takes_it(rig: Rig) -> None:
    agent, sim, other = rig.agent(), rig.sim(), rig.sim()
    message = rig.message(mailing_id=rig.mailing())
    rig.submit(message, sim, agent, [SIM_REFUSED])
    assert rig.row(message).bound_sim_id == sim
    rig.take(message, agent)
    assert rig.denied(message, other, agent).state is MessageState.QUEUED
    assert rig.state(message) == "queued"


def test_the_attempts_of_other_sims_count_for_none(rig: Rig) -> None:
    limits = SimLimits(per_hour=1, per_day=0, per_month=0)
    agent, sim, other = rig.agent(), rig.sim(), rig.sim()
    rig.submit(rig.message(), sim, agent)
    rig.submit(rig.message(), other, agent, limits=limits)
    with rig.read() as connection:
        assert connection.execute(attempts.select()).all().__len__() == 2
