"""What a start does with the messages of an engine that died, and what is done about agents that vanished.

Leased: nothing left the machine, they go back. A part found *submitting*: the network may have it, so the
message is unknown. A begun message with no such part goes on with its other parts, through the same SIM.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, select, update

from pbx_sms.core.message import MessageState, PartState
from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import Kind, Scope
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import leases, orders, proof
from pbx_sms.storage.queue.locking import messages_in_order
from pbx_sms.storage.schema import attempts, messages, parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    returned: int
    unknown: int
    going_on: int


def recover(connection: Connection, agent_id: int, now: datetime, new_events: list[NewEvent]) -> Recovery:
    """For the start of an agent, before anything is leased. Doing it twice changes nothing more."""
    returned = leases.release_of_agent(connection, agent_id)
    mine = and_(messages.c.state == MessageState.SUBMITTING, messages.c.agent_id == agent_id)
    unknown, going_on = _abandon(connection, mine, Reason("engine_stopped"), now, new_events)
    return Recovery(returned=returned, unknown=unknown, going_on=going_on)


def abandon_overdue(connection: Connection, now: datetime, new_events: list[NewEvent]) -> Recovery:
    """For the housekeeping of any agent: leases that ran out, of whichever agent."""
    ran_out = and_(messages.c.state == MessageState.LEASED, messages.c.lease_until_at < now)
    returned = connection.execute(
        update(messages)
        .where(messages_in_order(connection, ran_out), ran_out)
        .values(state=MessageState.QUEUED, agent_id=None, lease_until_at=None)
    ).rowcount
    overdue = and_(messages.c.state == MessageState.SUBMITTING, messages.c.lease_until_at < now)
    unknown, going_on = _abandon(connection, overdue, Reason("agent_lost"), now, new_events)
    return Recovery(returned=returned, unknown=unknown, going_on=going_on)


def _abandon(
    connection: Connection,
    which: ColumnElement[bool],
    reason: Reason,
    now: datetime,
    new_events: list[NewEvent],
) -> tuple[int, int]:
    in_flight = exists(
        select(parts.c.part).where(
            parts.c.message_id == messages.c.message_id, parts.c.state == PartState.SUBMITTING
        )
    )
    rows = connection.execute(
        select(messages.c.message_id, messages.c.mailing_id, messages.c.sim_id, in_flight.label("in_flight"))
        .where(which)
        # whoever holds one just now is alive and writes its outcome
        .with_for_update(of=messages, skip_locked=True)
    ).all()
    for row in rows:
        state = MessageState.UNKNOWN if row.in_flight else MessageState.QUEUED
        if row.in_flight:
            orders.return_unstarted(connection, row.message_id)
            _end_open_attempts(connection, row.message_id, reason, now)
        connection.execute(
            update(messages)
            .where(messages.c.message_id == row.message_id, messages.c.state == MessageState.SUBMITTING)
            .values(
                state=state,
                bound_sim_id=row.sim_id,
                agent_id=None,
                lease_until_at=None,
                reason_code=reason.code,
                reason_params=dict(reason.params),
            )
        )
        new_events.append(
            NewEvent(
                at=now,
                kind="message",
                state=state,
                mailing_id=row.mailing_id,
                message_id=row.message_id,
                sim_id=row.sim_id,
                reason=reason,
            )
        )
        if row.in_flight and row.sim_id is not None:
            # the report of what was in flight may have come although the answer never did
            proof.settle_unknown(connection, row.sim_id, row.message_id, now, new_events)
    unknown = sum(1 for row in rows if row.in_flight)
    return unknown, len(rows) - unknown


def _end_open_attempts(connection: Connection, message_id: int, reason: Reason, now: datetime) -> None:
    """What may have been taken counts for the quota, from the latest instant it can have been."""
    connection.execute(
        update(parts)
        .where(parts.c.message_id == message_id, parts.c.state == PartState.SUBMITTING)
        .values(state=PartState.UNKNOWN)
    )
    connection.execute(
        update(attempts)
        .where(
            attempts.c.message_id == message_id,
            attempts.c.kind.is_(None),
            attempts.c.started_at.is_not(None),
        )
        .values(
            ended_at=now,
            counted_at=now,
            kind=Kind.UNKNOWN,
            scope=Scope.MESSAGE,
            code=reason.code,
            reason_code=reason.code,
            reason_params=dict(reason.params),
        )
    )
