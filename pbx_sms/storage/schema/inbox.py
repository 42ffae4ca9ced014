"""What is said back: the history of the stop list, and notifications on their way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, SmallInteger, String, Table, Text

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

#: every number that came onto the stop list or was taken off it; rows are never changed
stop_history = Table(
    "stop_history",
    metadata,
    Column("stop_id", Id, primary_key=True),
    Column("msisdn", String(20), nullable=False),
    #: added | removed
    Column("action", String(8), nullable=False),
    #: of an addition: sms | person | import | call
    Column("source", String(16)),
    #: the words of the person, or why a person took it off
    Column("note", Text),
    Column("inbound_id", Id),
    #: which rule took the text for a demand, see core.stop_words.Rule
    Column("rule", String(16)),
    #: when the person asked, by the service centre's clock where it says so
    Column("asked_at", Instant),
    Column("at", Instant, nullable=False),
    Column("by", Text),
    #: of a demand by telephone: Asterisk's unique id of the call
    Column("call_id", String(150)),
    sqlite_autoincrement=True,
)

#: what is to be told by e-mail or web-hook, and what became of it
notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", Id, primary_key=True),
    #: email | webhook
    Column("channel", String(8), nullable=False),
    #: inbound | stop | test
    Column("kind", String(8), nullable=False),
    Column("inbound_id", Id),
    #: what is told, as it was then
    Column("content", Json, nullable=False),
    #: waiting | delivered | failed
    Column("state", String(12), nullable=False),
    Column("attempt_count", SmallInteger, nullable=False, server_default="0"),
    #: not before; while somebody delivers it, until when that is believed
    Column("next_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    #: what the last try came to
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    sqlite_autoincrement=True,
)


def _where(clause: Any) -> dict[str, Any]:
    return {"sqlite_where": clause, "postgresql_where": clause}


Index("ix_stop_history_msisdn", stop_history.c.msisdn, stop_history.c.stop_id)
Index("ix_notifications_waiting", notifications.c.next_at, **_where(notifications.c.state == "waiting"))
