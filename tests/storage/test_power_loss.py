"""What is committed is on the disk: asked of the connections themselves, as the engine uses them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from pbx_sms.engine.storage_thread import StorageThread
from pbx_sms.storage import migrations
from pbx_sms.storage.engine import Database

_FULL = 2


def pragma(connection: Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def durability(connection: Connection) -> tuple[object, object]:
    return pragma(connection, "journal_mode"), pragma(connection, "synchronous")


async def test_the_engines_transactions_wait_for_the_disk(sqlite_database: Database) -> None:
    storage = StorageThread(sqlite_database)
    storage.start()
    seen = await asyncio.gather(
        *(storage.run(lambda work: durability(work.connection)) for _ in range(40)),
    )
    await storage.stop()
    assert set(seen) == {("wal", _FULL)}


def test_every_connection_of_a_pool_waits_for_the_disk(sqlite_database: Database) -> None:
    with sqlite_database.begin() as one, sqlite_database.read() as two, sqlite_database.read() as three:
        assert {durability(connection) for connection in (one, two, three)} == {("wal", _FULL)}
        assert pragma(one, "foreign_keys") == 1


def test_a_migration_waits_for_the_disk(tmp_path: Path) -> None:
    seen: set[object] = set()

    def look(connection: Connection) -> None:
        cursor = connection.connection.cursor()
        seen.add(cursor.execute("PRAGMA synchronous").fetchone()[0])
        cursor.close()

    event.listen(Engine, "commit", look)
    try:
        migrations.upgrade(f"sqlite:///{tmp_path}/new.db")
    finally:
        event.remove(Engine, "commit", look)
    assert seen == {_FULL}


def test_a_server_waits_for_its_disk_too(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    try:
        with database.begin() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    finally:
        database.close()
