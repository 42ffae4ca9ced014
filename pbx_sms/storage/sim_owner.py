"""Which agent uses a SIM: the one in whose modem it was found first, as long as that agent lives.

Two PBXs can see one IMSI at a time: a SIM that moved while an agent was cut off, or a copy of a SIM.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select, text

from pbx_sms.storage.schema import agents, modems, sims

#: any number, the same in every process
_LOCK = 0x70627874


def owner_elsewhere(
    connection: Connection, imsi: str, agent_id: int, silent_since_at: datetime
) -> str | None:
    """The name of another agent that uses the SIM; None when this one may take it, before the transaction
    ends. An agent that stopped, or said nothing since `silent_since_at`, uses none.
    """
    if connection.dialect.name == "postgresql":
        # two agents that find one SIM in the same moment come one after the other
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    name: str | None = connection.execute(
        select(agents.c.name)
        .select_from(
            sims.join(modems, modems.c.modem_id == sims.c.modem_id).join(
                agents, agents.c.agent_id == modems.c.agent_id
            )
        )
        .where(
            sims.c.imsi == imsi,
            agents.c.agent_id != agent_id,
            agents.c.seen_at > silent_since_at,
            or_(agents.c.stopped_at.is_(None), agents.c.stopped_at < agents.c.started_at),
        )
    ).scalar_one_or_none()
    return name
