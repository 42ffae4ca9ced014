"""What goes wrong between this program and a recipient, and what then becomes of the message.

One table for two readers: `system/test_fault_matrix` brings every fault about on every make of modem and
compares what becomes of it, and `fault_document` writes `docs/faults.md` from it. Ports are not part of it:
in parameters they stand as PORT.
"""

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


def _said(reason: str, number: int, family: str = "CMS") -> dict[str, Any]:
    return {"reason": reason, "params": {"code": f"+{family} ERROR: {number}"}}


DELIVERED = Step("delivered")
SUBMITTED = Step("submitted")
_NO_REPORT = {"action": "report_never"}
_NO_ANSWER = Step("unknown", "modem_no_answer", {"code": "timeout"})
_LOST = Step("unknown", "modem_lost_unknown", {"code": "port lost"})

IDLE = "nothing under way"
PROMPT = "before the PDU"
HANDED = "after the PDU"
ANSWER = "in the answer"
REPORT = "in the report"
BETWEEN = "between two parts"


def _cms(code: int, reason: str, phase: str, *, evidence: str, kind: str = "queued", **more: Any) -> Fault:
    """A code that is said once, before or after the PDU; the network then takes the message."""
    before = phase == PROMPT
    ends = kind != "queued"
    steps = [Step(kind, **_said(reason, code))]
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


_RP = "24.011: RP-ERROR came in place of RP-ACK"
_LOCAL = "27.005: the modem refused before it gave the message over"
_OPEN = "nothing in the answer proves that the network did not take it"
_UNWRITTEN = "no octet of the message was written to the port"

FAULTS: tuple[Fault, ...] = (
    # no answer, or not in time
    Fault(
        key="no_answer_taken",
        fault="no answer; the network had taken it, no report comes",
        phase=HANDED,
        strikes=({"action": "no_answer", "times": 1}, _NO_REPORT),
        got=ONCE,
        course=[_NO_ANSWER],
        retried=NEVER,
        evidence=_OPEN,
    ),
    Fault(
        key="no_answer_lost",
        fault="no answer; the network had not taken it",
        phase=HANDED,
        strikes=({"action": "no_answer_not_accepted", "times": 1},),
        got=NOTHING,
        course=[_NO_ANSWER],
        retried=NEVER,
        evidence=_OPEN,
    ),
    Fault(
        key="no_answer_report_within",
        fault="no answer, but the delivery report comes while it is awaited",
        phase=HANDED,
        strikes=({"action": "no_answer", "times": 1},),
        got=ONCE,
        course=[_NO_ANSWER, DELIVERED],
        retried=NEVER,
        evidence="a report proves that the network had taken it",
    ),
    Fault(
        key="no_answer_report_after",
        fault="no answer, and the delivery report comes after the time-out",
        phase=HANDED,
        strikes=({"action": "no_answer", "times": 1}, {"action": "report_delay", "seconds": 4}),
        got=ONCE,
        course=[_NO_ANSWER, DELIVERED],
        retried=NEVER,
        evidence="a report proves that the network had taken it",
    ),
    Fault(
        key="late_answer",
        fault="the answer comes after the time-out",
        phase=HANDED,
        strikes=({"action": "late", "seconds": 2.5, "times": 1}, _NO_REPORT),
        got=ONCE,
        course=[_NO_ANSWER, SUBMITTED],
        retried=NEVER,
        evidence="`+CMGS` while nothing else was asked belongs to the attempt that waits for it",
    ),
    Fault(
        key="late_refusal",
        fault="a refusal comes after the time-out",
        phase=HANDED,
        strikes=({"action": "cms", "code": 42, "delay_s": 2.5, "times": 1},),
        got=ONCE,
        course=[_NO_ANSWER, Step("queued", **_said("network_congested", 42)), DELIVERED],
        retried=BY_ITSELF,
        evidence=_RP,
    ),
    Fault(
        key="hung",
        fault="the modem hangs and answers nothing any more, until it is pulled out",
        phase=HANDED,
        strikes=({"action": "hang", "times": 1},),
        act="replug_the_hung",
        got=NOTHING,
        course=[_NO_ANSWER],
        modem=Step("absent", "modem_silent", {"port": "PORT"}),
        retried=NEVER,
        evidence=_OPEN,
    ),
    Fault(
        key="prompt_never",
        fault="the modem does not ask for the message",
        phase=PROMPT,
        strikes=({"action": "prompt_never", "times": 1},),
        got=ONCE,
        course=[Step("queued", "modem_no_prompt", {"code": "no prompt"}), DELIVERED],
        retried=BY_ITSELF,
        evidence=_UNWRITTEN,
    ),
    Fault(
        key="prompt_slow",
        fault="the modem takes its time to ask for the message",
        phase=PROMPT,
        strikes=({"action": "prompt_slow", "seconds": 1, "times": 1},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="`+CMGS`",
    ),
    # odd answers
    Fault(
        key="garbage_before",
        fault="stray octets before the answer",
        phase=ANSWER,
        strikes=({"action": "garbage", "where": "before", "times": 1},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="`+CMGS`",
    ),
    Fault(
        key="garbage_between",
        fault="stray octets between the lines of the answer",
        phase=ANSWER,
        strikes=({"action": "garbage", "where": "between", "times": 1},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="`+CMGS`",
    ),
    Fault(
        key="garbage_inside",
        fault="stray octets inside `+CMGS`",
        phase=ANSWER,
        strikes=({"action": "garbage", "where": "inside", "times": 1},),
        got=ONCE,
        course=[Step("unknown", "no_reference", {"code": "OK without +CMGS"}), DELIVERED],
        retried=NEVER,
        evidence="OK alone proves nothing; the report does",
    ),
    Fault(
        key="noise_within",
        fault="another line between `+CMGS` and OK",
        phase=ANSWER,
        strikes=({"action": "noise", "text": "^RSSI:21", "times": 1},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="`+CMGS`",
    ),
    Fault(
        key="byte_by_byte",
        fault="the answer comes one octet at a time",
        phase=ANSWER,
        strikes=({"action": "byte_by_byte", "times": 1},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="`+CMGS`",
    ),
    Fault(
        key="ok_without_cmgs",
        fault="OK without `+CMGS`, no report comes",
        phase=ANSWER,
        strikes=({"action": "ok_without_cmgs", "times": 1}, _NO_REPORT),
        got=ONCE,
        course=[Step("unknown", "no_reference", {"code": "OK without +CMGS"})],
        retried=NEVER,
        evidence="modems were seen that say OK and sent nothing",
    ),
    Fault(
        key="cmgs_without_ok",
        fault="`+CMGS` without OK",
        phase=ANSWER,
        strikes=({"action": "cmgs_without_ok", "times": 1},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="`+CMGS` carries the network's answer",
    ),
    Fault(
        key="echo_on",
        fault="the echo is on again after part 1",
        phase=BETWEEN,
        strikes=({"action": "echo_on", "part": 1, "times": 1},),
        parts=3,
        got=ALL_PARTS,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="`+CMGS`",
    ),
    # the port
    Fault(
        key="port_gone_idle",
        fault="the modem is pulled out and comes back",
        phase=IDLE,
        act="pull_out_idle",
        got=ONCE,
        course=[DELIVERED],
        modem=Step("absent", "port_missing", {"port": "PORT"}),
        retried=NO_NEED,
        evidence="nothing was under way",
    ),
    Fault(
        key="port_gone_in_flight",
        fault="the modem is gone before the network took it, and comes back",
        phase=HANDED,
        strikes=({"action": "vanish_before", "back_after_s": 0.5, "times": 1},),
        got=NOTHING,
        course=[_LOST],
        retried=NEVER,
        evidence=_OPEN,
    ),
    Fault(
        key="port_gone_after",
        fault="the modem is gone right after the network took it, and comes back; no report comes",
        phase=HANDED,
        strikes=({"action": "vanish_after", "back_after_s": 0.5, "times": 1}, _NO_REPORT),
        got=ONCE,
        course=[_LOST],
        retried=NEVER,
        evidence=_OPEN,
    ),
    Fault(
        key="port_gone_after_report",
        fault="the same, and the report comes when the modem is back",
        phase=HANDED,
        strikes=({"action": "vanish_after", "back_after_s": 0.5, "times": 1},),
        got=ONCE,
        course=[_LOST, DELIVERED],
        retried=NEVER,
        evidence="a report proves that the network had taken it",
    ),
    Fault(
        key="other_path_unknown",
        fault="the modem comes back under a path that no `[[modem]]` names, later under its own",
        phase=IDLE,
        act="come_back_under_unknown_path",
        got=ONCE,
        course=[DELIVERED],
        modem=Step("absent", "port_missing", {"port": "PORT"}),
        retried=NO_NEED,
        evidence="nothing was under way",
    ),
    Fault(
        key="other_path_known",
        fault="the modem comes back under the path of another `[[modem]]`",
        phase=IDLE,
        act="come_back_under_known_path",
        got=ONCE,
        course=[DELIVERED],
        modem=Step("absent", "port_missing", {"port": "PORT"}),
        retried=NO_NEED,
        evidence="the SIM is known by its IMSI, whichever path it is behind",
    ),
    # the SIM and the network
    Fault(
        key="sims_exchanged",
        fault="two SIMs are exchanged while the modems run; a message belongs to one of them",
        phase=IDLE,
        act="exchange_sims",
        got=ONCE,
        course=[DELIVERED],
        modem=Step("absent", "sim_removed", {"port": "PORT"}),
        retried=NO_NEED,
        evidence="the message went through the SIM it belongs to, in the other modem",
    ),
    Fault(
        key="sim_swapped",
        fault="the SIM is exchanged for a new one; a message belongs to the old one",
        phase=IDLE,
        act="swap_sim",
        got=NOTHING,
        course=[],
        modem=Step("absent", "sim_removed", {"port": "PORT"}),
        retried=NO_NEED,
        evidence="nothing was under way; it waits for its SIM",
    ),
    Fault(
        key="storage_full",
        fault="the SIM's storage is full of old messages",
        phase=IDLE,
        act="fill_storage",
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="`+CMGS`; inbound messages arrive again once what was read is deleted",
    ),
    Fault(
        key="registration_lost",
        fault="the network is lost and comes back",
        phase=IDLE,
        act="lose_network",
        got=ONCE,
        course=[DELIVERED],
        modem=Step("searching", "modem_searching", {"port": "PORT"}),
        retried=NO_NEED,
        evidence="nothing was under way",
    ),
    Fault(
        key="pin_wanted",
        fault="the SIM wants a PIN that is not configured",
        phase=IDLE,
        strikes=({"action": "pin", "pin": "1234"},),
        act="send_without_the_locked",
        got=ONCE,
        course=[DELIVERED],
        modem=Step("locked", "sim_pin_wanted", {"port": "PORT"}),
        retried=NO_NEED,
        evidence="another SIM sent it; no PIN was tried",
    ),
    # refusals before the PDU: nothing was handed over, whatever the code
    _cms(302, "modem_not_ready", PROMPT, evidence=_UNWRITTEN),
    _cms(331, "no_network", PROMPT, evidence=_UNWRITTEN),
    _cms(38, "modem_refused", PROMPT, evidence=_UNWRITTEN),
    _cms(500, "modem_refused", PROMPT, evidence=_UNWRITTEN),
    _cms(350, "modem_refused", PROMPT, evidence=_UNWRITTEN),
    _cms(21, "modem_refused", PROMPT, evidence=_UNWRITTEN),
    _cms(28, "sender_not_identified", PROMPT, evidence=_UNWRITTEN),
    _cms(1, "modem_refused", PROMPT, evidence=f"{_UNWRITTEN}; the number is not known yet"),
    # and after it, by the classes of the tables below
    _cms(1, "number_unassigned", HANDED, kind="failed", evidence=_RP),
    _cms(21, "network_rejected", HANDED, evidence=_RP),
    _cms(27, "recipient_unavailable", HANDED, evidence=_RP),
    _cms(28, "sender_not_identified", HANDED, evidence=_RP),
    _cms(42, "network_congested", HANDED, evidence=_RP),
    _cms(98, "exchange_collided", HANDED, evidence=_RP),
    _cms(
        17, "link_broke", HANDED, kind="unknown", evidence="24.011: it may have passed before the link broke"
    ),
    _cms(38, "network_out_of_order", HANDED, kind="unknown", evidence="also the network's own time-out"),
    _cms(195, "number_refused", HANDED, kind="failed", evidence="23.040: the service centre refused it"),
    _cms(192, "network_congested", HANDED, evidence="23.040: the service centre refused it"),
    _cms(
        197,
        "accepted_before",
        HANDED,
        got=NOTHING,
        course=[SUBMITTED],
        retried=NEVER,
        evidence="23.040: the service centre has this message already",
    ),
    _cms(211, "memory_full", HANDED, evidence="23.040: the service centre refused it"),
    _cms(300, "modem_failed_unknown", HANDED, kind="unknown", evidence=_OPEN),
    _cms(302, "modem_not_ready", HANDED, evidence=_LOCAL),
    _cms(304, "pdu_refused", HANDED, evidence=_LOCAL),
    _cms(310, "sim_not_inserted", HANDED, evidence=_LOCAL),
    _cms(322, "memory_full", HANDED, evidence=_LOCAL),
    _cms(330, "service_centre_wrong", HANDED, evidence=_LOCAL),
    _cms(331, "no_network", HANDED, evidence=_LOCAL),
    _cms(332, "network_silent", HANDED, kind="unknown", evidence="the network did not answer in time"),
    _cms(350, "no_sms_over_lte", HANDED, kind="unknown", evidence="LTE modules say it for any failure"),
    _cms(500, "unknown_error", HANDED, kind="unknown", evidence="said for everything, lost answers included"),
    _cms(
        512,
        "modem_failed_unknown",
        HANDED,
        kind="unknown",
        evidence="a maker's own code; only Quectel's means: refused before transmission",
        by_make={
            "quectel_ec25": {
                "got": ONCE,
                "course": [Step("queued", **_said("modem_not_ready", 512)), DELIVERED],
                "retried": BY_ITSELF,
            }
        },
    ),
    # delivery reports
    Fault(
        key="report_first",
        fault="the report comes before the answer",
        phase=REPORT,
        strikes=({"action": "report_first"},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="the report is kept and found again with the answer",
    ),
    Fault(
        key="report_never",
        fault="the report never comes",
        phase=REPORT,
        strikes=(_NO_REPORT,),
        got=ONCE,
        course=[SUBMITTED],
        retried=NO_NEED,
        evidence="`+CMGS`",
    ),
    Fault(
        key="report_twice",
        fault="the report comes twice",
        phase=REPORT,
        strikes=({"action": "report_twice", "gap_s": 0.2},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="a final report stands",
    ),
    Fault(
        key="reports_out_of_order",
        fault="the reports of three parts come in the wrong order, each twice",
        phase=REPORT,
        strikes=(
            {"action": "report_delay", "seconds": 1.5, "part": 1},
            {"action": "report_delay", "seconds": 0.8, "part": 2},
            {"action": "report_twice", "gap_s": 0.3},
        ),
        parts=3,
        got=ALL_PARTS,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="each report names its part",
    ),
    Fault(
        key="report_temporary_first",
        fault="the service centre reports that it goes on trying, then that it delivered",
        phase=REPORT,
        strikes=({"action": "report_status", "codes": [0x30, 0x00], "gap_s": 0.3},),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence="23.040 §9.2.3.15",
    ),
    Fault(
        key="report_failed",
        fault="the report says that the validity ended (46h)",
        phase=REPORT,
        strikes=({"action": "report_status", "code": 0x46},),
        got=ONCE,
        course=[SUBMITTED, Step("undelivered", "report_validity_expired", {"status": "46"})],
        retried=NEVER,
        evidence="23.040 §9.2.3.15; the ledger has what the network took, the telephone did not get it",
    ),
    # several parts
    Fault(
        key="part_2_refused",
        fault="part 2 of 3 is refused for now",
        phase=BETWEEN,
        strikes=({"action": "cms", "code": 41, "part": 2, "times": 1},),
        parts=3,
        got=ALL_PARTS,
        course=[Step("queued", **_said("network_trouble", 41)), DELIVERED],
        retried=BY_ITSELF,
        evidence=_RP,
    ),
    Fault(
        key="part_2_refused_for_good",
        fault="part 2 of 3 is refused for good",
        phase=BETWEEN,
        strikes=({"action": "cms", "code": 1, "part": 2, "times": 1},),
        parts=3,
        got=PART_1,
        course=[Step("failed", "incomplete", {"sent": 1, "parts": 3, "cause": "number_unassigned"})],
        retried=NEVER,
        evidence=_RP,
    ),
    Fault(
        key="part_2_unanswered",
        fault="part 2 of 3 gets no answer, and no report comes",
        phase=BETWEEN,
        strikes=({"action": "no_answer", "part": 2, "times": 1}, _NO_REPORT),
        parts=3,
        got=PARTS_1_2,
        course=[_NO_ANSWER],
        retried=NEVER,
        evidence=_OPEN,
    ),
    Fault(
        key="part_2_unanswered_report",
        fault="part 2 of 3 gets no answer, but its report comes",
        phase=BETWEEN,
        strikes=({"action": "no_answer", "part": 2, "times": 1},),
        parts=3,
        got=ALL_PARTS,
        course=[_NO_ANSWER, Step("queued", "goes_on_after_late_answer"), DELIVERED],
        retried=BY_ITSELF,
        evidence="the report proves part 2; part 3 follows",
    ),
    Fault(
        key="stop_between",
        fault="the recipient answers СТОП after part 1 of 3",
        phase=BETWEEN,
        act="say_stop",
        parts=3,
        got=PART_1,
        course=[Step("failed", "incomplete", {"sent": 1, "parts": 3, "cause": "stop_list"})],
        retried=NEVER,
        evidence="the stop list is checked before every part",
    ),
)

BY_KEY: Mapping[str, Fault] = {fault.key: fault for fault in FAULTS}
