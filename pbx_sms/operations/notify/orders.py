"""What a person may ask about notifications: which there are, one again, and whether it works at all."""

from __future__ import annotations

from typing import Any

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.audit import order
from pbx_sms.operations.notify import delivery
from pbx_sms.storage import notifications
from pbx_sms.storage.engine import Database
from pbx_sms.storage.notifications import NotificationRow


def list_notifications(
    database: Database, settings: Settings, *, state: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """[{"notification_id", "channel", "kind", "inbound_id", "state", "attempts", "next_at", "created_at",
    "delivered_at", "reason", "reason_params"}], newest first; `reason` tells what the last try came to."""
    with database.read() as connection:
        return [_shown(row) for row in notifications.newest(connection, state=state, limit=limit)]


@order("notify.retry", "notification_id")
def retry(database: Database, settings: Settings, notification_id: int) -> dict[str, Any]:
    """The notification as `list_notifications` shows it: it is tried again at once, as if for the first time.
    Refused: no_such_notification, notification_is_delivered."""
    with database.begin() as connection:
        changed = notifications.again(connection, notification_id, database.now())
        row = notifications.by_id(connection, notification_id)
        if row is None:
            raise NotFound("no_such_notification", notification_id=notification_id)
        if not changed:
            raise Conflict("notification_is_delivered", notification_id=notification_id)
    return _shown(row)


@order("notify.test")
def test(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """Tells a test by every way that is set up, now; what came of it as `list_notifications` shows it.
    Refused: notify_not_configured."""
    channels = settings.notify.channels()
    if not channels:
        raise Refused("notify_not_configured")
    now = database.now()
    content = {
        "inbound_id": None,
        "received_at": now.isoformat(),
        "sender": "pbx-sms",
        "number": None,
        "text": "pbx-sms: test",
        "sim": None,
        "sim_label": None,
        "message_id": None,
        "mailing_id": None,
        "mailing": None,
    }
    told = []
    for channel in channels:
        with database.begin() as connection:
            notification_id = notifications.add(connection, channel, "test", content, now)
        row = delivery.claim_now(database, settings, notification_id)
        if row is not None:
            delivery.deliver(database, settings, row)
        with database.read() as connection:
            row = notifications.by_id(connection, notification_id)
        assert row is not None, "nothing deletes notifications"
        told.append(_shown(row))
    return told


def _shown(row: NotificationRow) -> dict[str, Any]:
    return {
        "notification_id": row.notification_id,
        "channel": row.channel,
        "kind": row.kind,
        "inbound_id": row.inbound_id,
        "state": row.state,
        "attempts": row.attempt_count,
        "next_at": row.next_at if row.state == "waiting" else None,
        "created_at": row.created_at,
        "delivered_at": row.delivered_at,
        "reason": row.reason_code,
        "reason_params": row.reason_params or {},
    }
