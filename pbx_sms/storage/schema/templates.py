"""Saved texts with placeholders."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from pbx_sms.storage.schema.types import Id, Instant, metadata

templates = Table(
    "templates",
    metadata,
    Column("template_id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text),
    Column("updated_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
