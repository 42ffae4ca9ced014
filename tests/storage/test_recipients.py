"""Lists in the database: written in chunks, usable when complete, taken away whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from pbx_sms.core.mailing import MailingState
from pbx_sms.storage import recipients
from pbx_sms.storage.engine import Database
from pbx_sms.storage.recipients import NewList
from pbx_sms.storage.schema import list_columns, list_files, lists, mailings
from pbx_sms.storage.schema import recipients as table

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
COUNTS = {"row_count": 4, "accepted_count": 3, "number_count": 2, "repeat_count": 1}


def new_list(**changes: Any) -> NewList:
    fields: dict[str, Any] = {
        "name": "Клиенты",
        "file_name": "clients.xlsx",
        "format": "xlsx",
        "sheet": "Лист1",
        "header_row": 1,
        "phone_position": 0,
        "columns": [("Телефон", None), ("Код", {"kind": "leading_zeros", "width": 5})],
        "language": "ru",
        "created_at": NOW,
        "content": b"PK\x00\xff",
    }
    return NewList(**fields | changes)


def row(number: int, msisdn: str | None = "+79161234567", **changes: Any) -> tuple[Any, ...]:
    values: dict[str, Any] = dict.fromkeys(recipients.ROW_COLUMNS)
    values |= {"row": number, "msisdn": msisdn, "fields": json.dumps([msisdn or "", "а\tб\\n\n"])} | changes
    return tuple(values[name] for name in recipients.ROW_COLUMNS)


ROWS = [
    row(2),
    row(3, "+79161234568", raw_value="8916…; 8917…", note_code="second_number"),
    row(4, None, raw_value="\\N", reject_code="numeric_too_long", reject_params='{"cell": "B4"}'),
    row(5, repeat_of_row=2),
]


def stored(database: Database, rows: list[tuple[Any, ...]] = ROWS, **changes: Any) -> int:
    with database.begin() as connection:
        list_id = recipients.create_list(connection, new_list(**changes))
    with database.begin() as connection:
        recipients.insert_rows(connection, list_id, rows)
        recipients.insert_rows(connection, list_id, [])
        assert recipients.finish_list(connection, list_id, **COUNTS)
    return list_id


def count(database: Database, of: Any) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(of)).scalar_one()


def test_rows_are_read_as_they_were_written(database: Database) -> None:
    list_id = stored(database)
    texts = "а\tб\\n\n"
    assert list(recipients.accepted(database, list_id)) == [
        (2, "+79161234567", ["+79161234567", texts]),
        (3, "+79161234568", ["+79161234568", texts]),
        (5, "+79161234567", ["+79161234567", texts]),
    ]
    (rejected,) = recipients.rejections(database, list_id)
    assert (rejected.row, rejected.value, rejected.code) == (4, "\\N", "numeric_too_long")
    assert rejected.params == {"cell": "B4"}
    (note,) = recipients.notes(database, list_id)
    assert (note.row, note.value, note.code) == (3, "8916…; 8917…", "second_number")
    assert list(recipients.repeats(database, list_id)) == [(5, 2, "+79161234567")]


def test_the_list_keeps_its_columns_its_counts_and_the_file(database: Database) -> None:
    list_id = stored(database)
    with database.read() as connection:
        one = connection.execute(select(lists)).one()
        columns = connection.execute(select(list_columns).order_by(list_columns.c.position)).all()
        content = connection.execute(select(list_files.c.content)).scalar_one()
    assert (one.list_id, one.state, one.phone_column, one.created_at) == (list_id, "ready", "Телефон", NOW)
    assert (one.row_count, one.accepted_count, one.number_count) == (4, 3, 2)
    assert (one.rejected_count, one.repeat_count) == (1, 1)
    assert [(column.name, column.format) for column in columns] == list(new_list().columns)
    assert bytes(content) == b"PK\x00\xff"


def test_many_rows_are_streamed_in_order(database: Database) -> None:
    list_id = stored(database, [row(number, f"+7916{number:07d}") for number in range(1, 5001)])
    assert [found[0] for found in recipients.accepted(database, list_id)] == list(range(1, 5001))


def test_removing_a_list_takes_everything_of_it_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "_DELETE_ROWS", 2)
    kept, gone = stored(database), stored(database)
    with database.begin() as connection:
        assert recipients.begin_removal(connection, gone)
        assert not recipients.begin_removal(connection, gone)
    recipients.remove_rows(database, gone)
    assert (count(database, lists), count(database, list_columns), count(database, list_files)) == (1, 2, 1)
    assert count(database, table) == len(ROWS)
    assert len(list(recipients.accepted(database, kept))) == 3


def test_what_an_import_that_died_left_is_taken_away_and_one_that_runs_is_not(database: Database) -> None:
    ready = stored(database, created_at=NOW - timedelta(days=2))
    with database.begin() as connection:
        dead = recipients.create_list(connection, new_list(created_at=NOW - timedelta(hours=2)))
        recipients.insert_rows(connection, dead, ROWS)
        running = recipients.create_list(connection, new_list())
    assert recipients.remove_abandoned(database, NOW - timedelta(hours=1)) == 1
    with database.read() as connection:
        left = set(connection.execute(select(lists.c.list_id)).scalars())
    assert left == {ready, running}
    assert count(database, table) == len(ROWS)


def test_a_list_that_was_removed_meanwhile_is_not_finished(database: Database) -> None:
    with database.begin() as connection:
        list_id = recipients.create_list(connection, new_list())
    recipients.remove_rows(database, list_id)
    with database.begin() as connection:
        assert not recipients.finish_list(connection, list_id, **COUNTS)


@pytest.mark.parametrize("state", list(MailingState))
def test_only_mailings_that_have_ended_let_go_of_their_list(database: Database, state: MailingState) -> None:
    list_id = stored(database)
    with database.begin() as connection:
        connection.execute(
            insert(mailings).values(
                name="m", kind="information", rank=0, state=state, list_id=list_id, text="t", created_at=NOW
            )
        )
        ended = state in (MailingState.FINISHED, MailingState.CANCELLED)
        assert recipients.unfinished_mailings(connection, list_id) == (0 if ended else 1)
        assert recipients.begin_removal(connection, list_id)
        left = connection.execute(select(mailings.c.list_id)).scalar_one()
    assert left == (None if ended else list_id)
