"""`list` and `mailing` as processes: from a file to a mailing and its end, in the shapes programs rely on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
from made_history import past_mailing, past_message
from sqlalchemy import case, update

from pbx_sms.core.message import MessageState
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import messages

if TYPE_CHECKING:
    from conftest import Command

TEXT = "{Имя}, к оплате {Сумма}"


def test_a_list_is_imported_shown_and_removed(pbx_sms: Command, customers: Path) -> None:
    dry = pbx_sms("list", "import", str(customers), "--dry-run", "--json").object()
    imported = pbx_sms("list", "import", str(customers), "--name", "Май", "--json").object()
    assert imported == {
        "list_id": 1,
        "sheet": None,
        "header_row": 1,
        "phone_column": "Телефон",
        "rows": 4,
        "accepted": 3,
        "numbers": 2,
        "rejected": [
            {
                "row": 4,
                "value": "84951234567",
                "reason": "landline",
                "reason_text": imported["rejected"][0]["reason_text"],
            }
        ],
        "repeats": [{"row": 5, "of_row": 2}],
        "notes": [],
    }
    assert "landline" in imported["rejected"][0]["reason_text"]
    assert dry == imported | {"list_id": None}
    listed, shown, told = pbx_sms.all(
        ("list", "list", "--json"), ("list", "show", "1", "--json"), ("list", "show", "1")
    )
    assert [(one["list_id"], one["name"]) for one in listed.objects()] == [(1, "Май")]
    assert shown.objects()[1] == {
        "row": 3,
        "number": "+79161234502",
        "fields": {"Телефон": "89161234502", "Имя": "Борис", "Сумма": "20"},
    }
    assert "Имя: Борис" in told.out
    assert pbx_sms("list", "remove", "1", "--json").object()["list_id"] == 1
    for result in pbx_sms.all(("list", "show", "1"), ("list", "remove", "1")):
        assert "no list 1" in result.refusal()


def test_the_person_may_choose_the_column(pbx_sms: Command, customers: Path) -> None:
    customers.write_text("a;b\n89161234501;89161234502\n", encoding="utf-8")
    chosen = pbx_sms("list", "import", str(customers), "--phone-column", "b", "--header-row", "1", "--json")
    assert chosen.object()["phone_column"] == "b"
    assert pbx_sms("list", "show", "1", "--json").objects()[0]["number"] == "+79161234502"


def test_the_person_may_choose_how_the_numbers_of_a_column_are_written(
    pbx_sms: Command, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    for row in (("Телефон", "Код", "Сумма", "A=B"), (89161234501, 42, 1460.5, 0.15)):
        book.active.append(row)
    book.save(tmp_path / "orders.xlsx")
    formats = ("--format", "код=leading_zeros:5", "--format", "C=currency", "--format", "A=B=percent")
    assert pbx_sms("list", "import", "orders.xlsx", *formats, "--json").object()["numbers"] == 1
    [row] = pbx_sms("list", "show", "1", "--json").objects()
    assert row["fields"] | {"Телефон": ""} == {
        "Телефон": "",
        "Код": "00042",
        "Сумма": "1460,50",
        "A=B": "15%",
    }
    for result in pbx_sms.all(
        ("list", "import", "orders.xlsx", "--format", "Цена=currency"),
        ("list", "import", "orders.xlsx", "--format", "Код=upside_down"),
        ("list", "import", "orders.xlsx", "--format", "Код=leading_zeros:77"),
        ("list", "import", "orders.xlsx", "--format", "currency"),
    ):
        assert result.refusal()
    assert len(pbx_sms("list", "list", "--json").objects()) == 1


def test_a_file_that_is_no_list_is_refused_and_leaves_nothing(pbx_sms: Command, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "picture.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    for result in pbx_sms.all(
        ("list", "import", "nowhere.xlsx"),
        ("list", "import", "empty.csv"),
        ("list", "import", "picture.xlsx", "--dry-run"),
        ("list", "import", "."),
        ("mailing", "create", "--list", "empty.csv", "--text", "x"),
    ):
        assert result.refusal()
    assert pbx_sms("list", "list", "--json").objects() == []


def test_a_mailing_goes_from_file_to_cancelled(pbx_sms: Command, customers: Path) -> None:
    create = ("mailing", "create", "--list", str(customers), "--text", TEXT, "--repeats", "first", "--json")
    created = pbx_sms(*create).object()
    assert [(row["row"], row["number"], row["reason"]) for row in created["left_out"]] == [
        (4, None, "landline"),
        (5, "+79161234501", "repeat_other_text"),
    ]
    assert all(set(row) == {"row", "number", "reason", "reason_text"} for row in created["left_out"])
    del created["left_out"]
    # no SIM, and so no price but that of others
    nothing = {
        "estimate": None,
        "actual": None,
        "comparison": {"currency": "RUB", "from": "4.00", "to": "5.00"},
    }
    cost = created.pop("cost")
    assert cost.pop("reason_text")
    assert cost == nothing | {"reason": "cost_no_sim"}
    assert created == {"mailing_id": 1, "state": "draft", "messages": 2, "parts": 2}
    assert pbx_sms("message", "list", "--json").objects() == []
    assert pbx_sms("mailing", "start", "1", "--json").object()["state"] == "running"
    shown = pbx_sms("mailing", "show", "1", "--json").object()
    assert shown.pop("cost")["comparison"] == nothing["comparison"]
    assert shown == {
        "mailing_id": 1,
        "name": "customers",
        "kind": "information",
        "state": "running",
        "counts": {"queued": 2},
        "parts": 2,
        "parts_submitted": 0,
        "started_at": shown["started_at"],
        "finished_at": None,
        "forecast_at": None,
    }
    assert [row["text"] for row in pbx_sms("message", "list", "--mailing", "1", "--json").objects()] == [
        "Анна, к оплате 1460",
        "Борис, к оплате 20",
    ]
    assert pbx_sms("mailing", "pause", "1", "--json").object() == {"mailing_id": 1, "state": "paused"}
    paused = pbx_sms("mailing", "show", "1", "--json").object()
    assert paused["reason"] in ("paused", "paused_by")
    assert paused["reason_text"]
    assert pbx_sms("mailing", "resume", "1", "--json").object() == {"mailing_id": 1, "state": "running"}
    assert pbx_sms("mailing", "cancel", "1", "--json").object() == {
        "mailing_id": 1,
        "state": "cancelled",
        "cancelled": 2,
    }
    for order in ("start", "pause", "resume", "cancel"):
        assert pbx_sms("mailing", order, "1").refusal()
    assert [one["state"] for one in pbx_sms("mailing", "list", "--json").objects()] == ["cancelled"]


def test_create_with_start_sends_at_once(pbx_sms: Command, customers: Path) -> None:
    assert pbx_sms("list", "import", str(customers)).status == 0
    order = ("mailing", "create", "--list", "1", "--text", TEXT, "--repeats", "all", "--kind", "service")
    told = pbx_sms(*order, "--name", "Счета", "--start")
    assert "has started. Messages: 3" in told.out
    assert "row 4, 84951234567: " in told.out
    shown = pbx_sms("mailing", "show", "1").out
    assert "name: Счета" in shown
    assert "messages: queued: 3" in shown


def test_a_number_that_fails_again_and_again_is_left_out_unless_the_person_says_so(
    pbx_sms: Command, stored: Database, customers: Path
) -> None:
    for _ in range(3):
        past_message(
            stored, "+79161234501", stored.now(), "undelivered", mailing_id=past_mailing(stored, stored.now())
        )
    order = ("mailing", "create", "--list", str(customers), "--text", TEXT, "--repeats", "all", "--json")
    created = pbx_sms(*order).object()
    assert created["messages"] == 1
    assert [one["row"] for one in created["left_out"] if one["reason"] == "number_failing"] == [2, 5]
    assert pbx_sms(*order, "--allow-failing").object()["messages"] == 3
    shown = pbx_sms("contact", "show", "+79161234501").out
    assert "failed for good in mailings: 3" in shown


def test_a_mailing_goes_again_to_those_whom_it_did_not_reach(
    pbx_sms: Command, stored: Database, customers: Path
) -> None:
    order = ("mailing", "create", "--list", str(customers), "--text", TEXT, "--repeats", "all", "--start")
    first = str(pbx_sms(*order, "--json").object()["mailing_id"])
    assert "not to have arrived" in pbx_sms("mailing", "again", first).refusal()
    with stored.begin() as connection:
        row = messages.c.row
        state = case((row == 2, MessageState.FAILED), (row == 3, MessageState.UNKNOWN), else_="delivered")
        connection.execute(update(messages).values(state=state))
    made = pbx_sms("mailing", "again", first, "--name", "Ещё раз", "--json").object()
    assert {name: made[name] for name in ("state", "messages", "begun", "unknown", "left_out")} == {
        "state": "draft",
        "messages": 1,
        "begun": 0,
        "unknown": 1,
        "left_out": [],
    }
    assert f"mailing: {made['mailing_id']}" in pbx_sms("mailing", "again", first).refusal()
    assert pbx_sms("mailing", "start", str(made["mailing_id"]), "--json").object()["state"] == "running"
    assert pbx_sms("mailing", "again", first, "--state", "delivered").status == 2


def test_a_refused_mailing_leaves_neither_mailing_nor_list(pbx_sms: Command, customers: Path) -> None:
    for text, told in (
        ("{Фамилия}", "Фамилия"),
        ("{Имя", "{"),
        ("", "text"),
        (TEXT, "another text"),
        ("я" * 470, "No row"),
    ):
        refusal = pbx_sms("mailing", "create", "--list", str(customers), "--text", text).refusal()
        assert told in refusal
    assert pbx_sms("list", "list", "--json").objects() == []
    assert pbx_sms("mailing", "list", "--json").objects() == []
    assert "no list 7" in pbx_sms("mailing", "create", "--list", "7", "--text", "x").refusal()


def test_an_empty_placeholder_names_the_rows_and_may_be_left_out(pbx_sms: Command, customers: Path) -> None:
    customers.write_text("Телефон;Имя\n89161234501;Анна\n89161234502;\n", encoding="utf-8")
    create = ("mailing", "create", "--list", str(customers), "--text", "{Имя}")
    refusal = pbx_sms(*create).refusal()
    assert "(Имя)" in refusal
    assert "Rows: 3;" in refusal
    created = pbx_sms(*create, "--leave-out-incomplete", "--json").object()
    assert (created["messages"], [row["row"] for row in created["left_out"]]) == (1, [3])


def test_the_report_is_a_workbook(pbx_sms: Command, customers: Path, tmp_path: Path) -> None:
    create = ("mailing", "create", "--list", str(customers), "--text", TEXT, "--repeats", "first", "--start")
    assert pbx_sms(*create).status == 0
    written = pbx_sms("mailing", "report", "1", "--out", "report.xlsx", "--json").object()
    assert written["mailing_id"] == 1
    workbook = openpyxl.load_workbook(tmp_path / "report.xlsx")
    values = [[cell.value for cell in row] for row in workbook.worksheets[0].iter_rows()]
    workbook.close()
    assert values[1][1] == "Анна"
    assert "no mailing 2" in pbx_sms("mailing", "report", "2", "--out", "x.xlsx").refusal()
    assert pbx_sms("mailing", "report", "1", "--out", "nowhere/x.xlsx").refusal()
    assert not (tmp_path / "x.xlsx").exists()


def test_decimals_are_written_as_the_office_writes_them(
    pbx_sms: Command, stored: Database, tmp_path: Path
) -> None:
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.active.append(["Телефон", "Сумма"])
    workbook.active.append(["89161234501", 1460.5])
    workbook.save(tmp_path / "sums.xlsx")
    shutil.copyfile(tmp_path / "sums.xlsx", tmp_path / "sums2.xlsx")
    # nobody chose a language: the country's
    assert pbx_sms("list", "import", "sums.xlsx", env={"LC_ALL": "C.UTF-8"}).status == 0
    assert pbx_sms("list", "import", "sums2.xlsx", "--language", "en").status == 0
    russian, english = pbx_sms.all(("list", "show", "1", "--json"), ("list", "show", "2", "--json"))
    assert russian.objects()[0]["fields"]["Сумма"] == "1460,5"
    assert english.objects()[0]["fields"]["Сумма"] == "1460.5"
