"""Writes `docs/faults.md` from `fault_table` and from the tables of codes in `pbx_sms/core`.

python tests/fault_document.py        writes the file; `test_fault_document` compares it
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from fault_asterisk_rows import ASTERISK_FAULTS  # noqa: E402
from fault_kinds import MAKES, Fault, Step  # noqa: E402
from fault_table import FAULTS  # noqa: E402

from pbx_sms.core import equipment_codes, network_codes, rejection_causes  # noqa: E402
from pbx_sms.core.verdict import Kind, Phase, Verdict  # noqa: E402
from pbx_sms.sentences import render  # noqa: E402

PATH = ROOT / "docs" / "faults.md"

_HEAD = """# Faults

What may go wrong between this program and a recipient, what the recipient then got, and what the person
in the office sees. Two rules decide everything: a part that the network *may* have taken is never sent
again by the program, and whatever waits or failed says why.

This file is written by `python tests/fault_document.py`. `tests/system/test_fault_matrix.py` brings
every fault of the first table about on simulated {makes}, and compares. While the faults last, the other
SIMs keep their pace: four SIMs without a fault send all the time, first on the same modems with no fault at
all, then beside the faults; the lower quartile of the time from part to part is compared. At least 0.8
of the quiet pace must be left, since a test machine is busy; within each time-out every one of them sends.

## Faults, and what becomes of a message

The second column says when the fault strikes: before the text was given to the modem (*before the PDU*),
after that (*after the PDU*), and so on. *Recipient got* is what the simulated network's ledger holds.
The fourth column is what the log shows after the hand-over, in this order; "the modem:" stands before
what the modem shows meanwhile.

| Fault | When | Recipient got | State and sentence | Sent again | Evidence |
|---|---|---|---|---|---|
"""

_BEHIND = """
## Behind Asterisk

The same for modems that Asterisk holds through chan_dongle or its like, which cut a message and send
its parts themselves: *at the hand-over* the whole message is on its way to the driver. Every row is
brought about by `tests/system/test_asterisk_fault_matrix.py`, with a simulated Asterisk of its own before a
simulated modem. Whatever modem and network do wrong in the table above happens here too; the driver tells
that something failed, and no more. With delivery reports on nothing tells that a part was accepted: the
device's queue does, by being empty.

| Fault | When | Recipient got | State and sentence | Sent again | Evidence |
|---|---|---|---|---|---|
"""

_CODES = """
## What was certainly not taken

Only *yes* may be sent again. Before the closing Ctrl-Z the answer is always *yes*, whatever the modem
says: {before}. After it only a code that is itself a refusal proves anything. *Who waits*: the message
alone, its SIM, or the modem.

| Code | Make | Certainly not taken | Outcome | Who waits | Evidence |
|---|---|---|---|---|---|
"""


def document() -> str:
    """The whole text of `docs/faults.md`."""
    makes = ", ".join(make.replace("_", " ") for make in MAKES)
    faults = "".join(_row(line) for fault in FAULTS for line in _fault_lines(fault))
    before = network_codes.decide(network_codes.TIMEOUT, phase=Phase.WITHIN_TPDU).evidence
    codes = "".join(_row(line) for line in code_lines())
    behind = "".join(_row(line) for fault in ASTERISK_FAULTS for line in _fault_lines(fault))
    return _HEAD.format(makes=makes) + faults + _BEHIND + behind + _CODES.format(before=before) + codes


def sentence(step: Step) -> str:
    """A step as a person reads it."""
    if step.reason is None:
        return step.state
    return f"{step.state}: {render(step.reason, step.params, 'en')}"


def _fault_lines(fault: Fault) -> Iterator[tuple[str, ...]]:
    yield _cells(fault, fault.fault)
    told: dict[tuple[str, ...], list[str]] = {}
    for make in fault.by_make:
        told.setdefault(_cells(fault.of_make(make), "")[2:], []).append(make.replace("_", " "))
    for cells, makes in told.items():
        yield (f"{fault.fault}, {', '.join(makes)}", fault.phase, *cells)


def _cells(fault: Fault, name: str) -> tuple[str, ...]:
    steps = [sentence(step) for step in fault.course] or ["queued"]
    if fault.modem is not None:
        steps.insert(0, f"the modem: {sentence(fault.modem)}")
    return (name, fault.phase, fault.got, " → ".join(steps), fault.retried, fault.evidence)


def code_lines() -> Iterator[tuple[str, ...]]:
    """A line for every code that any make may say after the PDU, in the words of `network_codes`."""
    own = (
        network_codes.TIMEOUT,
        network_codes.PORT_LOST,
        network_codes.NO_REFERENCE,
        network_codes.NO_PROMPT,
        "ERROR",
    )
    for code in own:
        yield _code_line(f"({code})" if code != "ERROR" else f"`{code}`", "all", _after(code))
    causes = sorted(
        {*rejection_causes.RP_CAUSES, *rejection_causes.TP_FAILURE_CAUSES, rejection_causes.DUPLICATE}
    )
    for number in [number for number in causes if number < 128]:
        yield _code_line(f"CMS {number}", "all", _after(f"+CMS ERROR: {number}"))
    yield _code_line("CMS, other up to 127", "all", _after("+CMS ERROR: 126"))
    for number in [number for number in causes if number >= 128]:
        yield _code_line(f"CMS {number}", "all", _after(f"+CMS ERROR: {number}"))
    yield _code_line("CMS, other 128 to 255", "all", _after("+CMS ERROR: 240"))
    for number in sorted(equipment_codes.EQUIPMENT):
        yield _code_line(f"CMS {number}", "all", _after(f"+CMS ERROR: {number}"))
    for make, table in equipment_codes.BY_MAKE.items():
        for number in sorted(table):
            yield _code_line(f"CMS {number}", make, _after(f"+CMS ERROR: {number}", make))
    yield _code_line("CMS, other from 256", "all", _after("+CMS ERROR: 9999"))
    for number in sorted(equipment_codes.CME):
        yield _code_line(f"CME {number}", "all", _after(f"+CME ERROR: {number}"))
    yield _code_line("CME, other", "all", _after("+CME ERROR: 9999"))


def _after(code: str, make: str | None = None) -> Verdict:
    # nothing follows a prompt that never came: that code ends before the PDU
    phase = Phase.BEFORE_TPDU if code == network_codes.NO_PROMPT else Phase.AFTER_TPDU
    return network_codes.decide(code, phase=phase, make=make)


def _code_line(code: str, make: str, verdict: Verdict) -> tuple[str, ...]:
    taken = verdict.kind is Kind.ACCEPTED
    return (
        code,
        make,
        "no: it was taken" if taken else "yes" if verdict.certainly_not_taken else "no",
        render(verdict.reason.code, verdict.reason.params, "en"),
        "nobody" if taken or verdict.kind is Kind.UNKNOWN else str(verdict.scope),
        "23.040 §9.2.3.22: the service centre has it already" if taken else verdict.evidence,
    )


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
