"""Lists that were composed from lists and groups for one mailing: no file, columns of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from pbx_sms.storage.recipients import ListState
from pbx_sms.storage.schema import list_columns, lists

COMPOSED = "composed"


def create(
    connection: Connection,
    *,
    name: str,
    columns: Sequence[str],
    audience: Mapping[str, Any],
    language: str,
    created_at: datetime,
    created_by: str | None,
) -> int:
    """A list without rows, importing; the numbers stand in the first column. Returns its id."""
    list_id: int = connection.execute(
        insert(lists)
        .values(
            name=name,
            state=ListState.IMPORTING,
            file_name="",
            format="csv",
            sheet=None,
            header_row=1,
            phone_position=0,
            phone_column=columns[0],
            language=language,
            origin=COMPOSED,
            audience=dict(audience),
            created_at=created_at,
            created_by=created_by,
        )
        .returning(lists.c.list_id)
    ).scalar_one()
    connection.execute(
        insert(list_columns),
        [{"list_id": list_id, "position": position, "name": title} for position, title in enumerate(columns)],
    )
    return list_id


def audience_of(connection: Connection, list_id: int) -> dict[str, Any] | None:
    """{"lists", "groups", "without"}: names; None for a list that was not composed."""
    return connection.execute(select(lists.c.audience).where(lists.c.list_id == list_id)).scalar_one_or_none()
