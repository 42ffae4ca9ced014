"""Reads made for the pages: each returns what one page shows, bounded in size, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, select

from pbx_sms.core.cell import FormatKind
from pbx_sms.storage.schema import left_out, list_columns, lists, mailings, messages, recipients, series_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    list_id: int
    name: str
    state: str
    file_name: str
    format: str
    sheet: str | None
    header_row: int | None
    phone_column: str | None
    language: str
    row_count: int
    accepted_count: int
    number_count: int
    rejected_count: int
    repeat_count: int
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientView:
    row: int
    number: str | None
    fields: tuple[str, ...]
    #: what was in the cell, where the row is not taken or carries a note
    value: str | None
    reason: str | None
    reason_params: Mapping[str, Any]
    repeat_of_row: int | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingView:
    mailing_id: int
    name: str
    kind: str
    state: str
    reason: str | None
    reason_params: Mapping[str, Any] | None
    list_id: int | None
    list_name: str | None
    text: str
    repeats: str | None
    leave_out_incomplete: bool
    allow_failing: bool
    messages: int
    parts: int
    left_out: int
    created_at: datetime
    created_by: str | None
    scheduled_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    #: so many messages went first; what comes after the message `trial_until_id` is held
    trial_count: int | None
    trial_until_id: int | None
    forecast_at: datetime | None
    #: why it never ends, and when that was looked at
    forecast_reason: str | None
    forecast_params: Mapping[str, Any] | None
    forecast_made_at: datetime | None
    #: the mailing that did not reach these people
    again_of_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutView:
    row: int
    number: str | None
    reason: str
    reason_params: Mapping[str, Any]


def lists_newest_first(connection: Connection, *, limit: int = 200) -> list[ListView]:
    """Those that may be used: a list that is still being imported is not among them, nor one that a series
    made for one of its days, nor one that was composed for a mailing."""
    of_series = select(series_runs.c.list_id).where(series_runs.c.list_id.is_not(None))
    query = _lists().where(
        lists.c.state == "ready", lists.c.origin.is_(None), lists.c.list_id.not_in(of_series)
    )
    query = query.order_by(lists.c.list_id.desc()).limit(limit)
    return [_list(row) for row in connection.execute(query)]


def list_by_id(connection: Connection, list_id: int) -> ListView | None:
    row = connection.execute(_lists().where(lists.c.list_id == list_id)).one_or_none()
    return None if row is None else _list(row)


def column_names(connection: Connection, list_id: int) -> list[str]:
    """The columns of a list by position."""
    query = select(list_columns.c.name).where(list_columns.c.list_id == list_id)
    return list(connection.execute(query.order_by(list_columns.c.position)).scalars())


def usable_columns(connection: Connection, list_id: int) -> list[str]:
    """The columns that a text may use: without those that the person left out at import."""
    query = select(list_columns.c.name, list_columns.c.format).where(list_columns.c.list_id == list_id)
    return [
        name
        for name, shape in connection.execute(query.order_by(list_columns.c.position))
        if name and (shape or {}).get("kind") != FormatKind.SKIP
    ]


def rows_from(connection: Connection, list_id: int, *, row: int, limit: int) -> list[RecipientView]:
    """Rows from `row` on, taken or not."""
    query = _recipients(list_id).where(recipients.c.row >= row).order_by(recipients.c.row).limit(limit)
    return [_recipient(one) for one in connection.execute(query)]


def neighbour_row(connection: Connection, list_id: int, row: int, *, forward: bool) -> int | None:
    """The nearest row below or above that has a valid number; None at the end of the list."""
    query = select(recipients.c.row).where(recipients.c.list_id == list_id, recipients.c.msisdn.is_not(None))
    if forward:
        query = query.where(recipients.c.row > row).order_by(recipients.c.row)
    else:
        query = query.where(recipients.c.row < row).order_by(recipients.c.row.desc())
    return connection.execute(query.limit(1)).scalar_one_or_none()


def accepted_rows(
    connection: Connection, list_id: int, *, after_row: int = 0, limit: int = 50
) -> list[RecipientView]:
    """Rows with a valid number below `after_row`, repeats included."""
    query = _recipients(list_id).where(recipients.c.msisdn.is_not(None), recipients.c.row > after_row)
    return [_recipient(row) for row in connection.execute(query.order_by(recipients.c.row).limit(limit))]


def rejected_rows(
    connection: Connection, list_id: int, *, after_row: int = 0, limit: int = 100
) -> list[RecipientView]:
    query = _recipients(list_id).where(recipients.c.reject_code.is_not(None), recipients.c.row > after_row)
    return [_recipient(row) for row in connection.execute(query.order_by(recipients.c.row).limit(limit))]


def noted_rows(connection: Connection, list_id: int, *, limit: int = 100) -> list[RecipientView]:
    query = _recipients(list_id).where(recipients.c.note_code.is_not(None))
    return [_recipient(row) for row in connection.execute(query.order_by(recipients.c.row).limit(limit))]


def repeated_rows(connection: Connection, list_id: int, *, limit: int = 100) -> list[RecipientView]:
    query = _recipients(list_id).where(recipients.c.repeat_of_row.is_not(None))
    return [_recipient(row) for row in connection.execute(query.order_by(recipients.c.row).limit(limit))]


def mailings_newest_first(
    connection: Connection, *, list_id: int | None = None, before_id: int | None = None, limit: int = 200
) -> list[MailingView]:
    query = _mailings().order_by(mailings.c.mailing_id.desc()).limit(limit)
    if list_id is not None:
        query = query.where(mailings.c.list_id == list_id)
    if before_id is not None:
        query = query.where(mailings.c.mailing_id < before_id)
    return [_mailing(row) for row in connection.execute(query)]


def mailings_at_hand(connection: Connection, *, limit: int) -> list[MailingView]:
    """Those that run, are paused or are to begin, the newest of each first and in this order."""
    states = ("running", "paused", "scheduled")
    place = case({state: place for place, state in enumerate(states)}, value=mailings.c.state)
    query = _mailings().where(mailings.c.state.in_(states), mailings.c.message_count > 0)
    query = query.order_by(place, mailings.c.mailing_id.desc()).limit(limit)
    return [_mailing(row) for row in connection.execute(query)]


def mailing_by_id(connection: Connection, mailing_id: int) -> MailingView | None:
    row = connection.execute(_mailings().where(mailings.c.mailing_id == mailing_id)).one_or_none()
    return None if row is None else _mailing(row)


def counts_by_state(connection: Connection, mailing_ids: list[int]) -> dict[int, dict[str, int]]:
    """mailing id → message state → how many."""
    query = (
        select(messages.c.mailing_id, messages.c.state, func.count())
        .where(messages.c.mailing_id.in_(mailing_ids))
        .group_by(messages.c.mailing_id, messages.c.state)
    )
    found: dict[int, dict[str, int]] = {mailing_id: {} for mailing_id in mailing_ids}
    for mailing_id, state, count in connection.execute(query):
        found[mailing_id][state] = count
    return found


def left_out_rows(
    connection: Connection, mailing_id: int, *, after_row: int = 0, limit: int = 100
) -> list[LeftOutView]:
    query = (
        select(left_out)
        .where(left_out.c.mailing_id == mailing_id, left_out.c.row > after_row)
        .order_by(left_out.c.row)
        .limit(limit)
    )
    return [
        LeftOutView(
            row=row.row,
            number=row.msisdn,
            reason=row.reason_code,
            reason_params=row.reason_params or {},
        )
        for row in connection.execute(query)
    ]


def _lists() -> Select[Any]:
    return select(
        lists.c.list_id,
        lists.c.name,
        lists.c.state,
        lists.c.file_name,
        lists.c.format,
        lists.c.sheet,
        lists.c.header_row,
        lists.c.phone_column,
        lists.c.language,
        lists.c.row_count,
        lists.c.accepted_count,
        lists.c.number_count,
        lists.c.rejected_count,
        lists.c.repeat_count,
        lists.c.created_at,
        lists.c.created_by,
    )


def _list(row: Row[Any]) -> ListView:
    return ListView(**row._mapping)


def _recipients(list_id: int) -> Select[Any]:
    return select(recipients).where(recipients.c.list_id == list_id)


def _recipient(row: Row[Any]) -> RecipientView:
    return RecipientView(
        row=row.row,
        number=row.msisdn,
        fields=tuple(json.loads(row.fields)),
        value=row.raw_value,
        reason=row.reject_code,
        reason_params=json.loads(row.reject_params) if row.reject_params else {},
        repeat_of_row=row.repeat_of_row,
        note=row.note_code,
    )


def _mailings() -> Select[Any]:
    return select(
        mailings.c.mailing_id,
        mailings.c.name,
        mailings.c.kind,
        mailings.c.state,
        mailings.c.reason_code.label("reason"),
        mailings.c.reason_params,
        mailings.c.list_id,
        lists.c.name.label("list_name"),
        mailings.c.text,
        mailings.c.repeats,
        mailings.c.leave_out_incomplete,
        mailings.c.allow_failing,
        mailings.c.message_count.label("messages"),
        mailings.c.part_count.label("parts"),
        mailings.c.left_out_count.label("left_out"),
        mailings.c.created_at,
        mailings.c.created_by,
        mailings.c.scheduled_at,
        mailings.c.started_at,
        mailings.c.finished_at,
        mailings.c.trial_count,
        mailings.c.trial_until_id,
        mailings.c.forecast_at,
        mailings.c.forecast_reason_code.label("forecast_reason"),
        mailings.c.forecast_reason_params.label("forecast_params"),
        mailings.c.forecast_made_at,
        mailings.c.again_of_id,
    ).select_from(mailings.outerjoin(lists, lists.c.list_id == mailings.c.list_id))


def _mailing(row: Row[Any]) -> MailingView:
    return MailingView(**row._mapping)
