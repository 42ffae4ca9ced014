"""The report as a workbook: the rows of the list as they came, with what became of each beside them.

Two ways, the same columns added on the right:

* `write_into` takes the person's own xlsx: sheets, styles, widths, merged cells stay; formulas become the
  values that the spreadsheet showed last (none where it never showed one); links to other files and macros
  are left behind. It holds the whole workbook in memory, hence its limits (`can_write_into`).
* `write_values` streams rows of texts into a new workbook, whatever their number.

No exported text is read as a formula. Every text is stored as a text, which a spreadsheet program never
evaluates; and one that begins like a formula also carries the style "quote prefix", so that it stays a text
when a person edits the cell. The file appears under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import copy
import io
import os
import uuid
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter, range_boundaries

from pbx_sms.errors import Refused
from pbx_sms.lists.report_cells import is_formula_like, set_text, storable
from pbx_sms.lists.report_totals import MONEY_FORMAT, Total, add_totals

#: what a workbook may have that is written into as a whole
MAX_ROWS = 20_000
_MAX_UNPACKED_BYTES = 60_000_000
_MAX_SHEET_NAME = 31
_FORBIDDEN_IN_SHEET_NAMES = str.maketrans("[]:*?/\\", "       ")
_TIME_FORMAT = "DD.MM.YYYY HH:MM:SS"
_FORMATS = {datetime: _TIME_FORMAT, Decimal: MONEY_FORMAT}
#: of the added columns, in characters
_WIDTHS = (18, 20, 18, 10, 60, 18)
_WIDTH = 18
#: what openpyxl raises on workbooks that Excel forgives
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)

#: a moment is without a time zone, as a spreadsheet has it; an amount of money is a number
Value = str | datetime | Decimal | None


class NotWritable(Exception):
    """The person's workbook cannot be taken over; the values can still be streamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A row of the list; `row` as the spreadsheet numbers it, `added` by the order of the headings."""

    row: int
    fields: Sequence[str]
    added: Sequence[Value]


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name to write to; what is there on leaving takes the place of `path`, or nothing on an exception.

    Raises Refused(report_not_writable) where no such file can be made.
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        try:
            beside.open("xb").close()
            yield beside
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise Refused("report_not_writable", path=str(path), problem=error.strerror or str(error)) from error


def can_write_into(content: bytes, row_count: int) -> bool:
    """Whether the workbook is small enough to be taken over whole."""
    if row_count > MAX_ROWS:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(part.file_size for part in archive.infolist()) <= _MAX_UNPACKED_BYTES
    except zipfile.BadZipFile:
        return False


def write_into(
    path: Path,
    content: bytes,
    *,
    sheet: str | None,
    header_row: int | None,
    headings: Sequence[str],
    rows: Iterable[ReportRow],
    totals_title: str = "",
    totals: Sequence[Total] = (),
) -> None:
    """The person's own workbook with the added columns right of everything in the list's rows.

    Raises NotWritable for a workbook that openpyxl cannot take over; nothing useful is in `path` then.
    """
    outcomes = list(rows)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of every extension that it leaves behind
            warnings.simplefilter("ignore")
            workbook = openpyxl.load_workbook(
                io.BytesIO(content), data_only=True, keep_links=False, rich_text=True
            )
            _drop_references_outside(workbook)
            for one in workbook.worksheets:
                _quote_texts(one)
            target = workbook[sheet] if sheet in workbook.sheetnames else workbook.worksheets[0]
            _add_columns(target, header_row or 0, headings, outcomes)
            add_totals(workbook, totals_title, totals)
            workbook.save(path)
    except _UNREADABLE as error:
        raise NotWritable(str(error)) from error


def write_values(
    path: Path,
    *,
    sheet: str | None,
    headings: Sequence[str],
    header_row: int,
    rows: Iterable[ReportRow],
    totals_title: str = "",
    totals: Sequence[Total] = (),
) -> None:
    """A new workbook with the rows in their places: those that `rows` skips stay blank.

    `rows` holds the titles too; the row `header_row` gets the headings, and its `added` is not used.
    """
    workbook = openpyxl.Workbook(write_only=True)
    name = (sheet or "").translate(_FORBIDDEN_IN_SHEET_NAMES).strip(" '")[:_MAX_SHEET_NAME]
    target = workbook.create_sheet(title=name or "Report")
    width = None
    next_row = 1
    if header_row:
        target.freeze_panes = f"A{header_row + 1}"
    for row in rows:
        if width is None:
            width = _set_widths(target, len(row.fields), len(headings))
        for _ in range(next_row, row.row):
            target.append(())
        next_row = row.row + 1
        is_header = row.row == header_row
        added: Sequence[Value] = headings if is_header else row.added
        cells = [_cell(target, value, bold=is_header) for value in row.fields[:width]]
        cells += [None] * (width - len(cells))
        cells += [_cell(target, value, bold=is_header) for value in added]
        target.append(cells)
    add_totals(workbook, totals_title, totals)
    workbook.save(path)


def _set_widths(target: Any, field_count: int, heading_count: int) -> int:
    for place in range(heading_count):
        letter = get_column_letter(field_count + place + 1)
        target.column_dimensions[letter].width = _WIDTHS[place] if place < len(_WIDTHS) else _WIDTH
    return field_count


def _cell(target: Any, value: Value, *, bold: bool) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        cell = WriteOnlyCell(target, value)
        cell.number_format = _TIME_FORMAT
        return cell
    if isinstance(value, Decimal):
        cell = WriteOnlyCell(target, value)
        cell.number_format = MONEY_FORMAT
        return cell
    text = storable(value)
    if not bold and not is_formula_like(text) and not text.startswith("#"):
        return text
    cell = WriteOnlyCell(target)
    set_text(cell, text)
    if bold:
        cell.font = Font(bold=True)
    return cell


def _quote_texts(sheet: Any) -> None:
    # not iter_rows, which makes a cell for every place up to the last corner
    for cell in sheet._cells.values():
        if cell.data_type == "s" and cell.value is not None and is_formula_like(str(cell.value)):
            cell.quotePrefix = True


def _drop_references_outside(workbook: Any) -> None:
    """Without its links, what refers to another file would make the workbook look damaged."""
    for names in (workbook.defined_names, *(sheet.defined_names for sheet in workbook.worksheets)):
        for name in [name for name, defined in names.items() if "[" in (defined.attr_text or "")]:
            del names[name]
    for sheet in workbook.worksheets:
        validations = sheet.data_validations
        validations.dataValidation = [
            one for one in validations.dataValidation if "[" not in f"{one.formula1}{one.formula2}"
        ]


def _add_columns(sheet: Any, header_row: int, headings: Sequence[str], rows: Sequence[ReportRow]) -> None:
    last_column = _last_column(sheet, header_row)
    first_added = last_column + 1
    _free_columns(sheet, first_added)
    for place, heading in enumerate(headings):
        dimension = sheet.column_dimensions[get_column_letter(first_added + place)]
        dimension.width = _WIDTHS[place] if place < len(_WIDTHS) else _WIDTH
        if header_row:
            _put(sheet, header_row, first_added + place, heading, like=last_column)
    for row in rows:
        for place, value in enumerate(row.added):
            _put(sheet, row.row, first_added + place, value, like=last_column)
    _widen_filter(sheet, header_row, last_column, len(headings))


def _put(sheet: Any, row: int, column: int, value: Value, *, like: int) -> None:
    """Sets a cell that looks like its row's neighbour."""
    cell = sheet.cell(row, column)
    neighbour = sheet._cells.get((row, like))
    if neighbour is not None and neighbour.has_style:
        cell._style = copy.copy(neighbour._style)
        cell.alignment = Alignment(vertical=neighbour.alignment.vertical)
    cell.number_format = _FORMATS.get(type(value), "General")
    cell.quotePrefix = False
    if isinstance(value, datetime | Decimal):
        cell.value = value
    elif value:
        set_text(cell, storable(value))


def _last_column(sheet: Any, header_row: int) -> int:
    """The last column with anything in it at or under the titles."""
    filled = (
        column for (row, column), cell in sheet._cells.items() if row >= header_row and cell.value is not None
    )
    merged = (area.max_col for area in sheet.merged_cells.ranges if area.max_row >= header_row)
    return max(max(filled, default=0), max(merged, default=0))


def _free_columns(sheet: Any, first_added: int) -> None:
    """Ends groups of columns (hidden to the edge of the sheet, say) before the added ones."""
    for letter, dimension in list(sheet.column_dimensions.items()):
        if dimension.max is None or dimension.max < first_added:
            continue
        if dimension.min is not None and dimension.min < first_added:
            dimension.max = first_added - 1
        else:
            del sheet.column_dimensions[letter]


def _widen_filter(sheet: Any, header_row: int, last_column: int, added: int) -> None:
    """A filter over the list's columns serves the added ones too."""
    if not sheet.auto_filter.ref:
        return
    left, top, right, bottom = range_boundaries(sheet.auto_filter.ref)
    if top == header_row and right == last_column:
        ends = f"{get_column_letter(left)}{top}", f"{get_column_letter(right + added)}{bottom}"
        sheet.auto_filter.ref = ":".join(ends)
