"""Rows about modems that Asterisk holds: the hand-over, the driver's silence, Asterisk's own death."""

from __future__ import annotations

from fault_kinds import (
    ALL_PARTS,
    BY_ITSELF,
    DELIVERED,
    HANDED,
    NEVER,
    NO_NEED,
    NO_REPORT,
    NOTHING,
    ONCE,
    OPEN,
    SUBMITTED,
    Fault,
    Step,
)

HAND_OVER = "at the hand-over"
EVENT = "in the driver's events"
COUNTER = "in the queue's counter"

#: what a driver's closed device is called, and what a lost session is
_DOWN = Step("unknown", "modem_lost_unknown", {"code": "ami_device_down"})
_LOST = Step("unknown", "ami_lost_unknown")
_PART_REFUSED = Step("unknown", "ami_part_refused", {"parts": 3})
_NO_OUTCOME = Step("unknown", "ami_no_outcome", {"device": "dongle0"})
_NO_ANSWER = Step("unknown", "ami_hand_over_unanswered")
_FORGOTTEN = "an Asterisk that died, and a driver that lost its modem, forget what was queued and tell nobody"
_REPORT_PROVES = "a report of every part proves that the network had taken it"
_COUNTED = "`TasksInQueue` empty, the device the same all the while, and no refusal"


def _fault(action: str, **params: object) -> dict[str, object]:
    return {"action": action, "times": 1, **params}


ASTERISK_FAULTS: tuple[Fault, ...] = (
    # Asterisk itself
    Fault(
        key="ami_dies_before",
        fault="Asterisk dies when it gets the message, before the driver queued it",
        phase=HAND_OVER,
        strikes=(_fault("asterisk_dies", when="before", back_after_s=0.5),),
        got=NOTHING,
        course=[_LOST],
        retried=NEVER,
        evidence=OPEN,
    ),
    Fault(
        key="ami_dies_answered",
        fault="Asterisk dies right after it answered, the message in the modem's hands",
        phase=HAND_OVER,
        strikes=(
            _fault("asterisk_dies", when="answered", seconds=3.0, back_after_s=0.5),
            _fault("late", seconds=8.0),
        ),
        got=ONCE,
        course=[_LOST],
        retried=NEVER,
        evidence=_FORGOTTEN,
    ),
    Fault(
        key="ami_link_drops_before",
        fault="the link to Asterisk breaks before the answer; the driver sends all the same",
        phase=HAND_OVER,
        strikes=(_fault("link_drops", when="queued"), _fault("report_delay", seconds=6.0)),
        got=ONCE,
        course=[_LOST, DELIVERED],
        retried=NEVER,
        evidence=_REPORT_PROVES,
    ),
    Fault(
        key="ami_link_drops_after",
        fault="the link to Asterisk breaks after the answer, and the report is told while nobody listens",
        phase=HAND_OVER,
        strikes=(_fault("link_drops", when="answered"), _fault("late", seconds=0.2)),
        got=ONCE,
        course=[_LOST],
        retried=NEVER,
        evidence=OPEN,
    ),
    Fault(
        key="ami_answer_never",
        fault="Asterisk never answers the hand-over, and the report comes later",
        phase=HAND_OVER,
        strikes=(_fault("answer_never"), _fault("report_delay", seconds=6.0)),
        got=ONCE,
        course=[_NO_ANSWER, DELIVERED],
        retried=NEVER,
        evidence=_REPORT_PROVES,
    ),
    Fault(
        key="ami_report_before_answer",
        fault="the delivery report comes before the answer to the hand-over",
        phase=HAND_OVER,
        strikes=(_fault("answer_late", seconds=1.2),),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence=_REPORT_PROVES,
    ),
    # the driver and its device
    Fault(
        key="ami_prompt_time_out",
        fault="the modem does not ask for the message; the driver drops its queue in silence",
        phase=HANDED,
        strikes=({"action": "prompt_never", "times": 1},),
        got=NOTHING,
        course=[_DOWN],
        retried=NEVER,
        evidence=_FORGOTTEN,
    ),
    Fault(
        key="ami_pdu_time_out",
        fault="the modem does not answer in time; the driver drops its queue in silence",
        phase=HANDED,
        strikes=(_fault("no_answer"),),
        got=ONCE,
        course=[_DOWN],
        retried=NEVER,
        evidence=_FORGOTTEN,
    ),
    Fault(
        key="ami_device_drops",
        fault="the driver closes the device with the message in its queue",
        phase=HANDED,
        strikes=(_fault("device_drops"),),
        got=NOTHING,
        course=[_DOWN],
        retried=NEVER,
        evidence=_FORGOTTEN,
    ),
    Fault(
        key="ami_vanish_before",
        fault="the modem is gone before the network took it, and comes back",
        phase=HANDED,
        strikes=(_fault("vanish_before", back_after_s=0.5),),
        got=NOTHING,
        course=[_DOWN],
        retried=NEVER,
        evidence=_FORGOTTEN,
    ),
    Fault(
        key="ami_vanish_after",
        fault="the modem is gone right after the network took it, and comes back",
        phase=HANDED,
        strikes=(_fault("vanish_after", back_after_s=0.5),),
        got=ONCE,
        course=[_DOWN],
        retried=NEVER,
        evidence=_FORGOTTEN,
    ),
    # what the driver tells, and what it does not
    Fault(
        key="ami_refused",
        fault="the only part is refused, by whatever code",
        phase=EVENT,
        strikes=(_fault("cms", code=38),),
        got=ONCE,
        course=[Step("queued", "ami_refused"), DELIVERED],
        retried=BY_ITSELF,
        evidence="the driver tells a failure only for an error of the modem to that part",
    ),
    Fault(
        key="ami_part_1_refused",
        fault="part 1 of 3 is refused, and the driver sends parts 2 and 3 all the same",
        phase=EVENT,
        strikes=(_fault("cms", code=500, part=1),),
        parts=3,
        got="parts [2, 3] of 3, joined: True",
        course=[_PART_REFUSED],
        retried=NEVER,
        evidence="which part it was, the driver does not tell",
    ),
    Fault(
        key="ami_part_3_refused",
        fault="part 3 of 3 is refused",
        phase=EVENT,
        strikes=(_fault("cms", code=500, part=3),),
        parts=3,
        got="parts 1 and 2 of 3",
        course=[_PART_REFUSED],
        retried=NEVER,
        evidence="which part it was, the driver does not tell",
    ),
    Fault(
        key="ami_report_never",
        fault="no report comes",
        phase=EVENT,
        strikes=(NO_REPORT,),
        got=ONCE,
        course=[SUBMITTED],
        retried=NEVER,
        evidence=_COUNTED,
    ),
    Fault(
        key="ami_event_never",
        fault="the report comes, and the driver does not tell it",
        phase=EVENT,
        strikes=(_fault("event_never"),),
        got=ONCE,
        course=[SUBMITTED],
        retried=NEVER,
        evidence=_COUNTED,
    ),
    Fault(
        key="ami_event_twice",
        fault="the driver tells the report twice",
        phase=EVENT,
        strikes=(_fault("event_twice"),),
        parts=3,
        got=ALL_PARTS,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence=_REPORT_PROVES,
    ),
    Fault(
        key="ami_refusal_twice",
        fault="the driver tells a refusal twice",
        phase=EVENT,
        strikes=(_fault("cms", code=38), _fault("event_twice")),
        got=ONCE,
        course=[Step("queued", "ami_refused"), DELIVERED],
        retried=BY_ITSELF,
        evidence="the second belongs to an attempt that has ended",
    ),
    Fault(
        key="ami_undelivered",
        fault="the report says that it was not delivered",
        phase=EVENT,
        strikes=(_fault("report_status", code=0x46),),
        got=ONCE,
        course=[SUBMITTED, Step("undelivered", "report_validity_expired", {"status": "46"})],
        retried=NEVER,
        evidence="23.040 §9.2.3.15; the ledger has what the network took, the telephone did not get it",
    ),
    # the counter
    Fault(
        key="ami_counter_stuck",
        fault="the queue's counter never falls, and no report comes",
        phase=COUNTER,
        strikes=(_fault("counter_shows", count=1, seconds=25.0), NO_REPORT),
        got=ONCE,
        course=[_NO_OUTCOME],
        retried=NEVER,
        evidence=OPEN,
    ),
    Fault(
        key="ami_counter_stuck_reported",
        fault="the queue's counter never falls, but the report comes",
        phase=COUNTER,
        strikes=(_fault("counter_shows", count=1, seconds=25.0),),
        got=ONCE,
        course=[DELIVERED],
        retried=NO_NEED,
        evidence=_REPORT_PROVES,
    ),
)
