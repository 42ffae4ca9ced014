"""The whole import: a file goes in, a list is there, and nothing is left of one that cannot be read."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from pbx_sms.config import Settings
from pbx_sms.core.cell import ColumnFormat, FormatKind
from pbx_sms.errors import Conflict, NotFound, PbxSmsError, Refused
from pbx_sms.lists.request import ListMapping
from pbx_sms.operations import lists
from pbx_sms.storage import schema
from pbx_sms.storage.engine import Database

TABLES = (schema.lists, schema.list_columns, schema.list_files, schema.recipients)
ROWS = [
    ["Список", None, None],
    ["Телефон", "Имя", "Код"],
    ["89161234567", "Сергей", 7],
    ["уточнить", "Мария", 8],
    ["+7 916 123-45-67", "Сергей", 9],
    ["89161234568; 89161234569", "Ольга", 10],
    ["84952223344", "Офис", 11],
    [79161234570, "Иван", 1234567890123456],
    ["Итого", None, 45],
]


def workbook(rows: list[list[Any]] = ROWS) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def counts(database: Database) -> list[int]:
    with database.read() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]


def long_text(row_count: int = 60_000) -> bytes:
    return ("Телефон;Имя\n" + "".join(f"8916{n:07d};Имя {n}\n" for n in range(row_count))).encode()


def test_an_import_answers_with_everything_that_was_odd(
    database: Database, settings: Callable[..., Settings]
) -> None:
    report = lists.import_list(database, settings(), workbook(), file_name="Клиенты 2026.xlsx")
    assert report == {
        "list_id": report["list_id"],
        "sheet": "Sheet",
        "header_row": 2,
        "phone_column": "Телефон",
        "rows": 6,
        "accepted": 3,
        "numbers": 2,
        "rejected": [
            {"row": 4, "value": "уточнить", "reason": "not_a_number", "reason_params": {}},
            {"row": 7, "value": "84952223344", "reason": "landline", "reason_params": {}},
            {
                "row": 8,
                "value": "1234567890123456",
                "reason": "numeric_too_long",
                "reason_params": {"cell": "C8"},
            },
        ],
        "repeats": [{"row": 5, "of_row": 3}],
        "notes": [{"row": 6, "value": "89161234568; 89161234569", "code": "second_number"}],
    }
    (listed,) = lists.list_lists(database)
    assert (listed["name"], listed["file_name"]) == ("Клиенты 2026", "Клиенты 2026.xlsx")
    assert (listed["rows"], listed["accepted"], listed["rejected"], listed["repeats"]) == (6, 3, 3, 1)
    assert list(lists.show_list(database, report["list_id"]))[0] == {
        "row": 3,
        "number": "+79161234567",
        "fields": {"Телефон": "89161234567", "Имя": "Сергей", "Код": "7"},
    }


def test_a_dry_run_says_the_same_and_stores_nothing(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    tried = lists.dry_run(settings(), workbook(), file_name="list.xlsx")
    assert counts(sqlite_database) == [0, 0, 0, 0]
    done = lists.import_list(sqlite_database, settings(), workbook(), file_name="list.xlsx")
    assert tried == done | {"list_id": None}


def test_chosen_formats_are_applied_and_kept(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    mapping = ListMapping(formats={2: ColumnFormat(kind=FormatKind.LEADING_ZEROS, width=4)})
    report = lists.import_list(
        sqlite_database, settings(), workbook(), file_name="list.xlsx", name=" Свой ", mapping=mapping
    )
    shown = list(lists.show_list(sqlite_database, report["list_id"]))
    assert [one["fields"]["Код"] for one in shown] == ["0007", "0009", "0010"]
    assert lists.list_lists(sqlite_database)[0]["name"] == "Свой"
    with sqlite_database.read() as connection:
        formats = connection.execute(select(schema.list_columns.c.format)).scalars().all()
    assert formats == [None, None, {"kind": "leading_zeros", "width": 4}]


def test_the_country_and_the_limits_come_from_the_settings(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    content = b"Phone;Name\n8 029 123-45-67;Ivan\n"
    abroad = settings(sending={"country": "BY"})
    (rejected,) = lists.dry_run(settings(), content, file_name="l.csv")["rejected"]
    assert rejected["reason"] == "wrong_length"
    report = lists.import_list(sqlite_database, abroad, content, file_name="l.csv", language="en")
    assert [one["number"] for one in lists.show_list(sqlite_database, report["list_id"])] == ["+375291234567"]
    with pytest.raises(Refused) as refused:
        lists.import_list(sqlite_database, settings(lists={"max_rows": 2}), workbook(), file_name="l.xlsx")
    assert refused.value.code == "list_too_many_rows"


@pytest.mark.parametrize("kind", ["path", "file", "memory"])
def test_the_content_may_be_a_path_an_open_file_or_memory(
    sqlite_database: Database, settings: Callable[..., Settings], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "list.xlsx"
    content = workbook()
    path.write_bytes(content)
    with path.open("rb") as file:
        file.seek(10)
        source: Any = {"path": path, "file": file, "memory": io.BytesIO(content)}[kind]
        report = lists.import_list(sqlite_database, settings(), source, file_name="list.xlsx")
    assert report["accepted"] == 3
    with sqlite_database.read() as connection:
        assert connection.execute(select(schema.list_files.c.content)).scalar_one() == content


def test_progress_is_told_while_rows_are_stored(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    told: list[tuple[int, int]] = []
    lists.import_list(
        sqlite_database,
        settings(),
        long_text(5_000),
        file_name="list.csv",
        progress=lambda behind, total: told.append((behind, total)),
    )
    assert told == [(2001, 5001), (4001, 5001), (5001, 5001)]


def test_a_child_that_dies_midway_leaves_nothing_in_the_database(
    database: Database, settings: Callable[..., Settings]
) -> None:
    def kill_the_child(_behind: int, _total: int) -> None:
        assert counts(database)[3] > 0
        children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        for child in children:
            if b"pbx_sms.lists.child" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)

    with pytest.raises(Refused) as refused:
        lists.import_list(database, settings(), long_text(), file_name="list.csv", progress=kill_the_child)
    assert refused.value.code == "file_too_large_opened"
    assert counts(database) == [0, 0, 0, 0]


def test_an_import_that_is_interrupted_leaves_nothing(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    def interrupt(_behind: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lists.import_list(sqlite_database, settings(), long_text(), file_name="list.csv", progress=interrupt)
    assert counts(sqlite_database) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("content", "file_name"),
    [
        (b"", "list.xlsx"),
        (b"PK\x03\x04 no workbook", "list.xlsx"),
        (b"name;city\nIvan;Omsk\n", "list.csv"),
        ("Телефон\n".encode(), "list.csv"),
        (long_text(3_000), "list.csv"),
    ],
)
def test_nothing_is_stored_of_a_file_that_is_refused(
    sqlite_database: Database, settings: Callable[..., Settings], content: bytes, file_name: str
) -> None:
    with pytest.raises(Refused):
        lists.import_list(sqlite_database, settings(lists={"max_rows": 2_500}), content, file_name=file_name)
    assert counts(sqlite_database) == [0, 0, 0, 0]


def test_others_are_answered_while_a_bomb_is_opened(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"], book.active["XFD1048576"] = "Телефон", "89161234567", 1
    stream = io.BytesIO()
    book.save(stream)
    refusals: list[str] = []

    def upload() -> None:
        try:
            lists.import_list(sqlite_database, settings(), stream.getvalue(), file_name="bomb.xlsx")
        except PbxSmsError as refusal:
            refusals.append(refusal.code)

    uploading = threading.Thread(target=upload)
    uploading.start()
    answers = 0
    while uploading.is_alive():
        assert lists.list_lists(sqlite_database) == []
        answers += 1
    uploading.join()
    assert refusals == ["file_too_large_opened"]
    assert answers > 0
    assert counts(sqlite_database) == [0, 0, 0, 0]


def test_a_list_can_be_removed_once(sqlite_database: Database, settings: Callable[..., Settings]) -> None:
    list_id = lists.import_list(sqlite_database, settings(), workbook(), file_name="list.xlsx")["list_id"]
    assert lists.remove_list(sqlite_database, list_id) == {"list_id": list_id, "rows": 6}
    assert counts(sqlite_database) == [0, 0, 0, 0]
    for order in (lists.remove_list, lists.show_list):
        with pytest.raises(NotFound) as refused:
            order(sqlite_database, list_id)
        assert refused.value.code == "list_not_found"


def test_a_list_that_a_mailing_needs_stays(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    list_id = lists.import_list(sqlite_database, settings(), workbook(), file_name="list.xlsx")["list_id"]
    with sqlite_database.begin() as connection:
        connection.execute(
            schema.mailings.insert().values(
                name="m",
                kind="information",
                rank=0,
                state="draft",
                list_id=list_id,
                text="t",
                created_at=sqlite_database.now(),
            )
        )
    with pytest.raises(Conflict) as refused:
        lists.remove_list(sqlite_database, list_id)
    assert refused.value.code == "list_in_use"
    assert len(list(lists.show_list(sqlite_database, list_id))) == 3


def test_the_rows_not_taken_can_be_had_as_a_workbook(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    list_id = lists.import_list(sqlite_database, settings(), workbook(), file_name="list.xlsx")["list_id"]
    stream = io.BytesIO()
    lists.write_rejections(sqlite_database, list_id, stream, language="ru")
    book = openpyxl.load_workbook(stream)
    rejected, notes = ([row[:2] for row in sheet.iter_rows(min_row=2, values_only=True)] for sheet in book)
    assert rejected == [(4, "уточнить"), (7, "84952223344"), (8, "1234567890123456")]
    assert notes == [(6, "89161234568; 89161234569"), (5, "+79161234567")]


def test_the_first_look_says_what_the_page_needs(settings: Callable[..., Settings]) -> None:
    found = lists.inspect(settings(), workbook(), file_name="list.xlsx")
    assert found["columns"][1] == {"position": 1, "name": "Имя", "letters": "B"}
    assert found["first_rows"][0] == {"row": 3, "fields": ["89161234567", "Сергей", "7"]}
    assert (found["header_row"], found["phone_column"], found["sheets"]) == (2, "Телефон", ["Sheet"])
    assert json.dumps(found)
