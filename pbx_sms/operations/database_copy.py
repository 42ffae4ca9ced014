"""Moving an installation into another database, from SQLite to PostgreSQL above all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, Refused
from pbx_sms.storage import agent_lock, agents, copy, engine
from pbx_sms.storage.copy import Progress
from pbx_sms.storage.engine import Database

_SCHEMES = ("sqlite:///", "postgresql+psycopg://")


def copy_database(
    database: Database, settings: Settings, *, to: str, progress: Progress = lambda table, done, total: None
) -> dict[str, Any]:
    """Copies the SQLite database that the settings name into the empty database `to`.

    {"from", "to", "rows", "tables": [{"table", "rows", "checksum"}]}, without passwords. The target gets the
    newest schema first. Refused: copy_source_not_sqlite, copy_target_url, copy_same_database,
    copy_engine_runs, copy_target_not_empty, copy_row_refused, copy_differs, database_unreachable.
    """
    if not database.is_sqlite:
        raise Refused("copy_source_not_sqlite")
    _check_address(database, to)
    # late: only this order needs Alembic

    # late: only this order needs Alembic
    from pbx_sms.storage import migrations

    with _no_engine_runs(database, settings):
        migrations.upgrade(to)
        with closing(engine.open_database(to)) as target:
            copies = copy.copy(database, target, progress)
    return {
        "from": engine.shown(database.url),
        "to": engine.shown(to),
        "rows": sum(copied.rows for copied in copies),
        "tables": [
            {"table": copied.table, "rows": copied.rows, "checksum": copied.checksum} for copied in copies
        ],
    }


def _check_address(database: Database, to: str) -> None:
    try:
        address = make_url(to)
    except ArgumentError as error:
        raise Refused("copy_target_url", value=to) from error
    if not to.startswith(_SCHEMES) or not address.database:
        raise Refused("copy_target_url", value=to)
    if engine.is_same_file(database.url, to):
        raise Refused("copy_same_database", url=engine.shown(to))


@contextmanager
def _no_engine_runs(database: Database, settings: Settings) -> Iterator[None]:
    """Holds the names of all agents meanwhile, so that none can start either."""
    with database.read() as connection:
        names = {*agents.names(connection), settings.agent.name}
    with ExitStack() as held:
        for name in sorted(names):
            try:
                lock = agent_lock.take(database.url, name)
            except Conflict as error:
                raise Conflict("copy_engine_runs", agent=name) from error
            held.callback(lock.release)
        yield
