"""What happened, as scripts want to hear it, and how far each agent has told it.

The cursor is an event's id: ids are in commit order and never used again, so what is behind it was told and
what is before it was not. It is moved on only after the telling.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, insert, select, update

from pbx_sms.core.message import MessageState
from pbx_sms.storage import events as event_log
from pbx_sms.storage.schema import events, inbound, mailings, messages, modems, script_cursors, sims


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsRow:
    event_id: int
    at: datetime
    #: as of `storage.events.NewEvent`
    kind: str
    state: str | None
    mailing_id: int | None
    mailing: str | None
    message_id: int | None
    request_key: str | None
    row: int | None
    number: str | None
    part_count: int | None
    #: the message's first event: before it, it was not there
    is_first: bool
    sim: str | None
    sim_label: str | None
    modem: str | None
    reason: str | None
    reason_params: Any
    inbound_id: int | None
    #: number, or the name that the sender gave itself
    sender: str | None
    text: str | None
    is_stop: bool | None
    missing_parts: int | None
    #: our message that it may answer, and what that one was asked for with
    answers_message_id: int | None
    answers_key: str | None


_earlier = events.alias("earlier")
_answered = messages.alias("answered")
_AFTER = (
    select(
        events.c.event_id,
        events.c.at,
        events.c.kind,
        events.c.state,
        events.c.mailing_id,
        mailings.c.name.label("mailing"),
        events.c.message_id,
        messages.c.request_key,
        messages.c.row,
        messages.c.msisdn.label("number"),
        messages.c.part_count,
        (
            (events.c.state == MessageState.QUEUED)
            & ~exists(
                select(_earlier.c.event_id).where(
                    _earlier.c.message_id == events.c.message_id, _earlier.c.event_id < events.c.event_id
                )
            )
        ).label("is_first"),
        sims.c.imsi.label("sim"),
        sims.c.label.label("sim_label"),
        modems.c.name.label("modem"),
        events.c.reason_code.label("reason"),
        events.c.reason_params,
        events.c.inbound_id,
        inbound.c.sender,
        inbound.c.text,
        inbound.c.is_stop,
        inbound.c.missing_parts,
        inbound.c.message_id.label("answers_message_id"),
        _answered.c.request_key.label("answers_key"),
    )
    .select_from(
        events.outerjoin(messages, messages.c.message_id == events.c.message_id)
        .outerjoin(mailings, mailings.c.mailing_id == events.c.mailing_id)
        .outerjoin(sims, sims.c.sim_id == events.c.sim_id)
        .outerjoin(modems, modems.c.modem_id == sims.c.modem_id)
        .outerjoin(inbound, inbound.c.inbound_id == events.c.inbound_id)
        .outerjoin(_answered, _answered.c.message_id == inbound.c.message_id)
    )
    .where(events.c.event_id > bindparam("after"))
    .order_by(events.c.event_id)
    .limit(bindparam("limit"))
)


def begin(connection: Connection, agent: str, now: datetime) -> int:
    """The agent's cursor; a new agent's stands behind all that happened so far."""
    found = connection.execute(
        select(script_cursors.c.event_id).where(script_cursors.c.agent == agent)
    ).scalar_one_or_none()
    if found is not None:
        return int(found)
    newest = event_log.newest_id(connection)
    connection.execute(insert(script_cursors).values(agent=agent, event_id=newest, moved_at=now))
    return newest


def move(connection: Connection, agent: str, event_id: int, now: datetime) -> None:
    """Everything up to that event was told. Never goes back."""
    connection.execute(
        update(script_cursors)
        .where(script_cursors.c.agent == agent, script_cursors.c.event_id < event_id)
        .values(event_id=event_id, moved_at=now)
    )


def read_after(connection: Connection, event_id: int, limit: int) -> list[NewsRow]:
    """Up to `limit` events with a larger id, in order, of every kind."""
    rows = connection.execute(_AFTER, {"after": event_id, "limit": limit})
    return [NewsRow(**{**row._mapping, "is_first": bool(row.is_first)}) for row in rows]


def last_before(connection: Connection, event_id: int, since_at: datetime) -> int:
    """The last event after `event_id` before the first one that is no older than that instant."""
    first: int | None = connection.execute(
        select(func.min(events.c.event_id)).where(events.c.event_id > event_id, events.c.at >= since_at)
    ).scalar_one()
    return first - 1 if first is not None else event_log.newest_id(connection)


def first_event_of(connection: Connection, message_id: int) -> int | None:
    """The event with which the message came into being."""
    found: int | None = connection.execute(
        select(func.min(events.c.event_id)).where(events.c.message_id == message_id)
    ).scalar_one()
    return found
