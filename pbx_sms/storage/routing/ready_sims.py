"""Which SIMs of other PBXs are at work, and have room today: what prefers one of them is left to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, or_, select

from pbx_sms.core import quota
from pbx_sms.core.quota import Rule, SimLimits
from pbx_sms.core.sim import SimState
from pbx_sms.storage import usage
from pbx_sms.storage.schema import agents, modems, sims

#: states of a modem that a message may wait for: see drivers.modem.ModemState
_AT_WORK = ("registered", "in_call")


def ready_among(
    connection: Connection,
    sim_ids: Collection[int],
    *,
    agent_id: int,
    silent_since_at: datetime,
    limits_of: Callable[[str, Mapping[str, Any]], SimLimits],
    now: datetime,
    zone: ZoneInfo,
) -> frozenset[int]:
    """Those of `sim_ids` that another agent can send through today. An agent that said nothing since
    `silent_since_at` sends nothing. A full hour passes; a full day, month or reserve does not."""
    rows = connection.execute(
        select(sims)
        .select_from(
            sims.join(modems, modems.c.modem_id == sims.c.modem_id).join(
                agents, agents.c.agent_id == modems.c.agent_id
            )
        )
        .where(
            sims.c.sim_id.in_(tuple(sim_ids)),
            sims.c.state == SimState.READY,
            modems.c.state.in_(_AT_WORK),
            agents.c.agent_id != agent_id,
            agents.c.seen_at > silent_since_at,
            or_(agents.c.stopped_at.is_(None), agents.c.stopped_at < agents.c.started_at),
        )
    )
    return frozenset(
        row.sim_id
        for row in rows
        if _has_room_today(connection, row, limits_of(row.imsi, row._asdict()), now, zone)
    )


def names_of(connection: Connection, sim_ids: Collection[int]) -> dict[int, str]:
    """What people call the SIMs: the label, else the IMSI."""
    rows = connection.execute(
        select(sims.c.sim_id, func.coalesce(sims.c.label, sims.c.imsi).label("name")).where(
            sims.c.sim_id.in_(tuple(sim_ids))
        )
    )
    return {row.sim_id: row.name for row in rows}


def _has_room_today(
    connection: Connection, row: Any, limits: SimLimits, now: datetime, zone: ZoneInfo
) -> bool:
    windows = quota.windows(limits, now, zone, first_seen_at=row.first_seen_at, uses_reserve=False)
    longer = [window for window in windows if window.rule is not Rule.HOUR]
    return usage.shortage(connection, row.sim_id, 1, longer, now, unsettled_s=0.0) is None
