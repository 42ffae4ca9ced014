"""The rows of `storage.windows`: written at Start, moved on when they are over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.core.planning.open_hours import Interval
from pbx_sms.errors import Refused
from pbx_sms.operations.planning.hours import MailingHours
from pbx_sms.storage import mailings, windows
from pbx_sms.storage.engine import Database
from pbx_sms.storage.windows import Window


def write(
    connection: Connection, mailing_id: int, hours: MailingHours, zones: Collection[str], now: datetime
) -> None:
    """For a Start. `zones`: those of the messages, "" for none. Raises Refused(window_never_opens)."""
    if not hours.is_restricted:
        return
    intervals = [(zone, hours.of(zone).interval_at_or_after(now)) for zone in sorted(zones)]
    if not any(interval for _, interval in intervals):
        raise Refused("window_never_opens")
    windows.replace(connection, mailing_id, intervals)


def rewrite(connection: Connection, mailing_id: int, hours: MailingHours, now: datetime) -> None:
    """After the plan was changed; the zones stay as they are. Raises Refused(window_never_opens)."""
    write(connection, mailing_id, hours, _zones_of(connection, mailing_id), now)


def move_on(database: Database, settings: Settings, *, everything: bool = False) -> bool:
    """Puts the next interval in the place of each that is over, or reckons all anew (after a change of the
    settings). Returns whether something opened."""
    now = database.now()
    with database.read() as connection:
        found = windows.of_unended(connection) if everything else windows.due(connection, now)
        hours = _hours_of(connection, settings, {window.mailing_id for window in found})
    changed = list(_changed(found, hours, now))
    if not changed:
        return False
    with database.begin() as connection:
        moved = [windows.move(connection, window, interval) for window, interval in changed]
    return any(moved)


def _changed(
    found: Iterable[Window], hours: Mapping[int, MailingHours], now: datetime
) -> Iterable[tuple[Window, Interval | None]]:
    for window in found:
        interval = hours[window.mailing_id].of(window.zone).interval_at_or_after(now)
        if interval is not None and window.is_open(now) and interval.until_at == window.until_at:
            # the beginning of what is open already is of no account
            continue
        if interval is None and window.until_at is None and window.opens_at(now) is None:
            continue
        if interval != Interval(window.from_at, window.until_at):
            yield window, interval


def hours_of(settings: Settings, mailing: Row[Any], choice: PlanChoice | None = None) -> MailingHours:
    """The open hours of a stored mailing, by another choice than its own where one is given."""
    return MailingHours(settings, MailingKind(mailing.kind), choice or mailings.plan_of(mailing))


def _hours_of(connection: Connection, settings: Settings, ids: Collection[int]) -> dict[int, MailingHours]:
    found: dict[int, MailingHours] = {}
    for mailing_id in ids:
        mailing = mailings.find(connection, mailing_id)
        assert mailing is not None
        found[mailing_id] = hours_of(settings, mailing)
    return found


def _zones_of(connection: Connection, mailing_id: int) -> set[str]:
    known = {window.zone for window in windows.of_mailing(connection, mailing_id)}
    return known or set(windows.counts(connection, mailing_id))
