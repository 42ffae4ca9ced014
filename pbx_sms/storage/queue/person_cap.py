"""Whether a person has room for one more message now: looked at in the transaction of its intent.

What finds none waits in the queue until there is some, with the reason on it; nothing fails of it, and
nobody else waits behind it. A begun message is completed, or the recipient is left with a torso. Where no cap
is set, nothing is looked up.

Two PBXs must not both find the last room of one number. On PostgreSQL each takes the number's own lock first
and holds it to the end of the transaction. Nobody waits for that lock, because a transaction begins messages
to several numbers and two that wait for each other would never end: a number that is taken is looked at again
in a moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, select, text, type_coerce, update

from pbx_sms.core.message import MessageState
from pbx_sms.core.people.cap import Period, PersonCaps
from pbx_sms.core.reason import Reason
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.person_caps import sent_since
from pbx_sms.storage.queue import leases
from pbx_sms.storage.queue.intent import Begun, Denied
from pbx_sms.storage.queue.locking import messages_in_order
from pbx_sms.storage.schema import messages, person_caps
from pbx_sms.storage.schema.types import FAR_FUTURE

#: when a number is looked at again to which another message is just going
_SOON = timedelta(seconds=10)
#: locks of numbers, apart from the program's other advisory locks, which have one key and not two
_LOCK = text("SELECT pg_try_advisory_xact_lock(:family, hashtext(:msisdn))").bindparams(
    bindparam("family", 0x50434150)
)


def stored_cap(period: Period) -> Any:
    """The cap chosen in the panel, as a column of a query; NULL for none."""
    return select(person_caps.c.max_messages).where(person_caps.c.period == period).scalar_subquery()


def held_back(
    connection: Connection, begun: Begun, row: Any, now: datetime, new_events: list[NewEvent]
) -> Denied | None:
    """The message, of an ordinary mailing and not begun, waits; None when it may go."""
    if row.probe or row.trial_of is not None or row.confirms_stop_id is not None:
        return None
    caps = _caps(begun, row)
    if not caps:
        return None
    if connection.dialect.name == "postgresql" and not _take_number(connection, row.msisdn):
        return _wait(connection, begun, row, _being_sent(now), now + _SOON, now, new_events)
    sent = sent_since(connection, [row.msisdn], now - caps.longest, but=begun.message_id)
    over = caps.over(now, sent.get(row.msisdn, ()))
    if over is None:
        return None
    if over.free_at >= FAR_FUTURE:
        return _wait(connection, begun, row, _being_sent(now), now + _SOON, now, new_events)
    reason = Reason(
        f"person_cap_{over.period}",
        {"max_messages": over.max_messages, "until": over.free_at.isoformat()},
    )
    return _wait(connection, begun, row, reason, over.free_at, now, new_events)


def release_changed(connection: Connection, caps: PersonCaps) -> int:
    """What waits by a cap that is another one now is looked at again at once. Returns how many messages."""
    released = 0
    for period in Period:
        params = type_coerce(messages.c.reason_params, Text)
        as_it_is = params.like(f'{{"max_messages":{caps.max_of(period)},%')
        waits = and_(
            messages.c.state == MessageState.QUEUED,
            messages.c.reason_code == f"person_cap_{period}",
            ~as_it_is,
        )
        released += connection.execute(
            update(messages)
            .where(messages_in_order(connection, waits), waits)
            .values(not_before_at=None, reason_code=None, reason_params=None)
        ).rowcount
    return released


def _caps(begun: Begun, row: Any) -> PersonCaps:
    per_day = row.cap_per_day if begun.per_person_per_day is None else begun.per_person_per_day
    per_week = row.cap_per_week if begun.per_person_per_week is None else begun.per_person_per_week
    return PersonCaps(per_day=per_day or 0, per_week=per_week or 0)


def _take_number(connection: Connection, msisdn: str) -> bool:
    return bool(connection.execute(_LOCK, {"msisdn": msisdn}).scalar_one())


def _being_sent(now: datetime) -> Reason:
    return Reason("person_cap_busy", {"until": (now + _SOON).isoformat()})


def _wait(
    connection: Connection,
    begun: Begun,
    row: Any,
    reason: Reason,
    until_at: datetime,
    now: datetime,
    new_events: list[NewEvent],
) -> Denied:
    leases.hold_back(connection, begun.message_id, begun.agent_id, reason, until_at)
    if not str(row.reason_code or "").startswith("person_cap_"):
        # said once, not each time that it is looked at again
        new_events.append(
            NewEvent(
                at=now,
                kind="message",
                state=MessageState.QUEUED,
                mailing_id=row.mailing_id,
                message_id=begun.message_id,
                reason=reason,
            )
        )
    return Denied(state=MessageState.QUEUED)
