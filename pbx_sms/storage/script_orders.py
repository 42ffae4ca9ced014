"""Orders of scripts that were carried out, by the Id the script gave them: a repeat gets the same answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from pbx_sms.storage.schema import script_orders


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneOrder:
    digest: str
    answer: dict[str, Any]


def find(connection: Connection, kind: str, order_key: str) -> DoneOrder | None:
    row = connection.execute(
        select(script_orders.c.digest, script_orders.c.answer).where(
            script_orders.c.kind == kind, script_orders.c.order_key == order_key
        )
    ).one_or_none()
    return None if row is None else DoneOrder(digest=row.digest, answer=row.answer)


def keep(
    connection: Connection, kind: str, order_key: str, digest: str, answer: dict[str, Any], now: datetime
) -> None:
    """The first answer stays."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        insert(script_orders)
        .values(kind=kind, order_key=order_key, digest=digest, answer=answer, at=now)
        .on_conflict_do_nothing()
    )


def forget(connection: Connection, before_at: datetime) -> int:
    return connection.execute(delete(script_orders).where(script_orders.c.at < before_at)).rowcount
