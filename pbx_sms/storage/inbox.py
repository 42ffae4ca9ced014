"""What came in, for reading and for marks. The receiver writes it, in the commit after which the SIM's copy
is deleted; here only who looks after it and whether it is done. Each mark is an event of kind inbound, so
that who gave it and when is never lost."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, update

from pbx_sms.core.reason import Reason
from pbx_sms.storage import events as event_log
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import events, inbound, mailings, sims


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRow:
    inbound_id: int
    #: by our clock
    received_at: datetime
    #: by the service centre's clock
    sent_at: datetime | None
    sim_id: int
    #: IMSI of the SIM that received it
    sim: str | None
    sim_label: str | None
    #: as the network gave it: a number, or the name it gave itself
    sender: str
    #: E.164, None for a name or a short code
    msisdn: str | None
    text: str
    #: parts that never came, 0 for a whole message
    missing_parts: int
    #: it put its number on the stop list
    is_stop: bool
    #: our newest message to that number before it, and its mailing
    message_id: int | None
    mailing_id: int | None
    mailing: str | None
    #: open | done
    state: str
    assigned_to: str | None
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Somebody marked a message."""

    at: datetime
    #: assigned | unassigned | done | reopened
    mark: str
    #: who looks after it from then on, of *assigned*
    user: str | None
    by: str | None

    @property
    def reason(self) -> Reason:
        """As the event keeps it, and for the sentence."""
        return Reason(f"inbox_mark_{self.mark}", {"user": self.user, "by": self.by})


_ROWS = (
    select(
        *(inbound.c[name] for name in InboundRow.__annotations__ if name in inbound.c),
        sims.c.imsi.label("sim"),
        sims.c.label.label("sim_label"),
        mailings.c.name.label("mailing"),
    )
    .select_from(
        inbound.outerjoin(sims, sims.c.sim_id == inbound.c.sim_id).outerjoin(
            mailings, mailings.c.mailing_id == inbound.c.mailing_id
        )
    )
    .order_by(inbound.c.inbound_id.desc())
)


def newest(
    connection: Connection,
    *,
    limit: int,
    since_at: datetime | None = None,
    before_id: int | None = None,
    sender: str | None = None,
    mailing_id: int | None = None,
    assigned_to: str | None = None,
    is_open: bool = False,
) -> list[InboundRow]:
    """Up to `limit` messages, newest first: received at `since_at` or later, older than `before_id`, of one
    sender (its number, or the name it gave itself), in answer to one mailing, of one user, not done yet."""
    query: Select[Any] = _ROWS.limit(limit)
    if since_at is not None:
        query = query.where(inbound.c.received_at >= since_at)
    if before_id is not None:
        query = query.where(inbound.c.inbound_id < before_id)
    if sender is not None:
        query = query.where(or_(inbound.c.msisdn == sender, inbound.c.sender == sender))
    if mailing_id is not None:
        query = query.where(inbound.c.mailing_id == mailing_id)
    if assigned_to is not None:
        query = query.where(inbound.c.assigned_to == assigned_to)
    if is_open:
        query = query.where(inbound.c.state == "open")
    return [InboundRow(**row._mapping) for row in connection.execute(query)]


def by_id(connection: Connection, inbound_id: int) -> InboundRow | None:
    row = connection.execute(_ROWS.where(inbound.c.inbound_id == inbound_id)).one_or_none()
    return None if row is None else InboundRow(**row._mapping)


def open_count(connection: Connection) -> int:
    """How many wait for somebody."""
    found = select(func.count()).select_from(inbound).where(inbound.c.state == "open")
    return int(connection.execute(found).scalar_one())


def marks_of(connection: Connection, inbound_ids: Collection[int]) -> dict[int, list[Mark]]:
    """What was done with these messages, in the order of time; of those that nobody marked nothing."""
    query = (
        select(events.c.inbound_id, events.c.at, events.c.state, events.c.reason_params)
        .where(
            events.c.inbound_id.in_(inbound_ids),
            events.c.kind == "inbound",
            # without one it came in
            events.c.state.is_not(None),
        )
        .order_by(events.c.event_id)
    )
    marks: dict[int, list[Mark]] = {}
    for row in connection.execute(query):
        params = row.reason_params or {}
        mark = Mark(at=row.at, mark=row.state, user=params.get("user"), by=params.get("by"))
        marks.setdefault(row.inbound_id, []).append(mark)
    return marks


# Each of them writes an event, which is the last thing a transaction does.


def assign(connection: Connection, inbound_id: int, to: str | None, by: str | None, now: datetime) -> bool:
    """False when it is so already, or there is none."""
    mark = Mark(at=now, mark="unassigned" if to is None else "assigned", user=to, by=by)
    other = inbound.c.assigned_to.is_distinct_from(to)
    return _mark(connection, inbound_id, mark, other, assigned_to=to, assigned_by=by, assigned_at=now)


def done(connection: Connection, inbound_id: int, by: str | None, now: datetime) -> bool:
    """False when it was done before, or there is none."""
    mark = Mark(at=now, mark="done", user=None, by=by)
    return _mark(
        connection, inbound_id, mark, inbound.c.state == "open", state="done", done_by=by, done_at=now
    )


def reopen(connection: Connection, inbound_id: int, by: str | None, now: datetime) -> bool:
    """False when it is open, or there is none."""
    mark = Mark(at=now, mark="reopened", user=None, by=by)
    was_done = inbound.c.state == "done"
    return _mark(connection, inbound_id, mark, was_done, state="open", done_by=None, done_at=None)


def _mark(connection: Connection, inbound_id: int, mark: Mark, guard: Any, **values: Any) -> bool:
    statement = update(inbound).where(inbound.c.inbound_id == inbound_id, guard).values(**values)
    if connection.execute(statement).rowcount != 1:
        return False
    event = NewEvent(at=mark.at, kind="inbound", state=mark.mark, inbound_id=inbound_id, reason=mark.reason)
    event_log.append(connection, [event])
    return True
