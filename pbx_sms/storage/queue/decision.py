"""What becomes of an unknown message: a person's word on it, and going on where a part is proven accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState, PartState, ReportState
from pbx_sms.core.reason import Reason
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue.finish import revive_mailing
from pbx_sms.storage.queue.orders import return_unstarted
from pbx_sms.storage.schema import Instant, mailings, messages, parts


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
            messages.c.confirms_stop_id,
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
    if decision is Decision.RESEND and row.confirms_stop_id is not None:
        # one confirmation for a stop, then silence: nobody's word makes a second one of it
        raise Conflict("confirmation_not_resent", message_id=message_id)
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
