"""Opening a database, its transactions, and its clock."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from queue_rig import Rig
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from pbx_sms.errors import Refused
from pbx_sms.storage import engine, events
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import agents, attempts, parts


@dataclass
class SetClock:
    wall_at: datetime
    monotonic_s: float = 1000.0
    boot_id: str = "test"

    def now(self) -> datetime:
        return self.wall_at

    def monotonic(self) -> float:
        return self.monotonic_s


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def add_agent(database: Database, name: str) -> None:
    with database.begin() as connection:
        connection.execute(insert(agents).values(name=name))


def agent_count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(agents)).scalar_one())


# opening


def test_a_database_that_does_not_exist_is_to_be_made_first(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="database_needs_upgrade"):
        open_database(f"sqlite:///{tmp_path}/missing.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_an_older_version_is_to_be_upgraded_first(database_url: str) -> None:
    database = Database(database_url)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.close()
    with pytest.raises(Refused, match="database_needs_upgrade"):
        open_database(database_url)


def test_an_empty_file_is_to_be_upgraded_first(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(Refused, match="database_needs_upgrade"):
        open_database(f"sqlite:///{tmp_path}/empty.db")


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "note.db").write_text("это не база данных\n" * 100)
    with pytest.raises(Refused, match="database_unreachable") as refused:
        open_database(f"sqlite:///{tmp_path}/note.db")
    assert "not a database" in refused.value.params["problem"]


def test_a_server_that_does_not_answer_is_refused_without_telling_the_password(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="database_unreachable") as refused:
        open_database(f"postgresql+psycopg://pbx:geheim@/nowhere?host={tmp_path}")
    assert "geheim" not in str(refused.value.params)


# transactions


def test_a_write_is_there_after_the_commit_and_gone_after_an_exception(database: Database) -> None:
    add_agent(database, "pbx1")

    def failing() -> None:
        with database.begin() as connection:
            connection.execute(insert(agents).values(name="pbx2"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert agent_count(database) == 1


def test_a_reader_sees_one_moment(database: Database) -> None:
    with database.read() as connection:
        before = connection.execute(select(func.count()).select_from(agents)).scalar_one()
        add_agent(database, "pbx1")
        assert connection.execute(select(func.count()).select_from(agents)).scalar_one() == before
    assert agent_count(database) == before + 1


def test_references_are_kept(database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(insert(parts).values(message_id=404, part=1, state="pending", report="none"))


def test_a_write_transaction_of_sqlite_is_exclusive_from_its_first_statement(
    sqlite_database: Database,
) -> None:
    order: list[str] = []
    began = threading.Event()

    def second() -> None:
        began.set()
        with sqlite_database.begin():
            order.append("second")

    thread = threading.Thread(target=second)
    with sqlite_database.begin() as connection:
        thread.start()
        began.wait()
        connection.execute(insert(agents).values(name="pbx1"))
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_commit_of_sqlite_is_on_the_disk(sqlite_database: Database) -> None:
    with sqlite_database.begin() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("synchronous", "journal_mode", "foreign_keys")
        ]
    assert pragmas == [2, "wal", 1]


def test_a_reader_of_postgresql_cannot_write(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    with pytest.raises(SQLAlchemyError, match="read-only"), database.read() as connection:
        connection.execute(insert(agents).values(name="pbx1"))
    add_agent(database, "pbx1")
    database.close()


def test_the_exclusive_section_of_a_key_has_one_transaction_at_a_time(database: Database) -> None:
    order: list[str] = []
    began = threading.Event()

    def second() -> None:
        began.set()
        with database.begin() as connection:
            engine.take_exclusive(database, connection, 7)
            order.append("second")

    thread = threading.Thread(target=second)
    with database.begin() as connection:
        engine.take_exclusive(database, connection, 7)
        thread.start()
        began.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


# the clock


def test_the_time_of_a_server_is_the_servers(postgresql_url: str) -> None:
    wrong = SetClock(datetime(2001, 1, 1, tzinfo=UTC))
    database = open_database(postgresql_url, clock=wrong)
    with database.read() as connection:
        server_at = connection.execute(select(func.clock_timestamp())).scalar_one()
    assert abs(database.now() - server_at) < timedelta(minutes=1)
    first_at = database.now()
    wrong.monotonic_s += 3600
    wrong.wall_at -= timedelta(days=900)
    assert database.now() >= first_at + timedelta(seconds=3600)
    database.close()


def stored_at(rig: Rig, what: str, at: datetime) -> None:
    """The database has seen `at` in one of the ways in which an instant is stored."""
    if what == "event":
        with rig.database.begin() as connection:
            events.append(connection, [NewEvent(at=at, kind="stop")])
        return
    if what == "sign of life":
        with rig.database.begin() as connection:
            connection.execute(insert(agents).values(name="pbx1", seen_at=at))
        return
    agent, sim, message = rig.agent(), rig.sim(), rig.message(2)
    rig.now = at
    rig.submit(message, sim, agent)
    with rig.database.begin() as connection:
        connection.execute(update(attempts).where(attempts.c.part == 2).values(started_at=None))
        connection.execute(text("DELETE FROM events"))


@pytest.mark.parametrize("what", ["event", "answer", "sign of life"])
def test_the_time_beside_a_file_is_never_before_what_is_stored(sqlite_url: str, what: str) -> None:
    newest_at = NOW + timedelta(hours=3)
    first = open_database(sqlite_url)
    stored_at(Rig(first), what, newest_at)
    first.close()
    clock = SetClock(NOW)
    database = open_database(sqlite_url, clock=clock)
    assert database.now() >= newest_at
    clock.monotonic_s += 60
    assert database.now() >= newest_at + timedelta(seconds=60)
    database.close()


def test_a_wall_clock_set_back_does_not_turn_the_time_back(sqlite_url: str) -> None:
    clock = SetClock(NOW)
    database = open_database(sqlite_url, clock=clock)
    assert database.now() == NOW
    clock.wall_at -= timedelta(hours=1)
    assert database.now() == NOW
    database.close()
