"""The numbers that nothing is sent to. One row per number; the same number again is a repeat, no error.

Taking a number up and ending what is queued for it belong into one transaction: whoever calls `add` calls
`queue.suppress` beside it. Start reads `listed_among`; the engine asks again in the transaction of every
intent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from pbx_sms.storage.schema import messages, stop_list

#: values of one `IN (…)`: below the smallest limit of both databases
_CHUNK = 5_000
_Item = TypeVar("_Item")


class StopSource(StrEnum):
    #: a stop word came from the number
    SMS = "sms"
    PERSON = "person"
    IMPORT = "import"
    CALL = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopEntry:
    #: E.164 with its plus
    msisdn: str
    source: StopSource
    created_at: datetime
    note: str | None = None
    #: the inbound message that asked for it
    inbound_id: int | None = None
    #: the person who entered it
    created_by: str | None = None


def add(connection: Connection, entries: Sequence[StopEntry]) -> set[str]:
    """Takes the numbers up; returns those that were not on the list before. The oldest entry stays as it is.

    Numbers that another transaction adds meanwhile are no error.
    """
    new: set[str] = set()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(stop_list).on_conflict_do_nothing()
    for chunk in _chunks(entries):
        listed = listed_among(connection, [entry.msisdn for entry in chunk])
        rows = {
            entry.msisdn: {
                "msisdn": entry.msisdn,
                "source": str(entry.source),
                "note": entry.note,
                "inbound_id": entry.inbound_id,
                "created_at": entry.created_at,
                "created_by": entry.created_by,
            }
            # the first entry of a number counts: the last one to be put into the dict wins
            for entry in reversed(chunk)
            if entry.msisdn not in listed
        }
        if rows:
            connection.execute(statement, list(rows.values()))
            new.update(rows)
    return new


def remove(connection: Connection, msisdn: str) -> bool:
    """Whether the number was on the list; it is not any more."""
    return connection.execute(delete(stop_list).where(stop_list.c.msisdn == msisdn)).rowcount == 1


def is_listed(connection: Connection, msisdn: str) -> bool:
    return (
        connection.execute(
            select(stop_list.c.msisdn).where(stop_list.c.msisdn == msisdn)
        ).scalar_one_or_none()
        is not None
    )


def listed_among(connection: Connection, msisdns: Iterable[str]) -> set[str]:
    """Those of `msisdns` that are on the list."""
    listed: set[str] = set()
    for chunk in _chunks(msisdns):
        listed.update(
            connection.execute(select(stop_list.c.msisdn).where(stop_list.c.msisdn.in_(chunk))).scalars()
        )
    return listed


def waiting_among(connection: Connection, msisdns: Iterable[str]) -> set[str]:
    """Those of `msisdns` for which a message is queued or leased: the ones worth suppressing."""
    waiting: set[str] = set()
    for chunk in _chunks(msisdns):
        waiting.update(
            connection.execute(
                select(messages.c.msisdn)
                .distinct()
                .where(messages.c.msisdn.in_(chunk), messages.c.state.in_(("queued", "leased")))
            ).scalars()
        )
    return waiting


def entries(connection: Connection, *, limit: int | None = None) -> list[StopEntry]:
    """The entries, newest first."""
    rows = connection.execute(
        select(stop_list).order_by(stop_list.c.created_at.desc(), stop_list.c.msisdn).limit(limit)
    )
    return [StopEntry(**{**row._mapping, "source": StopSource(row.source)}) for row in rows]


def _chunks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
