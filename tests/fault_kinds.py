"""What a row of `fault_table` is made of: when a fault strikes, what the recipient got, what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

#: the makes of the simulator
MAKES = ("huawei_e1550", "huawei_e173", "zte_mf180", "sim800", "quectel_ec25")

NOTHING = "nothing"
ONCE = "the message, once"
ALL_PARTS = "all 3 parts, each once"
PART_1 = "part 1 of 3"
PARTS_1_2 = "parts 1 and 2 of 3"

NEVER = "never"
BY_ITSELF = "by itself"
NO_NEED = "not needed"


@dataclass(frozen=True, slots=True)
class Step:
    """A state with the reason that is shown beside it."""

    state: str
    reason: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    key: str
    #: for the reader of the document
    fault: str
    phase: str
    #: `[[fault]]` tables of the simulator; modem and number are added
    strikes: Sequence[Mapping[str, Any]] = ()
    #: what a person, a network or a cable does meanwhile: a name in `fault_acts`
    act: str | None = None
    parts: int = 1
    got: str
    #: states of the message after its first hand-over, as the log shows them; *submitted* left out where
    #: *delivered* follows
    course: Sequence[Step]
    #: what the modem shows meanwhile
    modem: Step | None = None
    retried: str
    evidence: str
    #: where a make ends otherwise
    by_make: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of_make(self, make: str) -> Fault:
        return replace(self, **self.by_make.get(make, {}))


def said(reason: str, number: int, family: str = "CMS") -> dict[str, Any]:
    return {"reason": reason, "params": {"code": f"+{family} ERROR: {number}"}}


DELIVERED = Step("delivered")
SUBMITTED = Step("submitted")
NO_REPORT = {"action": "report_never"}
NO_ANSWER = Step("unknown", "modem_no_answer", {"code": "timeout"})
LOST = Step("unknown", "modem_lost_unknown", {"code": "port lost"})

IDLE = "nothing under way"
PROMPT = "before the PDU"
HANDED = "after the PDU"
ANSWER = "in the answer"
REPORT = "in the report"
BETWEEN = "between two parts"


def cms(code: int, reason: str, phase: str, *, evidence: str, kind: str = "queued", **more: Any) -> Fault:
    """A code that is said once, before or after the PDU; the network then takes the message."""
    before = phase == PROMPT
    ends = kind != "queued"
    steps = [Step(kind, **said(reason, code))]
    values: dict[str, Any] = {
        "key": f"cms_{code}_{'before' if before else 'after'}",
        "fault": f"`+CMS ERROR: {code}`",
        "phase": phase,
        "strikes": ({"action": "cms_before_prompt" if before else "cms", "code": code, "times": 1},),
        "got": NOTHING if ends else ONCE,
        "course": steps if ends else [*steps, DELIVERED],
        "retried": NEVER if ends else BY_ITSELF,
        "evidence": evidence,
    }
    return Fault(**values | more)


RP = "24.011: RP-ERROR came in place of RP-ACK"
LOCAL = "27.005: the modem refused before it gave the message over"
OPEN = "nothing in the answer proves that the network did not take it"
UNWRITTEN = "no octet of the message was written to the port"
