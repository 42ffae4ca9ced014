"""The forecast of mailings that run: kept up to date by a duty, and for whoever asks."""

from __future__ import annotations

import time
from collections.abc import Iterable

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingState
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.operations.forecasts import before_start
from pbx_sms.operations.forecasts.foreseeing import Outlook, everything, outlook, parse_changes
from pbx_sms.operations.forecasts.pool import read_pool
from pbx_sms.operations.forecasts.work import waiting
from pbx_sms.storage import events, forecasts, mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.routing import revision
from pbx_sms.storage.routing.revision import RoutingState

#: their messages are in the queue
_QUEUED = (MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED)
#: of one processor's time it takes one in so many
_SHARE = 50
_ENDED = (MailingState.FINISHED, MailingState.CANCELLED)


def of_mailing(
    database: Database, settings: Settings, mailing_id: int, what_if: Iterable[str] = ()
) -> Outlook:
    """What is foreseen of a mailing: of a draft as if it were started now, of a paused one as if it went on
    now.

    Raises NotFound(mailing_not_found), Conflict (mailing_is_finished, mailing_is_cancelled), Refused
    (what_if_invalid, and for a draft what keeps it from starting).
    """
    changes = parse_changes(what_if)
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
    if mailing is None:
        raise NotFound("mailing_not_found", mailing_id=mailing_id)
    if mailing.state in _ENDED:
        raise Conflict(f"mailing_is_{mailing.state}", mailing_id=mailing_id)
    if mailing.state not in _QUEUED:
        return before_start.of_draft(database, settings, mailing, changes)
    with database.read() as connection:
        now = database.now()
        pool = read_pool(connection, settings, now)
        works = waiting(connection, settings, mailing_id)
    return outlook(settings, pool, works, mailing_id, now, changes)


class Keeper:
    """Brings `forecast_at` of running mailings up to date, when something has happened since it last did.

    What is foreseen changes with every message that does not go as foreseen, so an event is reason enough to
    look again, but no more often than `every_s` of the duty, nor than a fiftieth of a processor allows. Where
    nothing happens at all, windows still slide, and it looks after `idle_s`.
    """

    def __init__(self, settings: Settings, *, idle_s: float = 600.0) -> None:
        self._settings = settings
        self._idle_s = idle_s
        self._seen: tuple[int, list[int], RoutingState] | None = None
        self._made_s = 0.0
        #: how long it took last
        self._cost_s = 0.0

    def refresh(self, database: Database) -> bool:
        """The duty: there is never anything new to send. Several engines write the same forecast."""
        began_s = time.monotonic()
        now = database.now()
        if began_s - self._made_s < _SHARE * self._cost_s:
            return False
        with database.read() as connection:
            ids = forecasts.foreseen_ids(connection)
            seen = (events.newest_id(connection), ids, revision.read(connection))
            if not ids or (seen == self._seen and began_s - self._made_s < self._idle_s):
                return False
            pool = read_pool(connection, self._settings, now)
            works = waiting(connection, self._settings)
        foreseen = everything(self._settings, pool, works, now)
        with database.begin() as connection:
            for mailing_id in ids:
                ending = foreseen.mailings.get(mailing_id)
                if ending is not None:
                    forecasts.store(connection, mailing_id, ending.ends_at, ending.never, now)
        self._seen, self._made_s = seen, time.monotonic()
        self._cost_s = self._made_s - began_s
        return False
