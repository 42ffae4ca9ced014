"""How migrations run: all that are due in one transaction, so a schema is never left half-way.

The URL comes from code (`config.attributes["url"]`), from `alembic -x url=…`, or from the settings file.
A connection may be given instead (`config.attributes["connection"]`); then its owner commits.

SQLite: `PRAGMA foreign_keys` stays off meanwhile, because batch mode copies a table and drops the old
one, and with the pragma on that drop would delete the rows that refer to it. All references are checked
before the commit. PostgreSQL: an advisory lock keeps two upgrades at the same time apart.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, create_engine, event, make_url, pool

from alembic import context
from pbx_sms import config as settings
from pbx_sms.storage.schema import metadata

_UPGRADE_LOCK = 0x50425853


def _url() -> str:
    given = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    return str(given) if given else settings.load().database.url


def _migrate(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=sqlite,
        compare_type=True,
        compare_server_default=True,
    )
    context.run_migrations()
    if sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"rows refer to rows that do not exist: {broken[:5]}")


def _connect_sqlite(connection: Any, _record: Any) -> None:
    # the module's own transactions leave table definitions outside of them
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _online() -> None:
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    url = _url()
    engine = create_engine(url, poolclass=pool.NullPool)
    if make_url(url).get_backend_name() == "sqlite":
        event.listen(engine, "connect", _connect_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.begin() as connection:
            _migrate(connection)
    finally:
        engine.dispose()


def _offline() -> None:
    """Prints the statements instead of running them (`alembic upgrade head --sql`)."""
    context.configure(url=_url(), target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _offline()
else:
    _online()
