"""Single messages: what is stored, what a repeat does, what is shown; on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.message import MessageState
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import messages, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import events, parts
from pbx_sms.storage.schema import messages as table

SETTINGS = Settings()
NUMBER = "+79161234567"


def send(database: Database, **order: Any) -> dict[str, Any]:
    return messages.send(database, SETTINGS, **{"number": NUMBER, "text": "Заказ готов"} | order)


def count(database: Database, of: Any) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(of)).scalar_one())


def test_a_message_is_stored_with_its_parts_and_its_event(database: Database) -> None:
    answer = send(database, text="я" * 71, kind=MailingKind.URGENT)
    assert answer == {"message_id": 1, "state": "queued", "parts": 2, "duplicate": False}
    with database.read() as connection:
        row = connection.execute(select(table)).one()
        assert (row.rank, row.encoding, row.part_count, row.wants_report) == (2, "ucs2", 2, True)
        assert row.mailing_id is None
        assert connection.execute(select(parts.c.part, parts.c.state)).all() == [
            (1, "pending"),
            (2, "pending"),
        ]
        event = connection.execute(select(events)).one()
        assert (event.kind, event.state, event.message_id) == ("message", "queued", 1)


def test_sending_wakes_the_engine(database: Database) -> None:
    wakeup = database.listen()
    try:
        send(database)
        assert wakeup.wait(10)
    finally:
        wakeup.close()


def test_many_at_once_with_one_key_send_one_message(database: Database) -> None:
    barrier = threading.Barrier(8)
    answers: list[dict[str, Any]] = []

    def order() -> None:
        barrier.wait()
        answers.append(send(database, key="crm-17"))

    threads = [threading.Thread(target=order) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["message_id"] for answer in answers}) == 1
    assert sorted(answer["duplicate"] for answer in answers) == [False] + [True] * 7
    assert count(database, table) == 1
    assert count(database, parts) == 1
    assert count(database, events) == 1


def test_a_repeat_tells_how_the_first_is(database: Database) -> None:
    first = send(database, key="k")
    with database.begin() as connection:
        connection.execute(update(table).values(state="delivered"))
    # also written in another way, and after the number came onto the stop list
    stop_list.add(database, SETTINGS, number=NUMBER)
    assert send(database, key="k", number="8 (916) 123-45-67") == first | {
        "state": "delivered",
        "duplicate": True,
    }
    with pytest.raises(Refused, match="key_used"):
        send(database, key="k", text="Заказ отменён")


@pytest.mark.parametrize(
    ("code", "order"),
    [
        ("message_empty", {"text": "\n "}),
        ("message_unprintable", {"text": "a\0b"}),
        ("text_broken_character", {"text": "a\ud83d"}),
        ("message_too_long", {"text": "я" * 470}),
        ("landline", {"number": "84951234567"}),
        ("send_two_numbers", {"number": "89161234567 89161234568"}),
        ("key_invalid", {"key": ""}),
        ("key_invalid", {"key": "a\nb"}),
        ("send_kind_invalid", {"kind": MailingKind.ADVERTISING}),
    ],
)
def test_what_cannot_be_sent_changes_nothing(database: Database, code: str, order: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=code):
        send(database, **order)
    assert count(database, table) == 0


def test_a_stopped_number_is_refused(database: Database) -> None:
    stop_list.add(database, SETTINGS, number=NUMBER)
    with pytest.raises(Refused, match="number_stopped"):
        send(database)
    assert count(database, table) == 0


def test_all_pages_are_listed_in_order(sqlite_database: Database) -> None:
    for number in range(1, 8):
        send(sqlite_database, text=str(number))
    with sqlite_database.begin() as connection:
        connection.execute(update(table).where(table.c.message_id == 4).values(state="failed"))
    page = messages._PAGE
    try:
        messages._PAGE = 2
        listed = list(messages.list_messages(sqlite_database, SETTINGS))
        queued = list(messages.list_messages(sqlite_database, SETTINGS, state=MessageState.QUEUED))
    finally:
        messages._PAGE = page
    assert [row["text"] for row in listed] == ["1", "2", "3", "4", "5", "6", "7"]
    assert [row["text"] for row in queued] == ["1", "2", "3", "5", "6", "7"]


@pytest.mark.parametrize("wants_report", [True, False])
def test_the_end_of_a_submitted_message_is_its_report_if_one_was_asked_for(
    sqlite_database: Database, wants_report: bool
) -> None:
    message_id = send(sqlite_database)["message_id"]
    now = sqlite_database.now()

    def become(**values: Any) -> None:
        with sqlite_database.begin() as connection:
            connection.execute(update(table).values(wants_report=wants_report, **values))
        sqlite_database.wake()

    def wait(timeout_s: float) -> str:
        return str(messages.wait_for_end(sqlite_database, SETTINGS, message_id, timeout_s)["state"])

    assert wait(0.0) == "queued"
    become(state="submitted", submitted_at=now)
    if not wants_report:
        assert wait(1000) == "submitted"
        return
    assert wait(0.01) == "submitted"
    waiting = threading.Thread(target=lambda: ends.append(wait(1000)))
    ends: list[str] = []
    waiting.start()
    become(state="delivered")
    waiting.join()
    assert ends == ["delivered"]
    # no report can come any more
    become(state="submitted", submitted_at=now - timedelta(hours=26))
    assert wait(1000) == "submitted"


def test_what_is_not_there_is_not_found(database: Database) -> None:
    for order in (
        lambda: messages.show(database, SETTINGS, 1),
        lambda: messages.resolve(database, SETTINGS, 1, Decision.FAILED),
        lambda: messages.wait_for_end(database, SETTINGS, 1, 1),
    ):
        with pytest.raises(NotFound, match="no_such_message"):
            order()


def test_a_decision_is_an_event_with_its_reason(database: Database) -> None:
    message_id = send(database)["message_id"]
    with database.begin() as connection:
        connection.execute(update(table).values(state="unknown"))
    assert messages.resolve(database, SETTINGS, message_id, Decision.RESEND)["state"] == "queued"
    shown = messages.show(database, SETTINGS, message_id)
    assert [event["state"] for event in shown["events"]] == ["queued", "queued"]
    assert shown["events"][1]["reason"] == "resolved_by_person"
