"""How a PostgreSQL server is reached: with limits to the patience, for a network that just falls silent.

Without them a connection whose network is cut waits for many minutes, and its thread with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

if TYPE_CHECKING:
    import psycopg

#: libpq's names; the last is in milliseconds, all others are seconds or counts
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def connect(url: str) -> psycopg.Connection:
    """A connection of one's own, each statement its own transaction. Raises `ConnectionError`."""
    # late: SQLite installations need not load it
    import psycopg

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return psycopg.connect(address, autocommit=True, **PATIENCE)
    except psycopg.OperationalError as error:
        raise ConnectionError(str(error).strip()) from error
