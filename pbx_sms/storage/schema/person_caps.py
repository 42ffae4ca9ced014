"""How much one person may get, where the settings file does not say it."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from pbx_sms.storage.schema.types import Instant, metadata

person_caps = Table(
    "person_caps",
    metadata,
    #: day | week; no row: no cap
    Column("period", String(4), primary_key=True),
    Column("max_messages", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    #: who chose it; NULL where nobody is known by name
    Column("changed_by", Text),
)
