"""One engine per agent name: two would hold the same modems and count the same SIMs twice."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url

from pbx_sms.errors import Conflict


class AgentLock(Protocol):
    def release(self) -> None: ...


def take(url: str, agent_name: str) -> AgentLock:
    """Held until released or until the process ends. Raises `Conflict("agent_runs_already")`."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        return _FileLock(Path(f"{parsed.database}.agent"), agent_name)
    return _SessionLock(parsed.set(drivername="postgresql").render_as_string(hide_password=False), agent_name)


class _FileLock:
    def __init__(self, stem: Path, agent_name: str) -> None:
        digest = hashlib.sha256(agent_name.encode()).hexdigest()[:16]
        self._descriptor = os.open(f"{stem}-{digest}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise Conflict("agent_runs_already", agent=agent_name) from error

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _SessionLock:
    def __init__(self, address: str, agent_name: str) -> None:
        # late: SQLite installations need not load it
        import psycopg

        key = int.from_bytes(hashlib.sha256(f"pbx-sms agent {agent_name}".encode()).digest()[:8], signed=True)
        self._connection = psycopg.connect(address, autocommit=True)
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
        if row is None or not row[0]:
            self._connection.close()
            raise Conflict("agent_runs_already", agent=agent_name)

    def release(self) -> None:
        self._connection.close()
