"""Migrations: they lead to exactly the tables the code uses, step by step, there and back."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgresql_server import PostgresqlServer
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from alembic import command
from pbx_sms.errors import Refused
from pbx_sms.storage import engine as storage_engine
from pbx_sms.storage import migrations
from pbx_sms.storage.schema import metadata

REVISIONS = [
    script.revision
    for script in reversed(
        list(ScriptDirectory.from_config(migrations.alembic_config("sqlite://")).walk_revisions())
    )
]
NOW_US = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000


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


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))


def test_an_upgrade_from_nothing_makes_exactly_the_tables_of_the_code(
    empty_url: str, connected: Engine
) -> None:
    migrations.upgrade(empty_url)
    assert tables(connected) == set(metadata.tables)
    assert differences(connected) == []


def test_alembic_itself_finds_nothing_to_add(empty_url: str, connected: Engine) -> None:
    migrations.upgrade(empty_url)
    command.check(migrations.alembic_config(empty_url))


def described(engine: Engine) -> dict[str, object]:
    """What `compare_metadata` does not look at: primary keys, references, conditions of indexes."""
    inspector = inspect(engine)
    return {
        table: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"], str(column["default"]))
                for column in inspector.get_columns(table)
            ],
            "primary_key": plain(inspector.get_pk_constraint(table)),
            "references": sorted(map(plain, inspector.get_foreign_keys(table))),
            "indexes": sorted(map(plain, inspector.get_indexes(table))),
            "unique": sorted(map(plain, inspector.get_unique_constraints(table))),
        }
        for table in sorted(tables(engine))
    }


def plain(value: object) -> str:
    """As text; the condition of an index is an object that equals only itself."""
    if isinstance(value, dict):
        return str({key: plain(item) for key, item in sorted(value.items())})
    return str(value)


def tables_that_never_reuse_ids(engine: Engine) -> list[str]:
    """Of SQLite, where inspection does not tell AUTOINCREMENT."""
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'"))
        return sorted(rows.scalars())


def test_migrated_tables_are_those_that_the_metadata_would_create(empty_url: str, connected: Engine) -> None:
    migrations.upgrade(empty_url)
    migrated = described(connected), tables_that_never_reuse_ids(connected)
    command.downgrade(migrations.alembic_config(empty_url), "base")
    metadata.create_all(connected)
    assert (described(connected), tables_that_never_reuse_ids(connected)) == migrated


def test_each_migration_can_be_taken_back_and_done_again(empty_url: str, connected: Engine) -> None:
    config = migrations.alembic_config(empty_url)
    before: list[dict[str, object]] = [described(connected)]
    for revision in REVISIONS:
        command.upgrade(config, revision)
        before.append(described(connected))
    assert before[0] == {}
    for state in reversed(before[:-1]):
        command.downgrade(config, "-1")
        assert described(connected) == state
    command.upgrade(config, "head")
    assert described(connected) == before[-1]


def test_an_upgrade_of_a_database_that_is_up_to_date_changes_nothing(database_url: str) -> None:
    engine = create_engine(database_url)
    try:
        with engine.begin() as connection:
            fill(connection)
        before = described(engine), contents(engine)
        migrations.upgrade(database_url)
        assert (described(engine), contents(engine)) == before
    finally:
        engine.dispose()


def test_a_filled_database_keeps_its_rows_through_every_later_migration(
    empty_url: str, connected: Engine
) -> None:
    config = migrations.alembic_config(empty_url)
    command.upgrade(config, "0003")
    with connected.begin() as connection:
        fill(connection)
    before = contents(connected)
    command.upgrade(config, "head")
    after = contents(connected)
    assert {table: len(rows) for table, rows in before.items()} == {
        table: len(after[table]) for table in before
    }
    assert differences(connected) == []


def test_a_filled_database_can_be_taken_back_to_nothing(database_url: str) -> None:
    engine = create_engine(database_url)
    try:
        with engine.begin() as connection:
            fill(connection)
        command.downgrade(migrations.alembic_config(database_url), "base")
        assert tables(engine) == set()
    finally:
        engine.dispose()


def test_two_upgrades_at_the_same_time_end_in_one_schema(empty_url: str, connected: Engine) -> None:
    context = multiprocessing.get_context("spawn")
    upgrades = [context.Process(target=migrations.upgrade, args=(empty_url,)) for _ in range(2)]
    for process in upgrades:
        process.start()
    for process in upgrades:
        process.join()
    assert [process.exitcode for process in upgrades] == [0, 0]
    assert differences(connected) == []


def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(empty_url: str, connected: Engine) -> None:
    with connected.begin() as connection:
        connection.execute(text("CREATE TABLE messages (foreign_thing INTEGER)"))
    with pytest.raises(Exception, match="messages"):
        migrations.upgrade(empty_url)
    assert tables(connected) == {"messages"}


def test_a_database_of_an_older_version_is_refused_until_it_is_upgraded(empty_url: str) -> None:
    command.upgrade(migrations.alembic_config(empty_url), REVISIONS[0])
    with pytest.raises(Refused) as refusal:
        storage_engine.open_database(empty_url)
    assert refusal.value.code == "database_needs_upgrade"
    migrations.upgrade(empty_url)
    storage_engine.open_database(empty_url).close()


def test_migrations_do_not_import_the_application() -> None:
    folder = migrations.alembic_config("sqlite://").get_main_option("script_location")
    for script in ScriptDirectory(str(folder)).walk_revisions():
        assert "pbx_sms" not in Path(script.path).read_text(encoding="utf-8")


def fill(connection: Connection) -> None:
    """One row or more in the tables that refer to each other, in SQL: models change, migrations do not."""
    statements = [
        "INSERT INTO agents (agent_id, name, started_at) VALUES (1, 'pbx1', :now)",
        "INSERT INTO sims (sim_id, imsi, state, first_seen_at) VALUES (1, '250011234567890', 'ready', :now)",
        "INSERT INTO modems (modem_id, agent_id, name, state, changed_at)"
        " VALUES (1, 1, 'gsm1', 'registered', :now)",
        "INSERT INTO lists (list_id, name, state, file_name, format, language, created_at)"
        " VALUES (1, 'Клиенты', 'ready', 'clients.xlsx', 'xlsx', 'ru', :now)",
        "INSERT INTO list_columns (list_id, position, name) VALUES (1, 0, 'Телефон')",
        "INSERT INTO recipients (list_id, row, msisdn, fields) VALUES (1, 2, '+79000000001', '[]')",
        "INSERT INTO mailings (mailing_id, name, kind, rank, state, list_id, text, created_at)"
        " VALUES (1, 'Новости', 'information', 0, 'running', 1, 'Здравствуйте', :now)",
        "INSERT INTO messages (message_id, mailing_id, row, rank, msisdn, text, encoding, part_count, state,"
        " wants_report, created_at)"
        " VALUES (1, 1, 2, 0, '+79000000001', 'Здравствуйте', 'UCS2', 1, 'queued', {true}, :now)",
        "INSERT INTO parts (message_id, part, state, report) VALUES (1, 1, 'pending', 'none')",
        "INSERT INTO events (at, kind, state, message_id) VALUES (:now, 'message', 'queued', 1)",
        "INSERT INTO stop_list (msisdn, source, created_at) VALUES ('+79000000002', 'person', :now)",
    ]
    true = "1" if connection.dialect.name == "sqlite" else "true"
    for statement in statements:
        connection.execute(text(statement.replace("{true}", true)), {"now": NOW_US})


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {
            table: sorted((tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))), key=str)
            for table in sorted(tables(engine))
        }
