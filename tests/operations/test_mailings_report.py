"""The report of a mailing, from an uploaded file to the workbook that a person gets back."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from made_lists import make_list, people
from sqlalchemy import insert, select, update

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import lists, mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.schema import messages, parts, sims

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "clients.xlsx"
AT = datetime(2026, 11, 22, 9, 30, 5, 123456, tzinfo=UTC)
TEXT = "{Имя}, заказ {Заказ} готов"
HEADINGS = ["Состояние", "Время отправки", "SIM-карта", "Части", "Причина", "Стоимость, RUB"]
ROWS = (
    ("Телефон", "Имя", "Заказ"),
    ("89161234567", "Анна", 84000),
    ("нет телефона", "Борис", 84001),
    ("8 (916) 123-45-68", "Я" * 70, 84002),
    ("89161234567", "Анна", 84000),
    ("Итого", None, None),
)

Send = Callable[..., int]


def xlsx(rows: Any, title: str | None = "Наши клиенты") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Лист"
    if title:
        sheet.append((title,))
        sheet.append(())
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.fixture
def send(sqlite_database: Database, settings: Callable[..., Settings]) -> Send:
    """Imports a file and starts a mailing to it; the message of `sent_row` went through a SIM."""

    def run(content: bytes, file_name: str, *, sent_row: int | None = None, text: str = TEXT) -> int:
        imported = lists.import_list(sqlite_database, settings(), content, file_name=file_name)
        started = mailings.create(
            sqlite_database, settings(), list_id=imported["list_id"], text=text, start=True
        )
        if sent_row is not None:
            submit(sqlite_database, sent_row)
        mailing_id: int = started["mailing_id"]
        return mailing_id

    return run


def submit(database: Database, row: int, *, state: str = "delivered") -> None:
    with database.begin() as connection:
        sim_id = connection.execute(
            insert(sims)
            .values(imsi="250010000000001", label="МТС склад", state="ready", first_seen_at=AT)
            .returning(sims.c.sim_id)
        ).scalar_one()
        message_id = connection.execute(
            select(messages.c.message_id).where(messages.c.row == row)
        ).scalar_one()
        connection.execute(
            update(messages)
            .where(messages.c.message_id == message_id)
            .values(state=state, sim_id=sim_id, first_accepted_at=AT, submitted_at=AT)
        )
        connection.execute(update(parts).where(parts.c.message_id == message_id).values(state="submitted"))


@pytest.fixture
def reported(
    sqlite_database: Database, settings: Callable[..., Settings], tmp_path: Path
) -> Callable[..., Any]:
    """The first sheet of the report of a mailing, read as a spreadsheet program reads it."""

    def make(mailing_id: int, language: str = "ru", *, own_workbook: bool) -> Any:
        path = tmp_path / "report.xlsx"
        done = mailings.report(sqlite_database, settings(), mailing_id, path, language)
        assert done == {"mailing_id": mailing_id, "path": str(path), "own_workbook": own_workbook}
        return openpyxl.load_workbook(path).worksheets[0]

    return make


def values_of(sheet: Any, row: int) -> list[Any]:
    return [cell.value for cell in sheet[row]]


QUEUED = ["в очереди", None, None, "0 из 1", None, None]
LEFT_OUT = ["не отправляется", None, None, None]
SENT = ["доставлено", datetime(2026, 11, 22, 12, 30, 5), "МТС склад", "2 из 2", None, None]  # noqa: DTZ001


def test_the_person_s_own_workbook_comes_back_with_what_became_of_each_row(
    send: Send, reported: Callable[..., Any]
) -> None:
    sheet = reported(send(xlsx(ROWS), "clients.xlsx", sent_row=6), own_workbook=True)
    assert sheet.title == "Лист"
    assert values_of(sheet, 1) == ["Наши клиенты", *[None] * 8]
    assert values_of(sheet, 3) == ["Телефон", "Имя", "Заказ", *HEADINGS]
    assert values_of(sheet, 4) == [
        "89161234567",
        "Анна",
        84000,
        "в очереди",
        None,
        None,
        "0 из 1",
        None,
        None,
    ]
    assert values_of(sheet, 5)[3:7] == LEFT_OUT
    assert "не номер телефона" in values_of(sheet, 5)[7]
    assert values_of(sheet, 6) == ["8 (916) 123-45-68", "Я" * 70, 84002, *SENT]
    assert values_of(sheet, 7)[3:7] == LEFT_OUT
    assert "тот же текст, что в строке 4" in values_of(sheet, 7)[7]
    assert values_of(sheet, 8) == ["Итого", *[None] * 8]


def test_the_report_is_in_the_reader_s_language(send: Send, reported: Callable[..., Any]) -> None:
    sheet = reported(send(xlsx(ROWS), "clients.xlsx", sent_row=6), "en", own_workbook=True)
    assert values_of(sheet, 3)[3:] == ["State", "Sent at", "SIM", "Parts", "Reason", "Cost, RUB"]
    assert values_of(sheet, 6)[3] == "delivered"
    assert values_of(sheet, 6)[6] == "2 of 2"
    assert "not a telephone number" in values_of(sheet, 5)[7]


def test_a_text_file_comes_back_as_a_workbook_with_the_same_rows_and_columns(
    send: Send, reported: Callable[..., Any]
) -> None:
    lines = ["Наши клиенты;;", ";;", *(";".join(str(cell or "") for cell in row) for row in ROWS)]
    content = "\r\n".join(lines).encode("cp1251")
    sheet = reported(send(content, "clients.csv", sent_row=6), own_workbook=False)
    assert values_of(sheet, 1)[0] == "Наши клиенты"
    assert values_of(sheet, 3) == ["Телефон", "Имя", "Заказ", *HEADINGS]
    assert values_of(sheet, 4) == [
        "89161234567",
        "Анна",
        "84000",
        "в очереди",
        None,
        None,
        "0 из 1",
        None,
        None,
    ]
    assert values_of(sheet, 6) == ["8 (916) 123-45-68", "Я" * 70, "84002", *SENT]
    assert values_of(sheet, 7)[3:7] == LEFT_OUT
    assert values_of(sheet, 8) == ["Итого", *[None] * 8]


def test_a_large_workbook_comes_back_with_its_values(send: Send, reported: Callable[..., Any]) -> None:
    rows = [(f"8916{place:07d}", f"Имя {place}", place) for place in range(20_001)]
    content = xlsx([ROWS[0], *rows], title="Большой список")
    sheet = reported(send(content, "clients.xlsx", sent_row=20_004), own_workbook=False)
    assert values_of(sheet, 1)[0] == "Большой список"
    assert values_of(sheet, 3) == ["Телефон", "Имя", "Заказ", *HEADINGS]
    assert values_of(sheet, 20_004)[:4] == ["89160020000", "Имя 20000", "20000", "доставлено"]
    assert sheet.max_row == 20_004


def test_the_example_workbook_comes_back_with_a_state_in_every_row_of_the_list(
    sqlite_database: Database, settings: Callable[..., Settings], reported: Callable[..., Any]
) -> None:
    imported = lists.import_list(sqlite_database, settings(), EXAMPLE, file_name=EXAMPLE.name)
    started = mailings.create(
        sqlite_database, settings(), list_id=imported["list_id"], text="Привет", repeats="all", start=True
    )
    assert started["messages"] == imported["numbers"]
    assert len(started["left_out"]) == len(imported["rejected"]) + len(imported["repeats"])
    sheet = reported(started["mailing_id"], own_workbook=True)
    states = [row[-6].value for row in sheet.iter_rows(min_row=imported["header_row"] + 1)]
    assert sum(state == "в очереди" for state in states) == started["messages"]
    assert sum(state == "не отправляется" for state in states) == len(started["left_out"])


def test_a_list_without_its_file_comes_back_from_the_stored_rows(
    sqlite_database: Database, settings: Callable[..., Settings], reported: Callable[..., Any]
) -> None:
    list_id = make_list(sqlite_database, people(2), header_row=3, first_row=4)
    started = mailings.create(sqlite_database, settings(), list_id=list_id, text=TEXT, start=True)
    sheet = reported(started["mailing_id"], own_workbook=False)
    assert values_of(sheet, 3) == ["Телефон", "Имя", "Заказ", *HEADINGS]
    assert values_of(sheet, 5)[:4] == ["+79160000001", "Имя1", "84001", "в очереди"]


def test_a_mailing_whose_list_was_removed_comes_back_with_numbers_and_texts(
    sqlite_database: Database, settings: Callable[..., Settings], reported: Callable[..., Any]
) -> None:
    list_id = make_list(sqlite_database, people(2))
    started = mailings.create(sqlite_database, settings(), list_id=list_id, text=TEXT, start=True)
    mailings.cancel(sqlite_database, started["mailing_id"])
    lists.remove_list(sqlite_database, list_id)
    sheet = reported(started["mailing_id"], own_workbook=False)
    assert values_of(sheet, 1) == ["Номер", "Текст", *HEADINGS]
    assert values_of(sheet, 3)[:3] == ["+79160000001", "Имя1, заказ 84001 готов", "отменено"]


def test_a_message_that_waits_in_a_paused_mailing_says_that_it_is_paused(
    sqlite_database: Database, send: Send, reported: Callable[..., Any]
) -> None:
    mailing_id = send(xlsx(ROWS), "clients.xlsx")
    mailings.pause(sqlite_database, mailing_id, by="anna")
    assert values_of(reported(mailing_id, own_workbook=True), 4)[7] == "приостановлена, кем: anna"


def test_a_message_of_a_running_mailing_that_waits_says_why(
    sqlite_database: Database, send: Send, reported: Callable[..., Any]
) -> None:
    mailing_id = send(xlsx(ROWS), "clients.xlsx")
    with sqlite_database.begin() as connection:
        connection.execute(update(mailings_table).values(reason_code="sim_missing", reason_params={}))
    assert values_of(reported(mailing_id, own_workbook=True), 4)[7]


def test_the_settings_file_s_name_of_a_sim_goes_before_the_stored_one(
    sqlite_database: Database, settings: Callable[..., Settings], send: Send, tmp_path: Path
) -> None:
    mailing_id = send(xlsx(ROWS), "clients.xlsx", sent_row=6)
    named = settings(sim=[{"imsi": "250010000000001", "label": "Касса"}])
    mailings.report(sqlite_database, named, mailing_id, tmp_path / "report.xlsx", "ru")
    assert openpyxl.load_workbook(tmp_path / "report.xlsx").worksheets[0]["F6"].value == "Касса"


def test_a_report_of_what_does_not_exist_or_has_not_started_is_refused(
    sqlite_database: Database, settings: Callable[..., Settings], tmp_path: Path
) -> None:
    list_id = make_list(sqlite_database, people(1))
    draft = mailings.create(sqlite_database, settings(), list_id=list_id, text=TEXT)["mailing_id"]
    for mailing_id, expected, code in (
        (99, NotFound, "mailing_not_found"),
        (draft, Conflict, "mailing_is_draft"),
    ):
        with pytest.raises(expected) as raised:
            mailings.report(sqlite_database, settings(), mailing_id, tmp_path / "report.xlsx", "ru")
        assert raised.value.code == code
    assert not (tmp_path / "report.xlsx").exists()


def test_a_report_that_cannot_be_written_is_refused(
    sqlite_database: Database, settings: Callable[..., Settings], send: Send, tmp_path: Path
) -> None:
    mailing_id = send(xlsx(ROWS), "clients.xlsx")
    with pytest.raises(Refused) as raised:
        mailings.report(sqlite_database, settings(), mailing_id, tmp_path, "ru")
    assert raised.value.code == "report_not_writable"


@pytest.fixture(autouse=True)
def _nothing_beside_the_report(tmp_path: Path) -> Iterator[None]:
    yield
    assert not list(tmp_path.glob(".*.part"))


def totals_of(path: Path) -> dict[str, tuple[Any, Any]]:
    sheet = openpyxl.load_workbook(path).worksheets[-1]
    return {row[0]: (row[1], row[2] if len(row) > 2 else None) for row in sheet.iter_rows(values_only=True)}


@pytest.mark.parametrize("file_name", ["clients.xlsx", "clients.csv"])
def test_the_sums_and_the_cost_stand_on_a_sheet_behind(
    sqlite_database: Database,
    settings: Callable[..., Settings],
    send: Send,
    tmp_path: Path,
    file_name: str,
) -> None:
    content = xlsx(ROWS) if file_name.endswith("xlsx") else "Телефон;Имя;Заказ\n89161234567;Анна;1\n".encode()
    mailing_id = send(content, file_name, sent_row=6 if file_name.endswith("xlsx") else 2)
    path = tmp_path / "report.xlsx"
    mailings.report(sqlite_database, settings(), mailing_id, path, "ru")
    totals = totals_of(path)
    assert totals["Сообщений"][0] in (1, 2)
    assert totals["доставлено"] == (1, None)
    # the price was unknown when it was started, and still is
    assert "без тарифа" in str(totals["Оценка стоимости"][0]) or "Нет SIM-карты" in str(
        totals["Оценка стоимости"][0]
    )
    assert openpyxl.load_workbook(path).sheetnames[-1] == "Итоги"


def test_amounts_in_the_report_are_numbers_with_their_currency(
    sqlite_database: Database, settings: Callable[..., Settings], send: Send, tmp_path: Path
) -> None:
    made = settings()
    mailing_id = send(xlsx(ROWS), "clients.xlsx", sent_row=6)
    kept = {
        "parts": 3,
        "amounts": [{"currency": "RUB", "amount": "0.18"}],
        "parts_without_price": 1,
        "sims": [],
        "comparison": {"currency": "RUB", "from": "6.00", "to": "7.50"},
    }
    with sqlite_database.begin() as connection:
        connection.execute(update(mailings_table).values(cost_estimate=kept))
    path = tmp_path / "report.xlsx"
    mailings.report(sqlite_database, made, mailing_id, path, "en")
    totals = totals_of(path)
    assert totals["Estimated cost"] == (0.18, "RUB")
    assert totals["Estimated cost: parts without a price, in no sum"] == (1, None)
    assert totals["A mailing company would take"] == (7.5, "RUB")
