"""Lists made in a test, without a file: rows with the fields "Телефон", "Имя" and "Заказ"."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import insert

from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import list_columns, list_files, lists, recipients

COLUMNS = ("Телефон", "Имя", "Заказ")
#: number (None: not taken at import), name, order
MadeRow = tuple[str | None, str, str]


def number(place: int) -> str:
    return f"+7916{place:07d}"


def make_list(
    database: Database,
    rows: Sequence[MadeRow],
    *,
    name: str = "Клиенты",
    state: str = "ready",
    format: str = "csv",
    content: bytes | None = None,
    sheet: str | None = None,
    header_row: int = 1,
    first_row: int = 2,
) -> int:
    """A list whose first row is `first_row`; returns its id."""
    first_rows: dict[str, int] = {}
    values = []
    for row, (msisdn, *fields) in enumerate(rows, first_row):
        repeat_of_row = first_rows.setdefault(msisdn, row) if msisdn else row
        values.append(
            {
                "list_id": 1,
                "row": row,
                "msisdn": msisdn,
                "fields": json.dumps([msisdn or "", *fields]),
                "raw_value": None if msisdn else "нет",
                "reject_code": None if msisdn else "not_a_number",
                "repeat_of_row": repeat_of_row if repeat_of_row != row else None,
            }
        )
    with database.begin() as connection:
        list_id: int = connection.execute(
            insert(lists)
            .values(
                name=name,
                state=state,
                file_name=f"clients.{format}",
                format=format,
                sheet=sheet,
                header_row=header_row,
                phone_position=0,
                language="ru",
                row_count=len(rows),
                created_at=database.now(),
            )
            .returning(lists.c.list_id)
        ).scalar_one()
        connection.execute(
            insert(list_columns),
            [{"list_id": list_id, "position": place, "name": name} for place, name in enumerate(COLUMNS)],
        )
        if values:
            connection.execute(insert(recipients), [value | {"list_id": list_id} for value in values])
        if content is not None:
            connection.execute(insert(list_files).values(list_id=list_id, content=content))
    return list_id


def people(count: int) -> list[MadeRow]:
    """Rows with a number and a name of their own."""
    return [(number(place), f"Имя{place}", str(84000 + place)) for place in range(count)]
