"""One engine per agent name: two would hold the same modems and count the same SIMs twice.

On SQLite the lock is held by the process, on PostgreSQL by a session of the server: a server that restarts,
or a network that is cut for long, loses it. So whoever holds it keeps it with `keep`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import make_url

from pbx_sms.errors import Conflict
from pbx_sms.storage import postgresql

if TYPE_CHECKING:
    import psycopg


class AgentLock(Protocol):
    def keep(self) -> None:
        """Makes sure that it is still held, and takes it again where it was lost. Raises
        `Conflict("agent_runs_already")` when another engine has it now, `ConnectionError` while nobody can
        say. May take as long as a connection may."""
        ...

    def release(self) -> None: ...


def take(url: str, agent_name: str) -> AgentLock:
    """Held until released or until the process ends. Raises `Conflict("agent_runs_already")`."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        return _FileLock(Path(f"{parsed.database}.agent"), agent_name)
    return _SessionLock(url, agent_name)


class _FileLock:
    def __init__(self, stem: Path, agent_name: str) -> None:
        digest = hashlib.sha256(agent_name.encode()).hexdigest()[:16]
        self._descriptor = os.open(f"{stem}-{digest}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise Conflict("agent_runs_already", agent=agent_name) from error

    def keep(self) -> None:
        """The kernel keeps it."""

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _SessionLock:
    def __init__(self, url: str, agent_name: str) -> None:
        self._url, self._agent_name = url, agent_name
        digest = hashlib.sha256(f"pbx-sms agent {agent_name}".encode()).digest()
        self._key = int.from_bytes(digest[:8], signed=True)
        self._connection: psycopg.Connection | None = None
        self._take()

    def keep(self) -> None:
        if self._connection is not None and self._answers(self._connection):
            return
        self.release()
        self._take()

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take(self) -> None:
        import psycopg

        connection = postgresql.connect(self._url)
        try:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
        except psycopg.Error as error:
            connection.close()
            raise ConnectionError(str(error).strip()) from error
        if row is None or not row[0]:
            connection.close()
            raise Conflict("agent_runs_already", agent=self._agent_name)
        self._connection = connection

    @staticmethod
    def _answers(connection: psycopg.Connection) -> bool:
        import psycopg

        try:
            connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True
