"""Taking messages for a limited time, and giving them back. No part of a leased message is under way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, or_, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import OPEN_STATES, MessageState, PartState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import windows
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import replanning
from pbx_sms.storage.schema import mailings, messages, parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    message_id: int
    mailing_id: int | None
    rank: int
    part_count: int
    #: the SIM that alone may send it
    bound_sim_id: int | None
    #: it has an accepted part: the rest must follow soon
    begun: bool
    #: a test of that SIM: it goes although the SIM sends nothing else
    probe: bool = False
    #: the SIMs it may take while it is bound to none; see `storage.routing`
    route_id: int | None = None
    #: not every modem takes every text
    text: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """A running mailing, or the single messages of one rank (mailing_id None)."""

    mailing_id: int | None
    rank: int
    #: the last message that may go: what comes after it waits for a person's word
    until_id: int | None = field(default=None, compare=False)


def waiting_queues(connection: Connection) -> list[Queue]:
    """The queues that may have something to send, highest rank first."""
    running = select(mailings.c.mailing_id, mailings.c.rank, mailings.c.trial_until_id).where(
        mailings.c.state == MailingState.RUNNING
    )
    singles = (
        select(messages.c.rank)
        .where(messages.c.mailing_id.is_(None), messages.c.state == MessageState.QUEUED)
        .distinct()
    )
    queues = [Queue(row.mailing_id, row.rank, row.trial_until_id) for row in connection.execute(running)]
    queues += [Queue(None, rank) for rank in connection.execute(singles).scalars()]
    return sorted(queues, key=lambda queue: (-queue.rank, queue.mailing_id or 0))


_LEASE = (
    update(messages)
    .where(
        messages.c.message_id.in_(bindparam("ids", expanding=True)),
        messages.c.state == MessageState.QUEUED,
    )
    .values(
        state=MessageState.LEASED,
        agent_id=bindparam("new_agent_id"),
        lease_until_at=bindparam("new_until_at"),
    )
)


def lease(
    connection: Connection,
    queue: Queue,
    *,
    agent_id: int,
    limit: int,
    sim_ids: Collection[int],
    now: datetime,
    until_at: datetime,
    after_id: int = 0,
    closed_route_ids: Collection[int] = (),
    admit: Callable[[Leased], bool] | None = None,
    zones: Collection[str] | None = None,
    revision: int | None = None,
) -> list[Leased]:
    """Takes up to `limit` messages of a queue in the list's order, so that those tried before come first.

    Only messages that are due, that one of `sim_ids` may send, whose route is none of `closed_route_ids`, and
    of `zones` ("" = without one): those whose window is open where none are given; where a `revision` of the
    rules is given, only what has its route under it. Another agent's are passed
    over. `admit` is asked once about each of the first `limit` after `after_id`, in the list's order, and may
    leave it where it is.
    """
    due = and_(
        messages.c.state == MessageState.QUEUED,
        due_of(connection, queue, sim_ids, now, after_id, closed_route_ids, zones, revision),
    )
    return _take(connection, due, limit, agent_id, until_at, admit)


def due_of(
    connection: Connection,
    queue: Queue,
    sim_ids: Collection[int],
    now: datetime,
    after_id: int,
    closed_route_ids: Collection[int],
    zones: Collection[str] | None,
    revision: int | None = None,
) -> ColumnElement[bool]:
    """What `lease` may take, whoever holds it."""
    due = and_(
        messages.c.mailing_id == queue.mailing_id
        if queue.mailing_id is not None
        else and_(messages.c.mailing_id.is_(None), messages.c.rank == queue.rank),
        or_(messages.c.not_before_at.is_(None), messages.c.not_before_at <= now),
        or_(messages.c.bound_sim_id.is_(None), messages.c.bound_sim_id.in_(tuple(sim_ids))),
    )
    if queue.until_id is not None:
        due = and_(due, messages.c.message_id <= queue.until_id)
    if after_id:
        due = and_(due, messages.c.message_id > after_id)
    if closed_route_ids:
        # what is bound goes through its SIM, whatever its route
        due = and_(
            due,
            or_(
                messages.c.route_id.is_(None),
                messages.c.bound_sim_id.is_not(None),
                messages.c.route_id.not_in(tuple(closed_route_ids)),
            ),
        )
    if revision is not None:
        due = and_(due, replanning.of_revision(revision))
    if zones is None and queue.mailing_id is not None:
        zones = windows.open_zones(windows.of_mailing(connection, queue.mailing_id), now)
    if zones is not None and zones is not windows.ANYWHERE:
        named = messages.c.zone.in_(tuple(zones))
        due = and_(due, or_(messages.c.zone.is_(None), named) if "" in zones else named)
    return due


def one_of_routes(connection: Connection, queue: Queue, route_ids: Collection[int]) -> int | None:
    """The route of the first message of the queue that waits with one of these; None where none does."""
    return connection.execute(
        select(messages.c.route_id)
        .where(
            messages.c.mailing_id == queue.mailing_id,
            messages.c.state == MessageState.QUEUED,
            messages.c.bound_sim_id.is_(None),
            messages.c.route_id.in_(tuple(route_ids)),
        )
        .order_by(messages.c.message_id)
        .limit(1)
    ).scalar_one_or_none()


def lease_probes(
    connection: Connection,
    *,
    agent_id: int,
    sim_ids: Collection[int],
    now: datetime,
    until_at: datetime,
) -> list[Leased]:
    """Takes tests of SIMs that send nothing else; at most one for each SIM is waiting at a time."""
    if not sim_ids:
        return []
    due = and_(
        messages.c.probe,
        messages.c.state == MessageState.QUEUED,
        messages.c.bound_sim_id.in_(tuple(sim_ids)),
        or_(messages.c.not_before_at.is_(None), messages.c.not_before_at <= now),
    )
    return _take(connection, due, len(sim_ids), agent_id, until_at)


def begun_with(connection: Connection, sim_id: int) -> bool:
    """Whether a message is begun that only this SIM can complete."""
    waiting = exists().where(
        messages.c.bound_sim_id == sim_id,
        messages.c.state.in_(tuple(OPEN_STATES)),
        messages.c.first_accepted_at.is_not(None),
    )
    return bool(connection.execute(select(waiting)).scalar_one())


def lease_begun(
    connection: Connection,
    *,
    agent_id: int,
    sim_ids: Collection[int],
    now: datetime,
    until_at: datetime,
) -> list[Leased]:
    """Takes messages of which a part was accepted, at most one for each SIM at a time.

    Their quota is reserved already, and a mailing that is paused completes them: a recipient is not left
    with a torso.
    """
    if not sim_ids:
        return []
    due = and_(
        messages.c.state == MessageState.QUEUED,
        messages.c.first_accepted_at.is_not(None),
        messages.c.bound_sim_id.in_(tuple(sim_ids)),
        or_(messages.c.not_before_at.is_(None), messages.c.not_before_at <= now),
    )
    return _take(connection, due, len(sim_ids), agent_id, until_at)


_TAKEN = (
    messages.c.message_id,
    messages.c.mailing_id,
    messages.c.state,
    messages.c.rank,
    messages.c.part_count,
    messages.c.bound_sim_id,
    messages.c.first_accepted_at,
    messages.c.probe,
    messages.c.route_id,
    messages.c.text,
)


def first(due: ColumnElement[bool], limit: int) -> Select[Any]:
    return select(*_TAKEN).where(due).order_by(messages.c.message_id).limit(limit)


def leased_of(row: Any) -> Leased:
    return Leased(
        message_id=row.message_id,
        mailing_id=row.mailing_id,
        rank=row.rank,
        part_count=row.part_count,
        bound_sim_id=row.bound_sim_id,
        begun=row.first_accepted_at is not None,
        probe=row.probe,
        route_id=row.route_id,
        text=row.text,
    )


def _take(
    connection: Connection,
    due: ColumnElement[bool],
    limit: int,
    agent_id: int,
    until_at: datetime,
    admit: Callable[[Leased], bool] | None = None,
) -> list[Leased]:
    found = connection.execute(first(due, limit).with_for_update(skip_locked=True))
    chosen = [leased_of(row) for row in found]
    if admit is not None:
        chosen = [message for message in chosen if admit(message)]
    if chosen:
        connection.execute(
            _LEASE,
            {
                "ids": [message.message_id for message in chosen],
                "new_agent_id": agent_id,
                "new_until_at": until_at,
            },
        )
    return chosen


def renew(connection: Connection, message_ids: Sequence[int], agent_id: int, until_at: datetime) -> set[int]:
    """Prolongs leases; returns which of them this agent still holds."""
    if not message_ids:
        return set()
    held = connection.execute(
        update(messages)
        .where(
            messages.c.message_id.in_(message_ids),
            messages.c.state == MessageState.LEASED,
            messages.c.agent_id == agent_id,
        )
        .values(lease_until_at=until_at)
        .returning(messages.c.message_id)
    )
    return set(held.scalars())


def release(connection: Connection, message_ids: Sequence[int], agent_id: int) -> None:
    """Gives messages back that this agent leased and does not send. Others' and sent ones are left alone."""
    if message_ids:
        connection.execute(
            update(messages)
            .where(
                messages.c.message_id.in_(message_ids),
                messages.c.state == MessageState.LEASED,
                messages.c.agent_id == agent_id,
            )
            .values(state=MessageState.QUEUED, agent_id=None, lease_until_at=None)
        )


def hold_back(
    connection: Connection, message_id: int, agent_id: int, reason: Reason, until_at: datetime
) -> None:
    """Gives a message back that cannot go before `until_at`, and says why on it."""
    connection.execute(
        update(messages)
        .where(
            messages.c.message_id == message_id,
            messages.c.state == MessageState.LEASED,
            messages.c.agent_id == agent_id,
        )
        .values(
            state=MessageState.QUEUED,
            agent_id=None,
            lease_until_at=None,
            not_before_at=until_at,
            reason_code=reason.code,
            reason_params=dict(reason.params),
        )
    )


def set_aside(
    connection: Connection,
    message_id: int,
    agent_id: int,
    reason: Reason,
    now: datetime,
    new_events: list[NewEvent],
) -> bool:
    """Puts a begun message back that cannot go on at once: it waits for its SIM, its quota stays reserved.

    For a message of this agent between two of its parts; False where a part is under way, or it is not so.
    """
    under_way = select(parts.c.part).where(
        parts.c.message_id == message_id, parts.c.state == PartState.SUBMITTING
    )
    row = connection.execute(
        update(messages)
        .where(
            messages.c.message_id == message_id,
            messages.c.state == MessageState.SUBMITTING,
            messages.c.agent_id == agent_id,
            ~exists(under_way),
        )
        .values(
            state=MessageState.QUEUED,
            bound_sim_id=messages.c.sim_id,
            agent_id=None,
            lease_until_at=None,
            reason_code=reason.code,
            reason_params=dict(reason.params),
        )
        .returning(messages.c.mailing_id, messages.c.sim_id)
    ).one_or_none()
    if row is not None:
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
    return row is not None


def release_of_agent(connection: Connection, agent_id: int) -> int:
    """Gives back everything that the agent leased; for its start and its end. Returns how many."""
    return connection.execute(
        update(messages)
        .where(messages.c.state == MessageState.LEASED, messages.c.agent_id == agent_id)
        .values(state=MessageState.QUEUED, agent_id=None, lease_until_at=None)
    ).rowcount
