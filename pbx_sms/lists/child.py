"""The process that opens an uploaded file: `python -m pbx_sms.lists.child`, started by `lists.reader`.

The request is one line of JSON on standard input; the file is an open descriptor whose number the request
names, beside an empty folder for a link to it; the answer is frames on standard output (`lists.frames`).
Limits are set before the file is touched: whatever a file makes the reader ask for, only this process
dies of it.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from pbx_sms.core.cell import converter
from pbx_sms.core.msisdn import Normalizer
from pbx_sms.errors import Refused
from pbx_sms.lists import frames
from pbx_sms.lists.container import FileFormat, check_unpacked, claims_to_be_a_workbook, recognise
from pbx_sms.lists.csv_text import CsvSheet, decode, find_separator
from pbx_sms.lists.layout import SAMPLE_ROWS, Layout, Sample, find_layout
from pbx_sms.lists.request import ReadLimits, ReadRequest
from pbx_sms.lists.rows import RowReader
from pbx_sms.lists.sheet import Sheet, Workbook

#: an upload gives way to the engine and to pages, but does get on beside them
_NICENESS = 5
#: rows that the mapping page shows
_FIRST_ROWS = 10


def main() -> int:
    """Reads the request, sets the limits, answers. Exit status 0 also when the file is refused."""
    shape = json.loads(sys.stdin.readline())
    request = ReadRequest.from_json(shape["request"])
    _limit_self(request.limits)
    # nothing here makes cycles worth collecting, and a collection walks over every row
    gc.disable()
    warnings.simplefilter("ignore")
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")

    def send(kind: bytes, value: Any) -> None:
        out.write(frames.pack(kind, value))
        out.flush()

    try:
        with open(f"/proc/self/fd/{shape['descriptor']}", "rb") as file:
            _answer(file, request, bool(shape["inspect"]), shape["folder"], send)
    except Refused as refusal:
        send(frames.REFUSED, (refusal.code, dict(refusal.params)))
    except MemoryError:
        send(frames.REFUSED, ("file_too_large_opened", {"file_name": request.file_name}))
    except BaseException as error:
        # a panic of the library is no Exception; to the parent it is a file that cannot be read
        if type(error).__name__ != "PanicException":
            raise
        send(frames.REFUSED, ("file_damaged", {"file_name": request.file_name}))
    return 0


def _limit_self(limits: ReadLimits) -> None:
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    cpu_s = max(1, int(limits.time_s))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))


def _answer(
    file: BinaryIO, request: ReadRequest, inspect: bool, folder: str, send: Callable[[bytes, Any], None]
) -> None:
    format = recognise(file, request.file_name)
    if format in (FileFormat.XLSX, FileFormat.XLSB, FileFormat.ODS):
        check_unpacked(file, request.file_name, request.limits.max_unpacked_bytes)
    normalizer = Normalizer(request.country)
    if format is FileFormat.CSV:
        os.rmdir(folder)
        found = _find_in_text(file, request, normalizer)
    else:
        # calamine goes by the ending of the name, and only then tells a locked file from a damaged one
        path = f"{folder}/list.{format.value}"
        os.symlink(f"/proc/self/fd/{file.fileno()}", path)
        try:
            workbook = Workbook(path, request.file_name)
        finally:
            # it is open; a parent that is killed from here on leaves nothing behind
            os.unlink(path)
            os.rmdir(folder)
        found = _find_in_workbook(workbook, request, normalizer)
    sheet, layout, sample, facts = found
    facts |= {
        "format": format.value,
        "sheet": sheet.name,
        "header_row": layout.header_row,
        "phone_position": layout.phone_position,
        "names": list(layout.names),
        "first_column": sheet.first_column,
        "row_total": sheet.height,
    }
    if inspect:
        facts["format_hints"] = (
            _format_hints(file, format, sheet, layout) if format is FileFormat.XLSX else {}
        )
        facts["first_rows"] = list(_first_rows(layout, sample, request))
        send(frames.DONE, facts)
        return
    if layout.phone_position is None:
        raise Refused("list_no_phone_column", file_name=request.file_name)
    reader = RowReader(
        sheet,
        layout,
        normalizer=normalizer,
        language=request.language,
        formats=request.mapping.formats,
        limits=request.limits,
    )
    send(frames.LAYOUT, facts)
    for chunk in reader.chunks():
        send(frames.ROWS, chunk)
    if reader.row_count == 0:
        raise Refused("list_no_rows", file_name=request.file_name)
    counts = ("row_count", "accepted_count", "number_count", "repeat_count")
    send(frames.DONE, {name: getattr(reader, name) for name in counts})


_Found = tuple[Sheet, Layout, Sample, dict[str, Any]]


def _find_in_text(file: BinaryIO, request: ReadRequest, normalizer: Normalizer) -> _Found:
    file.seek(0)
    text, encoding = decode(file.read(), request.file_name)
    separator, start = find_separator(text, lambda cell: normalizer.ordinary(cell) is not None)
    sheet = CsvSheet(text, separator, start, request.file_name)
    if request.mapping.sheet:
        raise Refused("list_no_such_sheet", sheet=request.mapping.sheet, sheets="—")
    try:
        if not sheet.width:
            raise Refused("list_no_rows", file_name=request.file_name)
        layout, sample = _look_at(sheet, request, normalizer)
    except Refused as refusal:
        raise _no_list(request, refusal) from refusal
    if layout.phone_position is None and claims_to_be_a_workbook(request.file_name):
        raise Refused("file_not_a_list", file_name=request.file_name)
    return sheet, layout, sample, {"encoding": encoding, "separator": separator, "sheets": []}


def _no_list(request: ReadRequest, refusal: Refused) -> Refused:
    """Text under the name of a workbook is worth trying (programs export such), but it must be a list."""
    if claims_to_be_a_workbook(request.file_name) and refusal.code != "list_too_many_columns":
        return Refused("file_not_a_list", file_name=request.file_name)
    return refusal


def _find_in_workbook(workbook: Workbook, request: ReadRequest, normalizer: Normalizer) -> _Found:
    names = workbook.sheet_names()
    wanted = request.mapping.sheet
    if wanted is not None and wanted not in names:
        same = [name for name in names if name.strip().casefold() == wanted.strip().casefold()]
        if not same:
            raise Refused("list_no_such_sheet", sheet=wanted, sheets=", ".join(names))
        wanted = same[0]
    first: _Found | None = None
    problem: Refused | None = None
    for name in names if wanted is None else [wanted]:
        sheet = workbook.sheet(name)
        if not sheet.height:
            continue
        try:
            layout, sample = _look_at(sheet, request, normalizer)
        except Refused as refusal:
            problem = problem or refusal
            continue
        found = (sheet, layout, sample, {"sheets": names})
        if layout.phone_position is not None:
            return found
        first = first or found
    if first is None:
        raise problem or Refused("list_no_rows", file_name=request.file_name)
    return first


def _look_at(sheet: Sheet, request: ReadRequest, normalizer: Normalizer) -> tuple[Layout, Sample]:
    if sheet.width > request.limits.max_columns:
        raise Refused("list_too_many_columns", columns=sheet.width, max_columns=request.limits.max_columns)
    sample = Sample(
        list(islice(sheet.rows(), SAMPLE_ROWS)),
        width=sheet.width,
        first_column=sheet.first_column,
        normalizer=normalizer,
        to_text=_forgiving(converter(request.language)),
    )
    return find_layout(sample, request.mapping), sample


def _forgiving(convert: Callable[[Any], str]) -> Callable[[Any], str]:
    """For looking at cells: a number that is too long is shown as well as it can be."""

    def shown(value: Any) -> str:
        try:
            return convert(value)
        except OverflowError:
            return str(value)

    return shown


def _first_rows(layout: Layout, sample: Sample, request: ReadRequest) -> Iterator[tuple[int, list[str]]]:
    """As a message would carry them: in the formats that were chosen."""
    converters = {
        position: _forgiving(converter(request.language, format))
        for position, format in request.mapping.formats.items()
    }
    shown = 0
    for row, (values, texts) in enumerate(zip(sample.values, sample.texts, strict=True), 1):
        if row > layout.header_row and any(texts) and shown < _FIRST_ROWS:
            shown += 1
            yield (
                row,
                [
                    converters[position](value) if position in converters else text
                    for position, (value, text) in enumerate(zip(values, texts, strict=True))
                ],
            )


def _format_hints(
    file: BinaryIO, format: FileFormat, sheet: Sheet, layout: Layout
) -> dict[int, dict[str, Any]]:
    from pbx_sms.lists.number_formats import find_hints

    try:
        return find_hints(
            file, sheet.name, header_row=layout.header_row, first_column=sheet.first_column, width=sheet.width
        )
    except Exception as error:  # noqa: BLE001 - openpyxl fails in many ways on styles that Excel forgives
        print(f"the styles of the workbook cannot be read: {error!r}", file=sys.stderr)  # noqa: T201
        return {}


if __name__ == "__main__":
    sys.exit(main())
