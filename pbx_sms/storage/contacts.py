"""Contacts: people kept by number, with a name and fields of their own. One row per number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from pbx_sms.core.people.merging import Person
from pbx_sms.storage.engine import Database
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import contacts, group_members

#: values of one `IN (…)`, and rows read at a time
CHUNK = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    contact_id: int
    #: E.164 with its plus
    msisdn: str
    person: Person
    created_at: datetime
    updated_at: datetime


def find(connection: Connection, msisdn: str) -> Contact | None:
    row = connection.execute(select(contacts).where(contacts.c.msisdn == msisdn)).one_or_none()
    return None if row is None else contact_of(row)


def found_among(connection: Connection, msisdns: Sequence[str]) -> dict[str, Contact]:
    """Those of the numbers that are contacts; at most `CHUNK` numbers."""
    rows = connection.execute(select(contacts).where(contacts.c.msisdn.in_(msisdns)))
    return {row.msisdn: contact_of(row) for row in rows}


def insert_new(connection: Connection, people: Mapping[str, Person], now: datetime) -> None:
    """Takes numbers up. One that another transaction took up meanwhile stays as it is there, as one does that
    is a contact already."""
    if not people:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    taken_up = connection.execute(
        insert(contacts).on_conflict_do_nothing(),
        [
            {
                "msisdn": msisdn,
                "name": person.name,
                "fields": dict(person.fields),
                "created_at": now,
                "updated_at": now,
            }
            for msisdn, person in people.items()
        ],
    ).rowcount
    # a driver that cannot tell says -1
    if taken_up:
        revision.contacts_changed(connection)


def change(
    connection: Connection, people: Mapping[str, Person], now: datetime, *, fields: Collection[str]
) -> None:
    """Writes what is known of contacts that exist. `fields`: those whose values differ from what was known,
    as `core.people.merging.changed_fields` names them."""
    if people:
        revision.contacts_changed(connection, fields)
        connection.execute(
            update(contacts)
            .where(contacts.c.msisdn == bindparam("b_msisdn"))
            .values(name=bindparam("b_name"), fields=bindparam("b_fields"), updated_at=now),
            [
                {"b_msisdn": msisdn, "b_name": person.name, "b_fields": dict(person.fields)}
                for msisdn, person in people.items()
            ],
        )


def remove(connection: Connection, msisdn: str) -> bool:
    """Whether the number was a contact; it is not any more, and belongs to no group."""
    contact_id = select(contacts.c.contact_id).where(contacts.c.msisdn == msisdn)
    left = connection.execute(
        delete(group_members)
        .where(group_members.c.contact_id.in_(contact_id))
        .returning(group_members.c.group_id)
    ).scalars()
    for group_id in left.all():
        revision.group_changed(connection, group_id)
    is_gone = connection.execute(delete(contacts).where(contacts.c.msisdn == msisdn)).rowcount == 1
    if is_gone:
        revision.contacts_changed(connection)
    return is_gone


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(contacts)).scalar_one()


def search(
    connection: Connection, words: str, *, limit: int | None = None, after_id: int = 0
) -> list[Contact]:
    """Contacts whose number, name or one of whose fields holds `words`, in the order they were taken up.

    Upper and lower case are the same, also where the database folds ASCII only.
    """
    query = select(contacts).where(contacts.c.contact_id > after_id).order_by(contacts.c.contact_id)
    if words.strip():
        patterns = {_pattern(spelling) for spelling in _spellings(words.strip())}
        columns: list[Any] = [contacts.c.name, contacts.c.fields]
        digits = "".join(char for char in words if char.isdigit())
        conditions = [
            _text(column).like(pattern, escape="\\") for column in columns for pattern in sorted(patterns)
        ]
        if digits and not any(char.isalpha() for char in words):
            # 8 916 … is written +7 916 … here
            conditions.append(contacts.c.msisdn.like(f"%{digits}"))
            conditions.append(contacts.c.msisdn.like(f"%{digits[1:] if len(digits) > 9 else digits}%"))
        query = query.where(or_(*conditions))
    return [contact_of(row) for row in connection.execute(query.limit(limit))]


def stream(database: Database) -> Iterator[list[Contact]]:
    """All contacts in chunks, each in a snapshot of its own."""
    after_id = 0
    while True:
        with database.read() as connection:
            chunk = search(connection, "", limit=CHUNK, after_id=after_id)
        if not chunk:
            return
        yield chunk
        after_id = chunk[-1].contact_id


def _spellings(words: str) -> set[str]:
    return {words, words.lower(), words.upper(), words.capitalize(), words.title()}


def _pattern(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _text(column: Any) -> Any:
    """The stored text of a column, also of one that holds JSON."""

    return type_coerce(column, Text)


def contact_of(row: Row[Any]) -> Contact:
    return Contact(
        contact_id=row.contact_id,
        msisdn=row.msisdn,
        person=Person(name=row.name, fields=row.fields or {}),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
