"""Which functions are orders, and what is told of them afterwards.

`order` marks a function as an order that a person can give: each time it changes something, one row of the
audit log says so, written in the same transaction (see `pbx_sms.storage.audit`). A test finds functions that
change something and are not marked.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from pbx_sms.errors import Refused
from pbx_sms.storage import audit
from pbx_sms.storage.audit import AuditRow, Pending
from pbx_sms.storage.engine import Database

P = ParamSpec("P")
R = TypeVar("R")

#: code → the function that carries it out
ORDERS: dict[str, Callable[..., Any]] = {}

_CHUNK = 500
#: of one text inside of a row: who it was and what, not the whole of it
_MAX_TEXT = 500
_MAX_ITEMS = 50


def order(
    code: str, subject: str | None = None, *keeps: str, once_told: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Marks an order. `subject` is the argument that says what it is given for, `keeps` are those whose
    values are kept as what was asked for. With `once_told` its row is written by the transaction in which
    the order calls `tell`; else by its first one."""

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        unknown = {name for name in (subject, *keeps) if name} - set(signature.parameters)
        if unknown or code in ORDERS:
            raise TypeError(f"{code}: {unknown or 'marked twice'}")
        ORDERS[code] = function

        @functools.wraps(function)
        def given(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs).arguments
            named = bound.get(subject) if subject else None
            asked = {name: plain(bound[name]) for name in keeps if bound.get(name) is not None}
            pending = Pending(
                order_code=code,
                subject=None if named is None else str(named),
                after=asked or None,
                is_ready=not once_told,
            )
            with audit.giving(pending):
                return function(*args, **kwargs)

        return given

    return mark


def tell(*, subject: object = None, before: Any = None, after: Any = None) -> None:
    """Inside the transaction of an order: what it is about, what was there, what is there now."""
    audit.tell(
        subject=subject,
        before=None if before is None else plain(before),
        after=None if after is None else plain(after),
    )


def plain(value: Any) -> Any:
    """`value` as JSON has it, and no longer than a row needs."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in list(value.items())[:_MAX_ITEMS]}
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value[:_MAX_ITEMS]]
    text = str(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def sentence_code(order_code: str) -> str:
    """Of what the order is called."""
    return f"audit_{order_code.replace('.', '_')}"


def kinds() -> list[str]:
    """What orders are about, by name."""
    return sorted({code.partition(".")[0] for code in ORDERS})


def page(
    database: Database,
    *,
    before_id: int | None = None,
    person: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """[{"audit_id", "at", "person", "origin", "address", "order", "subject", "before", "after"}], newest
    first. Refused: audit_kind_unknown."""
    if kind is not None and kind not in kinds():
        raise Refused("audit_kind_unknown", value=kind, known=", ".join(kinds()))
    with database.read() as connection:
        rows = audit.page(
            connection,
            before_id=before_id,
            person=person,
            kind=kind,
            since=since,
            until=until,
            limit=limit,
        )
    return [_shown(row) for row in rows]


def read(database: Database, *, limit: int | None = None, **filters: Any) -> Iterator[dict[str, Any]]:
    """The same for any number of rows, read page by page."""
    before_id: int | None = filters.pop("before_id", None)
    left = limit
    while left is None or left > 0:
        size = _CHUNK if left is None else min(_CHUNK, left)
        rows = page(database, before_id=before_id, limit=size, **filters)
        yield from rows
        if len(rows) < size:
            return
        before_id = rows[-1]["audit_id"]
        left = None if left is None else left - size


def persons(database: Database) -> list[str]:
    with database.read() as connection:
        return audit.persons(connection)


def _shown(row: AuditRow) -> dict[str, Any]:
    return {
        "audit_id": row.audit_id,
        "at": row.at,
        "person": row.person,
        "origin": str(row.origin),
        "address": row.address,
        "order": row.order_code,
        "subject": row.subject,
        "before": row.before,
        "after": row.after,
    }
