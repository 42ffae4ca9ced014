"""The stop list: one commit for the number and for what waits for it; on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from pbx_sms.config import Settings
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import messages, stop_list
from pbx_sms.storage import stop_list as stored
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import events
from pbx_sms.storage.schema import messages as table
from pbx_sms.storage.stop_list import StopEntry, StopSource

SETTINGS = Settings()
NUMBER = "+79161234567"


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(table.c.state).order_by(table.c.message_id)).scalars())


def send(database: Database, number: str = NUMBER) -> None:
    messages.send(database, SETTINGS, number=number, text="x")


def bring(database: Database, text: str) -> dict[str, Any]:
    return stop_list.import_file(database, SETTINGS, source=text.encode(), file_name="stop.csv", by="anna")


def test_what_waits_for_the_number_is_suppressed_and_nothing_else(database: Database) -> None:
    for number in (NUMBER, NUMBER, NUMBER, "+79161234568"):
        send(database, number)
    with database.begin() as connection:
        connection.execute(update(table).where(table.c.message_id == 2).values(state="submitting"))
        connection.execute(update(table).where(table.c.message_id == 3).values(state="leased"))
    added = stop_list.add(database, SETTINGS, number="8 916 1234567", note="по телефону", by="anna")
    assert added == {"number": NUMBER, "added": True, "suppressed": 2}
    assert states(database) == ["suppressed", "submitting", "suppressed", "queued"]
    (entry,) = stop_list.list_entries(database, SETTINGS)
    assert entry | {"created_at": None} == {
        "number": NUMBER,
        "source": "person",
        "note": "по телефону",
        "created_at": None,
        "created_by": "anna",
        "call_id": None,
    }


def test_the_number_and_the_messages_are_told_in_events(database: Database) -> None:
    send(database)
    stop_list.add(database, SETTINGS, number=NUMBER)
    stop_list.remove(database, SETTINGS, number=NUMBER, why="ошибка", by="anna")
    with database.read() as connection:
        told = connection.execute(
            select(events.c.kind, events.c.state, events.c.reason_code).order_by(events.c.event_id)
        ).all()
    assert told == [
        ("message", "queued", None),
        ("message", "suppressed", "stop_list"),
        ("stop", "added", "stop_added"),
        ("stop", "removed", "stop_removed"),
    ]


def test_a_number_again_keeps_its_first_entry_and_still_ends_what_waits(database: Database) -> None:
    stop_list.add(database, SETTINGS, number=NUMBER, note="first")
    with database.begin() as connection:
        connection.execute(stored.stop_list.delete())
    send(database)
    with database.begin() as connection:
        entry = StopEntry(msisdn=NUMBER, source=StopSource.SMS, created_at=database.now(), note="by SMS")
        assert stored.add(connection, [entry]) == {NUMBER}
    assert stop_list.add(database, SETTINGS, number=NUMBER, note="again") == {
        "number": NUMBER,
        "added": False,
        "suppressed": 1,
    }
    assert [entry["note"] for entry in stop_list.list_entries(database, SETTINGS)] == ["by SMS"]


def test_many_numbers_are_taken_up_once_each(database: Database) -> None:
    numbers = [f"+7916{number:07}" for number in range(12_000)]
    now = database.now()
    entries = [StopEntry(msisdn=one, source=StopSource.IMPORT, created_at=now) for one in numbers]
    with database.begin() as connection:
        assert stored.add(connection, entries[:5]) == set(numbers[:5])
    with database.begin() as connection:
        # each of them twice
        assert stored.add(connection, [*entries, *entries]) == set(numbers[5:])
    with database.read() as connection:
        assert stored.listed_among(connection, [*numbers, "+1"]) == set(numbers)
        assert stored.is_listed(connection, numbers[0])
        assert not stored.is_listed(connection, "+1")


def test_a_file_is_taken_up_in_one_commit_with_a_report(database: Database) -> None:
    send(database, "+79161234502")
    told = bring(database, "Телефон\n89161234501\n89161234502, 89161234503\n8916\n89161234501\n")
    assert told == {
        "read": 4,
        "added": 3,
        "already": 1,
        "suppressed": 1,
        "rejected": [{"row": 4, "value": "8916", "reason": "wrong_length", "reason_params": {}}],
    }
    assert states(database) == ["suppressed"]
    assert {(one["source"], one["created_by"]) for one in stop_list.list_entries(database, SETTINGS)} == {
        ("import", "anna")
    }


@pytest.mark.parametrize("text", ["", "Имя\nАнна\n"])
def test_a_file_without_numbers_changes_nothing(sqlite_database: Database, text: str) -> None:
    with pytest.raises(Refused):
        bring(sqlite_database, text)
    assert stop_list.list_entries(sqlite_database, SETTINGS) == []


def test_what_cannot_be_taken_up_or_off_is_refused(database: Database) -> None:
    with pytest.raises(Refused, match="landline"):
        stop_list.add(database, SETTINGS, number="84951234567")
    with pytest.raises(Refused, match="empty"):
        stop_list.remove(database, SETTINGS, number=" ", why="ошибка")
    with pytest.raises(NotFound, match="stop_not_listed"):
        stop_list.remove(database, SETTINGS, number=NUMBER, why="ошибка", by="anna")
