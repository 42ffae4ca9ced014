"""A filled installation moves to another database whole, or not at all."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from filled_database import fill, message_count
from made_mailings import MakeSettings
from postgresql_server import PostgresqlServer
from sqlalchemy import func, insert, select, text

from pbx_sms.errors import Refused
from pbx_sms.operations import messages
from pbx_sms.operations.database_copy import copy_database
from pbx_sms.storage import agent_lock, copy
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.schema import agents, attempts, lists, metadata, recipients
from pbx_sms.storage.schema.types import FAR_FUTURE

_LIST = {"name": "n", "state": "ready", "file_name": "f", "format": "csv", "language": "ru"}


@pytest.fixture(scope="module")
def filled_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    path = folder / "filled.db"
    shutil.copyfile(sqlite_template, path)
    database = open_database(f"sqlite:///{path}")
    asyncio.run(fill(database, folder / "modems"))
    database.close()
    return path


@pytest.fixture
def filled(filled_file: Path, sqlite_url: str, sqlite_database: Database) -> Database:
    """The newest state of that file, as this test's own database."""
    with (
        closing(sqlite3.connect(filled_file)) as source,
        closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as target,
    ):
        source.backup(target)
    # an attempt as a crash leaves it: not settled, so it counts for ever
    with sqlite_database.begin() as connection:
        connection.execute(
            insert(attempts).values(
                message_id=1,
                part=1,
                sim_id=1,
                msisdn="+79160000000",
                counted_at=FAR_FUTURE,
                uses_reserve=False,
            )
        )
    return sqlite_database


@pytest.fixture(params=["postgresql", "sqlite"])
def target_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: a migrated one on the server, a file that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'moved.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables as the program reads them."""
    with database.read() as connection:
        return {
            table.name: sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=repr)
            for table in metadata.sorted_tables
        }


def is_empty(url: str) -> bool:
    database = open_database(url)
    try:
        return all(not rows for rows in everything(database).values())
    finally:
        database.close()


def test_every_row_arrives_as_it_was(filled: Database, settings: MakeSettings, target_url: str) -> None:
    before = everything(filled)
    assert all(before[name] for name in ("messages", "attempts", "reports", "inbound", "users", "stop_list"))
    told: list[tuple[str, int, int]] = []
    copied = copy_database(filled, settings(), to=target_url, progress=lambda *step: told.append(step))
    target = open_database(target_url)
    try:
        assert everything(target) == before
    finally:
        target.close()
    assert everything(filled) == before
    counts = {one["table"]: one["rows"] for one in copied["tables"]}
    assert counts == {name: len(rows) for name, rows in before.items()}
    assert copied["rows"] == sum(counts.values())
    assert told[-1][1:] == (copied["rows"], copied["rows"])
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_an_id_that_was_ever_given_out_is_not_given_out_again(
    filled: Database, settings: MakeSettings, target_url: str
) -> None:
    """The second list was removed before the move: its id is gone for good."""
    with filled.read() as connection:
        newest: dict[str, int] = {
            row.name: row.seq for row in connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
        }
        assert connection.execute(select(func.max(lists.c.list_id))).scalar_one() < newest["lists"]
    copy_database(filled, settings(), to=target_url)
    target = open_database(target_url)
    try:
        sent = messages.send(target, settings(), number="+79165550001", text="после")
        assert sent["message_id"] == newest["messages"] + 1
        with target.begin() as connection:
            key = connection.execute(
                insert(lists).values(
                    name="n",
                    state="ready",
                    file_name="f",
                    format="csv",
                    language="ru",
                    created_at=target.now(),
                )
            ).inserted_primary_key
            assert key is not None
            assert key[0] == newest["lists"] + 1
    finally:
        target.close()


def test_what_waited_can_be_sent_from_the_new_database(
    filled: Database, settings: MakeSettings, tmp_path: Path, target_url: str
) -> None:
    copy_database(filled, settings(), to=target_url)
    target = open_database(target_url)
    try:
        assert message_count(target, "queued") == message_count(filled, "queued") > 0
        assert message_count(target, "unknown") == 1
    finally:
        target.close()


def test_a_target_with_a_single_row_is_refused(
    sqlite_database: Database, settings: MakeSettings, target_url: str
) -> None:
    copy_database(sqlite_database, settings(), to=target_url)
    target = open_database(target_url)
    with target.begin() as connection:
        connection.execute(insert(agents).values(name="pbx7"))
    target.close()
    with pytest.raises(Refused) as refused:
        copy_database(sqlite_database, settings(), to=target_url)
    assert (refused.value.code, refused.value.params["table"]) == ("copy_target_not_empty", "agents")


def test_nothing_is_copied_while_an_engine_runs_under_whatever_name(
    sqlite_database: Database, settings: MakeSettings, target_url: str
) -> None:
    with sqlite_database.begin() as connection:
        connection.execute(insert(agents).values(name="the other one"))
    lock = agent_lock.take(sqlite_database.url, "the other one")
    try:
        with pytest.raises(Refused) as refused:
            copy_database(sqlite_database, settings(), to=target_url)
        assert (refused.value.code, refused.value.params["agent"]) == ("copy_engine_runs", "the other one")
    finally:
        lock.release()
    copy_database(sqlite_database, settings(), to=target_url)


def test_a_failure_half_way_leaves_the_target_empty_and_the_source_as_it_was(
    filled: Database, settings: MakeSettings, target_url: str
) -> None:
    before = everything(filled)

    class DiskFull(Exception):
        pass

    def fail(table: str, done: int, total: int) -> None:
        if table == "messages":
            raise DiskFull

    with pytest.raises(DiskFull):
        copy_database(filled, settings(), to=target_url, progress=fail)
    assert is_empty(target_url)
    assert everything(filled) == before
    copy_database(filled, settings(), to=target_url)


def test_a_value_that_the_server_does_not_take_is_named(
    sqlite_database: Database, settings: MakeSettings, postgresql_url: str
) -> None:
    with sqlite_database.begin() as connection:
        connection.execute(insert(agents).values(name="x" * 65))
    with pytest.raises(Refused) as refused:
        copy_database(sqlite_database, settings(), to=postgresql_url)
    assert (refused.value.code, refused.value.params["table"]) == ("copy_row_refused", "agents")
    assert "64" in refused.value.params["problem"]
    assert is_empty(postgresql_url)


def test_a_target_that_reads_differently_is_refused(
    filled: Database, settings: MakeSettings, postgresql_url: str
) -> None:
    """As a server with a broken rule of its own would do it."""
    address = postgresql_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address) as connection:
        connection.execute(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN NEW.fields := NEW.fields || ' '; RETURN NEW; END$$"
        )
        connection.execute(
            "CREATE TRIGGER spoil BEFORE INSERT ON recipients FOR EACH ROW EXECUTE FUNCTION spoil()"
        )
    with pytest.raises(Refused) as refused:
        copy_database(filled, settings(), to=postgresql_url)
    assert (refused.value.code, refused.value.params["table"]) == ("copy_differs", "recipients")
    assert is_empty(postgresql_url)


def test_more_rows_than_fit_into_memory_at_once_are_carried_in_pieces(
    sqlite_database: Database, settings: MakeSettings, target_url: str
) -> None:
    count = 2_500
    with sqlite_database.begin() as connection:
        connection.execute(insert(lists).values(**_LIST, list_id=1, created_at=sqlite_database.now()))
        connection.execute(
            insert(recipients), [{"list_id": 1, "row": row, "fields": "[]"} for row in range(count)]
        )
    steps: list[int] = []
    copied = copy_database(
        sqlite_database, settings(), to=target_url, progress=lambda table, done, total: steps.append(done)
    )
    assert copied["rows"] == count + 1
    assert len(steps) >= 4


@pytest.mark.parametrize(
    "to", ["mysql://root@host/db", "/tmp/x.db", "sqlite:///", "", "postgresql+psycopg://"]
)
def test_an_address_that_is_none_is_refused(
    sqlite_database: Database, settings: MakeSettings, to: str
) -> None:
    with pytest.raises(Refused) as refused:
        copy_database(sqlite_database, settings(), to=to)
    assert refused.value.code == "copy_target_url"


def test_a_database_is_not_copied_onto_itself(sqlite_database: Database, settings: MakeSettings) -> None:
    folder, name = sqlite_database.url.removeprefix("sqlite:///").rsplit("/", 1)
    with pytest.raises(Refused) as refused:
        copy_database(sqlite_database, settings(), to=f"sqlite:///{folder}/../{Path(folder).name}/{name}")
    assert refused.value.code == "copy_same_database"


def test_a_server_is_not_a_source(
    postgresql_url: str, postgresql_server: PostgresqlServer, settings: MakeSettings, tmp_path: Path
) -> None:
    source = open_database(postgresql_url)
    try:
        with pytest.raises(Refused) as refused:
            copy_database(source, settings(), to=f"sqlite:///{tmp_path / 'x.db'}")
        assert refused.value.code == "copy_source_not_sqlite"
    finally:
        source.close()


def test_the_checksum_sees_every_value_and_not_the_order() -> None:
    def of(*rows: tuple[Any, ...]) -> str:
        checksum = copy.Checksum()
        for row in rows:
            checksum.add([row])
        return checksum.hex()

    assert of((1, "а"), (2, None)) == of((2, None), (1, "а"))
    different = [
        of((1, "а")),
        of((1, "a")),
        of((1, None)),
        of((1, "")),
        of((1, "а"), (1, "а")),
        of((True, "а")),
        of(("1", "а")),
    ]
    assert len(set(different)) == len(different)
