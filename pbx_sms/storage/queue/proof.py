"""A report that came while the answer was still awaited proves its part when that answer never comes.

With one part in flight at a time, a report that matched nothing and names the recipient can only be about
that part. It was kept because the answer would have told its reference.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from pbx_sms.core.message import MessageState
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import report
from pbx_sms.storage.schema import messages, reports

_SINCE = (
    select(reports.c.report_id, reports.c.reference, reports.c.status, reports.c.recipient)
    .where(
        reports.c.sim_id == bindparam("sim_id"),
        reports.c.message_id.is_(None),
        # without a number nothing tells whose report it is
        reports.c.recipient.is_not(None),
        reports.c.received_at >= bindparam("since_at"),
    )
    .order_by(reports.c.report_id)
)


def settle_unknown(
    connection: Connection, sim_id: int, message_id: int, now: datetime, new_events: list[NewEvent]
) -> MessageState:
    """Applies what had come since the hand-over to a message that is unknown now; its state afterwards."""
    found = {row.part: row for row in reversed(report.unknown_parts(connection, sim_id, message_id))}
    used: set[int] = set()
    for part in sorted(found):
        row = found[part]
        early = connection.execute(_SINCE, {"sim_id": sim_id, "since_at": row.started_at}).all()
        theirs = [
            one
            for one in early
            if one.reference not in used and one.recipient and report.same_number(one.recipient, row.msisdn)
        ]
        if not theirs:
            continue
        reference = theirs[0].reference
        used.add(reference)
        for one in theirs:
            if one.reference == reference:
                connection.execute(
                    update(reports)
                    .where(reports.c.report_id == one.report_id)
                    .values(message_id=message_id, part=part)
                )
                report.apply(connection, row, one.reference, one.status, now, new_events)
    return MessageState(
        connection.execute(select(messages.c.state).where(messages.c.message_id == message_id)).scalar_one()
    )
