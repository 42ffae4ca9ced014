"""Nudges between processes: "something was committed, look again". No data, no promise of arrival.

SQLite: a datagram socket per listener in the folder `<database file>.wake`. PostgreSQL: LISTEN/NOTIFY.
Whoever loses a nudge finds the change with its next periodic look.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DBAPIError

from pbx_sms.storage import postgresql

CHANNEL = "pbx_sms"
_serial = itertools.count()


class Waker(Protocol):
    def wake(self, *, own: bool) -> None: ...
    def close(self) -> None: ...


class Wakeup(Protocol):
    """A listener. `fileno()` becomes readable when a nudge came; `drain()` then empties it.

    `drain` and `wait` raise `ConnectionError` once the server went away: whoever wants to hear further
    nudges closes this listener and asks the database for another one.
    """

    def fileno(self) -> int: ...
    def drain(self) -> None: ...
    def wait(self, timeout_s: float) -> bool:
        """Waits for a nudge; False when the time went by without one."""
        ...

    def close(self) -> None: ...


def make_waker(url: str, engine: Engine) -> Waker:
    folder = _folder(url)
    return SocketWaker(folder) if folder is not None else NotifyWaker(engine)


def make_listener(url: str) -> Wakeup:
    folder = _folder(url)
    return SocketWakeup(folder) if folder is not None else ListenWakeup(url)


def _folder(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(f"{parsed.database}.wake") if parsed.drivername.startswith("sqlite") else None


@contextlib.contextmanager
def _short_path(folder: Path) -> Iterator[str]:
    """A path to `folder` that fits into a socket address (108 bytes), however deep the folder lies."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


class SocketWaker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def wake(self, *, own: bool) -> None:
        with self._lock:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._socket.setblocking(False)
            sender = self._socket
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return
        if not own:
            prefix = f"{os.getpid()}-"
            names = [name for name in names if not name.startswith(prefix)]
        if not names:
            return
        with _short_path(self._folder) as short:
            for name in names:
                try:
                    sender.sendto(b"!", f"{short}/{name}")
                except ConnectionRefusedError:
                    # its process is gone
                    with contextlib.suppress(OSError):
                        (self._folder / name).unlink()
                except OSError:
                    # a full queue is a nudge already; a vanished listener needs none
                    continue

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class SocketWakeup:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._path = folder / f"{os.getpid()}-{next(_serial)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        with _short_path(folder) as short:
            self._socket.bind(f"{short}/{self._path.name}")

    def fileno(self) -> int:
        return self._socket.fileno()

    def drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(64)

    def wait(self, timeout_s: float) -> bool:
        readable, _, _ = select.select([self._socket], [], [], timeout_s)
        self.drain()
        return bool(readable)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._socket.close()
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()


class NotifyWaker:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def wake(self, *, own: bool) -> None:
        # what was ordered is committed already: a server that is away must not fail the order
        with contextlib.suppress(DBAPIError), self._engine.connect() as connection:
            connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def close(self) -> None:
        """The engine belongs to the database."""


class ListenWakeup:
    def __init__(self, url: str) -> None:
        self._connection = postgresql.connect(url)
        try:
            with _lost_is_told():
                self._connection.execute(f"LISTEN {CHANNEL}")
        except ConnectionError:
            self._connection.close()
            raise

    def fileno(self) -> int:
        return self._connection.fileno()

    def drain(self) -> None:
        # what is there, without waiting: `notifies` would not notice that the server has hung up
        server = self._connection.pgconn
        with _lost_is_told():
            server.consume_input()
            while server.notifies() is not None:
                pass

    def wait(self, timeout_s: float) -> bool:
        came = False
        with _lost_is_told():
            for _ in self._connection.notifies(timeout=timeout_s, stop_after=1):
                came = True
        return came

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def _lost_is_told() -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise ConnectionError(str(error).strip()) from error
