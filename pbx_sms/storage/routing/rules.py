"""The rules that choose SIMs, in the order in which they are read. Each change is a new revision of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.route_rules import RouteRule, RouteRuleKind
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import groups, lists, mailings, routing_rules

_C = routing_rules.c


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule with the names that people know its conditions by; None where what it names is gone."""

    rule: RouteRule
    group: str | None
    list: str | None
    mailing: str | None
    created_at: datetime
    created_by: str | None


def every(connection: Connection) -> list[RouteRule]:
    """In the order in which they are read."""
    rows = connection.execute(select(routing_rules).order_by(_C.position, _C.rule_id))
    return [_rule(row) for row in rows]


def every_with_names(connection: Connection) -> list[RuleRow]:
    rows = connection.execute(
        select(
            routing_rules,
            groups.c.name.label("group_name"),
            lists.c.name.label("list_name"),
            mailings.c.name.label("mailing_name"),
        )
        .select_from(
            routing_rules.outerjoin(groups, groups.c.group_id == _C.group_id)
            .outerjoin(lists, lists.c.list_id == _C.list_id)
            .outerjoin(mailings, mailings.c.mailing_id == _C.mailing_id)
        )
        .order_by(_C.position, _C.rule_id)
    )
    return [
        RuleRow(
            rule=_rule(row),
            group=row.group_name,
            list=row.list_name,
            mailing=row.mailing_name,
            created_at=row.created_at,
            created_by=row.created_by,
        )
        for row in rows
    ]


def add(
    connection: Connection, rule: RouteRule, *, position: int | None, now: datetime, by: str | None
) -> int:
    """Stores the rule (its `rule_id` is chosen here) as the `position`-th from 1, else as the last one."""
    newest = connection.execute(select(func.max(_C.position))).scalar_one()
    key = connection.execute(
        insert(routing_rules).values(
            position=(newest or 0) + 1,
            kind=str(rule.kind),
            sim_ids=sorted(rule.sim_ids),
            strict=rule.strict,
            kinds=sorted(map(str, rule.kinds)),
            group_id=rule.group_id,
            list_id=rule.list_id,
            mailing_id=rule.mailing_id,
            created_at=now,
            created_by=by,
        )
    ).inserted_primary_key
    assert key is not None
    rule_id = int(key[0])
    revision.advance(connection)
    if position is not None:
        move(connection, rule_id, position)
    return rule_id


def move(connection: Connection, rule_id: int, position: int) -> bool:
    """Makes it the `position`-th from 1 (beyond the end: the last); False where there is no such rule."""
    ids = _ids(connection)
    if rule_id not in ids:
        return False
    ids.remove(rule_id)
    ids.insert(max(position, 1) - 1, rule_id)
    for number, one in enumerate(ids, 1):
        connection.execute(update(routing_rules).where(_C.rule_id == one).values(position=number))
    revision.advance(connection)
    return True


def remove(connection: Connection, rule_id: int) -> bool:
    gone = connection.execute(delete(routing_rules).where(_C.rule_id == rule_id)).rowcount == 1
    if gone:
        revision.advance(connection)
    return gone


def group_named(connection: Connection, name: str) -> int | None:
    """The group with this name, else with this id."""
    by_name = select(groups.c.group_id).where(groups.c.name == name)
    found = connection.execute(by_name).scalar_one_or_none()
    if found is None and name.isascii() and name.isdigit() and len(name) < 19:
        by_id = select(groups.c.group_id).where(groups.c.group_id == int(name))
        found = connection.execute(by_id).scalar_one_or_none()
    return found


def list_exists(connection: Connection, list_id: int) -> bool:
    found = connection.execute(select(lists.c.list_id).where(lists.c.list_id == list_id))
    return found.first() is not None


def mailing_exists(connection: Connection, mailing_id: int) -> bool:
    found = connection.execute(select(mailings.c.mailing_id).where(mailings.c.mailing_id == mailing_id))
    return found.first() is not None


def _ids(connection: Connection) -> list[int]:
    """In order; locked, so that two people who move rules come one after the other."""
    query = select(_C.rule_id).order_by(_C.position, _C.rule_id).with_for_update()
    return list(connection.execute(query).scalars())


def _rule(row: Row[Any]) -> RouteRule:
    return RouteRule(
        rule_id=row.rule_id,
        kind=RouteRuleKind(row.kind),
        sim_ids=frozenset(row.sim_ids),
        strict=row.strict,
        kinds=frozenset(map(MailingKind, row.kinds)),
        group_id=row.group_id,
        list_id=row.list_id,
        mailing_id=row.mailing_id,
    )


def groups_by_name(connection: Connection) -> list[Row[Any]]:
    """group_id and name of every group, to choose from."""
    return list(connection.execute(select(groups.c.group_id, groups.c.name).order_by(groups.c.name)))
