"""What came in, for reading and for marks. The receiver writes it, in the commit after which the SIM's copy
is deleted; here only who looks after it and whether it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, update

from pbx_sms.storage.schema import inbound, mailings, sims


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


def assign(connection: Connection, inbound_id: int, to: str | None, by: str | None, now: datetime) -> bool:
    return _mark(connection, inbound_id, assigned_to=to, assigned_by=by, assigned_at=now)


def done(connection: Connection, inbound_id: int, by: str | None, now: datetime) -> bool:
    """False when it was done before, or there is none."""
    return _mark(connection, inbound_id, was="open", state="done", done_by=by, done_at=now)


def reopen(connection: Connection, inbound_id: int) -> bool:
    """False when it is open, or there is none."""
    return _mark(connection, inbound_id, was="done", state="open", done_by=None, done_at=None)


def _mark(connection: Connection, inbound_id: int, *, was: str | None = None, **values: Any) -> bool:
    statement = update(inbound).where(inbound.c.inbound_id == inbound_id).values(**values)
    if was is not None:
        statement = statement.where(inbound.c.state == was)
    return connection.execute(statement).rowcount == 1
