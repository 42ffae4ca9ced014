"""SIGKILL in the middle of an import, a Start, a migration: nothing half is visible, the next cleans up.

Each time a process of its own does the real thing and is killed at a named step of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from made_mailings import MakeSettings, count, draft, mailing_row, rows_of
from postgresql_server import PostgresqlServer
from sqlalchemy import Engine, create_engine, inspect, text, update

from alembic import command
from pbx_sms.operations import lists, mailings
from pbx_sms.storage import engine as storage_engine
from pbx_sms.storage import migrations, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import list_columns, list_files, messages, parts, recipients
from pbx_sms.storage.schema import lists as lists_table

ROOT = Path(__file__).resolve().parents[2]
ROWS = 9_000

KILLED_AT_THE_NTH = """
import os, signal, sys
calls_left = int(sys.argv[1])
def step(*_):
    global calls_left
    calls_left -= 1
    if calls_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
"""
IMPORT = """
from pathlib import Path
from pbx_sms.config import Settings
from pbx_sms.operations import lists
from pbx_sms.storage import engine
path = Path(sys.argv[3])
database = engine.open_database(sys.argv[2])
lists.import_list(database, Settings(), path, file_name=path.name, progress=step)
"""
START = """
from pbx_sms.config import Settings
from pbx_sms.operations import mailings
from pbx_sms.storage import engine
database = engine.open_database(sys.argv[2])
mailings.start(database, Settings(), int(sys.argv[3]), progress=step)
"""
UPGRADE = """
from sqlalchemy import Engine, event
from pbx_sms.storage import migrations
event.listen(Engine, "after_cursor_execute", step)
event.listen(Engine, "commit", step)
migrations.upgrade(sys.argv[2])
"""


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    lines = (f"+7916{place:07d};Имя{place};{84000 + place}" for place in range(ROWS))
    path.write_text("Телефон;Имя;Заказ\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def killed(program: str, step: int, *arguments: object) -> bool:
    """Whether the process got as far as that step and was killed there; else it ended well."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_THE_NTH + program, str(step), *map(str, arguments)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("step", [1, 3])
def test_an_import_that_is_killed_leaves_no_list_behind_and_a_later_import_clears_its_rows(
    step: int,
    database: Database,
    database_url: str,
    customers: Path,
    settings: MakeSettings,
) -> None:
    assert killed(IMPORT, step, database_url, customers)
    assert 0 < count(database, recipients) < ROWS
    assert lists.list_lists(database) == []

    with database.begin() as connection:
        # two hours pass: an import that is at work still must be left alone
        connection.execute(update(lists_table).values(created_at=database.now() - timedelta(hours=2)))
    report = lists.import_list(database, settings(), customers, file_name="customers.csv")
    assert (report["rows"], report["accepted"]) == (ROWS, ROWS)
    assert [one["list_id"] for one in lists.list_lists(database)] == [report["list_id"]]
    assert count(database, recipients) == ROWS
    assert count(database, lists_table) == count(database, list_files) == 1
    assert count(database, list_columns) == 3


def test_the_reader_of_an_import_that_is_killed_does_not_outlive_it(
    database: Database, database_url: str, customers: Path
) -> None:
    program = KILLED_AT_THE_NTH + (
        "import threading\n"
        "def step(*_):\n"
        "    children = open(f'/proc/self/task/{threading.get_native_id()}/children').read()\n"
        "    print(children, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program + IMPORT, "1", database_url, str(customers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL
    readers = [int(word) for word in done.stdout.split()]
    assert len(readers) == 1
    # the pipe of its answers has no other end any more
    while is_running(readers[0]):
        os.sched_yield()


def is_running(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_starts_that_are_killed_leave_a_draft_of_which_nothing_is_sent_and_the_next_one_starts_it_whole(
    database: Database, database_url: str, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings(), rows=ROWS)
    for step in (1, 4, 2):
        assert killed(START, step, database_url, mailing_id)
        assert 0 < count(database, messages) < ROWS
        shown = mailings.show(database, mailing_id)
        assert (shown["state"], shown["started_at"]) == ("draft", None)
        with database.read() as connection:
            # what an engine would take from
            assert queue.waiting_queues(connection) == []

    mailings.start(database, settings(), mailing_id)
    assert mailing_row(database, mailing_id).state == "running"
    assert rows_of(database, mailing_id) == list(range(2, ROWS + 2))
    assert count(database, parts) == ROWS


# migrations


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    name = server.create_from("template1")
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def connected(empty_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_url)
    yield engine
    engine.dispose()


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def rows_by_table(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            table: sorted(
                (dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()), key=str
            )
            for table in inspect(connection).get_table_names()
            if table != "alembic_version"
        }


def test_an_upgrade_that_is_killed_at_any_of_its_statements_changes_nothing_and_the_next_one_succeeds(
    empty_url: str, connected: Engine
) -> None:
    config = migrations.alembic_config(empty_url)
    command.upgrade(config, "0003")
    with connected.begin() as connection:
        for statement in (
            "INSERT INTO sims (sim_id, imsi, state, first_seen_at) VALUES (1, '250011234567890', 'ready', 1)",
            "INSERT INTO lists (list_id, name, state, file_name, format, language, created_at)"
            " VALUES (1, 'Клиенты', 'ready', 'clients.xlsx', 'xlsx', 'ru', 1)",
            "INSERT INTO recipients (list_id, row, msisdn, fields) VALUES (1, 2, '+79000000001', '[]')",
            "INSERT INTO messages (message_id, row, rank, msisdn, text, encoding, part_count, state,"
            " wants_report, created_at)"
            " VALUES (1, 2, 0, '+79000000001', 'Привет', 'UCS2', 1, 'queued', true, 1)",
            "INSERT INTO parts (message_id, part, state, report) VALUES (1, 1, 'pending', 'none')",
        ):
            connection.execute(text(statement))
    before = rows_by_table(connected)

    step = 1
    while killed(UPGRADE, step, empty_url):
        connected.dispose()
        assert revision(connected) == "0003"
        assert rows_by_table(connected) == before
        # every statement of a long upgrade would take long: the steps grow
        step += 1 + step // 4
    assert step > 8
    connected.dispose()
    assert revision(connected) == storage_engine.newest_revision()
    after = rows_by_table(connected)
    for table, rows in before.items():
        assert [row | old for row, old in zip(after[table], rows, strict=True)] == after[table]
    storage_engine.open_database(empty_url).close()


def test_a_first_upgrade_that_is_killed_leaves_a_database_that_the_next_one_completes(
    empty_url: str, connected: Engine
) -> None:
    for step in (1, 10, 30):
        assert killed(UPGRADE, step, empty_url)
        assert revision(connected) is None
        connected.dispose()
    migrations.upgrade(empty_url)
    assert revision(connected) == storage_engine.newest_revision()
    storage_engine.open_database(empty_url).close()
