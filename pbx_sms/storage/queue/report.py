"""Delivery reports: found by SIM, reference and number, whenever they come.

A report may be there before the answer it belongs to is settled, hours later, twice, or about a part whose
outcome is unknown (then it proves that the network took it). One that matches nothing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from pbx_sms.core import tpdu
from pbx_sms.core.message import MessageState, PartState, ReportState
from pbx_sms.core.tpdu import StatusReport
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import Instant, attempts, messages, parts, reports

#: digits at the end of a number that the network does not rewrite
_SIGNIFICANT_DIGITS = 9
#: how long before its part is settled a report can have come
_EARLY = timedelta(minutes=10)

_PENDING = (
    select(
        parts.c.message_id,
        parts.c.part,
        messages.c.msisdn,
        messages.c.mailing_id,
        messages.c.part_count,
        messages.c.state,
        messages.c.sim_id,
    )
    .join(messages, messages.c.message_id == parts.c.message_id)
    .where(
        parts.c.sim_id == bindparam("sim_id"),
        parts.c.reference == bindparam("reference"),
        parts.c.report == ReportState.PENDING,
    )
    # references begin again after 255: the newest part is meant
    .order_by(parts.c.submitted_at.desc())
)
_UNKNOWN = (
    select(
        parts.c.message_id,
        parts.c.part,
        messages.c.msisdn,
        messages.c.mailing_id,
        messages.c.part_count,
        messages.c.state,
        messages.c.sim_id,
    )
    .join(messages, messages.c.message_id == parts.c.message_id)
    .join(attempts, (attempts.c.message_id == parts.c.message_id) & (attempts.c.part == parts.c.part))
    .where(
        messages.c.state == MessageState.UNKNOWN,
        parts.c.state == PartState.UNKNOWN,
        attempts.c.sim_id == bindparam("sim_id"),
        attempts.c.kind == "unknown",
        messages.c.wants_report.is_(True),
        attempts.c.started_at > bindparam("since_at"),
    )
    .order_by(attempts.c.started_at)
)
_MARK_PART = (
    update(parts)
    .where(parts.c.message_id == bindparam("b_message_id"), parts.c.part == bindparam("b_part"))
    .values(
        report=bindparam("b_report"),
        report_status=bindparam("b_status"),
        reported_at=bindparam("b_now"),
    )
)
_UNDELIVERED_PARTS = select(func.count()).where(
    parts.c.message_id == bindparam("message_id"), parts.c.report != ReportState.DELIVERED
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


def _same_number(recipient: str | None, msisdn: str) -> bool:
    """A report without a readable number can only be told by its reference."""
    if not recipient:
        return True
    digits = "".join(filter(str.isdigit, recipient))
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
    _apply(connection, found, report.status, now, new_events)
    return int(found.message_id)


def _find(
    connection: Connection, sim_id: int, report: StatusReport, now: datetime, unknown_for: timedelta
) -> Any:
    pending = connection.execute(_PENDING, {"sim_id": sim_id, "reference": report.reference})
    for row in pending:
        if _same_number(report.recipient, row.msisdn):
            return row
    if not report.recipient:
        # an answer never came, so there is no reference to know it by
        return None
    unknown = connection.execute(_UNKNOWN, {"sim_id": sim_id, "since_at": now - unknown_for})
    return next((row for row in unknown if _same_number(report.recipient, row.msisdn)), None)


def apply_early(
    connection: Connection,
    sim_id: int,
    reference: int,
    settled: PartOf,
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    """Applies a report that had come before its part was settled."""
    opened = connection.execute(
        _OPEN, {"sim_id": sim_id, "reference": reference, "since_at": now - _EARLY}
    ).all()
    for early in opened:
        if not _same_number(early.recipient, settled.msisdn):
            continue
        connection.execute(
            update(reports)
            .where(reports.c.report_id == early.report_id)
            .values(message_id=settled.message_id, part=settled.part)
        )
        row = connection.execute(
            select(
                messages.c.message_id,
                messages.c.mailing_id,
                messages.c.part_count,
                messages.c.state,
                messages.c.sim_id,
            ).where(messages.c.message_id == settled.message_id)
        ).one()
        _apply_to(connection, row, settled.part, early.status, now, new_events)


def _apply(
    connection: Connection, found: Any, status: int, now: datetime, new_events: list[NewEvent]
) -> None:
    _apply_to(connection, found, found.part, status, now, new_events)


def _apply_to(
    connection: Connection, row: Any, part: int, status: int, now: datetime, new_events: list[NewEvent]
) -> None:
    if row.state == MessageState.UNKNOWN:
        # whatever the report says of the telephone, it proves that the network had taken the part
        connection.execute(
            update(parts)
            .where(
                parts.c.message_id == row.message_id,
                parts.c.part == part,
                parts.c.state == PartState.UNKNOWN,
            )
            .values(state=PartState.SUBMITTED, submitted_at=now)
        )
    report_state = tpdu.report_meaning(status)
    connection.execute(
        _MARK_PART,
        {
            "b_message_id": row.message_id,
            "b_part": part,
            "b_report": report_state,
            "b_status": status,
            "b_now": now,
        },
    )
    if report_state is ReportState.PENDING:
        return
    if row.part_count > 1 and report_state is ReportState.DELIVERED:
        undelivered = connection.execute(_UNDELIVERED_PARTS, {"message_id": row.message_id}).scalar_one()
        if undelivered:
            return
    delivered = report_state is ReportState.DELIVERED
    state = MessageState.DELIVERED if delivered else MessageState.UNDELIVERED
    reason = None if delivered else tpdu.report_reason(status)
    changed = connection.execute(
        _MARK_MESSAGE,
        {
            "b_message_id": row.message_id,
            "b_state": state,
            "b_delivered_at": now if delivered else None,
            "b_now": now,
            "b_reason_code": reason.code if reason else None,
            "b_reason_params": dict(reason.params) if reason else None,
        },
    ).rowcount
    if changed:
        new_events.append(
            NewEvent(
                at=now,
                kind="message",
                state=state,
                mailing_id=row.mailing_id,
                message_id=row.message_id,
                part=part,
                sim_id=row.sim_id,
                parts_submitted=row.part_count,
                reason=reason,
            )
        )


def close_overdue(connection: Connection, submitted_before_at: datetime) -> int:
    """Parts whose report did not come in time get none: "no report" says nothing about delivery."""
    return connection.execute(
        update(parts)
        .where(parts.c.report == ReportState.PENDING, parts.c.submitted_at < submitted_before_at)
        .values(report=ReportState.NONE)
    ).rowcount
