"""What came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import inbox
from pbx_sms.storage.engine import Database


def read(
    database: Database,
    settings: Settings,
    *,
    limit: int = 50,
    since_at: datetime | None = None,
    before_id: int | None = None,
) -> list[dict[str, Any]]:
    """The inbound messages, newest first.

    [{"inbound_id", "received_at", "sent_at", "sim", "sim_label", "sender", "number", "text",
    "missing_parts", "is_stop"}]; `sender` is a number or a name, `number` only a number.
    """
    with database.read() as connection:
        rows = inbox.newest(connection, limit=limit, since_at=since_at, before_id=before_id)
    return [
        {
            "inbound_id": row.inbound_id,
            "received_at": row.received_at,
            "sent_at": row.sent_at,
            "sim": row.sim,
            "sim_label": label_of(settings, row.sim, row.sim_label),
            "sender": row.sender,
            "number": row.msisdn,
            "text": row.text,
            "missing_parts": row.missing_parts,
            "is_stop": row.is_stop,
        }
        for row in rows
    ]
