"""Ends that come from outside the modem: a cancelled mailing, the stop list, age."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    func,
    select,
    update,
)

from pbx_sms.core.message import MessageState, PartState, allowed_from
from pbx_sms.core.reason import Reason
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue.locking import messages_in_order
from pbx_sms.storage.schema import attempts, messages, parts

#: what may be ended without asking a modem: nothing of it is under way
_NOT_UNDER_WAY = (MessageState.QUEUED, MessageState.LEASED)
_CANCELLED = Reason("mailing_cancelled")


def return_unstarted(connection: Connection, message_id: int) -> int:
    """Gives back the quota of parts that were reserved and not begun. Returns how many."""
    return connection.execute(
        delete(attempts).where(
            attempts.c.message_id == message_id,
            attempts.c.kind.is_(None),
            attempts.c.started_at.is_(None),
        )
    ).rowcount


def end_unsent(
    connection: Connection,
    message_id: int,
    state: MessageState,
    reason: Reason,
    now: datetime,
    new_events: list[NewEvent],
) -> bool:
    """Ends one message of which nothing was accepted. False when it is no longer in such a state."""
    return bool(_end(connection, messages.c.message_id == message_id, state, reason, now, new_events))


def _end(
    connection: Connection,
    which: ColumnElement[bool],
    state: MessageState,
    reason: Reason,
    now: datetime,
    new_events: list[NewEvent],
    limit: int | None = None,
) -> list[int]:
    """Ends queued and leased messages: `state`, or failed as incomplete where a part was accepted."""
    waiting = messages.c.state.in_(_NOT_UNDER_WAY)
    ended = connection.execute(
        update(messages)
        .where(messages_in_order(connection, and_(which, waiting), limit=limit), waiting)
        .values(
            state=case((messages.c.first_accepted_at.is_not(None), MessageState.FAILED), else_=state),
            reason_code=reason.code,
            reason_params=dict(reason.params),
            agent_id=None,
            lease_until_at=None,
            not_before_at=None,
        )
        .returning(
            messages.c.message_id,
            messages.c.mailing_id,
            messages.c.state,
            messages.c.sim_id,
            messages.c.first_accepted_at,
        )
    ).all()
    for row in ended:
        parts_submitted, why = None, reason
        if row.first_accepted_at is not None:
            why = _explain_incomplete(connection, row.message_id, reason)
            parts_submitted = why.params["sent"]
            return_unstarted(connection, row.message_id)
        new_events.append(
            NewEvent(
                at=now,
                kind="message",
                state=row.state,
                mailing_id=row.mailing_id,
                message_id=row.message_id,
                sim_id=row.sim_id,
                parts_submitted=parts_submitted,
                reason=why,
            )
        )
    return [row.message_id for row in ended]


def _explain_incomplete(connection: Connection, message_id: int, cause: Reason) -> Reason:
    sent, total = connection.execute(
        select(
            func.sum(case((parts.c.state == PartState.SUBMITTED, 1), else_=0)),
            func.count(),
        ).where(parts.c.message_id == message_id)
    ).one()
    reason = Reason("incomplete", {"sent": int(sent or 0), "parts": total, "cause": cause.code})
    connection.execute(
        update(messages)
        .where(messages.c.message_id == message_id)
        .values(reason_code=reason.code, reason_params=dict(reason.params))
    )
    return reason


def fail_incomplete(
    connection: Connection, message_id: int, cause: Reason, now: datetime, new_events: list[NewEvent]
) -> None:
    """Ends a begun message: some of its parts were accepted, the rest will not follow."""
    row = connection.execute(
        update(messages)
        .where(
            messages.c.message_id == message_id,
            messages.c.state.in_(allowed_from(MessageState.FAILED)),
        )
        .values(state=MessageState.FAILED, agent_id=None, lease_until_at=None, not_before_at=None)
        .returning(messages.c.mailing_id, messages.c.sim_id)
    ).one_or_none()
    if row is None:
        return
    reason = _explain_incomplete(connection, message_id, cause)
    return_unstarted(connection, message_id)
    new_events.append(
        NewEvent(
            at=now,
            kind="message",
            state=MessageState.FAILED,
            mailing_id=row.mailing_id,
            message_id=message_id,
            sim_id=row.sim_id,
            parts_submitted=reason.params["sent"],
            reason=reason,
        )
    )


def cancel_mailing(
    connection: Connection,
    mailing_id: int,
    now: datetime,
    new_events: list[NewEvent],
    *,
    limit: int | None = None,
    reason: Reason = _CANCELLED,
) -> int:
    """Cancels what has not gone, or `limit` of it: all at once would hold up every SIM for seconds. What is
    under way ends by itself. Returns how many were cancelled."""
    which = messages.c.mailing_id == mailing_id
    return len(_end(connection, which, MessageState.CANCELLED, reason, now, new_events, limit))


def cancel_message(
    connection: Connection, message_id: int, now: datetime, new_events: list[NewEvent]
) -> MessageState:
    """Ends one message of a cancelled mailing that came back into the queue. Returns its state."""
    which = messages.c.message_id == message_id
    _end(connection, which, MessageState.CANCELLED, _CANCELLED, now, new_events)
    statement = select(messages.c.state).where(messages.c.message_id == message_id)
    return MessageState(connection.execute(statement).scalar_one())


def suppress(
    connection: Connection, msisdns: Iterable[str], now: datetime, new_events: list[NewEvent]
) -> int:
    """Ends what waits for numbers that are on the stop list now, but for confirmations. Returns how many."""
    which = messages.c.msisdn.in_(tuple(msisdns)) & messages.c.confirms_stop_id.is_(None)
    return len(_end(connection, which, MessageState.SUPPRESSED, Reason("stop_list"), now, new_events))


def expire(connection: Connection, now: datetime, resume_parts_s: float, new_events: list[NewEvent]) -> int:
    """Ends queued messages that are no longer worth sending, and begun ones whose rest comes too late."""
    old = and_(messages.c.state == MessageState.QUEUED, messages.c.expires_at <= now)
    ended: list[int] = []
    # the messages of one Start share their instant
    for expires_at in connection.execute(select(messages.c.expires_at).where(old).distinct()).scalars().all():
        reason = Reason("expired", {"expired_at": expires_at.isoformat()})
        which = and_(old, messages.c.expires_at == expires_at)
        ended += _end(connection, which, MessageState.EXPIRED, reason, now, new_events)
    late = connection.execute(
        select(messages.c.message_id).where(
            messages.c.state == MessageState.QUEUED,
            messages.c.first_accepted_at < now - timedelta(seconds=resume_parts_s),
        )
    ).scalars()
    for message_id in list(late):
        fail_incomplete(
            connection, message_id, Reason("resume_too_late", {"limit_s": resume_parts_s}), now, new_events
        )
        ended.append(message_id)
    return len(ended)
