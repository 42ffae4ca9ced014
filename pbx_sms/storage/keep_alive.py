"""When a SIM was last used: operators forget, or block, one that was idle for days.

A use is a part that the network took, a message that came in, or a USSD reply. A SIM counts as used when it
was first seen: nothing is known of before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, select, update

from pbx_sms.core.verdict import Kind
from pbx_sms.storage.schema import attempts, sims
from pbx_sms.storage.schema.types import FAR_FUTURE


def newest_accepted() -> ScalarSelect[Any]:
    """As a column beside `sims`: when the network last took a part of the SIM."""
    return (
        select(attempts.c.counted_at)
        .where(
            attempts.c.sim_id == sims.c.sim_id,
            attempts.c.counted_at < FAR_FUTURE,
            attempts.c.kind == Kind.ACCEPTED,
        )
        .order_by(attempts.c.counted_at.desc())
        .limit(1)
        .correlate(sims)
        .scalar_subquery()
    )


def used_at(first_seen_at: datetime, active_at: datetime | None, accepted_at: datetime | None) -> datetime:
    return max(one for one in (first_seen_at, active_at, accepted_at) if one is not None)


def last_used_at(connection: Connection, sim_id: int) -> datetime:
    row = connection.execute(
        select(sims.c.first_seen_at, sims.c.active_at, newest_accepted().label("accepted_at")).where(
            sims.c.sim_id == sim_id
        )
    ).one()
    return used_at(row.first_seen_at, row.active_at, row.accepted_at)


def sim_used(connection: Connection, sim_id: int, now: datetime) -> None:
    """Something came in, or the network answered."""
    connection.execute(update(sims).where(sims.c.sim_id == sim_id).values(active_at=now))
