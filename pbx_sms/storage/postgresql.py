"""How a PostgreSQL server is reached: with limits to the patience, for a network that just falls silent.

Without them a connection whose network is cut waits for many minutes, and its thread with it. On the other
side the server would keep the session, and whatever it has locked, for two hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

if TYPE_CHECKING:
    import psycopg

_SILENCE_MS = 10_000
#: the same on the server's side, for its end of this connection
_SERVER = (
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3"
    f" -c tcp_user_timeout={_SILENCE_MS}"
)
#: libpq's names; the user time-out is in milliseconds, all others are seconds or counts
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": _SILENCE_MS,
    "options": _SERVER,
}
#: for connections that write: a transaction whose owner fell silent must not hold up everybody else's
WRITERS_PATIENCE = PATIENCE | {"options": f"{_SERVER} -c idle_in_transaction_session_timeout={_SILENCE_MS}"}


def connect(url: str) -> psycopg.Connection:
    """A connection of one's own, each statement its own transaction. Raises `ConnectionError`."""
    # late: SQLite installations need not load it
    import psycopg

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return psycopg.connect(address, autocommit=True, **PATIENCE)
    except psycopg.OperationalError as error:
        raise ConnectionError(str(error).strip()) from error
