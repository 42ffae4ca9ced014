"""Lists made of some rows of another list: for a day of a series, for those who did not get a mailing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from pbx_sms.operations.mailings.plan import find_list
from pbx_sms.storage import recipients
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListRow

_ROWS_PER_TRANSACTION = 2_000


def copy_list(
    database: Database,
    list_id: int,
    rows: Sequence[ListRow],
    *,
    name: str,
    by: str | None,
    also: Callable[[Connection, int], None] | None = None,
) -> int:
    """A list of these rows of another one, with the row numbers they have there. Returns its id.

    `also` writes in its first transaction, so that no list is there that nobody knows of. The rows have
    numbers. Raises NotFound(list_not_found), Conflict(list_not_ready).
    """
    head = find_list(database, list_id)
    now = database.now()
    with database.begin() as connection:
        new_id = recipients.create_copy(connection, head, name=name, created_at=now, created_by=by)
        if also is not None:
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
