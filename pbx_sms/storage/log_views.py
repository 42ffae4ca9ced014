"""What the live log and the message tables of the pages read, and how far a mailing is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from pbx_sms.core.message import OPEN_STATES, MessageState
from pbx_sms.storage import views
from pbx_sms.storage.schema import events, messages, modems, routes, sims

#: how many of the newest events of a mailing the pace is measured over, and how old they may be
_PACE_EVENTS = 200
_PACE_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """A message as the log shows it: its newest state, with the instant of the newest event."""

    message_id: int
    at: datetime
    row: int | None
    number: str
    sim: str | None
    sim_label: str | None
    modem: str | None
    parts: int
    parts_submitted: int | None
    state: str
    reason: str | None
    reason_params: Mapping[str, Any] | None
    text: str
    # of its route, where a rule named SIMs: why, which, and the one it went through
    route_reason: str | None
    route_params: Mapping[str, Any] | None
    route_sim_ids: list[int] | None
    sim_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    mailing_id: int
    state: str
    reason: str | None
    reason_params: Mapping[str, Any] | None
    #: message state → how many
    counts: Mapping[str, int]
    messages: int
    parts: int
    #: messages handed over a minute lately; 0 when nothing was
    pace_per_minute: float
    finished_at: datetime | None
    #: why queued messages wait, most frequent first: code, params, how many
    waits: tuple[tuple[str, Mapping[str, Any], int], ...]


def newest_log_rows(connection: Connection, mailing_id: int, *, limit: int = 100) -> list[LogRow]:
    """The messages that something happened to last, newest first, each once."""
    newest = (
        select(events.c.event_id, events.c.message_id)
        .where(events.c.mailing_id == mailing_id, events.c.message_id.is_not(None))
        .order_by(events.c.event_id.desc())
        .limit(limit * 4)
        .subquery()
    )
    last_of_each = (
        select(func.max(newest.c.event_id).label("event_id")).group_by(newest.c.message_id).subquery()
    )
    query = (
        _log_rows(events.c.at, events.c.parts_submitted)
        .join_from(last_of_each, events, events.c.event_id == last_of_each.c.event_id)
        .join(messages, messages.c.message_id == events.c.message_id)
        .outerjoin(routes, routes.c.route_id == messages.c.route_id)
        .outerjoin(sims, sims.c.sim_id == func.coalesce(events.c.sim_id, messages.c.sim_id))
        .outerjoin(modems, modems.c.modem_id == sims.c.modem_id)
        .order_by(events.c.event_id.desc())
        .limit(limit)
    )
    return [LogRow(**row._mapping) for row in connection.execute(query)]


def messages_of(
    connection: Connection,
    mailing_id: int,
    *,
    states: frozenset[str] = frozenset(),
    after_id: int = 0,
    limit: int = 100,
) -> list[LogRow]:
    """Messages of a mailing in the order of the list; only those in `states` where it names some."""
    # made in the order of the rows; by an index of the mailing all of them would be sorted for every page
    of_mailing = select(messages.c.message_id).where(messages.c.mailing_id == mailing_id).limit(1)
    first = connection.execute(of_mailing.order_by(messages.c.row)).scalar_one_or_none()
    last = connection.execute(of_mailing.order_by(messages.c.row.desc())).scalar_one_or_none()
    if first is None or last is None:
        return []
    changed_at = func.coalesce(messages.c.delivered_at, messages.c.submitted_at, messages.c.created_at)
    query = (
        _log_rows(changed_at.label("at"), messages.c.part_count.label("parts_submitted"))
        .select_from(messages)
        .outerjoin(sims, sims.c.sim_id == messages.c.sim_id)
        .outerjoin(modems, modems.c.modem_id == sims.c.modem_id)
        .outerjoin(routes, routes.c.route_id == messages.c.route_id)
        .where(
            messages.c.mailing_id + 0 == mailing_id,
            messages.c.message_id > max(after_id, first - 1),
            messages.c.message_id <= last,
        )
        .order_by(messages.c.message_id)
        .limit(limit)
    )
    if states:
        query = query.where(messages.c.state.in_(states))
    return [LogRow(**row._mapping) for row in connection.execute(query)]


def progress(connection: Connection, mailing_id: int, now: datetime) -> Progress | None:
    """How far a mailing is. One grouped count over an index, and the newest few events for the pace."""
    mailing = views.mailing_by_id(connection, mailing_id)
    if mailing is None:
        return None
    waits: tuple[tuple[str, Mapping[str, Any], int], ...] = ()
    counts = views.counts_by_state(connection, [mailing_id])[mailing_id]
    if any(counts.get(state) for state in OPEN_STATES):
        query = (
            select(messages.c.reason_code, func.min(messages.c.reason_params), func.count())
            .where(
                messages.c.mailing_id == mailing_id,
                messages.c.state == MessageState.QUEUED,
                messages.c.reason_code.is_not(None),
            )
            .group_by(messages.c.reason_code)
            .order_by(func.count().desc())
            .limit(3)
        )
        waits = tuple((code, params or {}, count) for code, params, count in connection.execute(query))
    return Progress(
        mailing_id=mailing_id,
        state=mailing.state,
        reason=mailing.reason,
        reason_params=mailing.reason_params,
        counts=counts,
        messages=mailing.messages,
        parts=mailing.parts,
        pace_per_minute=_pace(connection, mailing_id, now),
        finished_at=mailing.finished_at,
        waits=waits,
    )


def _pace(connection: Connection, mailing_id: int, now: datetime) -> float:
    query = (
        select(events.c.at, events.c.state)
        .where(events.c.mailing_id == mailing_id, events.c.message_id.is_not(None))
        .order_by(events.c.event_id.desc())
        .limit(_PACE_EVENTS)
    )
    rows = [row for row in connection.execute(query) if row.at > now - _PACE_WINDOW]
    handed_over = sum(row.state == MessageState.SUBMITTED for row in rows)
    if handed_over < 2:
        return 0.0
    span_s = max((now - rows[-1].at).total_seconds(), 1.0)
    return float(60.0 * handed_over / span_s)


def _log_rows(at: Any, parts_submitted: Any) -> Select[Any]:
    return select(
        messages.c.message_id,
        at,
        messages.c.row,
        messages.c.msisdn.label("number"),
        sims.c.imsi.label("sim"),
        sims.c.label.label("sim_label"),
        modems.c.name.label("modem"),
        messages.c.part_count.label("parts"),
        parts_submitted,
        messages.c.state,
        messages.c.reason_code.label("reason"),
        messages.c.reason_params,
        messages.c.text,
        routes.c.reason_code.label("route_reason"),
        routes.c.reason_params.label("route_params"),
        routes.c.sim_ids.label("route_sim_ids"),
        messages.c.sim_id,
    )
