"""Spreads the waiting messages of a mailing evenly over its open hours, each zone for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from pbx_sms.core.planning.open_hours import Interval
from pbx_sms.core.planning.spread import Spread
from pbx_sms.errors import Refused
from pbx_sms.operations.planning.hours import MailingHours
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database

_MESSAGES_PER_TRANSACTION = 1_000


def spread_out(
    database: Database,
    mailing_id: int,
    hours: MailingHours,
    counts: Mapping[str, int],
    *,
    keep: Callable[[Connection], None] | None = None,
) -> None:
    """`counts`: zone ("" for none) → messages that wait. Until the cut-off, or the end of the first window.

    `keep` is called first in each transaction. Raises Refused(smooth_needs_end).
    """
    now = database.now()
    for zone, count in counts.items():
        intervals = intervals_to_fill(hours, zone, now)
        if intervals and count:
            _spread_zone(database, mailing_id, zone or None, Spread(intervals, count), keep)


def refuse_endless(hours: MailingHours, now: datetime) -> None:
    """Raises Refused(smooth_needs_end) where there is no end to spread until."""
    intervals_to_fill(hours, "", now)


def intervals_to_fill(hours: MailingHours, zone: str, now: datetime) -> list[Interval]:
    """Until the cut-off, or the end of the first window. Raises Refused(smooth_needs_end)."""
    opened = hours.of(zone)
    cut_off_at = hours.choice.cut_off_at
    if cut_off_at is not None:
        return list(opened.intervals(now, cut_off_at))
    first = opened.interval_at_or_after(now)
    if first is None:
        return []
    if first.until_at is None:
        raise Refused("smooth_needs_end")
    return [Interval(max(first.from_at, now), first.until_at)]


def _spread_zone(
    database: Database,
    mailing_id: int,
    zone: str | None,
    spread: Spread,
    keep: Callable[[Connection], None] | None,
) -> None:
    index, after_id = 0, 0
    while True:
        with database.begin() as connection:
            if keep is not None:
                keep(connection)
            ids = queue.waiting_of(
                connection, mailing_id, zone, after_id=after_id, limit=_MESSAGES_PER_TRANSACTION
            )
            queue.spread(connection, [(one, spread.at(index + place)) for place, one in enumerate(ids)])
        if len(ids) < _MESSAGES_PER_TRANSACTION:
            return
        index, after_id = index + len(ids), ids[-1]
