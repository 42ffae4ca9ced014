"""The event log: what changed, for which ids, when and why. Written in the transaction of the change.

Readers ask for `id > last seen`, so ids must appear in the order of the commits. SQLite has one writer at a
time; on PostgreSQL `append` takes a transaction-wide advisory lock, which is why it is always the last
statement of its transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, text

from pbx_sms.core.reason import Reason
from pbx_sms.storage.schema import events, messages, modems, sims

#: any number, the same in every process
_COMMIT_ORDER_LOCK = 0x70627873
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_INSERT = insert(events)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    at: datetime
    #: message | mailing | sim | modem | agent | inbound | stop
    kind: str
    state: str | None = None
    mailing_id: int | None = None
    message_id: int | None = None
    part: int | None = None
    sim_id: int | None = None
    modem_id: int | None = None
    parts_submitted: int | None = None
    reason: Reason | None = None
    inbound_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event with what a reader of the live log wants to see beside it."""

    event_id: int
    at: datetime
    kind: str
    state: str | None
    mailing_id: int | None
    message_id: int | None
    part: int | None
    parts: int | None
    parts_submitted: int | None
    row: int | None
    number: str | None
    text: str | None
    sim_id: int | None
    sim: str | None
    sim_label: str | None
    modem: str | None
    reason: str | None
    reason_params: Any


def append(connection: Connection, new_events: Sequence[NewEvent]) -> None:
    """Writes the events. The last thing a transaction does."""
    if not new_events:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"key": _COMMIT_ORDER_LOCK})
    # the hot path knows nothing of what came in
    is_inbound = any(event.inbound_id is not None for event in new_events)
    connection.execute(
        _INSERT,
        [
            {
                "at": event.at,
                "kind": event.kind,
                "state": event.state,
                "mailing_id": event.mailing_id,
                "message_id": event.message_id,
                "part": event.part,
                "sim_id": event.sim_id,
                "modem_id": event.modem_id,
                "parts_submitted": event.parts_submitted,
                "reason_code": event.reason.code if event.reason else None,
                "reason_params": dict(event.reason.params) if event.reason else None,
                **({"inbound_id": event.inbound_id} if is_inbound else {}),
            }
            for event in new_events
        ],
    )


_SELECT = (
    select(
        events.c.event_id,
        events.c.at,
        events.c.kind,
        events.c.state,
        events.c.mailing_id,
        events.c.message_id,
        events.c.part,
        messages.c.part_count.label("parts"),
        events.c.parts_submitted,
        messages.c.row,
        messages.c.msisdn.label("number"),
        messages.c.text,
        events.c.sim_id,
        sims.c.imsi.label("sim"),
        sims.c.label.label("sim_label"),
        modems.c.name.label("modem"),
        events.c.reason_code.label("reason"),
        events.c.reason_params,
    )
    .select_from(
        events.outerjoin(messages, messages.c.message_id == events.c.message_id)
        .outerjoin(sims, sims.c.sim_id == events.c.sim_id)
        .outerjoin(modems, modems.c.modem_id == func.coalesce(events.c.modem_id, sims.c.modem_id))
    )
    .order_by(events.c.event_id)
    .limit(bindparam("limit"))
)
_AFTER = _SELECT.where(events.c.event_id > bindparam("after"))
_AFTER_OF_MAILING = _AFTER.where(events.c.mailing_id == bindparam("mailing_id"))


def read_after(
    connection: Connection, event_id: int, limit: int = 500, *, mailing_id: int | None = None
) -> list[EventRow]:
    """Up to `limit` events with a larger id, in order; of one mailing if asked."""
    values: dict[str, Any] = {"after": event_id, "limit": limit}
    if mailing_id is None:
        rows = connection.execute(_AFTER, values)
    else:
        rows = connection.execute(_AFTER_OF_MAILING, values | {"mailing_id": mailing_id})
    return [EventRow(**row._mapping) for row in rows]


def newest_id(connection: Connection) -> int:
    """The id of the newest event, 0 where there is none."""
    return connection.execute(select(func.max(events.c.event_id))).scalar_one() or 0
