"""Making and starting a mailing: once, whole, and never in the way of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from made_lists import make_list, number, people
from made_mailings import TEXT, MakeSettings, count, draft, mailing_row, rows_of
from sqlalchemy import Connection, insert, select, update

from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations import mailings
from pbx_sms.storage import events
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue import waiting_queues
from pbx_sms.storage.schema import left_out, messages, parts, recipients, stop_list
from pbx_sms.storage.schema import mailings as mailings_table


def test_a_draft_says_what_it_would_send_and_has_no_messages(
    database: Database, settings: MakeSettings
) -> None:
    list_id = make_list(database, [*people(2), (None, "Борис", "9")])
    created = mailings.create(
        database, settings(), list_id=list_id, text=TEXT, kind="urgent", created_by="anna"
    )
    assert created.pop("cost")["reason"] == "cost_no_sim"
    assert created == {
        "mailing_id": created["mailing_id"],
        "state": "draft",
        "messages": 2,
        "parts": 2,
        "left_out": [
            {"row": 4, "number": None, "reason": "not_a_number", "reason_params": {}, "value": "нет"}
        ],
    }
    assert count(database, messages) == 0
    row = mailing_row(database, created["mailing_id"])
    assert (row.name, row.kind, row.rank, row.created_by) == ("Клиенты", "urgent", 2, "anna")


def test_start_queues_a_message_with_its_parts_for_every_row_and_makes_the_mailing_running(
    database: Database, settings: MakeSettings
) -> None:
    list_id = make_list(database, [(number(1), "Анна", "1"), (number(2), "Я" * 100, "2"), (None, "", "")])
    mailing_id = mailings.create(database, settings(), list_id=list_id, text=TEXT)["mailing_id"]
    started = mailings.start(database, settings(), mailing_id)
    assert {key: started[key] for key in ("mailing_id", "state", "messages", "parts")} == {
        "mailing_id": mailing_id,
        "state": "running",
        "messages": 2,
        "parts": 3,
    }
    assert [one["row"] for one in started["left_out"]] == [4]
    with database.read() as connection:
        stored = connection.execute(select(messages).order_by(messages.c.row)).all()
        assert [(one.row, one.msisdn, one.text, one.encoding, one.part_count) for one in stored] == [
            (2, number(1), "Анна, заказ 1 готов", "ucs2", 1),
            (3, number(2), "Я" * 100 + ", заказ 2 готов", "ucs2", 2),
        ]
        assert {(one.state, one.rank, one.wants_report) for one in stored} == {("queued", 0, True)}
        assert connection.execute(
            select(parts.c.message_id, parts.c.part, parts.c.state, parts.c.report).order_by(
                parts.c.message_id, parts.c.part
            )
        ).all() == [
            (stored[0].message_id, 1, "pending", "none"),
            (stored[1].message_id, 1, "pending", "none"),
            (stored[1].message_id, 2, "pending", "none"),
        ]
        assert connection.execute(select(left_out.c.row, left_out.c.reason_code)).all() == [
            (4, "not_a_number")
        ]
        assert [(one.kind, one.state) for one in events.read_after(connection, 0)] == [
            ("mailing", "draft"),
            ("mailing", "running"),
        ]
    row = mailing_row(database, mailing_id)
    assert (row.state, row.message_count, row.part_count, row.left_out_count) == ("running", 2, 3, 1)
    assert row.started_at is not None
    assert row.reason_code is None


def test_reports_are_not_asked_for_where_the_settings_say_so(
    database: Database, settings: MakeSettings
) -> None:
    quiet = settings(sending={"delivery_reports": False})
    list_id = make_list(database, people(1))
    mailings.create(database, quiet, list_id=list_id, text=TEXT, start=True)
    with database.read() as connection:
        assert connection.execute(select(messages.c.wants_report)).scalar_one() is False


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"text": "{Долг}"}, "unknown_placeholder"),
        ({"text": "{Имя"}, "template_brace_open"),
        ({"text": " "}, "mailing_text_empty"),
        ({"text": TEXT}, "placeholders_empty"),
        ({"text": "{Заказ|}", "kind": "loud"}, "kind_invalid"),
        ({"text": "{Заказ|}"}, "repeats_undecided"),
        ({"text": "{Заказ|}" + "Я" * 500, "repeats": "all"}, "nothing_to_send"),
    ],
)
@pytest.mark.parametrize("start", [False, True])
def test_what_cannot_be_started_is_refused_and_nothing_is_stored(
    sqlite_database: Database, settings: MakeSettings, choices: dict[str, Any], code: str, start: bool
) -> None:
    list_id = make_list(sqlite_database, [(number(1), "", "1"), (number(1), "Анна", "2")])
    with pytest.raises(Refused) as raised:
        mailings.create(sqlite_database, settings(), list_id=list_id, start=start, **choices)
    assert raised.value.code == code
    assert count(sqlite_database, mailings_table) == count(sqlite_database, messages) == 0


def test_start_looks_at_the_stop_list_again(database: Database, settings: MakeSettings) -> None:
    mailing_id = draft(database, settings())
    with database.begin() as connection:
        connection.execute(
            insert(stop_list).values(
                msisdn=number(1), source="sms", created_at=datetime(2026, 1, 1, tzinfo=UTC)
            )
        )
    started = mailings.start(database, settings(), mailing_id)
    assert started["messages"] == 2
    assert [(one["row"], one["reason"]) for one in started["left_out"]] == [(3, "stop_list")]


def test_start_looks_at_the_list_again_and_leaves_the_draft_as_it_was(
    database: Database, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings())
    with database.begin() as connection:
        connection.execute(update(recipients).where(recipients.c.row == 3).values(fields='["","",""]'))
    with pytest.raises(Refused) as raised:
        mailings.start(database, settings(), mailing_id)
    assert raised.value.code == "placeholders_empty"
    assert raised.value.params["rows"] == [3]
    row = mailing_row(database, mailing_id)
    assert (row.state, row.reason_code) == ("draft", None)
    assert count(database, messages) == 0


def test_a_list_that_changes_between_the_check_and_the_filling_stops_the_start(
    database: Database, settings: MakeSettings
) -> None:
    list_id = make_list(database, people(2_500))

    def change(done: int, _total: int) -> None:
        if done == 2_000:
            with database.begin() as connection:
                connection.execute(
                    update(recipients).where(recipients.c.row == 2_300).values(fields='["","",""]')
                )

    with pytest.raises(Conflict) as raised:
        mailings.create(database, settings(), list_id=list_id, text=TEXT, start=True, progress=change)
    assert raised.value.code == "list_changed"
    with database.read() as connection:
        assert waiting_queues(connection) == []


def test_a_second_start_of_a_running_mailing_changes_nothing(
    database: Database, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings())
    mailings.start(database, settings(), mailing_id)
    with pytest.raises(Conflict) as raised:
        mailings.start(database, settings(), mailing_id)
    assert (raised.value.code, raised.value.params["state"]) == ("mailing_is_running", "running")
    assert rows_of(database, mailing_id) == [2, 3, 4]


def test_a_second_start_while_the_first_is_at_work_is_refused_and_nothing_is_made_twice(
    database: Database, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings(), rows=4_100)
    refusals = []

    def start_again(_done: int, _total: int) -> None:
        with pytest.raises(Conflict) as raised:
            mailings.start(database, settings(), mailing_id)
        refusals.append(raised.value.code)

    mailings.start(database, settings(), mailing_id, progress=start_again)
    assert refusals == ["mailing_being_started"] * 3
    assert rows_of(database, mailing_id) == list(range(2, 4_102))


def test_messages_of_a_draft_that_is_being_filled_belong_to_no_queue_and_are_not_counted(
    database: Database, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings(), rows=4_100)
    seen = []

    def look(_done: int, _total: int) -> None:
        shown = mailings.show(database, mailing_id)
        with database.read() as connection:
            queues = waiting_queues(connection)
        seen.append((shown["state"], shown["reason"], shown["reason_params"], shown["counts"], queues))

    mailings.start(database, settings(), mailing_id, progress=look)
    assert seen == [("draft", "starting", {}, {}, [])] * 3


def test_no_transaction_of_a_start_writes_more_than_two_thousand_rows(
    sqlite_database: Database, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    begin = sqlite_database.begin

    @contextmanager
    def counting() -> Iterator[Connection]:
        with begin() as connection:
            before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
            yield connection
            written.append(connection.exec_driver_sql("SELECT total_changes()").scalar_one() - before)

    list_id = make_list(sqlite_database, [(number(place), "Я" * 100, "1") for place in range(2_500)])
    monkeypatch.setattr(sqlite_database, "begin", counting)
    mailings.create(sqlite_database, settings(), list_id=list_id, text=TEXT, start=True)
    # a message with two parts is three rows; a few are the mailing's own and the sequences'
    assert sum(written) >= 7_500
    assert max(written) <= 2_020
