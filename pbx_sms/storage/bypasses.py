"""What others send through a SIM of ours, seen by its driver: counted against its quota like our own parts.

An attempt without a message: what the quotas are counted from knows no difference, so nothing else has to.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert

from pbx_sms.core.verdict import Kind, Scope
from pbx_sms.storage.schema import attempts

#: of the attempts: no message has this id
NO_MESSAGE = 0
CODE = "sent by others"


def count(connection: Connection, sim_id: int, part_count: int, now: datetime) -> None:
    """Parts that the network took from somebody else through this SIM."""
    connection.execute(
        insert(attempts),
        [
            {
                "message_id": NO_MESSAGE,
                "part": part,
                "sim_id": sim_id,
                "msisdn": "",
                "started_at": now,
                "ended_at": now,
                "counted_at": now,
                "uses_reserve": False,
                "kind": Kind.ACCEPTED,
                "scope": Scope.MESSAGE,
                "code": CODE,
            }
            for part in range(1, part_count + 1)
        ],
    )
