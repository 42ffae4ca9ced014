"""Nudges between processes: they arrive, carry nothing, and losing one harms nobody."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pbx_sms.storage.engine import Database
from pbx_sms.storage.wakeup import Wakeup, make_listener


@pytest.fixture
def listener(database: Database) -> Iterator[Wakeup]:
    opened = database.listen()
    yield opened
    opened.close()


def test_a_nudge_arrives_and_is_empty_after_the_drain(database: Database, listener: Wakeup) -> None:
    database.wake()
    assert listener.wait(10.0)
    assert not listener.wait(0.0)


def test_the_descriptor_becomes_readable(database: Database, listener: Wakeup) -> None:
    assert select.select([listener.fileno()], [], [], 0) == ([], [], [])
    database.wake()
    assert select.select([listener.fileno()], [], [], 10.0)[0] == [listener.fileno()]
    listener.drain()
    assert select.select([listener.fileno()], [], [], 0) == ([], [], [])


def test_many_nudges_are_one(database: Database, listener: Wakeup) -> None:
    for _ in range(50):
        database.wake()
    assert listener.wait(10.0)
    listener.drain()


def test_every_listener_is_nudged(database: Database, listener: Wakeup) -> None:
    other = database.listen()
    database.wake()
    assert listener.wait(10.0)
    assert other.wait(10.0)
    other.close()


def test_a_waiting_listener_wakes_at_once(database: Database, listener: Wakeup) -> None:
    woken: list[bool] = []
    thread = threading.Thread(target=lambda: woken.append(listener.wait(30.0)))
    thread.start()
    database.wake()
    thread.join()
    assert woken == [True]


def test_waking_nobody_is_no_error(database: Database) -> None:
    database.wake()
    database.wake(own=False)


def test_a_listener_may_be_closed_again(database: Database) -> None:
    listener = database.listen()
    listener.close()
    listener.close()
    database.wake()


# beside a SQLite file


def test_the_own_process_is_left_alone_where_that_is_asked_for(sqlite_database: Database) -> None:
    listener = sqlite_database.listen()
    sqlite_database.wake(own=False)
    assert not listener.wait(0.0)
    listener.close()


def test_the_socket_of_a_dead_process_is_taken_away(sqlite_database: Database, sqlite_url: str) -> None:
    folder = Path(sqlite_url.removeprefix("sqlite:///") + ".wake")
    listener = sqlite_database.listen()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        make_listener(sqlite_url)
        os.write(write_end, b"!")
        os._exit(0)
    os.read(read_end, 1)
    os.close(read_end)
    os.close(write_end)
    os.waitpid(child, 0)
    assert len(list(folder.iterdir())) == 2
    sqlite_database.wake()
    assert len(list(folder.iterdir())) == 1
    assert listener.wait(10.0)
    listener.close()
    assert list(folder.iterdir()) == []


def test_a_full_queue_of_nudges_holds_up_nobody(sqlite_database: Database) -> None:
    listener = sqlite_database.listen()
    for _ in range(2000):
        sqlite_database.wake()
    assert listener.wait(0.0)
    assert not listener.wait(0.0)
    listener.close()


def test_a_folder_that_lies_deep_is_no_obstacle(tmp_path: Path, sqlite_url: str) -> None:
    deep = tmp_path / ("д" * 50) / ("о" * 50)
    deep.mkdir(parents=True)
    target = deep / "pbx-sms.db"
    target.write_bytes(Path(sqlite_url.removeprefix("sqlite:///")).read_bytes())
    database = Database(f"sqlite:///{target}")
    listener = database.listen()
    database.wake()
    assert listener.wait(10.0)
    listener.close()
    database.close()


def test_threads_may_wake_at_the_same_time(sqlite_database: Database) -> None:
    listener = sqlite_database.listen()
    barrier = threading.Barrier(4)

    def wake() -> None:
        barrier.wait()
        sqlite_database.wake()

    threads = [threading.Thread(target=wake) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert listener.wait(10.0)
    listener.close()
