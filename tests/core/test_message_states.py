"""The tables of states: what may become what, and what never may."""

from __future__ import annotations

import pytest

from pbx_sms.core import mailing, message
from pbx_sms.core.mailing import RANK, MailingKind, MailingState, may_use_reserve
from pbx_sms.core.message import NEVER_SENT_STATES, OPEN_STATES, MessageState

_S = MessageState
FINAL = {_S.DELIVERED, _S.UNDELIVERED, _S.FAILED, _S.CANCELLED, _S.SUPPRESSED, _S.EXPIRED}


def reachable(start: MessageState, without: frozenset[MessageState] = frozenset()) -> set[MessageState]:
    found, edge = {start}, [start]
    while edge:
        following = message.TRANSITIONS[edge.pop()] - found - without
        found |= following
        edge += following
    return found


def test_every_state_has_its_row() -> None:
    assert set(message.TRANSITIONS) == set(MessageState)
    assert set(mailing.TRANSITIONS) == set(MailingState)


def test_ended_states_are_final() -> None:
    assert {state for state, targets in message.TRANSITIONS.items() if not targets} == FINAL


def test_every_state_can_be_reached_and_can_end() -> None:
    assert reachable(_S.QUEUED) == set(MessageState)
    for state in MessageState:
        assert reachable(state) & FINAL


def test_the_only_way_to_the_network_is_an_intent_of_a_leased_message() -> None:
    assert message.allowed_from(_S.SUBMITTING) == (_S.LEASED,)
    assert message.allowed_from(_S.LEASED) == (_S.QUEUED,)
    never = reachable(_S.QUEUED, frozenset({_S.SUBMITTING}))
    assert never.isdisjoint({_S.SUBMITTED, _S.DELIVERED, _S.UNDELIVERED, _S.UNKNOWN})


def test_what_the_network_has_never_goes_back_by_itself() -> None:
    assert reachable(_S.SUBMITTED) == {_S.SUBMITTED, _S.DELIVERED, _S.UNDELIVERED}


def test_what_is_under_way_is_not_cancelled_suppressed_or_expired() -> None:
    for state in NEVER_SENT_STATES:
        assert set(message.allowed_from(state)) == {_S.QUEUED, _S.LEASED}


def test_open_states_are_those_that_still_go() -> None:
    assert {_S.QUEUED, _S.LEASED, _S.SUBMITTING} == OPEN_STATES


def test_a_finished_mailing_may_run_again_and_a_cancelled_one_never() -> None:
    assert mailing.TRANSITIONS[MailingState.FINISHED] == {MailingState.RUNNING}
    assert mailing.TRANSITIONS[MailingState.CANCELLED] == frozenset()
    unfinished = set(MailingState) - {MailingState.FINISHED, MailingState.CANCELLED}
    assert set(mailing.allowed_from(MailingState.CANCELLED)) == unfinished


@pytest.mark.parametrize("kind", list(MailingKind))
def test_only_urgent_and_service_messages_use_the_reserve(kind: MailingKind) -> None:
    assert may_use_reserve(kind) is (kind in (MailingKind.URGENT, MailingKind.SERVICE))
    assert (RANK[kind] > 0) is may_use_reserve(kind)
    assert RANK[MailingKind.URGENT] > RANK[MailingKind.SERVICE]
