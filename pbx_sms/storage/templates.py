"""Saved texts with placeholders, each under a name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from pbx_sms.storage.schema import templates


def add(connection: Connection, *, name: str, text: str, now: datetime, by: str | None) -> int:
    template_id: int = connection.execute(
        insert(templates)
        .values(name=name, text=text, created_at=now, created_by=by, updated_at=now)
        .returning(templates.c.template_id)
    ).scalar_one()
    return template_id


def find(connection: Connection, template_id: int) -> Row[Any] | None:
    return connection.execute(select(templates).where(templates.c.template_id == template_id)).one_or_none()


def find_by_name(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(templates).where(templates.c.name == name)).one_or_none()


def find_all(connection: Connection) -> Sequence[Row[Any]]:
    """By name."""
    return connection.execute(select(templates).order_by(templates.c.name)).all()


def change(connection: Connection, template_id: int, now: datetime, **values: str) -> None:
    connection.execute(
        update(templates).where(templates.c.template_id == template_id).values(updated_at=now, **values)
    )


def remove(connection: Connection, template_id: int) -> bool:
    return connection.execute(delete(templates).where(templates.c.template_id == template_id)).rowcount == 1
