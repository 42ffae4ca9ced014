"""How a demand to stop was obeyed: what had been begun before it, and whether anything was begun after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select

from pbx_sms.core.message import MessageState
from pbx_sms.storage.schema import attempts, messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    #: when the newest part before the demand was begun; None: there was none
    last_before_at: datetime | None
    #: parts begun after the demand, its confirmation left out
    after_count: int
    last_after_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    message_id: int
    state: MessageState
    submitted_at: datetime | None


def of_demand(connection: Connection, msisdn: str, asked_at: datetime, until_at: datetime | None) -> Timing:
    """`until_at`: when the stop was taken back; None while it holds."""
    begun = and_(
        messages.c.msisdn == msisdn,
        messages.c.confirms_stop_id.is_(None),
        attempts.c.started_at.is_not(None),
    )
    last_before_at, _ = _newest(connection, and_(begun, attempts.c.started_at <= asked_at))
    after = and_(begun, attempts.c.started_at > asked_at)
    if until_at is not None:
        after = and_(after, attempts.c.started_at < until_at)
    last_after_at, after_count = _newest(connection, after)
    return Timing(last_before_at=last_before_at, after_count=after_count, last_after_at=last_after_at)


def _newest(connection: Connection, which: ColumnElement[bool]) -> tuple[datetime | None, int]:
    found = (
        select(func.max(attempts.c.started_at), func.count())
        .select_from(messages.join(attempts, attempts.c.message_id == messages.c.message_id))
        .where(which)
    )
    newest_at, count = connection.execute(found).one()
    return newest_at, int(count)


def confirmation_of(connection: Connection, stop_id: int) -> Confirmation | None:
    row = connection.execute(
        select(messages.c.message_id, messages.c.state, messages.c.submitted_at).where(
            messages.c.confirms_stop_id == stop_id
        )
    ).one_or_none()
    if row is None:
        return None
    return Confirmation(
        message_id=row.message_id, state=MessageState(row.state), submitted_at=row.submitted_at
    )
