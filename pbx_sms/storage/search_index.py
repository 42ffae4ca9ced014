"""The index that finds messages by a piece of their text, or by the last digits of their number.

It names blocks of BLOCK neighbouring messages that may hold what is looked for; `storage.message_search`
looks into them. It is written beside the sending, never in its transactions, and may be behind: `indexed_to`
says how far it has come, and what comes after that is looked through.

SQLite: FTS5 with trigrams, in the file `<database file>.search`, which may be removed at any time: it is
made anew. A file of its own has a write lock of its own, so that no SIM waits for it. PostgreSQL: arrays with
a GIN index, in the database. Why so: docs/decisions/0039-search-by-blocks.md.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, func, make_url, select, text
from sqlalchemy.dialects import postgresql

from pbx_sms.storage.engine import BUSY_TIMEOUT_S, Database
from pbx_sms.storage.schema import message_blocks, messages

log = logging.getLogger(__name__)

#: messages of a block: those with the ids from BLOCK * block on
BLOCK = 64
#: of a long piece of text: so many of its words are asked for
_MOST_WORDS = 24

_TABLES = """
CREATE VIRTUAL TABLE IF NOT EXISTS words
    USING fts5(texts, content='', columnsize=0, detail=none, tokenize='trigram');
CREATE TABLE IF NOT EXISTS progress (
    one INTEGER PRIMARY KEY CHECK (one = 1), indexed_to INTEGER NOT NULL,
    witness_id INTEGER, witness_at INTEGER
);
"""


class Reader(Protocol):
    #: every message with an id up to it is in the index
    indexed_to: int

    def blocks(self, words: Sequence[str], below: int, limit: int) -> list[int]:
        """Up to `limit` blocks that hold all of `words`, those with a smaller number than `below`, the
        newest first."""
        ...


@contextmanager
def reader(database: Database, connection: Connection) -> Iterator[Reader]:
    """The index as it is; `connection` reads the database."""
    if not database.is_sqlite:
        yield _PostgresqlReader(connection)
        return
    path = file_of(database)
    if not path.exists():
        yield _Nothing()
        return
    with closing(_open(path)) as file:
        try:
            found = _progress(file)
        except sqlite3.DatabaseError:
            # it is made anew by whoever writes it; until then everything is looked through
            log.warning("the index of the search cannot be read: %s", path, exc_info=True)
            found = None
        yield _Nothing() if found is None else _SqliteReader(file, found[0])


def indexed_to(database: Database, connection: Connection) -> int:
    with reader(database, connection) as index:
        return index.indexed_to


def add(
    database: Database, words: Mapping[int, set[str]], to_id: int, witness: tuple[int, int] | None
) -> None:
    """Adds whole blocks in order, each once. `to_id`: the last id of the last one; `witness`: id and instant
    (microseconds) of its newest message, by which a database that was restored is known."""
    if not database.is_sqlite:
        with database.begin() as connection:
            rows = [{"block": block, "words": sorted(found)} for block, found in words.items()]
            # another engine may have been quicker
            connection.execute(postgresql.insert(message_blocks).on_conflict_do_nothing(), rows)
        return
    with _writing(database) as file:
        before = _progress(file)
        if before is not None and before[0] >= to_id:
            return
        file.executemany(
            "INSERT INTO words (rowid, texts) VALUES (?, ?)",
            [(block, "\n".join(sorted(found))) for block, found in words.items()],
        )
        file.execute(
            "INSERT OR REPLACE INTO progress (one, indexed_to, witness_id, witness_at) VALUES (1, ?, ?, ?)",
            (to_id, *(witness or (None, None))),
        )


def forget_if_foreign(database: Database, connection: Connection) -> None:
    """Begins anew where the file is that of another database, or of a later state of this one: a backup was
    restored, and ids are given out a second time. On PostgreSQL both are restored together."""
    if not database.is_sqlite:
        return
    path = file_of(database)
    if not path.exists():
        return
    try:
        with closing(_open(path)) as file:
            found = _progress(file)
    except sqlite3.OperationalError:
        # busy, or a disk that is full: nothing is wrong with the file
        return
    except sqlite3.DatabaseError:
        found = None
    if found is not None and not _is_foreign(connection, found):
        return
    log.warning("the index of the search is made anew: %s", path)
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)


def settled_marks(database: Database, connection: Connection) -> tuple[int, int, int]:
    """(newest message's id, oldest transaction that runs, next transaction). On SQLite, with its one writer,
    transactions are nothing to care for."""
    newest = connection.execute(select(func.max(messages.c.message_id))).scalar_one() or 0
    if database.is_sqlite:
        return newest, 0, 0
    oldest, after = connection.execute(
        text(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
            " pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )
    ).one()
    return newest, oldest, after


def file_of(database: Database) -> Path:
    return Path(f"{make_url(database.url).database}.search")


class _Nothing:
    indexed_to = 0

    def blocks(self, words: Sequence[str], below: int, limit: int) -> list[int]:
        return []


class _SqliteReader:
    def __init__(self, file: sqlite3.Connection, indexed_to: int) -> None:
        self._file = file
        self.indexed_to = indexed_to

    def blocks(self, words: Sequence[str], below: int, limit: int) -> list[int]:
        wanted = " AND ".join('"' + word.replace('"', '""') + '"' for word in _some(words))
        rows = self._file.execute(
            "SELECT rowid FROM words WHERE words MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
            (wanted, below, limit),
        )
        return [block for (block,) in rows]


class _PostgresqlReader:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        newest = connection.execute(select(func.max(message_blocks.c.block))).scalar_one()
        self.indexed_to = 0 if newest is None else (newest + 1) * BLOCK - 1

    def blocks(self, words: Sequence[str], below: int, limit: int) -> list[int]:
        # the planner does not know how dear it is to unpack the arrays: always by their index
        self._connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = self._connection.execute(
            text(
                "WITH found AS MATERIALIZED"
                " (SELECT block FROM message_blocks WHERE words @> CAST(:words AS text[]))"
                " SELECT block FROM found WHERE block < :below ORDER BY block DESC LIMIT :limit"
            ),
            {"words": _some(words), "below": below, "limit": limit},
        )
        found = list(rows.scalars())
        self._connection.execute(text("SET LOCAL enable_seqscan = on"))
        return found


def _some(words: Sequence[str]) -> list[str]:
    """Of many words a part, from all over the text."""
    ordered = list(words)
    step = max(1, -(-len(ordered) // _MOST_WORDS))
    return ordered[::step]


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)


@contextmanager
def _writing(database: Database) -> Iterator[sqlite3.Connection]:
    with closing(_open(file_of(database))) as file:
        # what a power cut takes away is made again: the progress is in the same transaction
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=NORMAL")
        file.executescript(_TABLES)
        file.execute("BEGIN IMMEDIATE")
        with file:
            yield file


def _progress(file: sqlite3.Connection) -> tuple[int, int | None, int | None] | None:
    """(indexed to, the witness' id and instant); None where nothing was written yet."""
    is_made = file.execute("SELECT 1 FROM sqlite_master WHERE name = 'progress'").fetchone()
    if not is_made:
        return None
    found: tuple[int, int | None, int | None] | None = file.execute(
        "SELECT indexed_to, witness_id, witness_at FROM progress"
    ).fetchone()
    return found


def _is_foreign(connection: Connection, found: tuple[int, int | None, int | None]) -> bool:
    _, witness_id, witness_at = found
    if witness_id is None:
        return False
    given_out = connection.execute(
        text("SELECT seq FROM sqlite_sequence WHERE name = 'messages'")
    ).scalar_one_or_none()
    if (given_out or 0) < witness_id:
        return True
    made_at = connection.execute(
        text("SELECT created_at FROM messages WHERE message_id = :id"), {"id": witness_id}
    ).scalar_one_or_none()
    # a Start that was taken back has removed it
    return made_at is not None and made_at != witness_at
