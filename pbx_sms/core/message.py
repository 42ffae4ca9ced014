"""The states of a message and of its parts, and the transitions that exist. Nothing else may change them.

A *message* is one text for one recipient; a *part* carries one segment of it. The table is the whole
truth: `storage/queue` builds its guarded updates from it and `docs/states.md` is checked against it.
"""

from __future__ import annotations

from enum import StrEnum


class MessageState(StrEnum):
    #: waits for a SIM
    QUEUED = "queued"
    #: taken by an agent for a limited time; nothing has left the machine
    LEASED = "leased"
    #: the intent is committed, bytes may have left; some parts may already be accepted
    SUBMITTING = "submitting"
    #: the network accepted every part
    SUBMITTED = "submitted"
    #: every part is on the handset, says the network
    DELIVERED = "delivered"
    #: the network gave up on at least one part
    UNDELIVERED = "undelivered"
    #: will not be sent: refused for good, or begun and not completed in time
    FAILED = "failed"
    #: the network may have accepted a part; only an answer, a report or a person settles it
    UNKNOWN = "unknown"
    #: the mailing was cancelled before it was sent
    CANCELLED = "cancelled"
    #: the number is on the stop list
    SUPPRESSED = "suppressed"
    #: it could not be sent while it was worth sending
    EXPIRED = "expired"


class PartState(StrEnum):
    PENDING = "pending"
    #: intent committed, no answer yet: at most one message per SIM has such parts
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    #: the network or the modem said no, and certainly did not take it
    REFUSED = "refused"
    UNKNOWN = "unknown"


class ReportState(StrEnum):
    #: no report was asked for, or none came while one could
    NONE = "none"
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


_S = MessageState

#: from → the states it may go to. `queued → leased → submitting` is the only way to the network.
TRANSITIONS: dict[MessageState, frozenset[MessageState]] = {
    _S.QUEUED: frozenset({_S.LEASED, _S.CANCELLED, _S.SUPPRESSED, _S.EXPIRED, _S.FAILED}),
    _S.LEASED: frozenset({_S.QUEUED, _S.SUBMITTING, _S.CANCELLED, _S.SUPPRESSED, _S.EXPIRED, _S.FAILED}),
    _S.SUBMITTING: frozenset({_S.SUBMITTED, _S.QUEUED, _S.FAILED, _S.UNKNOWN}),
    _S.SUBMITTED: frozenset({_S.DELIVERED, _S.UNDELIVERED}),
    _S.UNKNOWN: frozenset({_S.SUBMITTED, _S.DELIVERED, _S.UNDELIVERED, _S.FAILED, _S.QUEUED}),
    _S.DELIVERED: frozenset(),
    _S.UNDELIVERED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.SUPPRESSED: frozenset(),
    _S.EXPIRED: frozenset(),
}

#: states in which the mailing is not finished
OPEN_STATES = frozenset({_S.QUEUED, _S.LEASED, _S.SUBMITTING})
#: states that a message reaches without any part having been accepted, and never leaves
NEVER_SENT_STATES = frozenset({_S.CANCELLED, _S.SUPPRESSED, _S.EXPIRED})


def allowed_from(target: MessageState) -> tuple[MessageState, ...]:
    """The states from which `target` may be reached, in the order of the enum."""
    return tuple(state for state in MessageState if target in TRANSITIONS[state])
