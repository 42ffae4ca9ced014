"""Who may sign in to the pages, their sessions, and the codes they fall back on."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

users = Table(
    "users",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    #: admin | operator | receptionist | viewer
    Column("role", String(16), nullable=False),
    Column("language", String(2)),
    Column("created_at", Instant, nullable=False),
    #: kinds of mailings and ids of groups this person is limited to; NULL = as the role says
    Column("kinds", Json),
    Column("group_ids", Json),
    #: NULL = as the role says
    Column("may_write", Boolean),
    Column("may_send", Boolean),
    Column("sees_numbers", Boolean),
    #: base32; NULL = a password is enough
    Column("totp_secret", String(64)),
    #: shown to the person, who has not yet typed a code of it
    Column("totp_pending", String(64)),
    #: the newest time step whose code was taken: no code is taken twice
    Column("totp_step", BigInteger),
    sqlite_autoincrement=True,
)

user_sessions = Table(
    "user_sessions",
    metadata,
    Column("session_id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey(users.c.user_id, ondelete="CASCADE"), nullable=False),
    #: SHA-256 of what the cookie holds
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("address", String(64)),
    #: as it calls itself
    Column("browser", String(200)),
    sqlite_autoincrement=True,
)

#: each opens once in place of a code; only hashes are kept
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Id, ForeignKey(users.c.user_id, ondelete="CASCADE"), nullable=False),
    Column("code_hash", String(64), nullable=False),
    PrimaryKeyConstraint("user_id", "code_hash"),
)

Index("ix_user_sessions_user_id", user_sessions.c.user_id)
