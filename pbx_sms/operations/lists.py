"""Lists: a file goes in and becomes recipients; looking at them; taking them away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.lists import reader, rejected_workbook
from pbx_sms.lists.reader import ListLayout, Reading, Source
from pbx_sms.lists.request import ListMapping, ReadLimits, ReadRequest
from pbx_sms.operations.audit import order
from pbx_sms.storage import recipients, series, views
from pbx_sms.storage.engine import Database
from pbx_sms.storage.recipients import ListState, NewList

#: an import that began longer ago than this and has not ended has died
_ABANDONED_AFTER = timedelta(hours=1)

#: (rows of the sheet behind us, rows of the sheet)
Progress = Callable[[int, int], None]


def inspect(
    settings: Settings,
    source: Source,
    *,
    file_name: str,
    mapping: ListMapping | None = None,
    language: str = "ru",
) -> dict[str, Any]:
    """A first look at a file, for the page on which its columns are mapped. Stores nothing.

    {"format", "sheet", "sheets": [name], "header_row", "phone_column" (None = not found), "rows",
    "columns": [{"position", "name", "letters"}], "first_rows": [{"row", "fields": [text]}],
    "format_hints": {position: {"kind", "width"}}}. Refused: what `lists.reader` says.
    """
    found = reader.inspect(source, read_request(settings, file_name, mapping, language))
    layout = found.layout
    return {
        "format": layout.format,
        "sheet": layout.sheet,
        "sheets": list(layout.sheets),
        "header_row": layout.header_row,
        "phone_column": layout.phone_column,
        "phone_position": layout.phone_position,
        "rows": max(layout.row_total - layout.header_row, 0),
        "columns": [asdict(column) for column in layout.columns],
        "first_rows": [{"row": row, "fields": list(texts)} for row, texts in found.first_rows],
        "format_hints": found.format_hints,
    }


@order("list.import", "file_name", "name")
def import_list(
    database: Database,
    settings: Settings,
    source: Source,
    *,
    file_name: str,
    name: str | None = None,
    mapping: ListMapping | None = None,
    language: str = "ru",
    by: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The rows of a file become a list; nothing is left of one that cannot be read to its end.

    {"list_id", "sheet", "header_row", "phone_column", "rows", "accepted", "numbers",
    "rejected": [{"row", "value", "reason", "reason_params"}], "repeats": [{"row", "of_row"}],
    "notes": [{"row", "value", "code"}]}. Refused: what `lists.reader` says.
    """
    request = read_request(settings, file_name, mapping, language)
    now = database.now()
    recipients.remove_abandoned(database, now - _ABANDONED_AFTER)
    with reader.checked(source, request) as file, reader.read(file, request) as reading:
        new = _new_list(request, reading.layout, name, file)
        with database.begin() as connection:
            list_id = recipients.create_list(connection, NewList(**new, created_at=now, created_by=by))
        try:
            report = _report(list_id, reading, progress, _Store(database, list_id))
        except BaseException:
            # nobody can use the list: it is still importing
            recipients.remove_rows(database, list_id)
            raise
    return report


def dry_run(
    settings: Settings,
    source: Source,
    *,
    file_name: str,
    mapping: ListMapping | None = None,
    language: str = "ru",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """What `import_list` would answer, with `list_id` None; stores nothing."""
    with reader.read(source, read_request(settings, file_name, mapping, language)) as reading:
        return _report(None, reading, progress, None)


def list_lists(database: Database) -> list[dict[str, Any]]:
    """[{"list_id", "name", "state", "file_name", "sheet", "header_row", "phone_column", "rows",
    "accepted", "numbers", "rejected", "repeats", "created_at", "created_by"}], the newest first."""
    with database.read() as connection:
        found = views.lists_newest_first(connection)
    return [
        {
            "list_id": one.list_id,
            "name": one.name,
            "state": one.state,
            "file_name": one.file_name,
            "sheet": one.sheet,
            "header_row": one.header_row,
            "phone_column": one.phone_column,
            "rows": one.row_count,
            "accepted": one.accepted_count,
            "numbers": one.number_count,
            "rejected": one.rejected_count,
            "repeats": one.repeat_count,
            "created_at": one.created_at,
            "created_by": one.created_by,
        }
        for one in found
        if one.state == ListState.READY
    ]


def show_list(database: Database, list_id: int) -> Iterator[dict[str, Any]]:
    """{"row", "number", "fields": {column: text}} of every row that is taken, in order.

    NotFound(list_not_found), Conflict(list_not_ready), both before the first row.
    """
    _ready(database, list_id)
    with database.read() as connection:
        names = views.column_names(connection, list_id)
    return (
        {"row": row, "number": msisdn, "fields": dict(zip(names, texts, strict=True))}
        for row, msisdn, texts in recipients.accepted(database, list_id)
    )


@order("list.remove", "list_id")
def remove_list(database: Database, list_id: int) -> dict[str, Any]:
    """Takes a list away, with every row and the file. {"list_id", "rows"}.

    Mailings that have ended keep their messages. NotFound(list_not_found), Conflict(list_in_use,
    list_in_series, list_not_ready).
    """
    row_count = _ready(database, list_id)
    with database.begin() as connection:
        if recipients.unfinished_mailings(connection, list_id):
            raise Conflict("list_in_use", list_id=list_id)
        if (series_id := series.uses_list(connection, list_id)) is not None:
            raise Conflict("list_in_series", list_id=list_id, series_id=series_id)
        series.give_up_list(connection, list_id)
        if not recipients.begin_removal(connection, list_id):
            raise NotFound("list_not_found", list_id=list_id)
    recipients.remove_rows(database, list_id)
    return {"list_id": list_id, "rows": row_count}


def write_rejections(database: Database, list_id: int, out: Path | BinaryIO, *, language: str) -> None:
    """The rows that were not taken, and the notes, as a workbook. NotFound, Conflict as `show_list`."""
    _ready(database, list_id)
    rejected = (
        (row.row, row.value, row.code, row.params) for row in recipients.rejections(database, list_id)
    )
    rejected_workbook.write(out, rejected, _notes(database, list_id), language=language)


def _notes(database: Database, list_id: int) -> Iterator[rejected_workbook.Entry]:
    for note in recipients.notes(database, list_id):
        yield note.row, note.value, note.code, note.params
    for row, of_row, msisdn in recipients.repeats(database, list_id):
        yield row, msisdn, "repeat", {"of_row": of_row}


def read_request(
    settings: Settings, file_name: str, mapping: ListMapping | None = None, language: str = "ru"
) -> ReadRequest:
    """What is asked of the reader: the limits and the country of the settings, the person's mapping."""
    limits = settings.lists
    return ReadRequest(
        file_name=PurePath(file_name).name,
        country=settings.sending.country,
        language=language,
        mapping=mapping or ListMapping(),
        limits=ReadLimits(
            max_file_bytes=int(limits.max_file_mb * 1_000_000),
            max_unpacked_bytes=int(limits.max_unpacked_mb * 1_000_000),
            max_rows=limits.max_rows,
            max_columns=limits.max_columns,
            memory_bytes=limits.memory_mb * 1024 * 1024,
            time_s=limits.time_s,
        ),
    )


def _new_list(request: ReadRequest, layout: ListLayout, name: str | None, file: BinaryIO) -> dict[str, Any]:
    """The fields of a `NewList` that come from the file."""
    formats = request.mapping.formats
    file.seek(0)
    return {
        "name": (name or "").strip() or PurePath(request.file_name).stem,
        "file_name": request.file_name,
        "format": layout.format,
        "sheet": layout.sheet,
        "header_row": layout.header_row,
        "phone_position": layout.phone_position,
        "columns": [
            (column.name, formats[column.position].to_json() if column.position in formats else None)
            for column in layout.columns
        ],
        "language": request.language,
        "content": file.read(),
    }


class _Store:
    """Where the rows of one import go."""

    def __init__(self, database: Database, list_id: int) -> None:
        self._database, self._list_id = database, list_id

    def rows(self, chunk: Sequence[tuple[Any, ...]]) -> None:
        with self._database.begin() as connection:
            recipients.insert_rows(connection, self._list_id, chunk)

    def finish(self, counts: Mapping[str, int]) -> None:
        with self._database.begin() as connection:
            if not recipients.finish_list(connection, self._list_id, **counts):
                raise NotFound("list_not_found", list_id=self._list_id)


def _report(
    list_id: int | None, reading: Reading, progress: Progress | None, store: _Store | None
) -> dict[str, Any]:
    """Takes all rows in, stores them if there is a store, and says what was odd."""
    rejected: list[dict[str, Any]] = []
    repeats: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for rows_behind, chunk in reading.chunks():
        if store is not None:
            store.rows(chunk)
        for row, _, _, raw_value, code, params, repeat_of_row, note in chunk:
            if code is not None:
                rejected.append(
                    {
                        "row": row,
                        "value": raw_value,
                        "reason": code,
                        "reason_params": json.loads(params or "{}"),
                    }
                )
            elif repeat_of_row is not None:
                repeats.append({"row": row, "of_row": repeat_of_row})
            if note is not None:
                notes.append({"row": row, "value": raw_value, "code": note})
        if progress is not None:
            progress(rows_behind, reading.layout.row_total)
    counts = reading.counts
    assert counts is not None
    if store is not None:
        store.finish(asdict(counts))
    return {
        "list_id": list_id,
        "sheet": reading.layout.sheet,
        "header_row": reading.layout.header_row,
        "phone_column": reading.layout.phone_column,
        "rows": counts.row_count,
        "accepted": counts.accepted_count,
        "numbers": counts.number_count,
        "rejected": rejected,
        "repeats": repeats,
        "notes": notes,
    }


def _ready(database: Database, list_id: int) -> int:
    """The number of rows of a list that may be used."""
    with database.read() as connection:
        found = views.list_by_id(connection, list_id)
    if found is None:
        raise NotFound("list_not_found", list_id=list_id)
    if found.state != ListState.READY:
        raise Conflict("list_not_ready", list_id=list_id, name=found.name)
    return found.row_count
