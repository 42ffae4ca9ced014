"""Ends that come from outside the modem: cancel, stop list, age, and a person's word on an unknown one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
    update,
)

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import OPEN_STATES, MessageState, PartState, ReportState, allowed_from
from pbx_sms.core.reason import Reason
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import Instant, attempts, mailings, messages, parts

#: what may be ended without asking a modem: nothing of it is under way
_NOT_UNDER_WAY = (MessageState.QUEUED, MessageState.LEASED)


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
) -> list[int]:
    """Ends queued and leased messages: `state`, or failed as incomplete where a part was accepted."""
    ended = connection.execute(
        update(messages)
        .where(which, messages.c.state.in_(_NOT_UNDER_WAY))
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
) -> int:
    """Cancels what has not gone, or `limit` messages of it: a large mailing in one piece would hold up
    every SIM for seconds. What is under way ends by itself. Returns how many were cancelled."""
    which = messages.c.mailing_id == mailing_id
    if limit is not None:
        chosen = select(messages.c.message_id).where(which, messages.c.state.in_(_NOT_UNDER_WAY)).limit(limit)
        which = messages.c.message_id.in_(chosen.scalar_subquery())
    return len(_end(connection, which, MessageState.CANCELLED, Reason("mailing_cancelled"), now, new_events))


def cancel_message(
    connection: Connection, message_id: int, now: datetime, new_events: list[NewEvent]
) -> MessageState:
    """Ends one message of a cancelled mailing that came back into the queue. Returns its state."""
    _end(
        connection,
        messages.c.message_id == message_id,
        MessageState.CANCELLED,
        Reason("mailing_cancelled"),
        now,
        new_events,
    )
    statement = select(messages.c.state).where(messages.c.message_id == message_id)
    return MessageState(connection.execute(statement).scalar_one())


def go_on(
    connection: Connection,
    message_id: int,
    reason: Reason,
    *,
    accepted_at: datetime,
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    """An unknown message turns out to be begun: its other parts follow through the same SIM.

    `accepted_at`: when the proven part was handed over; its age decides whether the rest still comes in time.
    """
    row = connection.execute(
        update(messages)
        .where(messages.c.message_id == message_id, messages.c.state == MessageState.UNKNOWN)
        .values(
            state=MessageState.QUEUED,
            bound_sim_id=messages.c.sim_id,
            first_accepted_at=func.coalesce(
                messages.c.first_accepted_at, bindparam("accepted_at", accepted_at, type_=Instant)
            ),
            not_before_at=None,
            reason_code=reason.code,
            reason_params=dict(reason.params),
        )
        .returning(messages.c.mailing_id, messages.c.sim_id)
    ).one_or_none()
    if row is None:
        return
    new_events.append(
        NewEvent(
            at=now,
            kind="message",
            state=MessageState.QUEUED,
            mailing_id=row.mailing_id,
            message_id=message_id,
            sim_id=row.sim_id,
            reason=reason,
        )
    )
    revive_mailing(connection, row.mailing_id, now, new_events)


def suppress(
    connection: Connection, msisdns: Iterable[str], now: datetime, new_events: list[NewEvent]
) -> int:
    """Ends what waits for numbers that are on the stop list now. Returns how many."""
    which = messages.c.msisdn.in_(tuple(msisdns))
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


def finish_mailings(connection: Connection, now: datetime, new_events: list[NewEvent]) -> list[int]:
    """Running mailings with nothing queued, leased or submitting are finished."""
    is_over = and_(
        mailings.c.state == MailingState.RUNNING,
        ~exists(
            select(messages.c.message_id).where(
                messages.c.mailing_id == mailings.c.mailing_id,
                messages.c.state.in_(tuple(OPEN_STATES)),
            )
        ),
    )
    if connection.dialect.name == "postgresql":
        # whoever has a message sent again just now holds the row (`revive_mailing`): wait, and look anew
        chosen = tuple(connection.execute(select(mailings.c.mailing_id).where(is_over)).scalars())
        if not chosen:
            return []
        which = mailings.c.mailing_id.in_(chosen)
        connection.execute(select(mailings.c.mailing_id).where(which).with_for_update())
    finished = connection.execute(
        update(mailings)
        .where(is_over)
        .values(state=MailingState.FINISHED, finished_at=now, reason_code=None, reason_params=None)
        .returning(mailings.c.mailing_id)
    ).scalars()
    ids = list(finished)
    new_events.extend(
        NewEvent(at=now, kind="mailing", state=MailingState.FINISHED, mailing_id=mailing_id)
        for mailing_id in ids
    )
    return ids


class Decision(StrEnum):
    """What a person may say of an unknown message."""

    SUBMITTED = "submitted"
    FAILED = "failed"
    RESEND = "resend"


def resolve(
    connection: Connection, message_id: int, decision: Decision, now: datetime, new_events: list[NewEvent]
) -> MessageState:
    """Carries out a person's decision. Raises `NotFound`, or `Conflict` unless the message is unknown."""
    row = connection.execute(
        select(
            messages.c.state,
            messages.c.mailing_id,
            messages.c.sim_id,
            mailings.c.state.label("mailing_state"),
        )
        .join(mailings, mailings.c.mailing_id == messages.c.mailing_id, isouter=True)
        .where(messages.c.message_id == message_id)
        .with_for_update(of=messages)
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_message", message_id=message_id)
    if row.state != MessageState.UNKNOWN:
        raise Conflict("message_not_unknown", message_id=message_id, state=row.state)
    if decision is Decision.RESEND and row.mailing_state == MailingState.CANCELLED:
        # nothing would ever take it from the queue
        raise Conflict("mailing_is_cancelled", mailing_id=row.mailing_id)
    values: dict[str, Any] = {"reason_code": "resolved_by_person", "reason_params": {"decision": decision}}
    match decision:
        case Decision.SUBMITTED:
            target = MessageState.SUBMITTED
            values |= {"submitted_at": now}
            # parts that were never begun stay so: the record tells what left the machine
            _set_parts(connection, message_id, (PartState.UNKNOWN,), PartState.SUBMITTED)
        case Decision.FAILED:
            target = MessageState.FAILED
        case Decision.RESEND:
            # as a whole: parts of two submissions could never be joined by the telephone
            target = MessageState.QUEUED
            values |= {
                "bound_sim_id": None,
                "concat_reference": None,
                "first_accepted_at": None,
                "not_before_at": None,
                "attempt_count": 0,
                # the person finds it worth sending now
                "expires_at": None,
                "submitted_at": None,
            }
            _set_parts(connection, message_id, tuple(PartState), PartState.PENDING)
            revive_mailing(connection, row.mailing_id, now, new_events)
    connection.execute(
        update(messages)
        .where(messages.c.message_id == message_id, messages.c.state == MessageState.UNKNOWN)
        .values(state=target, agent_id=None, lease_until_at=None, **values)
    )
    return_unstarted(connection, message_id)
    new_events.append(
        NewEvent(
            at=now,
            kind="message",
            state=target,
            mailing_id=row.mailing_id,
            message_id=message_id,
            sim_id=row.sim_id,
            reason=Reason("resolved_by_person", {"decision": decision}),
        )
    )
    return target


def _set_parts(
    connection: Connection, message_id: int, states: Sequence[PartState], target: PartState
) -> None:
    values: dict[str, Any] = {"state": target}
    if target is PartState.PENDING:
        values |= {
            "sim_id": None,
            "reference": None,
            "submitted_at": None,
            "report": ReportState.NONE,
            "report_status": None,
            "reported_at": None,
        }
    connection.execute(
        update(parts).where(parts.c.message_id == message_id, parts.c.state.in_(states)).values(**values)
    )


def revive_mailing(
    connection: Connection, mailing_id: int | None, now: datetime, new_events: list[NewEvent]
) -> None:
    """A finished mailing of which a message is to be sent again runs; a running one stays so until the
    transaction ends."""
    if mailing_id is None:
        return
    which = mailings.c.mailing_id == mailing_id
    connection.execute(select(mailings.c.mailing_id).where(which).with_for_update())
    revived = connection.execute(
        update(mailings)
        .where(which, mailings.c.state == MailingState.FINISHED)
        .values(state=MailingState.RUNNING, finished_at=None)
    ).rowcount
    if revived:
        new_events.append(NewEvent(at=now, kind="mailing", state=MailingState.RUNNING, mailing_id=mailing_id))
