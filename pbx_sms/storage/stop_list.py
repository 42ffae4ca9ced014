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
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pbx_sms.storage import stop_history
from pbx_sms.storage.schema import messages, stop_list
from pbx_sms.storage.schema import stop_history as history_table

#: values of one `IN (…)`: below the smallest limit of both databases
_CHUNK = 5_000
#: fewer digits than these are no search for a number; so many has a national number with its prefix
_FEWEST_DIGITS = 3
_NATIONAL = 11
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
    #: which rule took the text for a demand, see core.stop_words
    rule: str | None = None
    #: when the person asked, where that is known better than `created_at`
    asked_at: datetime | None = None
    #: of a demand by telephone: Asterisk's unique id of the call
    call_id: str | None = None


_SHOWN = tuple(column for column in stop_list.c if column.name != "stop_id")
_WRITE_STOP_ID = (
    update(stop_list)
    .where(stop_list.c.msisdn == bindparam("b_msisdn"))
    .values(
        stop_id=select(func.max(history_table.c.stop_id))
        .where(history_table.c.msisdn == bindparam("b_msisdn"))
        .scalar_subquery()
    )
)


def add(connection: Connection, entries: Sequence[StopEntry]) -> set[str]:
    """Takes the numbers up; returns those that were not on the list before. The oldest entry stays as it is.

    Numbers that another transaction adds meanwhile are no error; each addition is in the history once.
    """
    new: set[str] = set()
    insert_one = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert_one(stop_list).on_conflict_do_nothing().returning(stop_list.c.msisdn)
    for chunk in _chunks(entries):
        listed = listed_among(connection, [entry.msisdn for entry in chunk])
        # the first entry of a number counts: the last one to be put into the dict wins
        first = {entry.msisdn: entry for entry in reversed(chunk) if entry.msisdn not in listed}
        if not first:
            continue
        rows = [
            {
                "msisdn": entry.msisdn,
                "source": str(entry.source),
                "note": entry.note,
                "inbound_id": entry.inbound_id,
                "created_at": entry.created_at,
                "created_by": entry.created_by,
                "call_id": entry.call_id,
            }
            for entry in first.values()
        ]
        added = set(connection.execute(statement, rows).scalars())
        if added:
            stop_history.added(connection, [first[msisdn] for msisdn in first if msisdn in added])
            connection.execute(_WRITE_STOP_ID, [{"b_msisdn": msisdn} for msisdn in sorted(added)])
        new |= added
    return new


def remove(connection: Connection, msisdn: str, now: datetime, *, why: str | None, by: str | None) -> bool:
    """Whether the number was on the list; it is not any more, and the history says who did it and why."""
    if connection.execute(delete(stop_list).where(stop_list.c.msisdn == msisdn)).rowcount != 1:
        return False
    stop_history.removed(connection, msisdn, now, why=why, by=by)
    return True


def by_number(connection: Connection, msisdn: str) -> StopEntry | None:
    row = connection.execute(select(*_SHOWN).where(stop_list.c.msisdn == msisdn)).one_or_none()
    return None if row is None else _entry(row)


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


def entries(
    connection: Connection, *, limit: int | None = None, offset: int = 0, search: str | None = None
) -> list[StopEntry]:
    """The entries, newest first; with `search` those whose number or note holds it."""
    query = select(*_SHOWN).order_by(stop_list.c.created_at.desc(), stop_list.c.msisdn)
    found = _matching(query, search).limit(limit).offset(offset or None)
    return [_entry(row) for row in connection.execute(found)]


def count(connection: Connection, *, search: str | None = None) -> int:
    query = select(func.count()).select_from(stop_list)
    return int(connection.execute(_matching(query, search)).scalar_one())


def _matching(query: Select[Any], search: str | None) -> Select[Any]:
    if not search:
        return query
    # a number is searched for by its digits, however they are grouped; the leading 8 of a country is none
    digits = "".join(char for char in search if char.isdigit())
    # SQLite knows the two cases of Latin letters only
    cases = {search, search.lower(), search.upper(), search.capitalize()}
    wanted = [stop_list.c.note.contains(text, autoescape=True) for text in sorted(cases)]
    if len(digits) >= _FEWEST_DIGITS:
        wanted.append(stop_list.c.msisdn.contains(digits))
    if len(digits) == _NATIONAL and digits[0] == "8":
        wanted.append(stop_list.c.msisdn.endswith(digits[1:]))
    return query.where(or_(*wanted))


def _entry(row: Any) -> StopEntry:
    return StopEntry(**{**row._mapping, "source": StopSource(row.source)})


def _chunks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
