"""The states of a SIM. Only a *ready* one sends; from every other state it may go to *ready*."""

from __future__ import annotations

from enum import StrEnum


class SimState(StrEnum):
    READY = "ready"
    #: backs off for a while after a refusal
    THROTTLED = "throttled"
    #: several refusals in a row: rests for longer, with the reason shown
    SUSPENDED = "suspended"
    #: its refusals form a pattern: a person or a probe releases it
    QUARANTINED = "quarantined"
    #: held by a person
    DISABLED = "disabled"


_S = SimState

#: states in which nothing but a test may pass
PROBED = frozenset({_S.SUSPENDED, _S.QUARANTINED})

TRANSITIONS: dict[SimState, frozenset[SimState]] = {
    _S.READY: frozenset({_S.THROTTLED, _S.SUSPENDED, _S.QUARANTINED, _S.DISABLED}),
    _S.THROTTLED: frozenset({_S.READY, _S.SUSPENDED, _S.QUARANTINED, _S.DISABLED}),
    _S.SUSPENDED: frozenset({_S.READY, _S.QUARANTINED, _S.DISABLED}),
    _S.QUARANTINED: frozenset({_S.READY, _S.DISABLED}),
    _S.DISABLED: frozenset({_S.READY}),
}
