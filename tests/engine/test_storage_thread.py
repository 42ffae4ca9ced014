"""Orders joined into one commit; a database that is locked, full or away loses and repeats nothing."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, Engine, event, func, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError

from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import agents, events


def add(name: str) -> Callable[[Work], str]:
    def work(given: Work) -> str:
        given.connection.execute(insert(agents).values(name=name))
        given.events.append(NewEvent(at=given.now, kind="agent", state=name))
        return name

    return work


#: transactions that wait for another's lock
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(agents.c.name).order_by(agents.c.agent_id)).scalars())


def event_count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(events)).scalar_one())


@pytest.fixture
def impatient() -> Iterator[None]:
    """A lock is an error at once instead of after the busy time-out."""

    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    event.listen(Engine, "connect", configure)
    yield
    event.remove(Engine, "connect", configure)


class Locker:
    """Another program that holds the write lock."""

    def __init__(self, database: Database) -> None:
        path = make_url(database.url).database
        assert path is not None
        self._connection = sqlite3.connect(path, isolation_level=None)

    def lock(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def unlock(self) -> None:
        self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def locker(sqlite_database: Database) -> Iterator[Locker]:
    made = Locker(sqlite_database)
    yield made
    made.close()


async def test_orders_of_one_moment_share_commits_and_keep_their_order(database: Database) -> None:
    storage = StorageThread(database)
    futures = [storage.submit(add(f"a{number}")) for number in range(40)]
    storage.start()
    assert [await future for future in futures] == [f"a{number}" for number in range(40)]
    await storage.stop()
    assert names(database) == [f"a{number}" for number in range(40)]
    assert storage.order_count == 40
    assert storage.commit_count <= 4
    assert event_count(database) == 40


async def test_an_order_that_fails_fails_alone_and_leaves_no_event(database: Database) -> None:
    storage = StorageThread(database)
    good = [storage.submit(add(f"a{number}")) for number in range(3)]
    bad = storage.submit(add("a1"))
    more = storage.submit(add("a9"))
    storage.start()
    await asyncio.gather(*good, more)
    with pytest.raises(IntegrityError):
        await bad
    await storage.stop()
    assert names(database) == ["a0", "a1", "a2", "a9"]
    assert event_count(database) == 4


async def test_joined_orders_step_aside_for_a_person_who_waits_for_them(postgresql_url: str) -> None:
    """They took their locks one after the other, so that each may wait for the other: the server would break
    the one that waits longer, and a person's order is not given again."""
    database = open_database(postgresql_url)
    storage = StorageThread(database)
    with database.begin() as connection:
        connection.execute(insert(agents), [{"name": "first"}, {"name": "second"}])

    def change(connection: Connection, name: str) -> None:
        connection.execute(update(agents).where(agents.c.name == name).values(boot_id=name))

    holds, waits = threading.Event(), threading.Event()

    def person() -> None:
        with database.begin() as connection:
            change(connection, "first")
            holds.wait()
            waits.set()
            change(connection, "second")

    def second(given: Work) -> None:
        change(given.connection, "second")
        if holds.is_set():
            # the second try
            return
        holds.set()
        waits.wait()
        with database.read() as connection:
            while not connection.execute(_WAITING).scalar_one():
                pass

    futures = [storage.submit(second), storage.submit(lambda given: change(given.connection, "first"))]
    waiting = asyncio.create_task(asyncio.to_thread(person))
    storage.start()
    await waiting
    await asyncio.gather(*futures)
    await storage.stop()
    assert storage.commit_count == 2
    database.close()


async def test_a_cancelled_caller_does_not_cancel_its_order(database: Database) -> None:
    storage = StorageThread(database)
    waiting = asyncio.create_task(storage.run(add("a")))
    await asyncio.sleep(0)
    waiting.cancel()
    storage.start()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await storage.stop()
    assert names(database) == ["a"]


async def test_a_stop_carries_out_what_waits(database: Database) -> None:
    storage = StorageThread(database)
    storage.start()
    futures = [storage.submit(add(f"a{number}")) for number in range(20)]
    await storage.stop()
    assert all(future.done() for future in futures)
    assert len(names(database)) == 20


@pytest.mark.usefixtures("impatient")
async def test_an_insisting_order_waits_for_a_locked_database(
    sqlite_database: Database, locker: Locker
) -> None:
    storage = StorageThread(sqlite_database)
    storage.start()
    locker.lock()
    with pytest.raises(OperationalError, match="locked"):
        await storage.run(add("asks once"))
    insisting = asyncio.create_task(storage.insist(add("insists"), retry_s=0.01))
    refused = asyncio.Event()
    first_try = storage.submit(add("asks once more"))
    first_try.add_done_callback(lambda _: refused.set())
    await refused.wait()
    assert first_try.exception() is not None
    assert not insisting.done()
    locker.unlock()
    assert await insisting == "insists"
    await storage.stop()
    assert names(sqlite_database) == ["insists"]


async def test_an_insisting_order_waits_for_room_on_the_disk(sqlite_database: Database) -> None:
    full = True

    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages if full else 1_000_000}")

    event.listen(Engine, "begin", limit)
    storage = StorageThread(sqlite_database)
    storage.start()

    def fill(given: Work) -> None:
        given.connection.execute(insert(agents), [{"name": f"{number:064}"} for number in range(5000)])

    try:
        with pytest.raises(OperationalError, match="full"):
            await storage.run(fill)
        insisting = asyncio.create_task(storage.insist(fill, retry_s=0.01))
        assert await storage.run(lambda given: given.now) is not None
        assert not insisting.done()
        full = False
        await insisting
    finally:
        await storage.stop()
        event.remove(Engine, "begin", limit)
    assert len(names(sqlite_database)) == 5000
