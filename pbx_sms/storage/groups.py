"""Groups of contacts: members by hand and by keyword, or selected by a rule (`operations.groups` decides)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pbx_sms.core.people.merging import Person
from pbx_sms.storage import contacts as stored_contacts
from pbx_sms.storage.contacts import CHUNK, Contact
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import contacts, group_keywords, group_members, groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    group_id: int
    name: str
    #: None for a group that is kept by hand
    rule: dict[str, Any] | None
    created_at: datetime
    keywords: tuple[str, ...]
    #: members by hand; a rule's are counted by whoever evaluates it
    member_count: int


def as_keyword(text: str) -> str:
    """A text as keywords are compared: without the spaces around it, in one case."""
    return " ".join(text.split()).casefold()


def add(connection: Connection, name: str, rule: Any, now: datetime) -> int:
    group_id: int = connection.execute(
        insert(groups).values(name=name, rule=rule, created_at=now).returning(groups.c.group_id)
    ).scalar_one()
    return group_id


def find(connection: Connection, group_id: int) -> Group | None:
    row = connection.execute(select(groups).where(groups.c.group_id == group_id)).one_or_none()
    return None if row is None else _group(connection, row)


def find_by_name(connection: Connection, name: str) -> Group | None:
    row = connection.execute(select(groups).where(groups.c.name == name)).one_or_none()
    return None if row is None else _group(connection, row)


def find_all(connection: Connection) -> list[Group]:
    """By name."""
    rows = connection.execute(select(groups).order_by(groups.c.name, groups.c.group_id)).all()
    return [_group(connection, row) for row in rows]


def change_rule(connection: Connection, group_id: int, rule: Any) -> None:
    connection.execute(update(groups).where(groups.c.group_id == group_id).values(rule=rule))
    revision.group_changed(connection, group_id)


def rename(connection: Connection, group_id: int, name: str) -> None:
    connection.execute(update(groups).where(groups.c.group_id == group_id).values(name=name))


def remove(connection: Connection, group_id: int) -> bool:
    """The group, its keywords and memberships; the contacts stay."""
    for table in (group_members, group_keywords):
        connection.execute(delete(table).where(table.c.group_id == group_id))
    revision.group_changed(connection, group_id)
    return connection.execute(delete(groups).where(groups.c.group_id == group_id)).rowcount == 1


def group_of_keyword(connection: Connection, keyword: str) -> int | None:
    """`keyword` as `as_keyword` writes it."""
    return connection.execute(
        select(group_keywords.c.group_id).where(group_keywords.c.keyword == keyword)
    ).scalar_one_or_none()


def add_keyword(connection: Connection, group_id: int, keyword: str) -> None:
    connection.execute(insert(group_keywords).values(group_id=group_id, keyword=keyword))


def remove_keyword(connection: Connection, group_id: int, keyword: str) -> bool:
    """Whether it was one of the group's."""
    return (
        connection.execute(
            delete(group_keywords).where(
                group_keywords.c.group_id == group_id, group_keywords.c.keyword == keyword
            )
        ).rowcount
        == 1
    )


def add_members(connection: Connection, group_id: int, msisdns: Sequence[str], now: datetime) -> int:
    """Makes contacts members; returns how many were none before. Numbers that are no contact are none."""
    added = 0
    insert_members = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for start in range(0, len(msisdns), CHUNK):
        found = stored_contacts.found_among(connection, msisdns[start : start + CHUNK])
        ids = {contact.contact_id for contact in found.values()}
        ids -= set(
            connection.execute(
                select(group_members.c.contact_id).where(
                    group_members.c.group_id == group_id, group_members.c.contact_id.in_(ids)
                )
            ).scalars()
        )
        if ids:
            connection.execute(
                insert_members(group_members).on_conflict_do_nothing(),
                [
                    {"group_id": group_id, "contact_id": contact_id, "added_at": now}
                    for contact_id in sorted(ids)
                ],
            )
        added += len(ids)
    if added:
        revision.group_changed(connection, group_id)
    return added


def remove_members(connection: Connection, group_id: int, msisdns: Sequence[str]) -> int:
    """Returns how many were members."""
    ids = select(contacts.c.contact_id).where(contacts.c.msisdn.in_(msisdns))
    removed = connection.execute(
        delete(group_members).where(group_members.c.group_id == group_id, group_members.c.contact_id.in_(ids))
    ).rowcount
    if removed:
        revision.group_changed(connection, group_id)
    return removed


def members(connection: Connection, group_id: int, *, limit: int, after_id: int = 0) -> list[Contact]:
    """Members by hand, in the order of their contacts."""
    rows = connection.execute(
        select(contacts)
        .join(group_members, group_members.c.contact_id == contacts.c.contact_id)
        .where(group_members.c.group_id == group_id, contacts.c.contact_id > after_id)
        .order_by(contacts.c.contact_id)
        .limit(limit)
    )
    return [stored_contacts.contact_of(row) for row in rows]


def people(
    connection: Connection, group_id: int, *, limit: int, after_id: int = 0
) -> list[tuple[int, str, Person]]:
    """As `members`: contact's id, number and what is known, without the rest, which costs as much to read."""
    rows = connection.execute(
        select(contacts.c.contact_id, contacts.c.msisdn, contacts.c.name, contacts.c.fields)
        .join(group_members, group_members.c.contact_id == contacts.c.contact_id)
        .where(group_members.c.group_id == group_id, contacts.c.contact_id > after_id)
        .order_by(contacts.c.contact_id)
        .limit(limit)
    )
    return [
        (contact_id, msisdn, Person(name=name, fields=fields or {}))
        for contact_id, msisdn, name, fields in rows
    ]


def numbers(connection: Connection, group_id: int) -> list[str]:
    """Of the members by hand."""
    query = (
        select(contacts.c.msisdn)
        .join(group_members, group_members.c.contact_id == contacts.c.contact_id)
        .where(group_members.c.group_id == group_id)
    )
    return list(connection.execute(query).scalars())


def members_among(connection: Connection, group_id: int, msisdns: Sequence[str]) -> set[str]:
    """Those of some thousand numbers that are members by hand."""
    query = (
        select(contacts.c.msisdn)
        .join(group_members, group_members.c.contact_id == contacts.c.contact_id)
        .where(group_members.c.group_id == group_id, contacts.c.msisdn.in_(msisdns))
    )
    return set(connection.execute(query).scalars())


def of_contact(connection: Connection, contact_id: int) -> list[tuple[int, str]]:
    """(id, name) of the groups that the contact was put into, by name."""
    rows = connection.execute(
        select(groups.c.group_id, groups.c.name)
        .join(group_members, group_members.c.group_id == groups.c.group_id)
        .where(group_members.c.contact_id == contact_id)
        .order_by(groups.c.name)
    )
    return [(row.group_id, row.name) for row in rows]


def join_by_keyword(connection: Connection, msisdn: str, text: str, now: datetime) -> None:
    """Makes the sender of a text that is a keyword a member of its group, and a contact where it was none."""
    group_id = group_of_keyword(connection, as_keyword(text))
    if group_id is None:
        return
    stored_contacts.insert_new(connection, {msisdn: Person()}, now)
    add_members(connection, group_id, [msisdn], now)


def _group(connection: Connection, row: Row[Any]) -> Group:
    keywords = connection.execute(
        select(group_keywords.c.keyword)
        .where(group_keywords.c.group_id == row.group_id)
        .order_by(group_keywords.c.keyword)
    ).scalars()
    count = connection.execute(
        select(func.count()).select_from(group_members).where(group_members.c.group_id == row.group_id)
    ).scalar_one()
    return Group(
        group_id=row.group_id,
        name=row.name,
        rule=row.rule,
        created_at=row.created_at,
        keywords=tuple(keywords),
        member_count=count,
    )
