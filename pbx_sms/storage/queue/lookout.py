"""Looking at what waits without taking it: what a PBX lacks room for stays for another one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from pbx_sms.core.message import MessageState
from pbx_sms.storage.queue.leases import Leased, Queue, due_of, first, leased_of
from pbx_sms.storage.schema import messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    message: Leased
    #: another agent holds it at this moment: it may send it, or lack room for it
    is_held: bool


def waiting(
    connection: Connection,
    queue: Queue,
    *,
    agent_id: int,
    limit: int,
    sim_ids: Collection[int],
    now: datetime,
    closed_route_ids: Collection[int] = (),
    revision: int | None = None,
) -> list[Waiting]:
    """The first messages that `lease` would take, or that another agent holds at this moment. They stay where
    they are, for whoever has room."""
    held = and_(messages.c.state == MessageState.LEASED, messages.c.agent_id != agent_id)
    due = and_(
        or_(messages.c.state == MessageState.QUEUED, held),
        due_of(connection, queue, sim_ids, now, 0, closed_route_ids, None, revision),
    )
    return [
        Waiting(message=leased_of(row), is_held=row.state == MessageState.LEASED)
        for row in connection.execute(first(due, limit))
    ]


def gone(connection: Connection, message_ids: Collection[int]) -> set[int]:
    """Those of the messages that wait no more, be it that they are under way."""
    if not message_ids:
        return set()
    waits = connection.execute(
        select(messages.c.message_id).where(
            messages.c.message_id.in_(tuple(message_ids)),
            messages.c.state.in_((MessageState.QUEUED, MessageState.LEASED)),
        )
    )
    return set(message_ids).difference(waits.scalars())
