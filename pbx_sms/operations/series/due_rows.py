"""Which rows of a list are due on which day, for rules by a column; and the list made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from pbx_sms.core import template
from pbx_sms.core.planning import written_date
from pbx_sms.core.planning.recurrence import AroundDate, ColumnRule, next_due_day
from pbx_sms.operations.mailings.plan import find_list
from pbx_sms.storage import mailing_rows, recipients
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListHead, ListRow

_ROWS_PER_TRANSACTION = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRow:
    """A row that was taken at import, with the next day that it is due."""

    row: ListRow
    #: what stands in the column
    value: str
    #: None where nothing comes any more, or nothing could be read
    day: date | None
    #: there is a value, and it is no date that is certain
    is_unreadable: bool


def column_name(head: ListHead, column: str) -> str:
    """The list's own name of the column. Raises Refused(unknown_placeholder, ambiguous_placeholder)."""
    bound = template.parse(template.placeholder(column)).bind(head.usable_names)
    return bound.used_columns()[0]


def dated_rows(database: Database, list_id: int, rule: ColumnRule, first: date) -> Iterator[DatedRow]:
    """Every row with a number and something in the column, with the first day from `first` on.

    Raises Refused where the list lacks the column, NotFound(list_not_found), Conflict(list_not_ready).
    """
    head = find_list(database, list_id)
    value_of = template.parse(template.placeholder(rule.column)).bind(head.usable_names)
    for rows in mailing_rows.stream_rows(database, list_id):
        for row in rows:
            value = value_of.render(row.fields)
            if row.msisdn is None or not value:
                continue
            written = written_date.read(value)
            day = None if written is None else next_due_day(rule, written, first)
            is_unreadable = written is None or (day is None and _needs_year(rule, written))
            yield DatedRow(row=row, value=value, day=day, is_unreadable=is_unreadable)


def _needs_year(rule: ColumnRule, written: written_date.WrittenDate) -> bool:
    return written.year is None and isinstance(rule, AroundDate)


def copy_list(
    database: Database,
    list_id: int,
    rows: list[ListRow],
    *,
    name: str,
    by: str | None,
    also: Callable[[Connection, int], None],
) -> int:
    """A list of these rows of another one, with the row numbers they have there. Returns its id.

    `also` writes in its first transaction, so that no list is there that nobody knows of.
    """
    head = find_list(database, list_id)
    now = database.now()
    with database.begin() as connection:
        new_id = recipients.create_copy(connection, head, name=name, created_at=now, created_by=by)
        also(connection, new_id)
    first_rows: dict[str, int] = {}
    repeat_count = 0
    for start in range(0, len(rows), _ROWS_PER_TRANSACTION):
        chunk: list[tuple[Any, ...]] = []
        for row in rows[start : start + _ROWS_PER_TRANSACTION]:
            assert row.msisdn is not None
            of_row = first_rows.setdefault(row.msisdn, row.row)
            is_repeat = of_row != row.row
            repeat_count += is_repeat
            fields = json.dumps(row.fields, ensure_ascii=False)
            chunk.append((row.row, row.msisdn, fields, None, None, None, of_row if is_repeat else None, None))
        with database.begin() as connection:
            recipients.insert_rows(connection, new_id, chunk)
    with database.begin() as connection:
        recipients.finish_list(
            connection,
            new_id,
            row_count=len(rows),
            accepted_count=len(rows),
            number_count=len(first_rows),
            repeat_count=repeat_count,
        )
    return new_id
