"""Delivery reports: found by SIM, reference and number, whenever they come.

A report may be there before the answer it belongs to is settled, hours later, twice, or about a part whose
outcome is unknown (then it proves that the network took it). One that matches nothing is kept. A final
report stands: what comes after it for the same part is stored and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from pbx_sms.core import tpdu
from pbx_sms.core.message import MessageState, PartState, ReportState
from pbx_sms.core.reason import Reason
from pbx_sms.core.tpdu import StatusReport
from pbx_sms.core.verdict import Kind
from pbx_sms.storage import health
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import decision
from pbx_sms.storage.schema import Instant, attempts, messages, parts, reports

#: digits at the end of a number that the network does not rewrite
_SIGNIFICANT_DIGITS = 9
#: how long before its part is settled a report can have come
_EARLY = timedelta(minutes=10)

#: how far back a part is looked for whose reports were final or given up
_REMEMBERED = timedelta(days=3)

_COLUMNS = (
    parts.c.message_id,
    parts.c.part,
    messages.c.msisdn,
    messages.c.mailing_id,
    messages.c.part_count,
    messages.c.state,
    messages.c.sim_id,
    messages.c.probe,
)
_PENDING = (
    select(*_COLUMNS)
    .join(messages, messages.c.message_id == parts.c.message_id)
    .where(
        parts.c.sim_id == bindparam("sim_id"),
        parts.c.reference == bindparam("reference"),
        parts.c.report == ReportState.PENDING,
    )
    # references begin again after 255: the newest part is meant
    .order_by(parts.c.submitted_at.desc())
)
_OF_ATTEMPTS = (
    select(*_COLUMNS, attempts.c.started_at)
    .select_from(attempts)
    .join(parts, (parts.c.message_id == attempts.c.message_id) & (parts.c.part == attempts.c.part))
    .join(messages, messages.c.message_id == parts.c.message_id)
    .where(attempts.c.sim_id == bindparam("sim_id"), messages.c.wants_report.is_(True))
)
#: parts that had their report, or whose report was given up
_REPORTED = _OF_ATTEMPTS.where(
    attempts.c.counted_at > bindparam("since_at"),
    parts.c.sim_id == bindparam("sim_id"),
    parts.c.reference == bindparam("reference"),
    parts.c.report != ReportState.PENDING,
    parts.c.state == PartState.SUBMITTED,
).order_by(attempts.c.counted_at.desc())
_IN_FLIGHT = _OF_ATTEMPTS.where(attempts.c.kind.is_(None), parts.c.state == PartState.SUBMITTING)
_UNKNOWN = _OF_ATTEMPTS.where(
    messages.c.state == MessageState.UNKNOWN,
    parts.c.state == PartState.UNKNOWN,
    attempts.c.kind == Kind.UNKNOWN,
    attempts.c.started_at > bindparam("since_at"),
).order_by(attempts.c.started_at)
_UNKNOWN_OF = _OF_ATTEMPTS.where(
    messages.c.message_id == bindparam("message_id"),
    parts.c.state == PartState.UNKNOWN,
    attempts.c.kind == Kind.UNKNOWN,
).order_by(parts.c.part, attempts.c.attempt_id.desc())
_MARK_PART = (
    update(parts)
    .where(
        parts.c.message_id == bindparam("b_message_id"),
        parts.c.part == bindparam("b_part"),
        parts.c.report.in_((ReportState.NONE, ReportState.PENDING)),
    )
    .values(
        report=bindparam("b_report"),
        report_status=bindparam("b_status"),
        reported_at=bindparam("b_now"),
    )
)
_PROVE_PART = (
    update(parts)
    .where(
        parts.c.message_id == bindparam("b_message_id"),
        parts.c.part == bindparam("b_part"),
        parts.c.state == PartState.UNKNOWN,
    )
    .values(
        state=PartState.SUBMITTED,
        reference=bindparam("b_reference"),
        submitted_at=bindparam("b_started_at"),
    )
)
_MESSAGE = select(
    messages.c.message_id,
    messages.c.mailing_id,
    messages.c.part_count,
    messages.c.state,
    messages.c.sim_id,
    messages.c.probe,
).where(messages.c.message_id == bindparam("message_id"))
_PARTS = (
    select(parts.c.part, parts.c.state, parts.c.report, parts.c.report_status)
    .where(parts.c.message_id == bindparam("message_id"))
    .order_by(parts.c.part)
)
_MARK_MESSAGE = (
    update(messages)
    .where(
        messages.c.message_id == bindparam("b_message_id"),
        messages.c.state.in_((MessageState.SUBMITTED, MessageState.UNKNOWN)),
    )
    .values(
        state=bindparam("b_state"),
        delivered_at=bindparam("b_delivered_at"),
        submitted_at=func.coalesce(messages.c.submitted_at, bindparam("b_now", type_=Instant)),
        reason_code=bindparam("b_reason_code"),
        reason_params=bindparam("b_reason_params"),
    )
)
_INSERT = insert(reports)
_OPEN = (
    select(reports.c.report_id, reports.c.status, reports.c.recipient, reports.c.discharge_at)
    .where(
        reports.c.sim_id == bindparam("sim_id"),
        reports.c.reference == bindparam("reference"),
        reports.c.message_id.is_(None),
        reports.c.received_at > bindparam("since_at"),
    )
    .order_by(reports.c.report_id)
)


@dataclass(frozen=True, slots=True)
class PartOf:
    """A part and the number it went to."""

    message_id: int
    part: int
    msisdn: str


@dataclass(frozen=True, slots=True)
class _OnlyPart:
    part: int
    state: PartState
    report: ReportState
    report_status: int


def same_number(recipient: str | None, msisdn: str) -> bool:
    """A report without a readable number can only be told by its reference."""
    if not recipient:
        return True
    # a national number may begin with the trunk's zero, an international one with 00
    digits = "".join(filter(str.isdigit, recipient)).lstrip("0")
    return msisdn.endswith(digits[-_SIGNIFICANT_DIGITS:])


def record_report(
    connection: Connection,
    sim_id: int,
    report: StatusReport,
    pdu: str,
    now: datetime,
    unknown_for: timedelta,
    new_events: list[NewEvent],
) -> int | None:
    """Stores a report and applies it to its part. Returns the message it is about, None for not found yet.

    `unknown_for`: how far back a part of unknown outcome may lie that the report proves (its validity).
    """
    found = _find(connection, sim_id, report, now, unknown_for)
    connection.execute(
        _INSERT,
        {
            "sim_id": sim_id,
            "reference": report.reference,
            "recipient": report.recipient,
            "status": report.status,
            "discharge_at": report.discharge_at,
            "received_at": now,
            "pdu": pdu,
            "message_id": found.message_id if found else None,
            "part": found.part if found else None,
        },
    )
    if found is None:
        return None
    apply(connection, found, report.reference, report.status, now, new_events)
    return int(found.message_id)


def apply(
    connection: Connection,
    found: Any,
    reference: int | None,
    status: int,
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    """What a report means for the part that was found for it."""
    accepted_at = None
    if found.state == MessageState.UNKNOWN:
        # whatever the report says of the telephone, it proves that the network had taken the part
        accepted_at = _prove(connection, found, reference)
    if _mark(connection, found.message_id, found.part, status, now):
        _conclude(connection, found, _parts_of(connection, found, status), now, new_events, accepted_at)


def unknown_parts(connection: Connection, sim_id: int, message_id: int) -> Sequence[Any]:
    """The parts of unknown outcome that this SIM handed over, each as `apply` wants it."""
    return connection.execute(_UNKNOWN_OF, {"sim_id": sim_id, "message_id": message_id}).all()


def _find(
    connection: Connection, sim_id: int, report: StatusReport, now: datetime, unknown_for: timedelta
) -> Any:
    by_reference = {"sim_id": sim_id, "reference": report.reference}

    def first_of(rows: Iterable[Any]) -> Any:
        return next((row for row in rows if same_number(report.recipient, row.msisdn)), None)

    pending = first_of(connection.execute(_PENDING, by_reference))
    if pending is not None or not report.recipient:
        # an answer that never came gave no reference: without a number nothing tells whose report this is
        return pending
    if first_of(connection.execute(_IN_FLIGHT, {"sim_id": sim_id})) is not None:
        # most likely of the part whose answer is awaited; it is looked at again with that answer
        return None
    again = first_of(connection.execute(_REPORTED, by_reference | {"since_at": now - _REMEMBERED}))
    if again is not None:
        return again
    return first_of(connection.execute(_UNKNOWN, {"sim_id": sim_id, "since_at": now - unknown_for}))


def _prove(connection: Connection, found: Any, reference: int | None) -> datetime | None:
    """The part of unknown outcome was taken. Returns when it was handed over, None if that was known."""
    started_at = found._mapping.get("started_at")
    proven = connection.execute(
        _PROVE_PART,
        {
            "b_message_id": found.message_id,
            "b_part": found.part,
            "b_reference": reference,
            "b_started_at": started_at,
        },
    ).rowcount
    return started_at if proven else None


def apply_early(connection: Connection, sim_id: int, reference: int, settled: PartOf, now: datetime) -> bool:
    """Applies reports that had come before their part was settled; whether there were any."""
    applied = False
    opened = connection.execute(
        _OPEN, {"sim_id": sim_id, "reference": reference, "since_at": now - _EARLY}
    ).all()
    for early in opened:
        if not same_number(early.recipient, settled.msisdn):
            continue
        connection.execute(
            update(reports)
            .where(reports.c.report_id == early.report_id)
            .values(message_id=settled.message_id, part=settled.part)
        )
        applied |= _mark(connection, settled.message_id, settled.part, early.status, now)
    return applied


def _mark(connection: Connection, message_id: int, part: int, status: int, now: datetime) -> bool:
    """Writes what a report says of its part; False where that is final already."""
    return bool(
        connection.execute(
            _MARK_PART,
            {
                "b_message_id": message_id,
                "b_part": part,
                "b_report": tpdu.report_meaning(status),
                "b_status": status,
                "b_now": now,
            },
        ).rowcount
    )


def conclude(connection: Connection, message_id: int, now: datetime, new_events: list[NewEvent]) -> None:
    """Draws from the parts' reports what a message that was just submitted has come to."""
    message = connection.execute(_MESSAGE, {"message_id": message_id}).one()
    rows = connection.execute(_PARTS, {"message_id": message_id}).all()
    _conclude(connection, message, rows, now, new_events, None)


def _parts_of(connection: Connection, found: Any, status: int) -> Sequence[Any]:
    if found.part_count == 1:
        return [_OnlyPart(found.part, PartState.SUBMITTED, tpdu.report_meaning(status), status)]
    return connection.execute(_PARTS, {"message_id": found.message_id}).all()


def _conclude(
    connection: Connection,
    message: Any,
    rows: Sequence[Any],
    now: datetime,
    new_events: list[NewEvent],
    accepted_at: datetime | None,
) -> None:
    """`accepted_at`: when a part was handed over that was proven just now."""
    if message.state not in (MessageState.SUBMITTED, MessageState.UNKNOWN):
        return
    failed = next((row for row in rows if row.report == ReportState.FAILED), None)
    if failed is not None:
        _end(connection, message, MessageState.UNDELIVERED, failed, now, new_events)
    elif all(row.report == ReportState.DELIVERED for row in rows):
        _end(connection, message, MessageState.DELIVERED, rows[-1], now, new_events)
    elif message.state == MessageState.UNKNOWN and accepted_at is not None:
        if all(row.state == PartState.SUBMITTED for row in rows):
            _end(connection, message, MessageState.SUBMITTED, rows[-1], now, new_events)
        elif not any(row.state == PartState.UNKNOWN for row in rows):
            reason = Reason("goes_on_after_late_answer")
            decision.go_on(
                connection,
                message.message_id,
                reason,
                accepted_at=accepted_at,
                now=now,
                new_events=new_events,
            )


def _end(
    connection: Connection,
    message: Any,
    state: MessageState,
    part: Any,
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    reason = tpdu.report_reason(part.report_status) if state is MessageState.UNDELIVERED else None
    changed = connection.execute(
        _MARK_MESSAGE,
        {
            "b_message_id": message.message_id,
            "b_state": state,
            "b_delivered_at": now if state is MessageState.DELIVERED else None,
            "b_now": now,
            "b_reason_code": reason.code if reason else None,
            "b_reason_params": dict(reason.params) if reason else None,
        },
    ).rowcount
    if not changed:
        return
    new_events.append(
        NewEvent(
            at=now,
            kind="message",
            state=state,
            mailing_id=message.mailing_id,
            message_id=message.message_id,
            part=part.part,
            sim_id=message.sim_id,
            parts_submitted=message.part_count,
            reason=reason,
        )
    )
    if message.probe and state is MessageState.DELIVERED:
        health.probe_delivered(connection, message.message_id, message.sim_id, now, new_events)
    elif message.probe and reason is not None:
        health.probe_failed(connection, message.message_id, message.sim_id, reason, now, new_events)


def close_overdue(connection: Connection, submitted_before_at: datetime) -> int:
    """Parts whose report did not come in time get none: "no report" says nothing about delivery."""
    return connection.execute(
        update(parts)
        .where(parts.c.report == ReportState.PENDING, parts.c.submitted_at < submitted_before_at)
        .values(report=ReportState.NONE)
    ).rowcount
