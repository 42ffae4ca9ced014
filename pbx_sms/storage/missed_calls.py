"""Missed calls and what was decided about each. A row is written when the caller hangs up, and stays.

*waiting* until it is sent or the caller is reached; *sent* with its message; *left_out* with why. At most one
row of a number waits, and a call has one row however many engines tell of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pbx_sms.core.reason import Reason
from pbx_sms.storage.schema import missed_calls as table


class MissedState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMissedCall:
    call_id: str
    caller: str
    msisdn: str | None
    did: str
    queue: str | None
    rule: str
    called_at: datetime
    missed_at: datetime
    text: str
    #: not before
    next_at: datetime
    #: why nothing is sent; None: it waits
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCallRow:
    missed_call_id: int
    call_id: str
    caller: str
    msisdn: str | None
    did: str
    queue: str | None
    rule: str
    called_at: datetime
    missed_at: datetime
    text: str
    state: MissedState
    next_at: datetime
    decided_at: datetime | None
    reason_code: str | None
    reason_params: Any
    message_id: int | None


def add(connection: Connection, new: NewMissedCall) -> int | None:
    """Its id; None where the call is there already, or the number waits for a message already."""
    insert_one = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    waits = new.reason is None
    statement = (
        insert_one(table)
        .values(
            call_id=new.call_id,
            caller=new.caller,
            msisdn=new.msisdn,
            did=new.did,
            queue=new.queue,
            rule=new.rule,
            called_at=new.called_at,
            missed_at=new.missed_at,
            text=new.text,
            state=MissedState.WAITING if waits else MissedState.LEFT_OUT,
            next_at=new.next_at,
            decided_at=None if waits else new.missed_at,
            reason_code=None if new.reason is None else new.reason.code,
            reason_params=None if new.reason is None else dict(new.reason.params),
        )
        .on_conflict_do_nothing()
        .returning(table.c.missed_call_id)
    )
    found: int | None = connection.execute(statement).scalar_one_or_none()
    return found


def is_known(connection: Connection, call_id: str, caller: str) -> bool:
    wanted = and_(table.c.call_id == call_id, table.c.caller == caller)
    return connection.execute(select(table.c.missed_call_id).where(wanted)).first() is not None


def was_answered_since(connection: Connection, msisdn: str, since: datetime) -> bool:
    """Whether a call of that number that was missed later than that got its message, or waits for it."""
    wanted = and_(
        table.c.msisdn == msisdn,
        table.c.missed_at > since,
        table.c.state.in_((MissedState.WAITING, MissedState.SENT)),
    )
    return connection.execute(select(table.c.missed_call_id).where(wanted).limit(1)).first() is not None


def waiting_among(connection: Connection, msisdns: Collection[str]) -> set[str]:
    waiting = and_(table.c.state == MissedState.WAITING, table.c.msisdn.in_(sorted(msisdns)))
    return set(connection.execute(select(table.c.msisdn).where(waiting)).scalars())


def leave_out_waiting(connection: Connection, msisdn: str, now: datetime, reason: Reason) -> bool:
    """Whether one of that number waited; it does not any more."""
    waiting = and_(table.c.state == MissedState.WAITING, table.c.msisdn == msisdn)
    return connection.execute(_decided(now, reason).where(waiting)).rowcount > 0


def due(connection: Connection, now: datetime) -> list[int]:
    waiting = and_(table.c.state == MissedState.WAITING, table.c.next_at <= now)
    return list(
        connection.execute(select(table.c.missed_call_id).where(waiting).order_by(table.c.next_at)).scalars()
    )


def waiting_until(connection: Connection, until_at: datetime) -> list[tuple[int, str, str]]:
    """(id, caller, MSISDN) of those whose wait is over by then."""
    waiting = and_(table.c.state == MissedState.WAITING, table.c.next_at <= until_at)
    found = connection.execute(select(table.c.missed_call_id, table.c.caller, table.c.msisdn).where(waiting))
    return [(row.missed_call_id, row.caller, row.msisdn) for row in found]


def put_off(connection: Connection, missed_call_ids: Collection[int], next_at: datetime) -> int:
    """Lets those that wait go on waiting until then, none of them for a shorter time. How many."""
    waiting = and_(
        table.c.missed_call_id.in_(sorted(missed_call_ids)),
        table.c.state == MissedState.WAITING,
        table.c.next_at < next_at,
    )
    return connection.execute(update(table).where(waiting).values(next_at=next_at)).rowcount


def wait_anew(connection: Connection, msisdn: str, next_at: datetime) -> None:
    """The number was missed again: what waits for it waits from now on."""
    waiting = and_(table.c.state == MissedState.WAITING, table.c.msisdn == msisdn)
    connection.execute(update(table).where(waiting).values(next_at=next_at))


def take(
    connection: Connection, missed_call_id: int, now: datetime, until_at: datetime
) -> MissedCallRow | None:
    """The row for whoever sends it, until `until_at`; None where somebody else has it or it waits no more."""
    mine = and_(
        table.c.missed_call_id == missed_call_id,
        table.c.state == MissedState.WAITING,
        table.c.next_at <= now,
    )
    taken = update(table).where(mine).values(next_at=until_at).returning(*table.c)
    row = connection.execute(taken).one_or_none()
    return None if row is None else _row(row)


def sent(connection: Connection, missed_call_id: int, now: datetime, message_id: int) -> None:
    """It is queued: that holds even if the caller was reached in the same moment."""
    values = {"state": MissedState.SENT, "decided_at": now, "message_id": message_id}
    connection.execute(
        update(table)
        .where(table.c.missed_call_id == missed_call_id)
        .values(**values, reason_code=None, reason_params=None)
    )


def leave_out(connection: Connection, missed_call_id: int, now: datetime, reason: Reason) -> None:
    mine = and_(table.c.missed_call_id == missed_call_id, table.c.state == MissedState.WAITING)
    connection.execute(_decided(now, reason).where(mine))


def rows(
    connection: Connection,
    *,
    limit: int,
    before_id: int | None = None,
    state: MissedState | None = None,
    search: str | None = None,
) -> list[MissedCallRow]:
    """Newest first; with `search` those whose number holds these digits."""
    query = select(table).order_by(table.c.missed_call_id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(table.c.missed_call_id < before_id)
    if state is not None:
        query = query.where(table.c.state == state)
    if search:
        query = query.where(
            or_(
                table.c.msisdn.contains(search, autoescape=True),
                table.c.caller.contains(search, autoescape=True),
            )
        )
    return [_row(row) for row in connection.execute(query)]


def _decided(now: datetime, reason: Reason) -> Any:
    return update(table).values(
        state=MissedState.LEFT_OUT,
        decided_at=now,
        reason_code=reason.code,
        reason_params=dict(reason.params),
    )


def _row(row: Any) -> MissedCallRow:
    return MissedCallRow(**{**row._mapping, "state": MissedState(row.state)})
