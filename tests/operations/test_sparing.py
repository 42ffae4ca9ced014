"""Numbers that a mailing spares: those that fail again and again, and those that have just had its text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest
from made_history import past_mailing, past_message
from made_lists import make_list, number
from sqlalchemy import Engine, event

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.core.message import MessageState
from pbx_sms.operations import contacts, mailings
from pbx_sms.storage.engine import Database

A, B, C = number(1), number(2), number(3)
TEXT = "{Имя}: {Заказ}"
ROWS = [(A, "Анна", "1"), (B, "Борис", "2"), (C, "Вера", "3")]


def fail(database: Database, msisdn: str, mailings_: int, **values: Any) -> None:
    for _ in range(mailings_):
        past_message(
            database, msisdn, database.now(), MessageState.UNDELIVERED,
            mailing_id=past_mailing(database, database.now()), **values,
        )  # fmt: skip


def left_out(told: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["row"], one["reason"]) for one in told["left_out"]]


def test_a_number_that_fails_again_and_again_is_left_out_with_the_newest_reason(database: Database) -> None:
    fail(database, A, 3, reason_code="stop_list")
    fail(database, B, 2)
    list_id = make_list(database, ROWS)
    created = mailings.create(database, Settings(), list_id=list_id, text=TEXT, start=True)
    assert (created["messages"], left_out(created)) == (2, [(2, "number_failing_because")])
    reason = created["left_out"][0]
    assert reason["reason_params"] == {"mailings": 3, "newest": {"code": "stop_list", "params": {}}}
    for language in sentences.LANGUAGES:
        told = sentences.render(reason["reason"], reason["reason_params"], language)
        assert "3" in told
        assert sentences.render("stop_list", {}, language) in told


def test_a_draft_may_be_for_failing_numbers_too_and_start_remembers_it(database: Database) -> None:
    fail(database, A, 3)
    list_id = make_list(database, ROWS)
    plain = mailings.create(database, Settings(), list_id=list_id, text=TEXT)
    assert (plain["messages"], left_out(plain)) == (2, [(2, "number_failing")])
    every = mailings.create(database, Settings(), list_id=list_id, text=TEXT, allow_failing=True)
    assert (every["messages"], left_out(every)) == (3, [])
    started = mailings.start(database, Settings(), every["mailing_id"])
    assert (started["messages"], left_out(started)) == (3, [])
    assert mailings.start(database, Settings(), plain["mailing_id"])["messages"] == 2


@pytest.mark.parametrize(("after", "spared"), [(0, False), (2, True), (3, False)])
def test_how_often_a_number_may_fail_is_a_setting_for_mailings_and_contacts(
    sqlite_database: Database, settings: Callable[..., Settings], after: int, spared: bool
) -> None:
    fail(sqlite_database, A, 2)
    chosen = settings(people={"failing_after": after})
    checked = mailings.check(sqlite_database, chosen, list_id=make_list(sqlite_database, ROWS), text=TEXT)
    assert checked.left_out_counts == ({"number_failing": 1} if spared else {})
    assert contacts.show(sqlite_database, chosen, A)["is_failing"] is spared


def test_the_same_text_to_the_same_number_is_left_out_with_when_it_went(database: Database) -> None:
    at = database.now() - timedelta(hours=23)
    past_message(database, A, at, text="Анна: 1")
    past_message(database, B, at, text="Борис: 7")
    past_message(database, C, at - timedelta(hours=2), text="Вера: 3")
    checked = mailings.check(database, Settings(), list_id=make_list(database, ROWS), text=TEXT)
    assert [(one.row, one.reason.code) for one in checked.left_out] == [(2, "same_text_again")]
    assert checked.left_out[0].reason.params == {"sent_at": at.astimezone(UTC).isoformat(), "hours": "24"}


@pytest.mark.parametrize(("hours", "spared"), [(0, False), (0.5, False), (2, True)])
def test_how_long_the_same_text_is_held_back_is_a_setting(
    sqlite_database: Database, settings: Callable[..., Settings], hours: float, spared: bool
) -> None:
    past_message(sqlite_database, A, sqlite_database.now() - timedelta(hours=1), text="Анна: 1")
    chosen = settings(people={"same_text_h": hours})
    checked = mailings.check(sqlite_database, chosen, list_id=make_list(sqlite_database, ROWS), text=TEXT)
    assert checked.left_out_counts == ({"same_text_again": 1} if spared else {})


def test_a_spared_row_does_not_stand_in_the_way_of_the_same_numbers_next_text(
    sqlite_database: Database,
) -> None:
    past_message(sqlite_database, A, sqlite_database.now(), text="Анна: 1")
    rows = [(A, "Анна", "1"), (A, "Анна", "2"), (A, "Анна", "3")]
    list_id = make_list(sqlite_database, rows)
    created = mailings.create(
        sqlite_database, Settings(), list_id=list_id, text=TEXT, repeats="first", start=True
    )
    assert left_out(created) == [(2, "same_text_again"), (4, "repeat_other_text")]


def test_the_look_back_costs_a_few_statements_for_a_whole_chunk(sqlite_database: Database) -> None:
    rows = [(number(place), "Имя", str(place)) for place in range(1500)]
    list_id = make_list(sqlite_database, rows)
    fail(sqlite_database, number(7), 3)
    asked: list[str] = []

    def heard(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        checked = mailings.check(sqlite_database, Settings(), list_id=list_id, text=TEXT)
    finally:
        event.remove(Engine, "before_cursor_execute", heard)
    assert (checked.messages, checked.left_out_counts) == (1499, {"number_failing": 1})
    assert sum("messages" in statement for statement in asked) <= 6
