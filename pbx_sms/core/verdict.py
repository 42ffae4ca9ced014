"""The classified outcome of one attempt to submit. The tables of codes stand in `core/network_codes`.

Promise 1 hangs on `certainly_not_taken`: only an attempt for which it is true may be tried again. When in
doubt it is false, the outcome is *unknown*, and a late answer, a delivery report or a person settles it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pbx_sms.core.reason import Reason


class Kind(StrEnum):
    #: the network took the part
    ACCEPTED = "accepted"
    #: refused now, may pass later
    TEMPORARY = "temporary"
    #: refused, and would be refused again
    PERMANENT = "permanent"
    #: the network may have taken it
    UNKNOWN = "unknown"


class Scope(StrEnum):
    """What the refusal is about, and therefore what backs off; everything outside of it goes on."""

    MESSAGE = "message"
    SIM = "sim"
    MODEM = "modem"
    GATEWAY = "gateway"


class Phase(StrEnum):
    """How far the attempt had come when its outcome was decided."""

    #: no octet of the TPDU was written: nothing can have been taken
    BEFORE_TPDU = "before_tpdu"
    #: some octets of the TPDU were written, the closing Ctrl-Z was not
    WITHIN_TPDU = "within_tpdu"
    #: Ctrl-Z was written
    AFTER_TPDU = "after_tpdu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    kind: Kind
    scope: Scope
    #: what the device said, as it said it: "+CMS ERROR: 38", "timeout", "port lost", "accepted"
    code: str
    #: for a person
    reason: Reason
    certainly_not_taken: bool
    #: why `certainly_not_taken` may be believed, for `docs/faults.md`; empty for accepted
    evidence: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.code:
            raise ValueError("a verdict without a code explains nothing")
        if self.kind in (Kind.TEMPORARY, Kind.PERMANENT) and not self.certainly_not_taken:
            raise ValueError(f"{self.kind} means refused; what may have been taken is unknown")
        if self.kind in (Kind.ACCEPTED, Kind.UNKNOWN) and self.certainly_not_taken:
            raise ValueError(f"{self.kind} contradicts certainly_not_taken")


ACCEPTED = Verdict(
    kind=Kind.ACCEPTED,
    scope=Scope.MESSAGE,
    code="accepted",
    reason=Reason("accepted"),
    certainly_not_taken=False,
)
