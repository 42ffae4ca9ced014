"""The rows of a list as a mailing sees them: what it is made from, and what became of each.

Both are read in chunks by row number, each in a snapshot of its own, so that a list of any length takes
little memory and holds up nobody. The rows of a list do not change once it is ready.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from pbx_sms.core.cell import FormatKind
from pbx_sms.core.message import PartState
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import (
    left_out,
    list_columns,
    list_files,
    lists,
    messages,
    parts,
    recipients,
    sims,
    stop_list,
)

CHUNK_ROWS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHead:
    """A list without its rows."""

    list_id: int
    name: str
    #: importing | ready
    state: str
    file_name: str
    #: xlsx | xls | ods | csv
    format: str
    sheet: str | None
    header_row: int | None
    phone_position: int | None
    #: of the texts made from cells: ru | en
    language: str
    row_count: int
    #: by position
    column_names: tuple[str, ...]
    #: by position; "" for a column that the person left out
    usable_names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row of an uploaded list. `reject_code` is set exactly where `msisdn` is None."""

    row: int
    msisdn: str | None
    fields: list[str]
    raw_value: str | None
    reject_code: str | None
    reject_params: dict[str, Any]
    repeat_of_row: int | None
    is_stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """A row of the list with what became of it in one mailing."""

    row: int
    fields: list[str]
    #: of the message; None where there is none
    message_id: int | None
    state: str | None
    part_count: int
    parts_submitted: int
    submitted_at: datetime | None
    imsi: str | None
    sim_label: str | None
    own_number: str | None
    reason_code: str | None
    reason_params: dict[str, Any]
    is_left_out: bool


def head(connection: Connection, list_id: int) -> ListHead | None:
    row = connection.execute(select(lists).where(lists.c.list_id == list_id)).one_or_none()
    if row is None:
        return None
    columns = connection.execute(
        select(list_columns.c.name, list_columns.c.format)
        .where(list_columns.c.list_id == list_id)
        .order_by(list_columns.c.position)
    ).all()
    return ListHead(
        list_id=list_id,
        name=row.name,
        state=row.state,
        file_name=row.file_name,
        format=row.format,
        sheet=row.sheet,
        header_row=row.header_row,
        phone_position=row.phone_position,
        language=row.language,
        row_count=row.row_count,
        column_names=tuple(column.name for column in columns),
        usable_names=tuple(
            "" if column.format and column.format.get("kind") == FormatKind.SKIP else column.name
            for column in columns
        ),
    )


def file_content(connection: Connection, list_id: int) -> bytes | None:
    """The uploaded file as it was."""
    return connection.execute(
        select(list_files.c.content).where(list_files.c.list_id == list_id)
    ).scalar_one_or_none()


def repeated_rows(connection: Connection, list_id: int) -> set[int]:
    """The first rows of the numbers that stand in the list more than once."""
    return set(
        connection.execute(
            select(recipients.c.repeat_of_row)
            .where(recipients.c.list_id == list_id, recipients.c.repeat_of_row.is_not(None))
            .distinct()
        ).scalars()
    )


_ROWS = (
    select(
        recipients.c.row,
        recipients.c.msisdn,
        recipients.c.fields,
        recipients.c.raw_value,
        recipients.c.reject_code,
        recipients.c.reject_params,
        recipients.c.repeat_of_row,
        stop_list.c.msisdn.label("stopped"),
    )
    .select_from(recipients.outerjoin(stop_list, stop_list.c.msisdn == recipients.c.msisdn))
    .where(recipients.c.list_id == bindparam("list_id"), recipients.c.row > bindparam("after_row"))
    .order_by(recipients.c.row)
    .limit(bindparam("limit"))
)


def read_rows(connection: Connection, list_id: int, *, after_row: int, limit: int) -> list[ListRow]:
    """Up to `limit` rows in order, each with whether its number is on the stop list now."""
    found = connection.execute(_ROWS, {"list_id": list_id, "after_row": after_row, "limit": limit})
    return [
        ListRow(
            row=row,
            msisdn=msisdn,
            fields=json.loads(fields),
            raw_value=raw_value,
            reject_code=reject_code,
            reject_params=json.loads(reject_params) if reject_params else {},
            repeat_of_row=repeat_of_row,
            is_stopped=stopped is not None,
        )
        for row, msisdn, fields, raw_value, reject_code, reject_params, repeat_of_row, stopped in found
    ]


def stream_rows(database: Database, list_id: int) -> Iterator[list[ListRow]]:
    """All rows of the list in chunks."""
    after_row = -1
    while True:
        with database.read() as connection:
            chunk = read_rows(connection, list_id, after_row=after_row, limit=CHUNK_ROWS)
        if not chunk:
            return
        yield chunk
        after_row = chunk[-1].row


_PARTS_SUBMITTED = (
    select(func.count())
    .where(parts.c.message_id == messages.c.message_id, parts.c.state == PartState.SUBMITTED)
    .scalar_subquery()
)
_OUTCOMES = (
    select(
        recipients.c.row,
        recipients.c.fields,
        recipients.c.reject_code,
        recipients.c.reject_params,
        messages.c.message_id,
        messages.c.state,
        messages.c.part_count,
        _PARTS_SUBMITTED.label("parts_submitted"),
        messages.c.submitted_at,
        messages.c.first_accepted_at,
        messages.c.reason_code,
        messages.c.reason_params,
        left_out.c.reason_code.label("left_out_code"),
        left_out.c.reason_params.label("left_out_params"),
        sims.c.imsi,
        sims.c.label,
        sims.c.own_number,
    )
    .select_from(
        recipients.outerjoin(
            messages,
            and_(messages.c.mailing_id == bindparam("mailing_id"), messages.c.row == recipients.c.row),
        )
        .outerjoin(
            left_out,
            and_(left_out.c.mailing_id == bindparam("mailing_id"), left_out.c.row == recipients.c.row),
        )
        .outerjoin(sims, sims.c.sim_id == messages.c.sim_id)
    )
    .where(recipients.c.list_id == bindparam("list_id"), recipients.c.row > bindparam("after_row"))
    .order_by(recipients.c.row)
    .limit(bindparam("limit"))
)


def stream_outcomes(database: Database, mailing_id: int, list_id: int) -> Iterator[OutcomeRow]:
    """Every row of the list with what became of it. `submitted_at` is of the first accepted part where the
    rest has not gone."""
    after_row = -1
    while True:
        values = {
            "mailing_id": mailing_id,
            "list_id": list_id,
            "after_row": after_row,
            "limit": CHUNK_ROWS,
        }
        with database.read() as connection:
            chunk = connection.execute(_OUTCOMES, values).all()
        if not chunk:
            return
        for row in chunk:
            if row.state is not None:
                reason_code, reason_params = row.reason_code, row.reason_params
            elif row.left_out_code is not None:
                reason_code, reason_params = row.left_out_code, row.left_out_params
            else:
                reason_code = row.reject_code
                reason_params = json.loads(row.reject_params) if row.reject_params else None
            yield OutcomeRow(
                row=row.row,
                fields=json.loads(row.fields),
                message_id=row.message_id,
                state=row.state,
                part_count=row.part_count or 0,
                parts_submitted=row.parts_submitted,
                submitted_at=row.submitted_at or row.first_accepted_at,
                imsi=row.imsi,
                sim_label=row.label,
                own_number=row.own_number,
                reason_code=reason_code,
                reason_params=reason_params or {},
                is_left_out=row.state is None and (row.left_out_code or row.reject_code) is not None,
            )
        after_row = chunk[-1].row


_MESSAGES = (
    select(
        messages.c.message_id,
        messages.c.row,
        messages.c.msisdn,
        messages.c.text,
        messages.c.state,
        messages.c.part_count,
        _PARTS_SUBMITTED.label("parts_submitted"),
        messages.c.submitted_at,
        messages.c.first_accepted_at,
        messages.c.reason_code,
        messages.c.reason_params,
        sims.c.imsi,
        sims.c.label,
        sims.c.own_number,
    )
    .select_from(messages.outerjoin(sims, sims.c.sim_id == messages.c.sim_id))
    .where(messages.c.mailing_id == bindparam("mailing_id"), messages.c.message_id > bindparam("after_id"))
    .order_by(messages.c.message_id)
    .limit(bindparam("limit"))
)


def stream_messages(database: Database, mailing_id: int) -> Iterator[OutcomeRow]:
    """The messages of a mailing whose list is gone; `fields` are the number and the text that was sent."""
    after_id = 0
    while True:
        values = {"mailing_id": mailing_id, "after_id": after_id, "limit": CHUNK_ROWS}
        with database.read() as connection:
            chunk = connection.execute(_MESSAGES, values).all()
        if not chunk:
            return
        for row in chunk:
            yield OutcomeRow(
                row=row.row or 0,
                fields=[row.msisdn, row.text],
                message_id=row.message_id,
                state=row.state,
                part_count=row.part_count,
                parts_submitted=row.parts_submitted,
                submitted_at=row.submitted_at or row.first_accepted_at,
                imsi=row.imsi,
                sim_label=row.label,
                own_number=row.own_number,
                reason_code=row.reason_code,
                reason_params=row.reason_params or {},
                is_left_out=False,
            )
        after_id = chunk[-1].message_id
