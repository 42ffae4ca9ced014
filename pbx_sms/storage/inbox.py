"""What came in, for reading. The receiver writes it, in the commit after which the SIM's copy is deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from pbx_sms.storage.schema import inbound, sims


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRow:
    inbound_id: int
    #: by our clock
    received_at: datetime
    #: by the service centre's clock
    sent_at: datetime | None
    #: IMSI of the SIM that received it
    sim: str | None
    sim_label: str | None
    #: E.164 where the sender is a number, else the name it gave itself
    sender: str
    msisdn: str | None
    text: str
    #: parts that never came, 0 for a whole message
    missing_parts: int
    #: it put its number on the stop list
    is_stop: bool


def newest(
    connection: Connection, *, limit: int, since_at: datetime | None = None, before_id: int | None = None
) -> list[InboundRow]:
    """Up to `limit` messages, newest first: received at `since_at` or later, older than `before_id`."""
    query = (
        select(
            inbound.c.inbound_id,
            inbound.c.received_at,
            inbound.c.sent_at,
            sims.c.imsi.label("sim"),
            sims.c.label.label("sim_label"),
            inbound.c.sender,
            inbound.c.msisdn,
            inbound.c.text,
            inbound.c.missing_parts,
            inbound.c.is_stop,
        )
        .select_from(inbound.outerjoin(sims, sims.c.sim_id == inbound.c.sim_id))
        .order_by(inbound.c.inbound_id.desc())
        .limit(limit)
    )
    if since_at is not None:
        query = query.where(inbound.c.received_at >= since_at)
    if before_id is not None:
        query = query.where(inbound.c.inbound_id < before_id)
    return [InboundRow(**row._mapping) for row in connection.execute(query)]
