"""Delivery of what is due: one after the other, each outcome written down, never in the way of the sending.

A server that does not answer is asked once in a round, whatever waits for it. At least once: whoever dies
between the server's yes and the commit tells it again after a while, with the same id.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from pbx_sms.config import Settings
from pbx_sms.core import notify_retry
from pbx_sms.core.reason import Reason
from pbx_sms.errors import Refused
from pbx_sms.operations.notify import mail, webhook
from pbx_sms.storage import notifications
from pbx_sms.storage.engine import Database
from pbx_sms.storage.notifications import NotificationRow

log = logging.getLogger(__name__)

#: of one round
_AT_ONCE = 20
#: where people read Russian
_RUSSIAN = frozenset({"RU", "BY", "KZ", "KG"})


def deliver_due(database: Database, settings: Settings) -> bool:
    """Delivers what is due. Always False: nothing of it is an SMS to send."""
    open_channels = list(settings.notify.channels())
    if not open_channels:
        return False
    with database.read() as connection:
        due = notifications.due(connection, database.now(), open_channels, limit=_AT_ONCE)
    for notification_id in due:
        row = _claim(database, settings, notification_id)
        if row is None:
            continue
        if row.channel not in open_channels:
            _give_back(database, row)
        elif not deliver(database, settings, row):
            open_channels.remove(row.channel)
    return False


def deliver(database: Database, settings: Settings, row: NotificationRow) -> bool:
    """One try of a claimed one; whether the server took it."""
    try:
        if row.channel == "email":
            mail.send(settings, row, "ru" if settings.sending.country in _RUSSIAN else "en")
        else:
            webhook.send(settings, row)
    except Refused as refused:
        retry_s = notify_retry.wait_s(row.attempt_count)
        log.warning("notification=%s %s: %s", row.notification_id, row.channel, refused)
        with database.begin() as connection:
            notifications.not_delivered(
                connection, row.notification_id, Reason.of(refused), database.now(), retry_s
            )
        return False
    log.info("notification=%s %s delivered", row.notification_id, row.channel)
    with database.begin() as connection:
        notifications.delivered(connection, row.notification_id, database.now())
    return True


def claim_now(database: Database, settings: Settings, notification_id: int) -> NotificationRow | None:
    """Takes one for delivery, whoever asks first; None when another was quicker."""
    return _claim(database, settings, notification_id)


def _claim(database: Database, settings: Settings, notification_id: int) -> NotificationRow | None:
    now = database.now()
    # a dialogue has several steps, each of which may take that long
    until_at = now + timedelta(seconds=12 * settings.notify.timeout_s + 60)
    with database.begin() as connection:
        return notifications.claim(connection, notification_id, now, until_at)


def _give_back(database: Database, row: NotificationRow) -> None:
    with database.begin() as connection:
        notifications.unclaim(connection, row.notification_id, database.now())
