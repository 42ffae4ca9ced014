"""From what a modem said about an attempt to its verdict: the one place where that is decided.

`decide` never guesses in favour of sending again. Before the closing Ctrl-Z was written nothing can have
been taken (27.005 §3.5.1: the message is given over at Ctrl-Z), whatever the code; afterwards only a code
that is itself a refusal proves it. Codes without such proof are *unknown*.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pbx_sms.core import equipment_codes, rejection_causes
from pbx_sms.core.reason import Reason
from pbx_sms.core.ruling import MESSAGE, MODEM, SIM, TEMPORARY, UNKNOWN, Ruling
from pbx_sms.core.verdict import Kind, Phase, Verdict

#: codes that are not the modem's words; each with and without the TPDU handed over
TIMEOUT = "timeout"
NO_PROMPT = "no prompt"
PORT_LOST = "port lost"
NO_REFERENCE = "OK without +CMGS"

_NOTHING_WRITTEN = "no octet of the message was written to the port"
_NOT_CLOSED = "27.005 §3.5.1: the message is given over at Ctrl-Z, which was not written to the port"
_WRITTEN = "Ctrl-Z was written, and no answer says that the message was refused"

_NUMBERED = re.compile(r"\+(CM[ES]) ERROR: *(\d+)$", re.IGNORECASE)
_WORDED = re.compile(r"\+CM[ES] ERROR: *(.+)$", re.IGNORECASE)

_OWN: dict[str, Ruling] = {
    TIMEOUT: Ruling(UNKNOWN, MODEM, "modem_no_answer", _WRITTEN),
    NO_PROMPT: Ruling(TEMPORARY, MODEM, "modem_no_prompt", _NOTHING_WRITTEN),
    PORT_LOST: Ruling(UNKNOWN, MODEM, "modem_lost_unknown", _WRITTEN),
    NO_REFERENCE: Ruling(
        UNKNOWN, MODEM, "no_reference", "OK without +CMGS: seen from modems that sent nothing"
    ),
}
#: what some modems write in words, in lower case (+CMEE=2 or their own habit) → number
_WORDS: dict[str, int] = {
    "unassigned (unallocated) number": 1,
    "operator determined barring": 8,
    "call barred": 10,
    "network failure": 17,
    "short message transfer rejected": 21,
    "congestion": 42,
    "destination out of service": 27,
    "unidentified subscriber": 28,
    "facility rejected": 29,
    "unknown subscriber": 30,
    "network out of order": 38,
    "temporary failure": 41,
    "resources unavailable": 47,
    "resources unavailable, unspecified": 47,
    "requested facility not subscribed": 50,
    "requested facility not implemented": 69,
    "me failure": 300,
    "sms service of me reserved": 301,
    "operation not allowed": 302,
    "operation not supported": 303,
    "invalid pdu mode parameter": 304,
    "invalid text mode parameter": 305,
    "invalid input value": 302,  # SIM800 before it says "SMS Ready"
    "sim not inserted": 310,
    "sim pin required": 311,
    "sim pin necessary": 311,
    "ph-sim pin required": 312,
    "ph-sim pin necessary": 312,
    "sim failure": 313,
    "sim busy": 314,
    "sim wrong": 315,
    "sim puk required": 316,
    "sim puk necessary": 316,
    "sim pin2 required": 317,
    "sim puk2 required": 318,
    "memory failure": 320,
    "invalid memory index": 321,
    "memory full": 322,
    "smsc address unknown": 330,
    "no network service": 331,
    "network timeout": 332,
    "no +cnma acknowledgement expected": 340,
    "unknown error": 500,
    "unknown": 500,
}
#: the verdict of a bare ERROR and of vendors' own refusals, which name no cause
_NAMELESS = Ruling(UNKNOWN, MODEM, "modem_failed_unknown", _WRITTEN)


@lru_cache(maxsize=512)
def decide(code: str, *, phase: Phase, make: str | None = None) -> Verdict:
    """The verdict for `code`: a final result as the modem wrote it ("+CMS ERROR: 38", "ERROR"), or one of
    this module's constants. `make` chooses among the makers' own codes (`equipment_codes.BY_MAKE`)."""
    ruling = _ruling(code, make)
    if phase is not Phase.AFTER_TPDU:
        return _before(code, ruling, phase)
    if ruling is None:
        return Verdict(
            kind=Kind.ACCEPTED,
            scope=MESSAGE,
            code=code,
            reason=Reason("accepted_before", {"code": code}),
            certainly_not_taken=False,
        )
    return Verdict(
        kind=ruling.kind,
        scope=ruling.scope,
        code=code,
        reason=Reason(ruling.reason, {"code": code}),
        certainly_not_taken=ruling.kind is not UNKNOWN,
        evidence=ruling.evidence,
    )


def uncodable(reason: Reason) -> Verdict:
    """The verdict for a message that no TPDU can be made of."""
    return Verdict(
        kind=Kind.PERMANENT,
        scope=MESSAGE,
        code=reason.code,
        reason=reason,
        certainly_not_taken=True,
        evidence=_NOTHING_WRITTEN,
    )


def _before(code: str, ruling: Ruling | None, phase: Phase) -> Verdict:
    """Nothing can have been taken: what is said about SIM or modem stands, everything else becomes temporary.

    A modem that was not given the message cannot know anything about it or its recipient.
    """
    evidence = _NOTHING_WRITTEN if phase is Phase.BEFORE_TPDU else _NOT_CLOSED
    if ruling is None:
        ruling = _NAMELESS
    if ruling.kind is UNKNOWN or ruling.scope is MESSAGE:
        reason = {PORT_LOST: "modem_lost", TIMEOUT: "modem_no_prompt"}.get(code, "modem_refused")
        kind, scope = Kind.TEMPORARY, SIM if ruling.scope is SIM else MODEM
    else:
        reason, kind, scope = ruling.reason, ruling.kind, ruling.scope
    return Verdict(
        kind=kind,
        scope=scope,
        code=code,
        reason=Reason(reason, {"code": code}),
        certainly_not_taken=True,
        evidence=evidence,
    )


def _ruling(code: str, make: str | None) -> Ruling | None:
    """The row for `code`; None for what means that the network has the message."""
    if code in _OWN:
        return _OWN[code]
    numbered = _NUMBERED.match(code)
    if numbered is not None:
        number = int(numbered[2])
        if numbered[1].upper() == "CME":
            return equipment_codes.CME.get(number, equipment_codes.OTHER_CME)
        return _by_number(number, make)
    worded = _WORDED.match(code)
    if worded is not None:
        number_of_words = _WORDS.get(worded[1].strip().rstrip(".").lower())
        if number_of_words is not None:
            return _by_number(number_of_words, make)
    return _NAMELESS


def _by_number(number: int, make: str | None) -> Ruling | None:
    if number == rejection_causes.DUPLICATE:
        return None
    if number < 128:
        return rejection_causes.RP_CAUSES.get(number, rejection_causes.OTHER_RP_CAUSE)
    if number < 256:
        return rejection_causes.TP_FAILURE_CAUSES.get(number, rejection_causes.OTHER_FAILURE_CAUSE)
    own = equipment_codes.BY_MAKE.get(make or "", {}).get(number)
    if own is not None:
        return own
    return equipment_codes.EQUIPMENT.get(number, equipment_codes.OTHER_EQUIPMENT)
