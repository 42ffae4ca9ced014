"""Unknown messages for reading: what is known of the attempt that nobody answered. `queue` settles them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal_column, select

from pbx_sms.core.message import MessageState, PartState
from pbx_sms.storage.schema import attempts, mailings, messages, modems, parts, sims

#: written out: with a value that is bound SQLite does not see that the index of unknown messages fits
_IS_UNKNOWN = messages.c.state == literal_column(f"'{MessageState.UNKNOWN}'")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownRow:
    message_id: int
    mailing_id: int | None
    mailing: str | None
    mailing_state: str | None
    #: of the list
    row: int | None
    number: str
    text: str
    #: IMSI and label of the SIM that handed it over, and the modem that it is in now
    sim: str | None
    sim_label: str | None
    modem: str | None
    parts: int
    parts_submitted: int
    #: of the newest attempt: its part, when it was handed over, when it was given up, what was said last
    part: int | None
    begun_at: datetime | None
    given_up_at: datetime | None
    said: str | None
    reason: str | None
    reason_params: dict[str, Any] | None


def select_unknown(
    connection: Connection, *, mailing_id: int | None = None, after_id: int = 0, limit: int = 100
) -> list[UnknownRow]:
    """Up to `limit` unknown messages with a larger id than `after_id`, in order."""
    newest = (
        select(func.max(attempts.c.attempt_id))
        .where(attempts.c.message_id == messages.c.message_id, attempts.c.started_at.is_not(None))
        .correlate(messages)
        .scalar_subquery()
    )
    submitted = (
        select(func.count())
        .where(parts.c.message_id == messages.c.message_id, parts.c.state == PartState.SUBMITTED)
        .correlate(messages)
        .scalar_subquery()
    )
    query = (
        select(
            messages.c.message_id,
            messages.c.mailing_id,
            mailings.c.name.label("mailing"),
            mailings.c.state.label("mailing_state"),
            messages.c.row,
            messages.c.msisdn.label("number"),
            messages.c.text,
            sims.c.imsi.label("sim"),
            sims.c.label.label("sim_label"),
            modems.c.name.label("modem"),
            messages.c.part_count.label("parts"),
            submitted.label("parts_submitted"),
            attempts.c.part,
            attempts.c.started_at.label("begun_at"),
            attempts.c.ended_at.label("given_up_at"),
            attempts.c.code.label("said"),
            messages.c.reason_code.label("reason"),
            messages.c.reason_params,
        )
        .select_from(
            messages.outerjoin(mailings, mailings.c.mailing_id == messages.c.mailing_id)
            .outerjoin(attempts, attempts.c.attempt_id == newest)
            .outerjoin(sims, sims.c.sim_id == func.coalesce(attempts.c.sim_id, messages.c.sim_id))
            .outerjoin(modems, modems.c.modem_id == sims.c.modem_id)
        )
        .where(_IS_UNKNOWN, messages.c.message_id > after_id)
        .order_by(messages.c.message_id)
        .limit(limit)
    )
    if mailing_id is not None:
        query = query.where(messages.c.mailing_id == mailing_id)
    return [UnknownRow(**row._mapping) for row in connection.execute(query)]


def unknown_ids(connection: Connection, mailing_id: int | None = None) -> list[int]:
    """All unknown messages, or those of a mailing."""
    query = select(messages.c.message_id).where(_IS_UNKNOWN)
    if mailing_id is not None:
        query = query.where(messages.c.mailing_id == mailing_id)
    return list(connection.execute(query.order_by(messages.c.message_id)).scalars())


def count_unknown(connection: Connection, mailing_id: int | None = None) -> int:
    query = select(func.count()).where(_IS_UNKNOWN)
    if mailing_id is None:
        # true of all: without it SQLite walks through an index of all messages instead of that of the unknown
        query = query.where(messages.c.message_id > 0)
    if mailing_id is not None:
        query = query.where(messages.c.mailing_id == mailing_id)
    return connection.execute(query).scalar_one()
