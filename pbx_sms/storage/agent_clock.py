"""How time went on between two processes of an agent, told by the machine's monotonic clock.

The wall clock may be set while no engine runs, or while one runs that dies before it noticed. The monotonic
clock cannot be set, and counts on over processes until the machine is started anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import agents

_MICROSECOND = timedelta(microseconds=1)


def keep(connection: Connection, agent_id: int, database: Database) -> None:
    """Writes down that the agent lives, and both clocks."""
    now, monotonic_s = database.instant_and_monotonic()
    connection.execute(
        update(agents)
        .where(agents.c.agent_id == agent_id)
        .values(seen_at=now, monotonic_us=round(monotonic_s * 1e6), boot_id=database.source_clock.boot_id)
    )


def set_ahead(connection: Connection, agent_name: str, database: Database) -> timedelta:
    """By how much the clock was set ahead since the agent last wrote it down; nothing where that cannot be
    told, because the machine was started anew, or where it was set back."""
    row = connection.execute(
        select(agents.c.seen_at, agents.c.monotonic_us, agents.c.boot_id).where(agents.c.name == agent_name)
    ).one_or_none()
    if row is None or row.seen_at is None or row.boot_id != database.source_clock.boot_id:
        return timedelta(0)
    now, monotonic_s = database.instant_and_monotonic()
    seen_at: datetime = row.seen_at
    monotonic_us: int = row.monotonic_us
    expected_at = seen_at + _MICROSECOND * (round(monotonic_s * 1e6) - monotonic_us)
    return max(now - expected_at, timedelta(0))
