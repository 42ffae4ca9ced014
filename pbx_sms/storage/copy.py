"""Moving a whole installation into another database: every row of every table, and the numbers given out.

Promises: all or nothing (one transaction on the target, which was empty before); the source is locked
against writing meanwhile and is not changed; what was written is read back and compared, by counts and by
checksums over the stored values; ids that were ever given out are not given out again.

Values are carried as they are stored, not as the program reads them: instants as numbers, JSON as text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, MetaData, Table, cast, func, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.types import TypeDecorator

from pbx_sms.errors import Refused
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import metadata

#: rows that are in memory at a time; whole files only one by one
_CHUNK = 1_000
_CHECKSUM_BYTES = 16

#: told after every chunk: the table, rows done of all, rows of all
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    """One table, the same on both sides."""

    table: str
    rows: int
    #: over the rows in any order, 32 hexadecimal digits
    checksum: str


def copy(source: Database, target: Database, progress: Progress) -> list[TableCopy]:
    """Copies everything. `source` is SQLite; both schemas are at the newest migration.

    Raises `Refused`: copy_target_not_empty, copy_row_refused, copy_differs. The target is empty then.
    """
    tables = _stored_as_they_are().sorted_tables
    with source.begin() as reading, target.begin() as writing:
        _keep_others_out(target, writing, tables)
        for table in tables:
            if _count(writing, table):
                raise Refused("copy_target_not_empty", table=table.name)
        total = sum(_count(reading, table) for table in tables)
        done = 0
        copies = []
        for table in tables:
            checksum = Checksum()
            for rows in _chunks(reading, table):
                checksum.add(rows)
                _write(writing, table, rows)
                done += len(rows)
                progress(table.name, done, total)
            copies.append(TableCopy(table=table.name, rows=checksum.rows, checksum=checksum.hex()))
            _continue_numbers(reading, writing, table)
        for table, copied in zip(tables, copies, strict=True):
            _compare(writing, table, copied)
        # nothing was written there; this ends its lock without a commit
        reading.rollback()
    return copies


class Checksum:
    """Over rows in any order: the sum of each row's own digest. Two databases sort texts differently."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            stored = repr(tuple(row)).encode("utf-8", "surrogatepass")
            digest = hashlib.blake2b(stored, digest_size=_CHECKSUM_BYTES).digest()
            self._sum += int.from_bytes(digest)
        self.rows += len(rows)

    def hex(self) -> str:
        return f"{self._sum % (1 << 8 * _CHECKSUM_BYTES):0{2 * _CHECKSUM_BYTES}x}"


def _stored_as_they_are() -> MetaData:
    """The tables with the types of the columns themselves, without the program's reading of them."""
    stored = MetaData()
    for table in metadata.sorted_tables:
        for column in table.to_metadata(stored).columns:
            if isinstance(column.type, TypeDecorator):
                column.type = column.type.impl_instance
    return stored


def _keep_others_out(target: Database, writing: Connection, tables: Sequence[Table]) -> None:
    """Nobody else begins to use the target meanwhile; SQLite has one writer anyway."""
    if not target.is_sqlite:
        names = ", ".join(table.name for table in tables)
        writing.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _chunks(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    holds_files = any(isinstance(column.type, LargeBinary) for column in table.columns)
    size = 1 if holds_files else _CHUNK
    found = connection.execute(select(table), execution_options={"yield_per": size})
    yield from found.partitions()


def _write(connection: Connection, table: Table, rows: Sequence[Any]) -> None:
    try:
        connection.execute(insert(table), [dict(row._mapping) for row in rows])
    except (DataError, IntegrityError) as error:
        # SQLite stores what it is given; the target keeps to the declared widths and references
        raise Refused("copy_row_refused", table=table.name, problem=str(error.orig).strip()) from error


def _continue_numbers(reading: Connection, writing: Connection, table: Table) -> None:
    """The next id follows the largest one that was ever given out, though its row may be gone."""
    column = table.autoincrement_column
    if column is None:
        return
    newest = reading.execute(
        text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
    ).scalar_one_or_none()
    if not newest:
        return
    if writing.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        writing.execute(select(func.setval(sequence, cast(newest, BigInteger))))
        return
    # with the rows the target has a line of its own, for the largest id that is there
    writing.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
    writing.execute(
        text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :newest)"),
        {"name": table.name, "newest": newest},
    )


def _compare(writing: Connection, table: Table, copied: TableCopy) -> None:
    checksum = Checksum()
    for rows in _chunks(writing, table):
        checksum.add(rows)
    if (checksum.rows, checksum.hex()) != (copied.rows, copied.checksum):
        raise Refused("copy_differs", table=table.name, expected=copied.rows, found=checksum.rows)
