"""What waits for a SIM that lies in a slot that is not active, and for which there is no other way.

A message counts if it could be sent now: it is due, its mailing runs, its hours are open, its route was read
under the rules in force, the SIM is ready and has room for it. A route counts if it is strict and none of its
other SIMs is at work with room today.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, and_, or_, select

from pbx_sms.core import quota
from pbx_sms.core.message import MessageState
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.sim import PROBED, SimState
from pbx_sms.storage import usage
from pbx_sms.storage.queue.leases import Leased, Queue, due_of, first, leased_of, waiting_queues
from pbx_sms.storage.routing import ready_sims, revision
from pbx_sms.storage.schema import messages, routes, sims

#: messages of a queue that are looked at: the first one that can go decides
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A SIM at rest that a message waits for."""

    sim_id: int
    imsi: str
    #: what people call it
    name: str
    slot: int
    message_id: int
    #: a test: it goes when nothing else needs the modem
    is_probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """The modem that may change its slot, and what its engine knows."""

    modem_id: int
    active_slot: int
    agent_id: int
    #: an agent that said nothing since then sends nothing
    silent_since_at: datetime
    #: by rank, SIMs at work here that have room today
    serving_today: Mapping[int, frozenset[int]]
    #: IMSIs that are left alone for now
    left_alone: Collection[str]
    limits_of: Callable[[str, Mapping[str, Any]], SimLimits]
    zone: ZoneInfo


def wanted(connection: Connection, seeker: Seeker, now: datetime) -> Wanted | None:
    """The SIM that the first such message waits for, the highest rank first; None where nothing does."""
    resting = _resting(connection, seeker)
    if not resting:
        return None
    ways = _ways(connection, resting.keys())
    served: dict[tuple[int, int], bool] = {}

    def is_served(route_id: int, rank: int) -> bool:
        others = ways[route_id].difference(resting)
        if (route_id, rank) not in served:
            served[route_id, rank] = bool(others & seeker.serving_today.get(rank, frozenset())) or bool(
                others and _ready_elsewhere(connection, seeker, others, now)
            )
        return served[route_id, rank]

    state = revision.read(connection)
    # what waits for another route may be about to go elsewhere
    in_force = state.revision if state.pending else None
    for queue in waiting_queues(connection):
        for message in _waiting(connection, queue, resting.keys(), ways.keys(), now, in_force):
            targets: Collection[int] = ()
            if message.bound_sim_id is not None:
                targets = (message.bound_sim_id,)
            elif message.route_id is not None and not is_served(message.route_id, message.rank):
                targets = sorted(ways[message.route_id].intersection(resting))
            for sim_id in targets:
                if _has_room(connection, seeker, resting[sim_id], message, now):
                    return _wanted(resting[sim_id], message)
    return None


def probe_wanted(connection: Connection, seeker: Seeker, now: datetime) -> Wanted | None:
    """The SIM in another slot that a test waits for, be the SIM in quarantine; None where none does."""
    row = connection.execute(
        select(sims, messages.c.message_id)
        .join(messages, messages.c.bound_sim_id == sims.c.sim_id)
        .where(
            messages.c.probe,
            messages.c.state == MessageState.QUEUED,
            or_(messages.c.not_before_at.is_(None), messages.c.not_before_at <= now),
            sims.c.slot_modem_id == seeker.modem_id,
            sims.c.slot != seeker.active_slot,
            sims.c.modem_id.is_(None),
            sims.c.state.in_((SimState.READY, *PROBED)),
            sims.c.imsi.not_in(tuple(seeker.left_alone)),
        )
        .order_by(messages.c.message_id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Wanted(
        sim_id=row.sim_id,
        imsi=row.imsi,
        name=row.label or row.imsi,
        slot=row.slot,
        message_id=row.message_id,
        is_probe=True,
    )


def _resting(connection: Connection, seeker: Seeker) -> dict[int, Row[Any]]:
    """Ready SIMs in the other slots. One that is at work somewhere was moved."""
    rows = connection.execute(
        select(sims).where(
            sims.c.slot_modem_id == seeker.modem_id,
            sims.c.slot != seeker.active_slot,
            sims.c.modem_id.is_(None),
            sims.c.state == SimState.READY,
        )
    )
    return {row.sim_id: row for row in rows if row.imsi not in seeker.left_alone}


def _ways(connection: Connection, sim_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """route → its SIMs, of the strict routes that lead to one of `sim_ids`."""
    rows = connection.execute(select(routes.c.route_id, routes.c.sim_ids).where(routes.c.strict))
    ways = {row.route_id: frozenset(row.sim_ids) for row in rows if row.sim_ids is not None}
    return {route_id: way for route_id, way in ways.items() if way.intersection(sim_ids)}


def _waiting(
    connection: Connection,
    queue: Queue,
    sim_ids: Collection[int],
    route_ids: Collection[int],
    now: datetime,
    in_force: int | None,
) -> list[Leased]:
    bound = messages.c.bound_sim_id.in_(tuple(sim_ids))
    routed = and_(messages.c.bound_sim_id.is_(None), messages.c.route_id.in_(tuple(route_ids)))
    due = and_(
        messages.c.state == MessageState.QUEUED,
        messages.c.probe.is_(False),
        or_(bound, routed),
        due_of(connection, queue, sim_ids, now, 0, (), None, in_force),
    )
    return [leased_of(row) for row in connection.execute(first(due, _LOOKED_AT))]


def _ready_elsewhere(
    connection: Connection, seeker: Seeker, sim_ids: Collection[int], now: datetime
) -> frozenset[int]:
    return ready_sims.ready_among(
        connection,
        sim_ids,
        agent_id=seeker.agent_id,
        silent_since_at=seeker.silent_since_at,
        limits_of=seeker.limits_of,
        now=now,
        zone=seeker.zone,
    )


def _has_room(connection: Connection, seeker: Seeker, sim: Row[Any], message: Leased, now: datetime) -> bool:
    if message.begun:
        # its quota was reserved with its first part
        return True
    windows = quota.windows(
        seeker.limits_of(sim.imsi, sim._asdict()),
        now,
        seeker.zone,
        first_seen_at=sim.first_seen_at,
        uses_reserve=message.rank > 0,
    )
    found = usage.shortage(connection, sim.sim_id, message.part_count, windows, now, unsettled_s=0.0)
    return found is None


def _wanted(sim: Row[Any], message: Leased) -> Wanted:
    return Wanted(
        sim_id=sim.sim_id,
        imsi=sim.imsi,
        name=sim.label or sim.imsi,
        slot=sim.slot,
        message_id=message.message_id,
    )
