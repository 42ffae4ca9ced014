"""What a forecast is made from, and where it is kept. Nothing but the forecast itself is changed here."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, update

from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.core.route_rules import Route
from pbx_sms.core.verdict import Kind
from pbx_sms.storage.routing import routes
from pbx_sms.storage.schema import attempts, events, mailings, messages

#: parts of a SIM whose time is looked at
_MEASURED_PARTS = 100
#: events among which changes of SIM slots are sought
_LOOKED_AT_EVENTS = 5000
#: the state of a modem through which SMS can go
_IN_THE_NETWORK = "registered"
#: what is not yet begun; of what is being submitted the quota is taken already
_WAITING = (MessageState.QUEUED, MessageState.LEASED)
#: mailings of which something is foreseen
FORESEEN = (MailingState.RUNNING, MailingState.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Sort:
    """What decides when and through which SIMs a message may go."""

    #: the SIM that alone may send it, None: any
    sim_id: int | None = None
    #: the recipient's; "" where it does not matter
    zone: str = ""
    route_id: int | None = None
    #: the SIMs that rules chose for it
    route: Route | None = field(default=None, compare=False)


@dataclass(slots=True)
class WaitingRows:
    """Messages of one sort in the mailing's order: parts, place among all of the mailing, not before, to whom
    (None: it counts for nobody's cap)."""

    parts: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    not_before: list[datetime | None] = field(default_factory=list)
    people: list[str | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMailing:
    """What is left of a mailing, or of the single messages of one rank (`mailing` None)."""

    #: its row in `mailings`
    mailing: Row[Any] | None
    kind: MailingKind
    rows: dict[Sort, WaitingRows]


def used_parts(connection: Connection, sim_id: int, since_at: datetime) -> list[tuple[datetime, bool]]:
    """(when it counts, whether it is of an ordinary mailing) of each part after `since_at`, oldest first."""
    query = (
        select(attempts.c.counted_at, attempts.c.uses_reserve)
        .where(attempts.c.sim_id == sim_id, attempts.c.counted_at > since_at)
        .order_by(attempts.c.counted_at)
    )
    return [(row.counted_at, not row.uses_reserve) for row in connection.execute(query)]


def recipients(connection: Connection, sim_id: int, since_at: datetime) -> list[datetime]:
    """When the SIM last wrote to each of its recipients after `since_at`, oldest first."""
    newest_at = func.max(attempts.c.counted_at)
    query = (
        select(newest_at)
        .where(attempts.c.sim_id == sim_id, attempts.c.counted_at > since_at)
        .group_by(attempts.c.msisdn)
        .order_by(newest_at)
    )
    return list(connection.execute(query).scalars())


def median_part_s(connection: Connection, sim_id: int, since_at: datetime) -> float | None:
    """Seconds from the intent to the network's answer: the median of the SIM's newest accepted parts, None
    where there are none."""
    query = (
        select(attempts.c.started_at, attempts.c.ended_at)
        .where(
            attempts.c.sim_id == sim_id,
            attempts.c.counted_at > since_at,
            attempts.c.kind == Kind.ACCEPTED,
            attempts.c.started_at.is_not(None),
            attempts.c.ended_at.is_not(None),
        )
        .order_by(attempts.c.counted_at.desc())
        .limit(_MEASURED_PARTS)
    )
    took_s = [(row.ended_at - row.started_at).total_seconds() for row in connection.execute(query)]
    return statistics.median(took_s) if took_s else None


def median_change_s(connection: Connection, modem_id: int) -> float | None:
    """Seconds from the decision to change the modem's SIM slot until it is in the network again: the median
    of the changes among the newest events; None where there are none."""
    newest_id = select(func.max(events.c.event_id)).scalar_subquery()
    found = connection.execute(
        select(events.c.at, events.c.state, events.c.reason_code)
        .where(
            events.c.event_id > newest_id - _LOOKED_AT_EVENTS,
            events.c.kind == "modem",
            events.c.modem_id == modem_id,
        )
        .order_by(events.c.event_id)
    )
    took_s: list[float] = []
    left_at: datetime | None = None
    for row in found:
        if row.reason_code is not None:
            left_at = row.at if row.reason_code.startswith("slot_changed") else None
        elif row.state == _IN_THE_NETWORK and left_at is not None:
            took_s.append((row.at - left_at).total_seconds())
            left_at = None
    return statistics.median(took_s) if took_s else None


def waiting(connection: Connection, *, also_mailing_id: int | None = None) -> list[WaitingMailing]:
    """Everything that waits in running and scheduled mailings, and the single messages. `also_mailing_id`:
    one that is paused, as if it went on."""
    foreseen = select(mailings).where(
        or_(mailings.c.state.in_(FORESEEN), mailings.c.mailing_id == (also_mailing_id or 0))
    )
    found = [
        WaitingMailing(
            mailing=mailing,
            kind=MailingKind(mailing.kind),
            rows=_rows_of(connection, mailing, whole=mailing.mailing_id == also_mailing_id),
        )
        for mailing in connection.execute(foreseen.order_by(mailings.c.mailing_id)).all()
    ]
    return [*found, *_singles(connection)]


_WAITING_COLUMNS = (
    messages.c.part_count,
    messages.c.bound_sim_id,
    messages.c.zone,
    messages.c.not_before_at,
    messages.c.route_id,
    messages.c.msisdn,
    # as `storage.queue.person_cap` has it: trials and the confirmation of a stop do not count
    or_(messages.c.trial_of.is_not(None), messages.c.confirms_stop_id.is_not(None)).label("is_uncounted"),
)


def _rows_of(connection: Connection, mailing: Row[Any], *, whole: bool) -> dict[Sort, WaitingRows]:
    """Without what is held until a person's word, unless the `whole` mailing is asked for."""
    query = (
        select(*_WAITING_COLUMNS)
        .where(messages.c.mailing_id == mailing.mailing_id, messages.c.state.in_(_WAITING))
        .order_by(messages.c.message_id)
    )
    if mailing.trial_until_id is not None and not whole:
        query = query.where(messages.c.message_id <= mailing.trial_until_id)
    return _sorted(connection, connection.execute(query).all())


def waiting_texts(connection: Connection, mailing_id: int) -> Sequence[Any]:
    """(message_id, row, msisdn, text, part_count) of what waits in a mailing, by its places in `waiting`."""
    query = (
        select(
            messages.c.message_id, messages.c.row, messages.c.msisdn, messages.c.text, messages.c.part_count
        )
        .where(messages.c.mailing_id == mailing_id, messages.c.state.in_(_WAITING))
        .order_by(messages.c.message_id)
    )
    return connection.execute(query).all()


def _singles(connection: Connection) -> list[WaitingMailing]:
    query = (
        select(messages.c.rank, *_WAITING_COLUMNS)
        .where(messages.c.mailing_id.is_(None), messages.c.state.in_(_WAITING), messages.c.probe.is_(False))
        .order_by(messages.c.message_id)
    )
    by_rank: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        by_rank[row.rank].append(row)
    kinds = {0: MailingKind.INFORMATION, 1: MailingKind.SERVICE, 2: MailingKind.URGENT}
    return [
        WaitingMailing(mailing=None, kind=kinds[rank], rows=_sorted(connection, rows))
        for rank, rows in sorted(by_rank.items())
    ]


def _sorted(connection: Connection, found: Sequence[Any]) -> dict[Sort, WaitingRows]:
    route_ids = sorted({row.route_id for row in found if row.route_id is not None})
    known = routes.read(connection, route_ids) if route_ids else {}
    rows: dict[Sort, WaitingRows] = {}
    #: the same by what stands in a message's row: a mailing has few sorts and many rows
    by_columns: dict[tuple[Any, ...], WaitingRows] = {}
    for place, row in enumerate(found):
        columns = (row.bound_sim_id, row.zone, row.route_id)
        mine = by_columns.get(columns)
        if mine is None:
            sort = Sort(row.bound_sim_id, row.zone or "", row.route_id, known.get(row.route_id))
            mine = by_columns[columns] = rows.setdefault(sort, WaitingRows())
        mine.parts.append(row.part_count)
        mine.places.append(place)
        mine.not_before.append(row.not_before_at)
        mine.people.append(None if row.is_uncounted else row.msisdn)
    return rows


def foreseen_ids(connection: Connection) -> list[int]:
    """Running and scheduled mailings."""
    foreseen = select(mailings.c.mailing_id).where(mailings.c.state.in_(FORESEEN))
    return list(connection.execute(foreseen.order_by(mailings.c.mailing_id)).scalars())


def store(
    connection: Connection, mailing_id: int, ends_at: datetime | None, never: Reason | None, now: datetime
) -> bool:
    """Keeps what was foreseen; false when the mailing is no longer running or scheduled."""
    return (
        connection.execute(
            update(mailings)
            .where(mailings.c.mailing_id == mailing_id, mailings.c.state.in_(FORESEEN))
            .values(
                forecast_at=ends_at,
                forecast_reason_code=never.code if never else None,
                forecast_reason_params=dict(never.params) if never else None,
                forecast_made_at=now,
            )
        ).rowcount
        == 1
    )
