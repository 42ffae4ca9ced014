"""How far each PBX has told scripts what happened, and which of their orders were carried out."""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, String, Table

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

#: one for each agent's name
script_cursors = Table(
    "script_cursors",
    metadata,
    Column("agent", String(64), primary_key=True),
    #: everything up to this event was told
    Column("event_id", Id, nullable=False),
    Column("moved_at", Instant, nullable=False),
)

#: orders that carried an Id and were carried out, with what was answered; those of single messages are
#: recognised by `messages.request_key`
script_orders = Table(
    "script_orders",
    metadata,
    #: Mailing | Stop | Group
    Column("kind", String(16), nullable=False),
    Column("order_key", String(128), nullable=False),
    #: of what was ordered: the same Id for something else is a mistake
    Column("digest", String(64), nullable=False),
    Column("answer", Json, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("kind", "order_key"),
)

#: the old ones are removed
Index("ix_script_orders_at", script_orders.c.at)
