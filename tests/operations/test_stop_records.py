"""What is known of a stop: the verdict on a text, how a demand was obeyed, the history, search and export."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from pbx_sms.config import Settings
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import stop_list, stop_records
from pbx_sms.storage.engine import Database

SETTINGS = Settings()
NUMBER = "+79161234567"


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def add(database: Database, number: str = NUMBER, note: str | None = None) -> None:
    stop_list.add(database, SETTINGS, number=number, note=note, by="anna")


def test_a_text_is_judged_as_the_engine_would() -> None:
    assert stop_records.judge(SETTINGS, "CTOП, пожалуйста") == {
        "text": "CTOП, пожалуйста",
        "normalised": "стоп пожалуйста",
        "is_stop": True,
        "rule": "fillers",
        "reason": "stop_rule_fillers",
    }
    assert not stop_records.judge(SETTINGS, "не надо стоп")["is_stop"]


def test_every_add_and_remove_stays_readable(database: Database) -> None:
    add(database, note="звонил")
    stop_list.remove(database, SETTINGS, number="8 916 123-45-67", why="перепутали номер", by="boris")
    add(database, note="снова звонил")
    told = stop_records.history(database, SETTINGS, number=NUMBER)
    assert [(row["action"], row["by"], row["note"]) for row in told] == [
        ("added", "anna", "звонил"),
        ("removed", "boris", "перепутали номер"),
        ("added", "anna", "снова звонил"),
    ]
    assert [row["at"] for row in told] == sorted(row["at"] for row in told)


@pytest.mark.parametrize("why", ["", "  ", "\n"])
def test_a_number_is_not_taken_off_without_a_reason(database: Database, why: str) -> None:
    add(database)
    with pytest.raises(Refused) as refusal:
        stop_list.remove(database, SETTINGS, number=NUMBER, why=why)
    assert refusal.value.code == "stop_why_missing"
    assert len(stop_list.list_entries(database, SETTINGS)) == 1


def test_a_number_that_was_never_stopped_has_no_history(database: Database) -> None:
    for ask in (stop_records.history, stop_records.show):
        with pytest.raises(NotFound) as refusal:
            ask(database, SETTINGS, number=NUMBER)
        assert refusal.value.code == "stop_no_history"


def test_a_stop_is_shown_with_what_went_before_and_after(database: Database) -> None:
    add(database, note="звонил")
    told = stop_records.show(database, SETTINGS, number=NUMBER)
    assert (told["listed"], told["source"], told["by"], told["removed_at"]) == (True, "person", "anna", None)
    assert (told["last_before_at"], told["before_s"], told["after_count"]) == (None, None, 0)
    assert told["confirmation"] is None
    stop_list.remove(database, SETTINGS, number=NUMBER, why="ошибка")
    told = stop_records.show(database, SETTINGS, number=NUMBER)
    assert not told["listed"]
    assert told["removed_at"] is not None


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (None, 3),
        ("4567", 1),
        ("8 916 123-45-67", 1),
        ("+7 916", 2),
        ("ЗВОНИЛ", 1),
        ("nobody", 0),
        ("%", 0),
        ("_", 0),
        ("99", 0),
    ],
)
def test_the_list_is_searched_by_digits_and_words(database: Database, search: str | None, found: int) -> None:
    add(database, note="звонил")
    add(database, "+79160000002")
    add(database, "+79250000003", note="по почте")
    assert len(stop_list.list_entries(database, SETTINGS, search=search)) == found
    assert stop_list.count(database, search=search) == found


DANGEROUS = '=HYPERLINK("http://evil.example","x")'


def test_an_exported_workbook_holds_texts_only_and_can_be_imported(
    database: Database, tmp_path: Path
) -> None:
    add(database, note=DANGEROUS)
    add(database, "+79160000002")
    path = tmp_path / "stop.xlsx"
    assert stop_records.export(database, SETTINGS, path, format="xlsx", language="ru") == 2
    book = openpyxl.load_workbook(path)
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value]  # type: ignore[union-attr]
    book.close()
    assert {cell.data_type for cell in cells} == {"s"}
    (note,) = [cell for cell in cells if cell.value == DANGEROUS]
    assert note.quotePrefix
    stop_list.remove(database, SETTINGS, number=NUMBER, why="ошибка")
    told = stop_list.import_file(database, SETTINGS, source=path, file_name="stop.xlsx")
    assert (told["read"], told["added"], told["already"], told["rejected"]) == (2, 1, 1, [])


def test_an_exported_csv_lets_no_formula_act_and_can_be_imported(database: Database, tmp_path: Path) -> None:
    add(database, note=DANGEROUS)
    out = io.BytesIO()
    assert stop_records.export(database, SETTINGS, out, format="csv", language="ru") == 1
    content = out.getvalue()
    head, row = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    assert head[0] == "Номер"
    assert (row[0], row[1], row[4]) == (NUMBER, "вручную", "'" + DANGEROUS)
    path = tmp_path / "stop.csv"
    path.write_bytes(content)
    told = stop_list.import_file(database, SETTINGS, source=path, file_name="stop.csv")
    assert (told["read"], told["already"], told["rejected"]) == (1, 1, [])


def test_another_kind_of_file_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        stop_records.export(database, SETTINGS, tmp_path / "stop.pdf", format="pdf", language="en")
    assert refusal.value.code == "stop_export_format"
    assert list(tmp_path.glob("*.pdf")) == []
