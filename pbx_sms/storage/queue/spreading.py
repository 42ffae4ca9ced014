"""When the messages of a mailing that is spread evenly may go, each for itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from pbx_sms.core.message import MessageState
from pbx_sms.storage.schema import messages

#: why such a message waits
SPREAD = "spread_evenly"


def waiting_of(
    connection: Connection, mailing_id: int, zone: str | None, *, after_id: int, limit: int
) -> list[int]:
    """Queued messages of one zone of which nothing was accepted, in the list's order."""
    return list(
        connection.execute(
            select(messages.c.message_id)
            .where(
                messages.c.mailing_id == mailing_id,
                messages.c.zone.is_(None) if zone is None else messages.c.zone == zone,
                messages.c.state == MessageState.QUEUED,
                messages.c.first_accepted_at.is_(None),
                messages.c.message_id > after_id,
            )
            .order_by(messages.c.message_id)
            .limit(limit)
        ).scalars()
    )


_HOLD_UNTIL = (
    update(messages)
    .where(
        messages.c.message_id == bindparam("b_message_id"),
        messages.c.state == MessageState.QUEUED,
        messages.c.first_accepted_at.is_(None),
    )
    .values(
        not_before_at=bindparam("b_not_before_at"),
        reason_code=SPREAD,
        reason_params=bindparam("b_reason_params"),
    )
)


def spread(connection: Connection, times: Sequence[tuple[int, datetime]]) -> None:
    """(message, the instant before which it is not to be taken). What was begun meanwhile is left alone."""
    if times:
        connection.execute(
            _HOLD_UNTIL,
            [
                {
                    "b_message_id": message_id,
                    "b_not_before_at": at,
                    "b_reason_params": {"until": at.isoformat()},
                }
                for message_id, at in times
            ],
        )
