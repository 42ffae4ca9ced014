"""Pause, resume, cancel, and what there is to see of a mailing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from made_lists import make_list, people
from sqlalchemy import select, update

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.operations import mailings
from pbx_sms.storage import events
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.schema import messages, parts

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

Start = Callable[..., int]


@pytest.fixture
def start(database: Database, settings: Callable[..., Settings]) -> Start:
    """A running mailing to some people."""

    def run(rows: int = 3, text: str = "{Имя}, заказ {Заказ} готов", **choices: Any) -> int:
        list_id = make_list(database, people(rows))
        created = mailings.create(database, settings(), list_id=list_id, text=text, start=True, **choices)
        mailing_id: int = created["mailing_id"]
        return mailing_id

    return run


def set_state(database: Database, mailing_id: int, state: MailingState) -> None:
    with database.begin() as connection:
        connection.execute(
            update(mailings_table).where(mailings_table.c.mailing_id == mailing_id).values(state=state)
        )


def set_messages(database: Database, row: int, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(messages).where(messages.c.row == row).values(**values))


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(messages.c.state).order_by(messages.c.row)).scalars())


def test_a_paused_mailing_says_by_whom_and_goes_on_when_resumed(database: Database, start: Start) -> None:
    mailing_id = start()
    assert mailings.pause(database, mailing_id, by="anna") == {"mailing_id": mailing_id, "state": "paused"}
    shown = mailings.show(database, mailing_id)
    assert (shown["state"], shown["reason"], shown["reason_params"]) == (
        "paused",
        "paused_by",
        {"name": "anna"},
    )
    assert mailings.resume(database, mailing_id) == {"mailing_id": mailing_id, "state": "running"}
    assert "reason" not in mailings.show(database, mailing_id)
    with database.read() as connection:
        written = [(one.state, one.reason) for one in events.read_after(connection, 0)]
    assert written == [("draft", None), ("running", None), ("paused", "paused_by"), ("running", None)]


ORDERS: dict[str, Callable[[Database, int], Any]] = {
    "pause": lambda database, mailing_id: mailings.pause(database, mailing_id),
    "resume": lambda database, mailing_id: mailings.resume(database, mailing_id),
    "cancel": lambda database, mailing_id: mailings.cancel(database, mailing_id),
    "start": lambda database, mailing_id: mailings.start(database, Settings(), mailing_id),
}
ALLOWED = {
    "pause": {MailingState.RUNNING},
    "resume": {MailingState.PAUSED},
    "cancel": {MailingState.DRAFT, MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED},
    "start": {MailingState.DRAFT, MailingState.SCHEDULED},
}


@pytest.mark.parametrize(
    ("order", "state"),
    [(order, state) for order in ORDERS for state in MailingState if state not in ALLOWED[order]],
)
def test_an_order_in_a_state_that_does_not_allow_it_names_the_state_and_changes_nothing(
    database: Database, start: Start, order: str, state: MailingState
) -> None:
    mailing_id = start()
    set_state(database, mailing_id, state)
    with database.read() as connection:
        newest = events.newest_id(connection)
    with pytest.raises(Conflict) as raised:
        ORDERS[order](database, mailing_id)
    assert raised.value.code == f"mailing_is_{state}"
    assert raised.value.params == {"mailing_id": mailing_id, "state": state}
    assert mailings.show(database, mailing_id)["state"] == state
    assert states(database) == ["queued"] * 3
    with database.read() as connection:
        assert events.newest_id(connection) == newest


def test_every_state_has_its_words() -> None:
    table = sentences.table()
    assert {f"mailing_is_{state}" for state in MailingState} <= table.keys()
    assert {f"message_state_{state}" for state in MessageState} <= table.keys()


@pytest.mark.parametrize("order", [*ORDERS, "show"])
def test_an_order_to_a_mailing_that_does_not_exist_is_refused(database: Database, order: str) -> None:
    with pytest.raises(NotFound) as raised:
        (ORDERS | {"show": mailings.show})[order](database, 99)
    assert raised.value.code == "mailing_not_found"


@pytest.mark.parametrize("pause_first", [False, True])
def test_cancel_ends_what_has_not_gone_and_leaves_what_is_under_way(
    database: Database, start: Start, pause_first: bool
) -> None:
    mailing_id = start(4)
    if pause_first:
        mailings.pause(database, mailing_id)
    set_messages(database, 2, state="submitted", first_accepted_at=NOW)
    set_messages(database, 3, state="submitting")
    set_messages(database, 4, state="leased")
    assert mailings.cancel(database, mailing_id, by="anna")["cancelled"] == 2
    assert states(database) == ["submitted", "submitting", "cancelled", "cancelled"]
    shown = mailings.show(database, mailing_id)
    assert (shown["state"], shown["reason"], shown["reason_params"]) == (
        "cancelled",
        "cancelled_by",
        {"name": "anna"},
    )
    assert shown["finished_at"] is not None


def test_a_large_mailing_is_cancelled_in_pieces_to_its_end(database: Database, start: Start) -> None:
    mailing_id = start(1_200)
    assert mailings.cancel(database, mailing_id)["cancelled"] == 1_200
    assert set(states(database)) == {"cancelled"}
    with database.read() as connection:
        written = [
            one.state for one in events.read_after(connection, 0, limit=5_000) if one.kind == "mailing"
        ]
    assert written == ["draft", "running", "paused", "cancelled"]


def test_a_draft_can_be_cancelled(database: Database, settings: Callable[..., Settings]) -> None:
    list_id = make_list(database, people(2))
    mailing_id = mailings.create(database, settings(), list_id=list_id, text="{Имя}")["mailing_id"]
    assert mailings.cancel(database, mailing_id) == {
        "mailing_id": mailing_id,
        "state": "cancelled",
        "cancelled": 0,
    }


def test_show_counts_messages_by_state_and_accepted_parts(database: Database, start: Start) -> None:
    mailing_id = start(5, "{Имя}" + "Я" * 100, name="Осень", kind="service")
    set_messages(database, 2, state="delivered", first_accepted_at=NOW)
    set_messages(database, 3, state="submitted", first_accepted_at=NOW)
    set_messages(database, 4, state="failed", first_accepted_at=NOW)
    set_messages(database, 5, state="unknown")
    with database.begin() as connection:
        failed = select(messages.c.message_id).where(messages.c.row == 4).scalar_subquery()
        connection.execute(
            update(parts).where(parts.c.message_id == failed, parts.c.part == 1).values(state="submitted")
        )
    shown = mailings.show(database, mailing_id)
    assert shown["counts"] == {"queued": 1, "submitted": 1, "delivered": 1, "failed": 1, "unknown": 1}
    assert (shown["name"], shown["kind"], shown["state"]) == ("Осень", "service", "running")
    assert (shown["messages"], shown["parts"], shown["parts_submitted"]) == (5, 10, 5)
    assert shown["started_at"] is not None
    assert (shown["finished_at"], shown["forecast_at"]) == (None, None)


def test_a_running_mailing_of_which_nothing_moves_says_why(database: Database, start: Start) -> None:
    mailing_id = start()
    for row, hour in ((2, 12), (3, 10), (4, 11)):
        set_messages(
            database,
            row,
            not_before_at=NOW.replace(hour=hour),
            reason_code="quota_day",
            reason_params={"hour": hour},
        )
    shown = mailings.show(database, mailing_id)
    assert (shown["reason"], shown["reason_params"]) == ("quota_day", {"hour": 10})
    set_messages(database, 4, state="submitting")
    assert "reason" not in mailings.show(database, mailing_id)


def test_mailings_are_listed_newest_first(database: Database, start: Start) -> None:
    first, second = start(name="Первая"), start(name="Вторая")
    mailings.pause(database, first)
    listed = mailings.list_mailings(database)
    assert [(one["mailing_id"], one["name"], one["state"]) for one in listed] == [
        (second, "Вторая", "running"),
        (first, "Первая", "paused"),
    ]
    assert listed[1]["reason"] == "paused"
    assert len(mailings.list_mailings(database, limit=1)) == 1


def test_an_order_wakes_whoever_listens(database: Database, start: Start) -> None:
    mailing_id = start()
    listener = database.listen()
    try:
        mailings.pause(database, mailing_id)
        assert listener.wait(10)
    finally:
        listener.close()
