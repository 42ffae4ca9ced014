"""The audit log: every order with who gave it, when, from where, and what it changed. Rows are only added.

An order is *pending* from the moment it is given. `Database.begin` writes what is pending at the end of the
order's first transaction, so that the row is there if and only if the change is; a transaction that is
rolled back leaves the order pending. A database trigger refuses to change a row or to take one away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from pbx_sms.core import actor
from pbx_sms.core.actor import Origin
from pbx_sms.storage.schema import audit

MAX_SUBJECT = 200


@dataclass(slots=True, kw_only=True)
class Pending:
    """An order that has no row yet."""

    order_code: str
    subject: str | None = None
    before: Any = None
    after: Any = None
    #: False: its row is written by the first transaction after `tell`, not by the first one at all
    is_ready: bool = True
    is_written: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    audit_id: int
    at: datetime
    person: str | None
    origin: Origin
    address: str | None
    kind: str
    order_code: str
    subject: str | None
    before: Any
    after: Any


_PENDING: ContextVar[tuple[Pending, ...]] = ContextVar("pbx_sms_pending_orders", default=())


@contextmanager
def giving(order: Pending) -> Iterator[None]:
    """While the order is carried out. Orders that it gives in turn have rows of their own."""
    token = _PENDING.set((*_PENDING.get(), order))
    try:
        yield
    finally:
        _PENDING.reset(token)


def tell(*, subject: object = None, before: Any = None, after: Any = None) -> None:
    """Says more about the order being carried out, inside the transaction of its change."""
    if not _PENDING.get():
        return
    order = _PENDING.get()[-1]
    order.is_ready = True
    if subject is not None:
        order.subject = str(subject)
    if before is not None:
        order.before = before
    if after is not None:
        order.after = after


def unwritten() -> list[Pending]:
    return [order for order in _PENDING.get() if order.is_ready and not order.is_written]


def write(connection: Connection, orders: Sequence[Pending], now: datetime) -> None:
    who = actor.current()
    rows = [
        {
            "at": now,
            "person": who.name and who.name[:64],
            "origin": str(who.origin),
            "address": who.address,
            "kind": order.order_code.partition(".")[0],
            "order_code": order.order_code,
            "subject": order.subject and order.subject[:MAX_SUBJECT],
            "before": order.before,
            "after": order.after,
        }
        for order in orders
    ]
    connection.execute(insert(audit), rows)


def page(
    connection: Connection,
    *,
    before_id: int | None = None,
    person: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[AuditRow]:
    """The newest rows that fit, newest first; `before_id`: only older ones than that."""
    query = select(audit).order_by(audit.c.audit_id.desc()).limit(limit)
    for condition in (
        None if before_id is None else audit.c.audit_id < before_id,
        None if person is None else audit.c.person == person,
        None if kind is None else audit.c.kind == kind,
        None if since is None else audit.c.at >= since,
        None if until is None else audit.c.at < until,
    ):
        if condition is not None:
            query = query.where(condition)
    return [AuditRow(**{**row._mapping, "origin": Origin(row.origin)}) for row in connection.execute(query)]


def persons(connection: Connection) -> list[str]:
    """Everybody who ever gave an order, by name."""
    query = select(audit.c.person).where(audit.c.person.is_not(None)).distinct().order_by(audit.c.person)
    return list(connection.execute(query).scalars())
