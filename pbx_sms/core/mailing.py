"""The kinds and states of a mailing, and the transitions that exist."""

from __future__ import annotations

from enum import StrEnum


class MailingKind(StrEnum):
    ADVERTISING = "advertising"
    INFORMATION = "information"
    SERVICE = "service"
    URGENT = "urgent"


#: who goes first: a higher rank delays lower ones, equal ranks share (see `routing.FairShare`)
RANK: dict[MailingKind, int] = {
    MailingKind.URGENT: 2,
    MailingKind.SERVICE: 1,
    MailingKind.INFORMATION: 0,
    MailingKind.ADVERTISING: 0,
}


def may_use_reserve(kind: MailingKind) -> bool:
    """Only urgent and service messages may use the part of the day that is reserved for them."""
    return RANK[kind] > 0


class UnknownPolicy(StrEnum):
    """What becomes of a mailing's messages of which nobody knows whether the network took them."""

    #: they stay unknown until an answer, a report or a person settles them
    KEEP = "keep"
    #: after `UNKNOWN_SETTLES_S` without a proof they count as failed; nothing is sent again
    FAIL = "fail"


#: from the end of an attempt: late answers take minutes, and most reports come within this time
UNKNOWN_SETTLES_S = 3600.0


class MailingState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


_S = MailingState

TRANSITIONS: dict[MailingState, frozenset[MailingState]] = {
    _S.DRAFT: frozenset({_S.SCHEDULED, _S.RUNNING, _S.CANCELLED}),
    # paused: its time passed while nothing ran, or it is being cancelled
    _S.SCHEDULED: frozenset({_S.RUNNING, _S.PAUSED, _S.DRAFT, _S.CANCELLED}),
    _S.RUNNING: frozenset({_S.PAUSED, _S.FINISHED, _S.CANCELLED}),
    _S.PAUSED: frozenset({_S.RUNNING, _S.CANCELLED}),
    # something is to be sent again, by a person's decision
    _S.FINISHED: frozenset({_S.RUNNING}),
    _S.CANCELLED: frozenset(),
}


def allowed_from(target: MailingState) -> tuple[MailingState, ...]:
    """The states from which `target` may be reached, in the order of the enum."""
    return tuple(state for state in MailingState if target in TRANSITIONS[state])
