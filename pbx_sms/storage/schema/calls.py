"""Missed calls: what was missed, what was decided about it and why, and the message that followed."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

missed_calls = Table(
    "missed_calls",
    metadata,
    Column("missed_call_id", Id, primary_key=True),
    #: Asterisk's unique id of the call, as in its call detail records
    Column("call_id", String(150), nullable=False),
    #: as Asterisk tells the caller; empty where it hides its number
    Column("caller", String(80), nullable=False),
    #: NULL where no SMS can go to the caller
    Column("msisdn", String(20)),
    #: the number that was called, as the dialplan has it
    Column("did", String(80), nullable=False),
    Column("queue", String(128)),
    #: the name of the rule that decided
    Column("rule", String(64), nullable=False),
    Column("called_at", Instant, nullable=False),
    Column("missed_at", Instant, nullable=False),
    #: what is sent, or would have been
    Column("text", Text, nullable=False),
    #: waiting | sent | left_out
    Column("state", String(12), nullable=False),
    #: when it is to be sent; while somebody sends it, until when that is believed
    Column("next_at", Instant, nullable=False),
    Column("decided_at", Instant),
    #: why it was left out
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    Column("message_id", Id),
    sqlite_autoincrement=True,
)

#: a call is told by every engine that listens to its PBX
Index("ix_missed_calls_call_id", missed_calls.c.call_id, missed_calls.c.caller, unique=True)
Index("ix_missed_calls_msisdn", missed_calls.c.msisdn, missed_calls.c.missed_at)
#: nobody waits for two messages
Index(
    "ix_missed_calls_waiting",
    missed_calls.c.msisdn,
    unique=True,
    sqlite_where=missed_calls.c.state == "waiting",
    postgresql_where=missed_calls.c.state == "waiting",
)
