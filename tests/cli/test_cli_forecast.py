"""`pbx-sms mailing forecast`: drafts, lists that are only looked at, and questions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import modems

if TYPE_CHECKING:
    from conftest import Command

TEXT = "{Имя}, к оплате {Сумма}"


@pytest.fixture
def registered(stored: Database, sim: str) -> str:
    with stored.begin() as connection:
        connection.execute(update(modems).values(state="registered"))
    return sim


def test_a_draft_and_what_if(pbx_sms: Command, registered: str, customers: Path) -> None:
    create = ("mailing", "create", "--list", str(customers), "--text", TEXT, "--repeats", "all")
    assert pbx_sms(*create).status == 0
    found = pbx_sms(
        "mailing", "forecast", "1", "--what-if", "more-sims=2", "--what-if", "gap=0", "--json"
    ).object()
    assert (found["mailing_id"], found["messages"], found["parts"]) == (1, 3, 3)
    assert found["ends_at"].endswith("Z")
    assert [day["parts"] for day in found["days"]] == [3]
    assert found["sims"] == [{"sim": registered, "label": None, "parts": 3}]
    assert [one["what_if"] for one in found["alternatives"]] == ["more-sims=2", "gap=0"]
    assert all(one["ends_at"] < found["ends_at"] for one in found["alternatives"])
    shown = pbx_sms("mailing", "forecast", "1", "--what-if", "more-sims=2", "--language", "ru").out
    assert shown.startswith("закончится ")
    assert "если добавить SIM-карт: 2: " in shown


def test_a_file_is_looked_at_and_nothing_of_it_is_kept(
    pbx_sms: Command, registered: str, customers: Path
) -> None:
    arguments = ("--list", str(customers), "--text", TEXT, "--repeats", "first", "--json")
    assert pbx_sms("mailing", "forecast", *arguments).object()["messages"] == 2
    assert pbx_sms("list", "list", "--json").objects() == []
    assert pbx_sms("mailing", "list", "--json").objects() == []


def test_without_a_sim_the_answer_is_a_sentence(pbx_sms: Command, customers: Path) -> None:
    arguments = ("--list", str(customers), "--text", TEXT, "--repeats", "first")
    result = pbx_sms("mailing", "forecast", *arguments)
    assert result.status == 0
    assert result.out.startswith("it never ends: no SIM was ever seen")
    found = pbx_sms("mailing", "forecast", *arguments, "--json").object()
    assert (found["ends_at"], found["reason"], found["limited_by"]) == (None, "forecast_no_sim", None)
    assert "connect a modem" in found["reason_text"]


def test_wrong_questions_are_refused(pbx_sms: Command, customers: Path) -> None:
    neither = pbx_sms("mailing", "forecast")
    assert "Give the id of a mailing" in neither.refusal()
    assert "Give the id" in pbx_sms("mailing", "forecast", "--list", str(customers)).refusal()
    assert "more-sims=1" in pbx_sms("mailing", "forecast", "1", "--what-if", "sims=1").refusal()
    assert "77" in pbx_sms("mailing", "forecast", "77").refusal()
    # what keeps it from starting
    arguments = ("mailing", "forecast", "--list", str(customers), "--text", TEXT)
    assert pbx_sms(*arguments).refusal()
    assert pbx_sms("list", "list", "--json").objects() == []


def test_a_rehearsal_is_a_line_for_each_message_and_the_end(
    pbx_sms: Command, registered: str, customers: Path
) -> None:
    create = ("mailing", "create", "--list", str(customers), "--text", TEXT, "--repeats", "all")
    assert pbx_sms(*create).status == 0
    *lines, end = pbx_sms("mailing", "rehearse", "1", "--json").objects()
    assert [(line["row"], line["number"], line["sim"], line["parts"]) for line in lines] == [
        (2, "+79161234501", registered, 1),
        (3, "+79161234502", registered, 1),
        (5, "+79161234501", registered, 1),
    ]
    assert lines[0]["text"] == "Анна, к оплате 1460"
    assert set(lines[0]) == {"at", "row", "number", "sim", "parts", "text"}
    assert (end["mailing_id"], end["messages"], end["messages_left"]) == (1, 3, 0)
    assert end["ends_at"] > lines[-1]["at"]
    assert pbx_sms("message", "list", "--json").objects() == []
    shown = pbx_sms("mailing", "rehearse", "1", "--from", "2099-01-02T10:00:00Z").out
    assert "nothing is sent" in shown
    assert "02.01.2099 13:00:06" in shown
    assert "ends 02.01.2099" in shown
    assert "2001" in pbx_sms("mailing", "rehearse", "1", "--from", "2001-01-02T10:00:00Z").refusal()
