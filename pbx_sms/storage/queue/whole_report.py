"""Delivery reports that a driver matched itself: about a whole message, by the attempt that handed it over.

Such a driver tells neither the references of the parts nor when it told the outcome; a report may be read
before that outcome is written, and then waits here for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pbx_sms.core.message import PartState, ReportState
from pbx_sms.core.tpdu import report_meaning
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import report
from pbx_sms.storage.schema import attempts, messages, parts, reports

#: added to a number of 0..255, so that it is never taken for a TP-MR
_NO_REFERENCE = 256
#: how long before its outcome is settled a report can have come
_EARLY = timedelta(minutes=10)


def record_whole_report(
    connection: Connection,
    sim_id: int,
    attempt_id: int,
    statuses: Sequence[int],
    raw: str,
    now: datetime,
    new_events: list[NewEvent],
) -> int | None:
    """Stores a report of `statuses` (TP-Status of each part, in order) and applies it. Returns the message
    it is about; None where no attempt of this SIM has that number, or its outcome is still awaited."""
    found = _parts_of(connection, sim_id, attempt_id)
    waits = any(row.part_state == PartState.SUBMITTING for row in found)
    is_known = bool(found) and not waits
    worst = _worst(statuses)
    connection.execute(
        insert(reports).values(
            sim_id=sim_id,
            reference=_NO_REFERENCE + attempt_id % _NO_REFERENCE,
            recipient=_written(attempt_id),
            status=worst,
            received_at=now,
            pdu=f"{','.join(map(str, statuses))} {raw}",
            message_id=found[0].message_id if is_known else None,
        )
    )
    if not is_known:
        return None
    _apply(connection, found, statuses, now, new_events)
    return int(found[0].message_id)


def apply_early(
    connection: Connection, sim_id: int, attempt_id: int, now: datetime, new_events: list[NewEvent]
) -> None:
    """Applies what was told before the outcome of this attempt was written."""
    waiting = connection.execute(
        select(reports.c.report_id, reports.c.pdu)
        .where(
            reports.c.sim_id == sim_id,
            reports.c.reference == _NO_REFERENCE + attempt_id % _NO_REFERENCE,
            reports.c.recipient == _written(attempt_id),
            reports.c.message_id.is_(None),
            reports.c.received_at > now - _EARLY,
        )
        .order_by(reports.c.report_id)
    ).all()
    for row in waiting:
        found = _parts_of(connection, sim_id, attempt_id)
        connection.execute(
            update(reports).where(reports.c.report_id == row.report_id).values(message_id=found[0].message_id)
        )
        statuses = [int(status) for status in row.pdu.partition(" ")[0].split(",")]
        _apply(connection, found, statuses, now, new_events)


def _written(attempt_id: int) -> str:
    return f"attempt {attempt_id}"


def _worst(statuses: Sequence[int]) -> int:
    """What is said of a message as a whole: a failed part makes it failed."""
    failed = [status for status in statuses if report_meaning(status) is ReportState.FAILED]
    return failed[0] if failed else max(statuses)


def _parts_of(connection: Connection, sim_id: int, attempt_id: int) -> Sequence[Any]:
    """The parts that went with this attempt, each as `report.apply` wants it."""
    newest = (
        select(func.max(attempts.c.attempt_id))
        .where(attempts.c.message_id == messages.c.message_id, attempts.c.part == parts.c.part)
        .correlate(messages, parts)
        .scalar_subquery()
    )
    meant = select(attempts.c.message_id).where(
        attempts.c.attempt_id == attempt_id, attempts.c.sim_id == sim_id
    )
    rows = connection.execute(
        select(
            parts.c.message_id,
            parts.c.part,
            attempts.c.attempt_id,
            parts.c.state.label("part_state"),
            messages.c.msisdn,
            messages.c.mailing_id,
            messages.c.part_count,
            messages.c.state,
            messages.c.sim_id,
            messages.c.probe,
            attempts.c.started_at,
        )
        .select_from(parts)
        .join(messages, messages.c.message_id == parts.c.message_id)
        .join(attempts, attempts.c.attempt_id == newest)
        .where(parts.c.message_id.in_(meant), parts.c.sim_id == sim_id)
        .order_by(parts.c.part)
    ).all()
    # sent again since, by a person's word: then the report is of a hand-over that no longer counts
    return rows if rows and rows[0].attempt_id == attempt_id else ()


def _apply(
    connection: Connection,
    found: Sequence[Any],
    statuses: Sequence[int],
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    """A driver that cut the text into other parts than we did tells of the message as a whole."""
    told = list(statuses) if len(statuses) == len(found) else [_worst(statuses)] * len(found)
    for row, status in zip(found, told, strict=True):
        report.apply(connection, row, None, status, now, new_events)
