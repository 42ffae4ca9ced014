"""Taking back an intent to submit of which nobody knew that it was stored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, exists, select, update

from pbx_sms.core.message import MessageState, PartState
from pbx_sms.core.reason import Reason
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import attempts, messages, parts


def withdraw(
    connection: Connection,
    message_id: int,
    agent_id: int,
    sim_id: int,
    now: datetime,
    new_events: list[NewEvent],
) -> bool:
    """For an order to begin that is given again because the answer to its commit got lost: the commit may
    have got through all the same. Nothing has left the machine then, so the message goes back.

    Only for the one who gave that order, before a byte is sent. False where there is no such intent.
    """
    under_way = select(parts.c.part).where(
        parts.c.message_id == message_id, parts.c.state == PartState.SUBMITTING, parts.c.sim_id == sim_id
    )
    reason = Reason("intent_not_confirmed")
    row = connection.execute(
        update(messages)
        .where(
            messages.c.message_id == message_id,
            messages.c.state == MessageState.SUBMITTING,
            messages.c.agent_id == agent_id,
            messages.c.sim_id == sim_id,
            exists(under_way),
        )
        .values(
            state=MessageState.QUEUED,
            agent_id=None,
            lease_until_at=None,
            attempt_count=messages.c.attempt_count - 1,
            reason_code=reason.code,
            reason_params=None,
        )
        .returning(messages.c.mailing_id)
    ).one_or_none()
    if row is None:
        return False
    connection.execute(
        delete(attempts).where(
            attempts.c.message_id == message_id,
            attempts.c.sim_id == sim_id,
            attempts.c.kind.is_(None),
            attempts.c.part.in_(under_way.scalar_subquery()),
        )
    )
    connection.execute(
        update(parts)
        .where(parts.c.message_id == message_id, parts.c.state == PartState.SUBMITTING)
        .values(state=PartState.PENDING)
    )
    new_events.append(
        NewEvent(
            at=now,
            kind="message",
            state=MessageState.QUEUED,
            mailing_id=row.mailing_id,
            message_id=message_id,
            sim_id=sim_id,
            reason=reason,
        )
    )
    return True
