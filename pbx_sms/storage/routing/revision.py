"""Which revision of the routing rules is in force, and whether messages wait with a route of another one.

The revision goes up with each change of a rule, of their order, or of what they name. A message carries the
revision that its route was read under. One that is neither begun nor bound and carries another one is never
submitted: `queue.permission` looks in the last instant, and asks here for its route to be read anew, which
`operations.routing.replanning` does. Who makes messages holds the revision with a shared lock until they are
committed, so that no message slips in behind the reader. No row is the same as revision 0.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from pbx_sms.core.people.rule import fields_read
from pbx_sms.core.route_rules import RouteRuleKind
from pbx_sms.storage.schema import groups, routing_rules, routing_state

#: the only row
ONLY = 1
_C = routing_state.c
#: rules that look for their SIMs by what is known of them
_BY_FACTS = (RouteRuleKind.OPERATOR, RouteRuleKind.CHEAPEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingState:
    revision: int
    #: messages wait whose route is to be read anew
    pending: bool


def read(connection: Connection) -> RoutingState:
    row = connection.execute(select(_C.revision, _C.pending).where(_C.state_id == ONLY)).one_or_none()
    return RoutingState(revision=0, pending=False) if row is None else RoutingState(**row._mapping)


def hold(connection: Connection) -> int:
    """The revision in force; it stays so until the transaction ends."""
    query = select(_C.revision).where(_C.state_id == ONLY).with_for_update(read=True)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        _make(connection)
        found = connection.execute(query).scalar_one()
    return int(found)


def advance(connection: Connection) -> None:
    """Something that rules say has changed: whatever waits gets its route anew."""
    _make(connection)
    connection.execute(
        update(routing_state).where(_C.state_id == ONLY).values(revision=_C.revision + 1, pending=True)
    )


def group_changed(connection: Connection, group_id: int) -> None:
    """Other people are in the group: of consequence where a rule names it."""
    rules = routing_rules.c
    if connection.execute(select(rules.rule_id).where(rules.group_id == group_id).limit(1)).first():
        advance(connection)


def contacts_changed(connection: Connection, fields: Collection[str] | None = None) -> None:
    """Contacts have other values in these fields (by `template.fold`; "" is the name), or, None, there are
    more or fewer contacts: of consequence where a rule names a group whose own rule reads that."""
    named = select(routing_rules.c.group_id).where(routing_rules.c.group_id.is_not(None))
    rules = connection.execute(select(groups.c.rule).where(groups.c.group_id.in_(named))).scalars()
    if any(rule is not None and (fields is None or fields_read(rule) & set(fields)) for rule in rules):
        advance(connection)


def sims_changed(connection: Connection) -> None:
    """Other SIMs, other operators or prices: of consequence where a rule asks for that."""
    rules = routing_rules.c
    if connection.execute(select(rules.rule_id).where(rules.kind.in_(_BY_FACTS)).limit(1)).first():
        advance(connection)


def ask(connection: Connection) -> None:
    """A message was met whose route is of another revision."""
    connection.execute(
        update(routing_state).where(_C.state_id == ONLY, _C.pending.is_not(true())).values(pending=True)
    )


def claim(connection: Connection, token: str, now: datetime, until_at: datetime) -> bool:
    """Takes or keeps the work of reading routes anew; False where there is none, or another has it."""
    mine = or_(_C.claimed_by.is_(None), _C.claimed_by == token, _C.claimed_until_at < now)
    return _changed(
        connection,
        update(routing_state)
        .where(_C.state_id == ONLY, _C.pending.is_(true()), mine)
        .values(claimed_by=token, claimed_until_at=until_at),
    )


def lock(connection: Connection) -> int:
    """The revision; nobody changes it, and nobody makes a message, until the transaction ends."""
    return int(
        connection.execute(select(_C.revision).where(_C.state_id == ONLY).with_for_update()).scalar_one()
    )


def conclude(connection: Connection, token: str, *, pending: bool) -> bool:
    """Gives the claim back; `pending`: something is left to be done."""
    return _changed(
        connection,
        update(routing_state)
        .where(_C.state_id == ONLY, _C.claimed_by == token)
        .values(pending=pending, claimed_by=None, claimed_until_at=None),
    )


def _make(connection: Connection) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"state_id": ONLY, "revision": 0, "pending": False}
    connection.execute(insert(routing_state).values(**values).on_conflict_do_nothing())


def _changed(connection: Connection, statement: Any) -> bool:
    return bool(connection.execute(statement).rowcount == 1)
