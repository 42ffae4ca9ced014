"""Searching messages: what is found, whatever the index knows of it; on both databases."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from pbx_sms.config import Settings
from pbx_sms.core.message import MessageState
from pbx_sms.errors import Refused
from pbx_sms.operations import checkup, message_search, messages
from pbx_sms.operations.message_search import Keeper
from pbx_sms.storage import message_search as stored_search
from pbx_sms.storage import queue, search_index
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue import NewMessage
from pbx_sms.storage.schema import inbound, mailings
from pbx_sms.storage.schema import messages as table

SETTINGS = Settings()
BLOCK = search_index.BLOCK
NAMES = ("Ёлкин", "Петрова", "Иванов", "Smith")


def new_message(number: int, text: str, mailing_id: int | None = None) -> NewMessage:
    return NewMessage(
        msisdn=f"+7916{number:07d}",
        text=text,
        encoding="ucs2",
        part_count=1,
        rank=0,
        wants_report=True,
        mailing_id=mailing_id,
        row=None if mailing_id is None else number,
    )


def add(database: Database, new: list[NewMessage], later: timedelta = timedelta()) -> list[int]:
    with database.begin() as connection:
        return queue.insert_messages(connection, new, database.now() + later)


def fill(database: Database, count: int) -> list[int]:
    return add(
        database,
        [new_message(at, f"{NAMES[at % 4]}, заказ №{84_000 + at} ГОТОВ") for at in range(count)],
    )


def found(database: Database, **criteria: Any) -> list[int]:
    wanted = message_search.criteria(SETTINGS, **criteria)
    return [row["message_id"] for row in message_search.every(database, SETTINGS, wanted)]


def index(database: Database) -> None:
    """As the engine does, in its time: on PostgreSQL what is settled is known with the second look."""
    keeper = Keeper()
    for _ in range(3):
        keeper.look(database)


def indexed_to(database: Database) -> int:
    with database.read() as connection:
        return search_index.indexed_to(database, connection)


@pytest.mark.parametrize("is_indexed", [False, True])
@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("елкин", [0, 4]),
        ("ЁЛКИН", [0, 4]),
        ("заказ №84003 готов", [3]),
        ("4003", [3]),
        ("smith,  заказ", [3, 7]),
        ("нет такого", []),
        ("%", None),
        ("№84_", []),
        ("%заказ%", []),
        ('"AND" NOT', []),
        ("о" * 1_000, []),
    ],
)
def test_a_piece_of_the_text_finds_its_messages_and_no_others(
    database: Database, is_indexed: bool, typed: str, numbers: list[int] | None
) -> None:
    ids = fill(database, 3 * BLOCK + 10)
    if is_indexed:
        index(database)
        assert indexed_to(database) >= 2 * BLOCK
    if numbers is None:
        with pytest.raises(Refused, match="search_text_short"):
            found(database, text=typed)
        return
    result = found(database, text=typed)
    assert result == sorted(result, reverse=True)
    assert [ids.index(one) for one in sorted(result) if ids.index(one) < 8] == numbers


def test_every_piece_finds_what_a_plain_look_would_find(database: Database) -> None:
    """Index, tail and pages together, over pieces cut from anywhere; against a look at every text."""
    ids = fill(database, 10 * BLOCK + 7)
    index(database)
    with database.read() as connection:
        texts = {row.message_id: row.text for row in connection.execute(select(table))}
    chance = random.Random(5)
    for _ in range(40):
        text = texts[chance.choice(ids)]
        begin = chance.randrange(len(text) - 3)
        piece = text[begin : begin + chance.randint(3, 12)]
        if len(piece.strip()) < 3:
            continue
        folded = " ".join(piece.lower().replace("ё", "е").split())
        same = [one for one, whole in texts.items() if folded in whole.lower().replace("ё", "е")]
        assert found(database, text=piece) == sorted(same, reverse=True)


@pytest.mark.parametrize("typed", ["+79160000007", "8 (916) 000-00-07", "0007", "000-00-07"])
@pytest.mark.parametrize("is_indexed", [False, True])
def test_a_number_is_found_whole_or_by_its_end(database: Database, typed: str, is_indexed: bool) -> None:
    ids = fill(database, 2 * BLOCK)
    if is_indexed:
        index(database)
    assert found(database, number=typed) == [ids[7]]


@pytest.mark.parametrize(
    ("criteria", "code"),
    [
        ({"text": "а"}, "search_text_short"),
        ({"text": " ok "}, "search_text_short"),
        ({"text": "а" * 1_001}, "search_text_long"),
        ({"number": "123"}, "search_number_short"),
        ({"number": "Анна"}, "search_number_unreadable"),
        ({"number": "1" * 16}, "search_number_unreadable"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(criteria: dict[str, str], code: str) -> None:
    with pytest.raises(Refused, match=code):
        message_search.criteria(SETTINGS, **criteria)


def test_states_are_found_among_others(database: Database) -> None:
    ids = fill(database, 40)
    with database.begin() as connection:
        for state, number in (("failed", 3), ("expired", 5), ("unknown", 8), ("delivered", 9)):
            connection.execute(update(table).where(table.c.message_id == ids[number]).values(state=state))
    of = MessageState
    assert found(database, states=frozenset({of.FAILED})) == [ids[3]]
    assert found(database, states=frozenset({of.FAILED, of.EXPIRED, of.UNKNOWN})) == [ids[8], ids[5], ids[3]]
    assert found(database, states=frozenset({of.DELIVERED, of.FAILED})) == [ids[9], ids[3]]
    assert found(database, states=frozenset({of.DELIVERED}), text="готов") == [ids[9]]
    assert len(found(database, states=frozenset({of.QUEUED}))) == 36


def test_a_time_takes_what_was_made_in_it(database: Database) -> None:
    now = database.now()
    made = {days: add(database, [new_message(days, "давно")] * 3, timedelta(days=days)) for days in range(5)}
    day_2 = {"from_at": now + timedelta(days=2), "before_at": now + timedelta(days=3)}
    assert found(database, **day_2) == sorted(made[2], reverse=True)
    assert found(database, **day_2, text="давно", number="0000002") == sorted(made[2], reverse=True)
    assert found(database, from_at=now + timedelta(days=9)) == []
    assert found(database, before_at=now - timedelta(days=1)) == []
    with pytest.raises(Refused, match="search_time_order"):
        found(database, from_at=now, before_at=now)


def test_messages_of_a_draft_are_not_found_and_those_of_one_mailing_are(database: Database) -> None:
    single = fill(database, 3)
    values = {"kind": "service", "rank": 1, "text": "", "created_at": database.now(), "name": "x"}
    with database.begin() as connection:
        connection.execute(insert(mailings), [values | {"state": state} for state in ("draft", "running")])
    add(database, [new_message(at, "заказ") for at in range(3)])
    add(database, [new_message(at, "заказ", 1) for at in range(3)])
    started = add(database, [new_message(at, "заказ", 2) for at in range(3)])
    assert len(found(database, text="заказ")) == len(single) + 6
    assert found(database, mailing_id=2) == sorted(started, reverse=True)
    assert found(database, mailing_id=2, text="заказ", number="0001") == [started[1]]
    assert found(database, mailing_id=1) == found(database, mailing_id=77) == []


def test_a_page_that_is_not_filled_says_how_far_it_looked_and_the_next_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_search, "MOST_ROWS", 20)
    monkeypatch.setattr(stored_search, "MOST_TEXTS", 20)
    monkeypatch.setattr(stored_search, "_WINDOW", 10)
    monkeypatch.setattr(stored_search, "_CHUNK", 10)
    ids = fill(database, 100)
    with database.begin() as connection:
        connection.execute(update(table).where(table.c.message_id == ids[2]).values(state="delivered"))
    for criteria in ({"states": frozenset({MessageState.DELIVERED})}, {"text": "№84002"}):
        wanted = message_search.criteria(SETTINGS, **criteria)  # type: ignore[arg-type]
        first = message_search.search(database, SETTINGS, wanted)
        assert first["messages"] == []
        assert first["is_cut"]
        assert first["looked_back_to"] is not None
        assert found(database, **criteria) == [ids[2]]


def test_pages_follow_each_other_without_a_gap(database: Database) -> None:
    ids = fill(database, 2 * BLOCK)
    index(database)
    wanted = message_search.criteria(SETTINGS, text="заказ")
    seen: list[int] = []
    below: int | None = message_search.NEWEST
    while below is not None:
        page = message_search.search(database, SETTINGS, wanted, below=below, limit=7)
        assert not page["is_cut"]
        seen += [row["message_id"] for row in page["messages"]]
        below = page["next_below"]
    assert seen == sorted(ids, reverse=True)


def test_the_index_follows_what_is_added_and_never_adds_twice(database: Database) -> None:
    keepers = [Keeper(), Keeper()]
    for _ in range(4):
        fill(database, 70)
        for keeper in keepers:
            keeper.look(database)
    for _ in range(3):
        for keeper in keepers:
            keeper.look(database)
    assert indexed_to(database) == 280 // BLOCK * BLOCK + BLOCK - 1 - BLOCK
    assert len(found(database, text="заказ")) == 280
    with database.read() as connection, search_index.reader(database, connection) as reader:
        assert reader.blocks(["зак"], 100, 100) == [3, 2, 1, 0]


def test_removed_messages_leave_no_trace_and_gaps_stop_nothing(database: Database) -> None:
    ids = fill(database, 3 * BLOCK)
    index(database)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM parts"))
        connection.execute(delete(table).where(table.c.message_id.in_(ids[5:])))
    assert len(found(database, text="заказ")) == 5
    later = fill(database, 3 * BLOCK)
    index(database)
    assert indexed_to(database) > later[BLOCK]
    assert len(found(database, text="заказ")) == 5 + len(later)


def test_what_another_transaction_has_not_yet_committed_is_not_passed_over(
    postgresql_url: str,
) -> None:
    """PostgreSQL gives ids out before the commit: the index must wait for those who hold smaller ones."""
    database = Database(postgresql_url)
    keeper = Keeper()
    with database.begin() as slow:
        held = queue.insert_messages(
            slow, [new_message(at, "медленный Start") for at in range(BLOCK)], database.now()
        )
        fill(database, 2 * BLOCK)
        for _ in range(3):
            keeper.look(database)
        assert indexed_to(database) == 0
    for _ in range(2):
        keeper.look(database)
    assert indexed_to(database) >= 2 * BLOCK
    assert found(database, text="медленный") == sorted(held, reverse=True)
    database.close()


def test_a_restored_database_does_not_keep_the_index_of_another_time(
    sqlite_database: Database, sqlite_url: str, tmp_path: Path
) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    fill(sqlite_database, 2 * BLOCK)
    index(sqlite_database)
    assert indexed_to(sqlite_database) >= BLOCK
    sqlite_database.close()
    for suffix in ("-wal", "-shm"):
        Path(path + suffix).unlink(missing_ok=True)
    shutil.copyfile(backup, path)
    restored = Database(sqlite_url)
    ids = add(restored, [new_message(at, "совсем другое") for at in range(2 * BLOCK)], timedelta(hours=1))
    index(restored)
    assert found(restored, text="совсем другое") == sorted(ids, reverse=True)
    restored.close()


@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_an_index_file_that_is_gone_or_broken_is_made_anew_and_nothing_is_missed_meanwhile(
    sqlite_database: Database, damage: str
) -> None:
    fill(sqlite_database, 2 * BLOCK)
    index(sqlite_database)
    path = search_index.file_of(sqlite_database)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"no database at all " * 500)
    assert len(found(sqlite_database, text="заказ")) == 2 * BLOCK
    index(sqlite_database)
    assert indexed_to(sqlite_database) >= BLOCK
    assert len(found(sqlite_database, text="заказ")) == 2 * BLOCK


def test_the_index_holds_up_no_one_who_writes(sqlite_database: Database) -> None:
    """It is read and written while another thread holds the database's write lock."""
    fill(sqlite_database, 2 * BLOCK)
    done = threading.Event()

    def keep() -> None:
        index(sqlite_database)
        done.set()

    with sqlite_database.begin() as connection:
        connection.execute(update(table).values(state="leased"))
        keeper = threading.Thread(target=keep)
        keeper.start()
        assert done.wait(30)
    keeper.join()
    assert indexed_to(sqlite_database) >= BLOCK


def test_the_doctor_says_when_the_index_is_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state() -> dict[str, Any]:
        return next(one for one in checkup.check_database(database) if one["check"] == "search")

    fill(database, 2 * BLOCK)
    assert (state()["state"], state()["reason"]) == ("ok", None)
    monkeypatch.setattr(checkup, "MUCH_BEHIND", 0)
    assert state()["reason"] == "search_index_behind"
    assert state()["reason_params"]["behind"] >= BLOCK
    index(database)
    assert state()["reason"] is None


def test_a_reply_stands_with_the_message_that_it_may_answer(database: Database) -> None:
    (message_id,) = add(database, [new_message(1, "Ждём вас")])
    now = database.now()
    with database.begin() as connection:
        rows = {"sim_id": 1, "sender": "+79160000001", "msisdn": "+79160000001", "received_at": now}
        connection.execute(insert(inbound), rows | {"text": "Буду", "message_id": message_id})
        connection.execute(insert(inbound), rows | {"text": "Кто это?", "message_id": 77})
    assert [reply["text"] for reply in messages.show(database, SETTINGS, message_id)["replies"]] == ["Буду"]
