"""Messages for reading: one with its whole history, or many by state and mailing. `queue` writes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, func, or_, select, type_coerce

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState, PartState
from pbx_sms.storage.schema import attempts, events, mailings, messages, parts, sims

#: what a Start has written of them so far is not yet anybody's message
_BEFORE_START = (MailingState.DRAFT,)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    message_id: int
    mailing_id: int | None
    #: of the list
    row: int | None
    rank: int
    number: str
    text: str
    state: MessageState
    #: IMSI and label of the SIM it went through, or is bound to
    sim: str | None
    sim_label: str | None
    parts: int
    parts_submitted: int
    reason: str | None
    reason_params: dict[str, Any] | None
    not_before_at: datetime | None
    expires_at: datetime | None
    wants_report: bool
    request_key: str | None
    created_at: datetime
    submitted_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    part: int
    state: str
    sim: str | None
    #: TP-MR
    reference: int | None
    submitted_at: datetime | None
    report: str
    #: TP-ST of the newest report
    report_status: int | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    part: int
    sim: str | None
    started_at: datetime
    ended_at: datetime | None
    #: of the verdict; None while it runs
    kind: str | None
    scope: str | None
    #: what the device said
    code: str | None
    reason: str | None
    reason_params: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    event_id: int
    at: datetime
    state: str | None
    part: int | None
    sim: str | None
    reason: str | None
    reason_params: dict[str, Any] | None


def by_id(connection: Connection, message_id: int) -> MessageRow | None:
    return _one(connection, messages.c.message_id == message_id)


def by_request_key(connection: Connection, key: str) -> MessageRow | None:
    return _one(connection, messages.c.request_key == key)


def select_rows(
    connection: Connection,
    *,
    state: MessageState | None = None,
    mailing_id: int | None = None,
    after_id: int = 0,
    limit: int = 1000,
) -> list[MessageRow]:
    """Up to `limit` messages with a larger id than `after_id`, in order; none of mailings not yet started."""
    started = or_(mailings.c.mailing_id.is_(None), mailings.c.state.not_in(_BEFORE_START))
    query = (
        _query()
        .outerjoin(mailings, mailings.c.mailing_id == messages.c.mailing_id)
        .where(messages.c.message_id > after_id, started)
        .order_by(messages.c.message_id)
        .limit(limit)
    )
    if state is not None:
        query = query.where(messages.c.state == state)
    if mailing_id is not None:
        query = query.where(messages.c.mailing_id == mailing_id)
    return [_message(row) for row in connection.execute(query)]


def of_number(connection: Connection, msisdn: str, *, limit: int) -> list[MessageRow]:
    """The newest messages to a number, newest first; none of mailings not yet started."""
    started = or_(mailings.c.mailing_id.is_(None), mailings.c.state.not_in(_BEFORE_START))
    query = (
        _query()
        .outerjoin(mailings, mailings.c.mailing_id == messages.c.mailing_id)
        .where(messages.c.msisdn == msisdn, started)
        .order_by(messages.c.message_id.desc())
        .limit(limit)
    )
    return [_message(row) for row in connection.execute(query)]


def by_ids(connection: Connection, message_ids: Sequence[int]) -> list[MessageRow]:
    """The messages in the order of `message_ids`."""
    found = connection.execute(_query().where(messages.c.message_id.in_(message_ids)))
    rows = {row.message_id: _message(row) for row in found}
    return [rows[message_id] for message_id in message_ids if message_id in rows]


def made_at(connection: Connection, message_id: int) -> datetime | None:
    """When the message, or the next one that there is, was made."""
    query = select(messages.c.created_at).where(messages.c.message_id >= message_id)
    return connection.execute(query.order_by(messages.c.message_id).limit(1)).scalar_one_or_none()


def first_id_after(connection: Connection, message_id: int) -> int | None:
    query = select(func.min(messages.c.message_id)).where(messages.c.message_id > message_id)
    found: int | None = connection.execute(query).scalar_one()
    return found


def texts_between(connection: Connection, first_id: int, last_id: int) -> list[Row[Any]]:
    """(message_id, text, number, created_us) of each, in order; microseconds as they are stored."""
    query = select(
        messages.c.message_id,
        messages.c.text,
        messages.c.msisdn.label("number"),
        type_coerce(messages.c.created_at, BigInteger).label("created_us"),
    ).where(messages.c.message_id.between(first_id, last_id))
    return list(connection.execute(query.order_by(messages.c.message_id)))


def parts_of(connection: Connection, message_id: int) -> list[PartRow]:
    query = (
        select(
            parts.c.part,
            parts.c.state,
            sims.c.imsi.label("sim"),
            parts.c.reference,
            parts.c.submitted_at,
            parts.c.report,
            parts.c.report_status,
            parts.c.reported_at,
        )
        .select_from(parts.outerjoin(sims, sims.c.sim_id == parts.c.sim_id))
        .where(parts.c.message_id == message_id)
        .order_by(parts.c.part)
    )
    return [PartRow(**row._mapping) for row in connection.execute(query)]


def attempts_of(connection: Connection, message_id: int) -> list[AttemptRow]:
    """Every try, in the order they began."""
    query = (
        select(
            attempts.c.part,
            sims.c.imsi.label("sim"),
            attempts.c.started_at,
            attempts.c.ended_at,
            attempts.c.kind,
            attempts.c.scope,
            attempts.c.code,
            attempts.c.reason_code.label("reason"),
            attempts.c.reason_params,
        )
        .select_from(attempts.outerjoin(sims, sims.c.sim_id == attempts.c.sim_id))
        .where(attempts.c.message_id == message_id)
        .order_by(attempts.c.attempt_id)
    )
    return [AttemptRow(**row._mapping) for row in connection.execute(query)]


def events_of(connection: Connection, message_id: int) -> list[MessageEvent]:
    query = (
        select(
            events.c.event_id,
            events.c.at,
            events.c.state,
            events.c.part,
            sims.c.imsi.label("sim"),
            events.c.reason_code.label("reason"),
            events.c.reason_params,
        )
        .select_from(events.outerjoin(sims, sims.c.sim_id == events.c.sim_id))
        .where(events.c.message_id == message_id)
        .order_by(events.c.event_id)
    )
    return [MessageEvent(**row._mapping) for row in connection.execute(query)]


def awaiting_report(connection: Connection, mailing_id: int, submitted_after: datetime) -> int:
    """How many messages of the mailing may still get a delivery report: submitted, and not long ago."""
    return connection.execute(
        select(func.count()).where(
            messages.c.mailing_id == mailing_id,
            messages.c.state == MessageState.SUBMITTED,
            messages.c.wants_report,
            messages.c.submitted_at > submitted_after,
        )
    ).scalar_one()


def counts(connection: Connection, mailing_id: int) -> dict[str, int]:
    """How many messages of the mailing are in each state that occurs."""
    rows = connection.execute(
        select(messages.c.state, func.count())
        .where(messages.c.mailing_id == mailing_id)
        .group_by(messages.c.state)
    )
    return {str(state): int(count) for state, count in rows}


def rows_in(connection: Connection, mailing_id: int, states: Collection[MessageState]) -> dict[int, bool]:
    """Rows of the mailing's list whose message is in one of these states → whether a part of it has gone."""
    has_gone = messages.c.first_accepted_at.is_not(None)
    found = connection.execute(
        select(messages.c.row, has_gone).where(
            messages.c.mailing_id == mailing_id, messages.c.state.in_(states), messages.c.row.is_not(None)
        )
    )
    return {row: bool(gone) for row, gone in found}


def trials_of(connection: Connection, mailing_id: int) -> list[MessageRow]:
    """The single messages that showed what a mailing would send, in order."""
    query = _query().where(messages.c.trial_of == mailing_id).order_by(messages.c.message_id)
    return [_message(row) for row in connection.execute(query)]


def _one(connection: Connection, condition: Any) -> MessageRow | None:
    row = connection.execute(_query().where(condition)).one_or_none()
    return None if row is None else _message(row)


def _query() -> Any:
    submitted = (
        select(func.count())
        .where(parts.c.message_id == messages.c.message_id, parts.c.state == PartState.SUBMITTED)
        .correlate(messages)
        .scalar_subquery()
    )
    return select(
        messages.c.message_id,
        messages.c.mailing_id,
        messages.c.row,
        messages.c.rank,
        messages.c.msisdn.label("number"),
        messages.c.text,
        messages.c.state,
        sims.c.imsi.label("sim"),
        sims.c.label.label("sim_label"),
        messages.c.part_count.label("parts"),
        submitted.label("parts_submitted"),
        messages.c.reason_code.label("reason"),
        messages.c.reason_params,
        messages.c.not_before_at,
        messages.c.expires_at,
        messages.c.wants_report,
        messages.c.request_key,
        messages.c.created_at,
        messages.c.submitted_at,
        messages.c.delivered_at,
    ).select_from(
        messages.outerjoin(sims, sims.c.sim_id == func.coalesce(messages.c.sim_id, messages.c.bound_sim_id))
    )


def _message(row: Any) -> MessageRow:
    return MessageRow(**{**row._mapping, "state": MessageState(row.state)})
