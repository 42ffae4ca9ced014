"""The database: SQLite for one PBX, PostgreSQL for several. Opening, transactions, its clock, wake-ups.

Promises: a write transaction is exclusive from its first statement (`BEGIN IMMEDIATE`) on SQLite, so what
it read cannot change under it; a commit is on the disk when `begin()` returns (`synchronous=FULL`: with
NORMAL a commit may vanish at power loss, and an intent to submit must not).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import QueuePool

from pbx_sms.clock import Clock, SteadyClock, SystemClock
from pbx_sms.errors import Refused
from pbx_sms.storage import audit, wakeup
from pbx_sms.storage.postgresql import PATIENCE, WRITERS_PATIENCE
from pbx_sms.storage.schema import agents, attempts, events

BUSY_TIMEOUT_S = 10.0
MIGRATIONS = Path(__file__).resolve().parents[2] / "alembic"
#: how often the server's clock is asked for its offset
_CLOCK_REFRESH_S = 60.0


def make_engine(url: str, *, patience: Mapping[str, Any] = PATIENCE) -> Engine:
    """An engine whose `begin()` starts read snapshots, or write transactions where the connection's
    execution option `pbx_write` is set. `patience`: with a PostgreSQL server."""
    if not make_url(url).drivername.startswith("sqlite"):
        # a connection that a restart of the server has ended is noticed before it is used
        return create_engine(url, pool_pre_ping=True, connect_args=dict(patience))
    engine = create_engine(
        url,
        poolclass=QueuePool,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False, "cached_statements": 256},
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("pbx_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


class Database:
    """One database, shared by the threads of a process. See the module's docstring."""

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self.url = url
        self.is_sqlite = make_url(url).drivername.startswith("sqlite")
        self.source_clock: Clock = clock or SystemClock()
        self._engine = make_engine(url)
        if self.is_sqlite:
            self._writer: Engine = self._engine.execution_options(pbx_write=True)
        else:
            self._writer = make_engine(url, patience=WRITERS_PATIENCE)
        self._waker = wakeup.make_waker(url, self._engine)
        self._clock_lock = threading.Lock()
        self._steady: SteadyClock | None = None
        self._clock_read_at = 0.0
        self._clock_is_kept = False

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed on leaving, rolled back on an exception. An order that a person
        gives leaves its row in the audit log with it."""
        with self._writer.begin() as connection:
            yield connection
            orders = audit.unwritten()
            if orders:
                audit.write(connection, orders, self.now())
        for order in orders:
            order.is_written = True

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent snapshot for reading."""
        with self._engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    def now(self) -> datetime:
        """The database server's clock; on SQLite the larger of the wall clock and the newest stored
        instant. Never goes back while this object lives."""
        with self._clock_lock:
            monotonic = self.source_clock.monotonic()
            if self._steady is None:
                steady = SteadyClock(self.source_clock if self.is_sqlite else _Unset(self.source_clock))
                with self.read() as connection:
                    self._refresh_clock(connection, steady)
                self._steady, self._clock_read_at = steady, monotonic
            elif not self._clock_is_kept and self._is_clock_old(monotonic):
                # a server that is away stops no clock: the monotonic one goes on from its last word
                with suppress(OperationalError), self.read() as connection:
                    self._refresh_clock(connection, self._steady)
                self._clock_read_at = monotonic
            return self._steady.now()

    def keep_time(self, connection: Connection) -> datetime:
        """`now`, asked through a transaction at hand where the server's word is old.

        For the thread that carries out a process's transactions: from its first call on `now` itself asks
        the server no more, so that an event loop that needs the time never waits for a network; and on
        SQLite it follows no jump of this machine's clock, see `clock_ahead`.
        """
        self._clock_is_kept = True
        if self._steady is not None and self._is_clock_old(self.source_clock.monotonic()):
            # the lock is not held while the server is asked: others need the time meanwhile
            server_at = connection.execute(select(func.clock_timestamp())).scalar_one()
            with self._clock_lock:
                self._steady.seen(server_at)
                self._clock_read_at = self.source_clock.monotonic()
        now = self.now()
        if self._steady is not None:
            self._steady.keep()
        return now

    def clock_ahead(self) -> timedelta:
        """By how much this machine's clock is ahead of `now`; nothing where the server tells the time."""
        self.now()
        with self._clock_lock:
            return self._steady.ahead() if self.is_sqlite and self._steady is not None else timedelta(0)

    def follow_clock(self, by: timedelta) -> None:
        """Sets `now` ahead: the clock is believed."""
        with self._clock_lock:
            if self._steady is not None:
                self._steady.follow(by)

    def instant_and_monotonic(self) -> tuple[datetime, float]:
        """`now` and the monotonic clock, read together."""
        with self._clock_lock:
            if self._steady is not None:
                return self._steady.now(), self.source_clock.monotonic()
        return self.now(), self.source_clock.monotonic()

    def _is_clock_old(self, monotonic: float) -> bool:
        return not self.is_sqlite and monotonic - self._clock_read_at > _CLOCK_REFRESH_S

    def _refresh_clock(self, connection: Connection, steady: SteadyClock) -> None:
        if not self.is_sqlite:
            steady.seen(connection.execute(select(func.clock_timestamp())).scalar_one())
            return
        for statement in (
            select(events.c.at).order_by(events.c.event_id.desc()).limit(1),
            # the newest attempts may have no answer yet
            select(attempts.c.ended_at)
            .where(attempts.c.ended_at.is_not(None))
            .order_by(attempts.c.attempt_id.desc())
            .limit(1),
            select(func.max(agents.c.seen_at)),
        ):
            newest_at = connection.execute(statement).scalar_one_or_none()
            if newest_at is not None:
                steady.seen(newest_at)

    def wake(self, *, own: bool = True) -> None:
        """Tells the listeners that something was committed; those of this process only with `own` (on
        PostgreSQL always). Carries no data; losing one costs a second at most."""
        self._waker.wake(own=own)

    def listen(self) -> wakeup.Wakeup:
        """A listener of `wake` calls of other processes and of this one."""
        return wakeup.make_listener(self.url)

    def close(self) -> None:
        self._waker.close()
        self._writer.dispose()
        self._engine.dispose()


class _Unset:
    """A clock whose wall time is unknown until the server has told it."""

    def __init__(self, source: Clock) -> None:
        self._source = source

    def now(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self._source.monotonic()

    @property
    def boot_id(self) -> str:
        return self._source.boot_id


def open_database(url: str, *, clock: Clock | None = None) -> Database:
    """The database, ready for use. Raises `Refused`: database_unreachable, database_needs_upgrade."""
    with reachable(url):
        database = Database(url, clock=clock)
        if database.is_sqlite and not Path(str(make_url(url).database)).exists():
            database.close()
            raise Refused("database_needs_upgrade", url=shown(url))
        try:
            with database.read() as connection:
                current = _revision(connection)
        except DatabaseError:
            database.close()
            raise
    if current != newest_revision():
        database.close()
        raise Refused("database_needs_upgrade", url=shown(url))
    return database


def newest_revision() -> str:
    """The migration that no other one follows, as their files say: loading the scripts would cost every
    command a third of a second."""
    texts = [path.read_text(encoding="utf-8") for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")]
    revisions, followed = (
        {found[1] for one in texts if (found := re.search(rf'^{name} = "(\w+)"', one, re.MULTILINE))}
        for name in ("revision", "down_revision")
    )
    return max(revisions - followed)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def shown(url: str) -> str:
    """The address without its password."""
    return make_url(url).render_as_string(hide_password=True)


def is_same_file(url: str, other_url: str) -> bool:
    """Whether both are SQLite and one file, however it is written."""
    paths = [make_url(one).database for one in (url, other_url) if one.startswith("sqlite")]
    return len(paths) == 2 and len({Path(str(path)).resolve() for path in paths}) == 1


@contextmanager
def reachable(url: str) -> Iterator[None]:
    """Raises `Refused("database_unreachable")` for a database that does not answer."""
    try:
        yield
    except DatabaseError as error:
        # of the kinds of errors, these two are about the connection and about a file that is no database
        if type(error) not in (OperationalError, DatabaseError):
            raise
        raise Refused("database_unreachable", url=shown(url), problem=str(error.orig).strip()) from error


def take_exclusive(database: Database, connection: Connection, key: int) -> None:
    """On PostgreSQL, holds an advisory lock until the transaction ends; SQLite's write lock is enough."""
    if not database.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
