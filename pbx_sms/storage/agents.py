"""Whether anybody is there to send: the agents for reading. `devices` writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from pbx_sms.storage.schema import agents

#: an agent tells every few seconds that it lives; after so long without a word it does not
SILENCE = timedelta(seconds=30)


def is_any_alive(connection: Connection, now: datetime) -> bool:
    return (
        connection.execute(
            select(agents.c.agent_id)
            .where(
                agents.c.seen_at > now - SILENCE,
                or_(agents.c.stopped_at.is_(None), agents.c.stopped_at < agents.c.started_at),
            )
            .limit(1)
        ).first()
        is not None
    )


def has_company(connection: Connection, agent_id: int, silent_since_at: datetime) -> bool:
    """Another agent shares the queue. One that said nothing since `silent_since_at` sends nothing."""
    return (
        connection.execute(
            select(agents.c.agent_id)
            .where(
                agents.c.agent_id != agent_id,
                agents.c.seen_at > silent_since_at,
                or_(agents.c.stopped_at.is_(None), agents.c.stopped_at < agents.c.started_at),
            )
            .limit(1)
        ).first()
        is not None
    )


def names(connection: Connection) -> list[str]:
    """Of all agents that ever ran."""
    return list(connection.execute(select(agents.c.name).order_by(agents.c.name)).scalars())
