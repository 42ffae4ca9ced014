"""`send` and `message` as processes: what they print, refuse, and do when two come at once."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from pbx_sms.config import Settings
from pbx_sms.operations import stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import messages

if TYPE_CHECKING:
    from conftest import Command


def message_count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(messages)).scalar_one()


def test_send_queues_one_message(pbx_sms: Command, stored: Database) -> None:
    assert pbx_sms("send", "8 (916) 123-45-67", "Заказ готов", "--json").object() == {
        "message_id": 1,
        "state": "queued",
        "parts": 1,
        "duplicate": False,
    }
    (row,) = pbx_sms("message", "list", "--json").objects()
    assert row == {
        "message_id": 1,
        "mailing_id": None,
        "row": None,
        "number": "+79161234567",
        "state": "queued",
        "sim": None,
        "parts": 1,
        "parts_submitted": 0,
        "text": "Заказ готов",
        "reason": None,
        "reason_text": None,
        "submitted_at": None,
        "delivered_at": None,
    }
    with stored.read() as connection:
        assert connection.execute(select(messages.c.rank)).scalars().all() == [1]


def test_a_text_that_begins_with_dashes_is_taken_after_two_dashes(
    pbx_sms: Command,
) -> None:
    assert pbx_sms("send", "--json", "--", "+79161234567", "--- внимание ---").object()["parts"] == 1


def test_a_repeat_with_the_same_key_sends_nothing_again(pbx_sms: Command, stored: Database) -> None:
    order = ("send", "+79161234567", "Код 1234", "--id", "crm-17", "--kind", "urgent", "--json")
    first = pbx_sms(*order).object()
    again = pbx_sms(*order).object()
    assert again == first | {"duplicate": True}
    assert "ordered before: message 1" in pbx_sms(*order[:-1]).out
    assert message_count(stored) == 1


def test_two_processes_with_the_same_key_at_once_send_once(pbx_sms: Command, stored: Database) -> None:
    order = ("send", "+79161234567", "Код 1234", "--id", "crm-17", "--json")
    answers = [result.object() for result in pbx_sms.all(*[order] * 6)]
    assert {answer["message_id"] for answer in answers} == {1}
    assert sorted(answer["duplicate"] for answer in answers) == [False, True, True, True, True, True]
    assert message_count(stored) == 1


def test_a_key_for_another_number_or_text_is_refused(pbx_sms: Command, stored: Database) -> None:
    assert pbx_sms("send", "+79161234567", "Код 1234", "--id", "k").status == 0
    for result in pbx_sms.all(
        ("send", "+79161234567", "Код 1235", "--id", "k"), ("send", "+79161234568", "Код 1234", "--id", "k")
    ):
        assert "message 1" in result.refusal()
    assert message_count(stored) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("84951234567", "x"), "landline"),
        (("12", "x"), "too few or too many digits"),
        (("Анна", "x"), "not a telephone number"),
        (("", "x"), "no number"),
        (("89161234567, 89161234568", "x"), "two numbers"),
        (("+79161234567", ""), "empty"),
        (("+79161234567", " \n"), "empty"),
        (("+79161234567", "я" * 470), "too long"),
        (("+79161234567", "x", "--id", ""), "key"),
        (("+79161234567", "x", "--id", "k" * 129), "key"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_changes_nothing(
    pbx_sms: Command, stored: Database, arguments: tuple[str, ...], told: str
) -> None:
    assert told in pbx_sms("send", *arguments).refusal()
    assert message_count(stored) == 0


def test_the_longest_text_is_seven_parts(pbx_sms: Command) -> None:
    assert pbx_sms("send", "+79161234567", "я" * 469, "--json").object()["parts"] == 7


def test_a_stopped_number_gets_nothing(pbx_sms: Command, stored: Database) -> None:
    assert pbx_sms("stop", "add", "+79161234567").status == 0
    assert "stop list" in pbx_sms("send", "+79161234567", "x").refusal()
    assert message_count(stored) == 0


def test_waiting_ends_with_the_message(pbx_sms: Command, stored: Database) -> None:
    with pbx_sms.start("send", "+79161234567", "x", "--wait", "50", "--json") as process:
        wakeup = stored.listen()
        while message_count(stored) == 0:
            wakeup.wait(1.0)
        wakeup.close()
        stop_list.add(stored, Settings(), number="+79161234567")
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert '"state": "suppressed"' in out


def test_waiting_ends_with_the_time(pbx_sms: Command) -> None:
    told = pbx_sms("send", "+79161234567", "x", "--wait", "0.1")
    assert told.status == 0
    assert "Message 1: queued." in told.out
    assert "engine does not run" in told.out


def test_messages_are_listed_by_state(pbx_sms: Command) -> None:
    assert pbx_sms("send", "+79161234567", "a").status == 0
    assert pbx_sms("send", "+79161234568", "b").status == 0
    assert pbx_sms("stop", "add", "+79161234568").status == 0
    queued, suppressed, failed, of_mailing = pbx_sms.all(
        ("message", "list", "--state", "queued", "--json"),
        ("message", "list", "--state", "suppressed", "--json"),
        ("message", "list", "--state", "failed"),
        ("message", "list", "--mailing", "1", "--json"),
    )
    assert [row["text"] for row in queued.objects()] == ["a"]
    assert [(row["text"], row["reason"]) for row in suppressed.objects()] == [("b", "stop_list")]
    assert failed.out == "There are no such messages.\n"
    assert of_mailing.objects() == []


def test_messages_are_found_by_text_number_and_day(pbx_sms: Command) -> None:
    assert pbx_sms("send", "+79161234567", "Ёлка готова").status == 0
    assert pbx_sms("send", "+79161234568", "Стол готов").status == 0
    by_text, by_number, both, later, short = pbx_sms.all(
        ("message", "list", "--text", "елка", "--json"),
        ("message", "list", "--number", "4568", "--from", "2020-01-01", "--json"),
        ("message", "list", "--text", "готов", "--state", "queued", "--json"),
        ("message", "list", "--text", "готов", "--from", "2100-01-01"),
        ("message", "list", "--text", "го"),
    )
    assert [row["text"] for row in by_text.objects()] == ["Ёлка готова"]
    assert [row["number"] for row in by_number.objects()] == ["+79161234568"]
    assert [row["message_id"] for row in both.objects()] == [2, 1]
    assert later.out == "There are no such messages.\n"
    assert "at least 3 letters" in short.refusal()
    assert "is no time" in pbx_sms("message", "list", "--to", "вчера").refusal()


def test_show_tells_the_whole_story(pbx_sms: Command) -> None:
    assert pbx_sms("send", "+79161234567", "я" * 71, "--id", "k").status == 0
    shown = pbx_sms("message", "show", "1", "--json").object()
    assert shown["request_key"] == "k"
    assert [(part["part"], part["state"]) for part in shown["part_list"]] == [(1, "pending"), (2, "pending")]
    assert shown["attempts"] == []
    assert [event["state"] for event in shown["events"]] == ["queued"]
    assert datetime.fromisoformat(shown["created_at"]).utcoffset() is not None
    assert shown["created_at"].endswith("Z")
    text = pbx_sms("message", "show", "1").out
    assert "number: +79161234567" in text
    assert "Part 2: pending" in text
    assert "“pbx-sms message list”" in pbx_sms("message", "show", "2").refusal()


def test_times_are_of_the_office_on_a_terminal(pbx_sms: Command) -> None:
    assert pbx_sms("send", "+79161234567", "x").status == 0
    created_at = datetime.fromisoformat(pbx_sms("message", "show", "1", "--json").object()["created_at"])
    pbx_sms.write_config(pbx_sms.config.read_text() + '[sending]\ntime_zone = "Asia/Vladivostok"\n')
    there = created_at.astimezone(zoneinfo.ZoneInfo("Asia/Vladivostok"))
    assert f"created: {there:%d.%m.%Y %H:%M:%S}" in pbx_sms("message", "show", "1").out


@pytest.mark.parametrize(
    ("decision", "state"), [("submitted", "submitted"), ("failed", "failed"), ("resend", "queued")]
)
def test_a_person_decides_about_an_unknown_message(
    pbx_sms: Command, stored: Database, decision: str, state: str
) -> None:
    assert pbx_sms("send", "+79161234567", "x").status == 0
    assert "is known: queued" in pbx_sms("message", "resolve", "1", decision).refusal()
    with stored.begin() as connection:
        connection.execute(update(messages).values(state="unknown"))
    resolved = pbx_sms("message", "resolve", "1", decision, "--json").object()
    assert resolved == {"message_id": 1, "state": state}
    assert "no message 2" in pbx_sms("message", "resolve", "2", decision).refusal()


def test_a_text_cannot_command_the_terminal(pbx_sms: Command) -> None:
    assert pbx_sms("send", "+79161234567", "a\x1b[2Jb\rc\nd").status == 0
    shown = pbx_sms("message", "list").out
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert "c ⏎ d" in shown
    assert pbx_sms("message", "list", "--json").objects()[0]["text"] == "a\x1b[2Jb\rc\nd"
