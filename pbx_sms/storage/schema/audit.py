"""Who gave which order: rows that are added and never changed."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

#: triggers of the migration refuse to change or delete a row
audit = Table(
    "audit",
    metadata,
    Column("audit_id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    #: user of the pages, account at the terminal; NULL = a program
    Column("person", String(64)),
    #: web | cli | ami | engine
    Column("origin", String(8), nullable=False),
    Column("address", String(64)),
    #: the first word of `order_code`: what the order is about
    Column("kind", String(24), nullable=False),
    #: as `operations` registers it: mailing.pause
    Column("order_code", String(48), nullable=False),
    #: what it was given for: an id, a name, a number
    Column("subject", Text),
    #: what was there, and what is there now or what was asked for; NULL = nothing to say
    Column("before", Json),
    Column("after", Json),
    sqlite_autoincrement=True,
)

Index("ix_audit_at", audit.c.at)
Index("ix_audit_person", audit.c.person, audit.c.audit_id)
Index("ix_audit_kind", audit.c.kind, audit.c.audit_id)
