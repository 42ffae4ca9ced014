"""Lists and their rows: written in chunks while a file is read, complete once the list is `ready`.

A list that is being written is in the state `importing` and nobody else's business. Every chunk is a
transaction of its own, so that the engine is not held up; a reader that dies midway leaves rows that
`remove_abandoned` takes away. Rows of a list that is ready do not change. They are read by
`mailing_rows` and `views`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListHead
from pbx_sms.storage.schema import list_columns, list_files, lists, mailings, recipients

#: the columns of a row as `insert_rows` takes them, in this order, after the list's id
ROW_COLUMNS = (
    "row",
    "msisdn",
    "fields",
    "raw_value",
    "reject_code",
    "reject_params",
    "repeat_of_row",
    "note_code",
)
_DELETE_ROWS = 10_000
_READ_ROWS = 2_000
#: a mailing in one of these no longer needs the list it was made from
_ENDED = (MailingState.FINISHED, MailingState.CANCELLED)


class ListState(StrEnum):
    #: rows are being written, or were when the program died
    IMPORTING = "importing"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewList:
    """A list before its first row. `columns` are (name, format as JSON or None) by position."""

    name: str
    file_name: str
    #: xlsx | xlsb | xls | ods | csv
    format: str
    sheet: str | None
    header_row: int
    phone_position: int
    columns: Sequence[tuple[str, Mapping[str, Any] | None]]
    #: ru | en
    language: str
    created_at: datetime
    created_by: str | None = None
    #: the uploaded file as it was
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OddRow:
    """A row that is not taken (`code` says why) or that carries a note (`code` is the note)."""

    row: int
    value: str | None
    code: str
    params: Mapping[str, Any]


def create_list(connection: Connection, new: NewList) -> int:
    """A list without rows, importing. Returns its id."""
    result = connection.execute(
        insert(lists).values(
            name=new.name,
            state=ListState.IMPORTING,
            file_name=new.file_name,
            format=new.format,
            sheet=new.sheet,
            header_row=new.header_row,
            phone_position=new.phone_position,
            phone_column=new.columns[new.phone_position][0],
            language=new.language,
            created_at=new.created_at,
            created_by=new.created_by,
        )
    )
    assert result.inserted_primary_key is not None
    list_id = int(result.inserted_primary_key[0])
    connection.execute(
        insert(list_columns),
        [
            {"list_id": list_id, "position": position, "name": name, "format": format}
            for position, (name, format) in enumerate(new.columns)
        ],
    )
    connection.execute(insert(list_files), {"list_id": list_id, "content": new.content})
    return list_id


def create_copy(
    connection: Connection, head: ListHead, *, name: str, created_at: datetime, created_by: str | None
) -> int:
    """A list with another one's columns, without rows and file, importing. Returns its id."""
    source = select(lists.c.phone_column).where(lists.c.list_id == head.list_id)
    list_id: int = connection.execute(
        insert(lists)
        .values(
            name=name,
            state=ListState.IMPORTING,
            file_name=head.file_name,
            format="csv",
            sheet=head.sheet,
            header_row=head.header_row,
            phone_position=head.phone_position,
            phone_column=source.scalar_subquery(),
            language=head.language,
            created_at=created_at,
            created_by=created_by,
        )
        .returning(lists.c.list_id)
    ).scalar_one()
    connection.execute(
        insert(list_columns).from_select(
            ["list_id", "position", "name", "format"],
            select(
                literal(list_id), list_columns.c.position, list_columns.c.name, list_columns.c.format
            ).where(list_columns.c.list_id == head.list_id),
        )
    )
    return list_id


def insert_rows(connection: Connection, list_id: int, chunk: Sequence[tuple[Any, ...]]) -> None:
    """Writes rows given as tuples in the order of `ROW_COLUMNS`.

    Goes to the driver as it is: on a hundred thousand rows, building statements and parameter dictionaries
    would cost more than the writing itself.
    """
    if not chunk:
        return
    if connection.dialect.name == "postgresql":
        # "row" is a reserved word there
        names = ", ".join(f'"{name}"' for name in ("list_id", *ROW_COLUMNS))
        cursor = connection.connection.cursor()
        try:
            with cursor.copy(f"COPY recipients ({names}) FROM STDIN") as copy:
                for values in chunk:
                    copy.write_row((list_id, *values))
        finally:
            cursor.close()
        return
    names = ", ".join(f'"{name}"' for name in ROW_COLUMNS)
    places = ", ".join("?" for _ in ROW_COLUMNS)
    connection.exec_driver_sql(
        f"INSERT INTO recipients (list_id, {names}) VALUES ({int(list_id)}, {places})", list(chunk)
    )


def finish_list(
    connection: Connection,
    list_id: int,
    *,
    row_count: int,
    accepted_count: int,
    number_count: int,
    repeat_count: int,
) -> bool:
    """The list is complete and may be used. False if it has been removed meanwhile."""
    result = connection.execute(
        update(lists)
        .where(lists.c.list_id == list_id, lists.c.state == ListState.IMPORTING)
        .values(
            state=ListState.READY,
            row_count=row_count,
            accepted_count=accepted_count,
            number_count=number_count,
            rejected_count=row_count - accepted_count,
            repeat_count=repeat_count,
        )
    )
    return result.rowcount == 1


def rejections(database: Database, list_id: int) -> Iterator[OddRow]:
    """The rows that are not taken, in order."""
    condition = recipients.c.reject_code.is_not(None)
    for row in _stream(database, list_id, condition):
        params = json.loads(row.reject_params) if row.reject_params else {}
        yield OddRow(row=row.row, value=row.raw_value, code=row.reject_code, params=params)


def notes(database: Database, list_id: int) -> Iterator[OddRow]:
    """The rows that are taken and carry a note, in order."""
    for row in _stream(database, list_id, recipients.c.note_code.is_not(None)):
        yield OddRow(row=row.row, value=row.raw_value, code=row.note_code, params={})


def repeats(database: Database, list_id: int) -> Iterator[tuple[int, int, str]]:
    """(row, the first row with the same number, that number), in order."""
    for row in _stream(database, list_id, recipients.c.repeat_of_row.is_not(None)):
        yield row.row, row.repeat_of_row, row.msisdn


def accepted(database: Database, list_id: int) -> Iterator[tuple[int, str, list[str]]]:
    """(row, number, texts by position) of the rows that are taken, in order."""
    for row in _stream(database, list_id, recipients.c.msisdn.is_not(None)):
        yield row.row, row.msisdn, json.loads(row.fields)


def unfinished_mailings(connection: Connection, list_id: int) -> int:
    """How many mailings still need the list."""
    return connection.execute(
        select(func.count())
        .select_from(mailings)
        .where(mailings.c.list_id == list_id, mailings.c.state.not_in(_ENDED))
    ).scalar_one()


def begin_removal(connection: Connection, list_id: int) -> bool:
    """Takes a list out of use; `remove_rows` then takes it away. False if it is not there or not ready.

    Mailings that have ended keep their messages and lose their list.
    """
    connection.execute(
        update(mailings)
        .where(mailings.c.list_id == list_id, mailings.c.state.in_(_ENDED))
        .values(list_id=None)
    )
    result = connection.execute(
        update(lists)
        .where(lists.c.list_id == list_id, lists.c.state == ListState.READY)
        .values(state=ListState.IMPORTING)
    )
    return result.rowcount == 1


def remove_rows(database: Database, list_id: int) -> None:
    """Takes away a list that nobody uses, some thousands of rows a transaction."""
    while True:
        with database.begin() as connection:
            last_row = connection.execute(
                select(recipients.c.row)
                .where(recipients.c.list_id == list_id)
                .order_by(recipients.c.row)
                .offset(_DELETE_ROWS)
                .limit(1)
            ).scalar_one_or_none()
            rows = recipients.c.list_id == list_id
            if last_row is not None:
                rows &= recipients.c.row < last_row
            connection.execute(delete(recipients).where(rows))
            if last_row is None:
                connection.execute(delete(lists).where(lists.c.list_id == list_id))
                return


def remove_abandoned(database: Database, before: datetime) -> int:
    """Takes away what imports that died have left, if they began before `before`. Returns how many."""
    with database.read() as connection:
        list_ids = connection.execute(
            select(lists.c.list_id).where(lists.c.state == ListState.IMPORTING, lists.c.created_at < before)
        ).scalars()
        abandoned = list(list_ids)
    for list_id in abandoned:
        remove_rows(database, list_id)
    return len(abandoned)


def _stream(database: Database, list_id: int, condition: Any) -> Iterator[Any]:
    """Rows in order, in short snapshots: whoever reads slowly must not hold one open."""
    after_row = -1
    while True:
        with database.read() as connection:
            found = connection.execute(
                select(recipients)
                .where(recipients.c.list_id == list_id, recipients.c.row > after_row, condition)
                .order_by(recipients.c.row)
                .limit(_READ_ROWS)
            ).all()
        yield from found
        if len(found) < _READ_ROWS:
            return
        after_row = found[-1].row
