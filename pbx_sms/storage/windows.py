"""The sending windows of mailings: which interval is open now or opens next, for each zone of the recipients.

Whoever begins messages reads them; a window that is over is closed until somebody moves it on. `queue.lease`
and the intent hold to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.planning.open_hours import Interval
from pbx_sms.storage.schema import mailings, messages, sending_windows
from pbx_sms.storage.schema.types import FAR_FUTURE

#: it may still send something
UNENDED = (MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    mailing_id: int
    #: "" for messages without a zone
    zone: str
    from_at: datetime
    until_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        return self.from_at <= now and (self.until_at is None or now < self.until_at)

    def opens_at(self, now: datetime) -> datetime | None:
        """None: never again, or not yet known because it is over."""
        return self.from_at if now < self.from_at < FAR_FUTURE else None


#: the zones of a mailing without windows
ANYWHERE: tuple[str, ...] = ("*",)

_COLUMNS = (
    sending_windows.c.mailing_id,
    sending_windows.c.zone,
    sending_windows.c.from_at,
    sending_windows.c.until_at,
)
_OF_MAILING = select(*_COLUMNS).where(sending_windows.c.mailing_id == bindparam("mailing_id"))
_OF_RUNNING = (
    select(*_COLUMNS)
    .join(mailings, mailings.c.mailing_id == sending_windows.c.mailing_id)
    .where(mailings.c.state == MailingState.RUNNING)
)
_DUE = (
    select(*_COLUMNS)
    .join(mailings, mailings.c.mailing_id == sending_windows.c.mailing_id)
    .where(sending_windows.c.until_at <= bindparam("now"), mailings.c.state.in_(UNENDED))
)
_WAITING = (
    select(messages.c.message_id)
    .where(
        messages.c.mailing_id == bindparam("mailing_id"),
        messages.c.zone == bindparam("zone"),
        messages.c.state == MessageState.QUEUED,
    )
    .limit(1)
)
_WAITING_ANYWHERE = (
    select(messages.c.message_id)
    .where(
        messages.c.mailing_id == bindparam("mailing_id"),
        messages.c.zone.is_(None),
        messages.c.state == MessageState.QUEUED,
    )
    .limit(1)
)


def of_mailing(connection: Connection, mailing_id: int) -> list[Window]:
    """By zone; empty: it may send at any time."""
    found = [Window(**row._mapping) for row in connection.execute(_OF_MAILING, {"mailing_id": mailing_id})]
    return sorted(found, key=lambda window: window.zone)


def open_zones(windows: Sequence[Window], now: datetime) -> Sequence[str]:
    """The zones that are open, the one that closes first first; `ANYWHERE` where there are no windows."""
    if not windows:
        return ANYWHERE
    in_order = sorted(windows, key=lambda one: (one.until_at or FAR_FUTURE, one.zone))
    found = [window.zone for window in in_order if window.is_open(now)]
    # messages without a zone have no window, unless it is one for them
    return found if any(not window.zone for window in windows) else [*found, ""]


def of_running(connection: Connection) -> dict[int, list[Window]]:
    """Of all running mailings that have any."""
    found: dict[int, list[Window]] = {}
    for row in connection.execute(_OF_RUNNING):
        found.setdefault(row.mailing_id, []).append(Window(**row._mapping))
    return found


def due(connection: Connection, now: datetime) -> list[Window]:
    """Windows that are over, of mailings that may still send something."""
    return [Window(**row._mapping) for row in connection.execute(_DUE, {"now": now})]


def of_unended(connection: Connection) -> list[Window]:
    """All windows of mailings that may still send something."""
    query = select(*_COLUMNS).join(mailings, mailings.c.mailing_id == sending_windows.c.mailing_id)
    return [Window(**row._mapping) for row in connection.execute(query.where(mailings.c.state.in_(UNENDED)))]


def replace(
    connection: Connection, mailing_id: int, intervals: Iterable[tuple[str, Interval | None]]
) -> None:
    """Writes the windows of a mailing anew: (zone, its interval, None where it never opens)."""
    connection.execute(delete(sending_windows).where(sending_windows.c.mailing_id == mailing_id))
    rows = [{"mailing_id": mailing_id, "zone": zone, **_values(interval)} for zone, interval in intervals]
    if rows:
        connection.execute(insert(sending_windows), rows)


def move(connection: Connection, window: Window, interval: Interval | None) -> bool:
    """Puts the next interval in the place of `window`; false where somebody else did so."""
    until_at = sending_windows.c.until_at
    return (
        connection.execute(
            update(sending_windows)
            .where(
                sending_windows.c.mailing_id == window.mailing_id,
                sending_windows.c.zone == window.zone,
                sending_windows.c.from_at == window.from_at,
                until_at.is_(None) if window.until_at is None else until_at == window.until_at,
            )
            .values(**_values(interval))
        ).rowcount
        == 1
    )


def forget(connection: Connection, mailing_id: int, now: datetime) -> None:
    """Closes the windows of a mailing until they are reckoned anew, which is due at once."""
    connection.execute(
        update(sending_windows)
        .where(sending_windows.c.mailing_id == mailing_id)
        .values(from_at=now, until_at=now)
    )


def waiting_for(connection: Connection, windows: Sequence[Window], now: datetime) -> Window | None:
    """The closed window that opens first of those for which a message waits."""
    closed = [window for window in windows if not window.is_open(now)]
    for window in sorted(closed, key=lambda one: (one.opens_at(now) or FAR_FUTURE, one.zone)):
        query = _WAITING if window.zone else _WAITING_ANYWHERE
        if connection.execute(query, {"mailing_id": window.mailing_id, "zone": window.zone}).first():
            return window
    return None


def counts(connection: Connection, mailing_id: int) -> dict[str, tuple[int, int]]:
    """zone → messages in all, and those that still wait ("" = without a zone)."""
    rows = connection.execute(
        select(
            func.coalesce(messages.c.zone, ""),
            func.count(),
            func.sum(case((messages.c.state.in_((MessageState.QUEUED, MessageState.LEASED)), 1), else_=0)),
        )
        .where(messages.c.mailing_id == mailing_id)
        .group_by(func.coalesce(messages.c.zone, ""))
    )
    return {zone: (int(total), int(waiting)) for zone, total, waiting in rows}


def _values(interval: Interval | None) -> dict[str, datetime | None]:
    if interval is None:
        return {"from_at": FAR_FUTURE, "until_at": None}
    return {"from_at": interval.from_at, "until_at": interval.until_at}
