"""The report of an import as a workbook: rows that are not taken, and notes to rows that are.

Nothing from the list may act in the spreadsheet of whoever opens the report. Every text is written as a
string cell, never as a formula; one that begins with = + - @, a tab or a carriage return also gets Excel's
own mark for "this is text" (`quotePrefix`, what a typed apostrophe sets), so that it stays text when the
cell is edited. The apostrophe is not written into the text: it would be one more thing to delete before
the number can be corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from pbx_sms.sentences import render

#: (row, what was in the cell, code, parameters)
Entry = tuple[int, str | None, str, Mapping[str, Any]]

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
#: the longest text that a cell of the format may hold
_MAX_CELL = 32_767
_WIDTHS = {"A": 10, "B": 32, "C": 90}


def write(out: Path | BinaryIO, rejected: Iterable[Entry], notes: Iterable[Entry], *, language: str) -> None:
    """Writes the workbook: one sheet for `rejected`, one for `notes`; sentences in `language`."""
    workbook = Workbook(write_only=True)
    for title, entries in (("rejected_sheet", rejected), ("rejected_notes_sheet", notes)):
        sheet = workbook.create_sheet(render(title, None, language))
        for letters, width in _WIDTHS.items():
            sheet.column_dimensions[letters].width = width
        sheet.freeze_panes = "A2"
        heads = [
            text_cell(sheet, render(code, None, language))
            for code in ("rejected_row", "rejected_value", "rejected_why")
        ]
        for cell in heads:
            cell.font = Font(bold=True)
        sheet.append(heads)
        for row, value, code, params in entries:
            sheet.append(
                [row, text_cell(sheet, value or ""), text_cell(sheet, render(code, params, language))]
            )
    workbook.save(out)


def text_cell(sheet: Any, text: str) -> WriteOnlyCell:
    """A cell that shows the text and can never be a formula."""
    cell = WriteOnlyCell(sheet)
    # control characters cannot stand in the file at all
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:_MAX_CELL]
    cell.data_type = "s"
    if text.startswith(_ACTIVE):
        cell.quotePrefix = True
    return cell
