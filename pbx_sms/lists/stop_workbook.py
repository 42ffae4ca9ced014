"""The stop list as a workbook or as CSV, for people and other programs; it can be imported again.

No exported text is read as a formula: in a workbook it is a text with Excel's own mark for one; CSV knows no
such mark, so a text that begins like a formula has an apostrophe before it. A number begins with a plus and
digits and nothing else: no spreadsheet program computes anything of it, and it stays as it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.styles import Font

from pbx_sms.lists.rejected_workbook import text_cell
from pbx_sms.lists.report_cells import is_formula_like
from pbx_sms.sentences import render

_COLUMNS = ("number", "source", "created_at", "created_by", "note")
_WIDTHS = (18, 16, 20, 20, 60)


def write_xlsx(
    out: Path | BinaryIO, entries: Iterable[Mapping[str, Any]], *, language: str, zone: tzinfo
) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(render("stop_sheet", None, language))
    for letter, width in zip("ABCDE", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    heads = [text_cell(sheet, title) for title in _titles(language)]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for entry in entries:
        sheet.append([text_cell(sheet, text) for text in _texts(entry, language, zone)])
    workbook.save(out)


def write_csv(
    out: Path | BinaryIO, entries: Iterable[Mapping[str, Any]], *, language: str, zone: tzinfo
) -> None:
    """With semicolons and a byte order mark, as Excel opens it in Russian."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(_titles(language))
    for entry in entries:
        number, *others = _texts(entry, language, zone)
        writer.writerow([number, *(f"'{other}" if is_formula_like(other) else other for other in others)])
    content = text.getvalue().encode("utf-8-sig")
    if isinstance(out, Path):
        out.write_bytes(content)
    else:
        out.write(content)


def _titles(language: str) -> list[str]:
    return [render(f"cli_column_{name}", None, language).capitalize() for name in _COLUMNS]


def _texts(entry: Mapping[str, Any], language: str, zone: tzinfo) -> list[str]:
    return [
        entry["number"],
        render(f"stop_source_{entry['source']}", None, language),
        entry["created_at"].astimezone(zone).strftime("%d.%m.%Y %H:%M:%S"),
        entry["created_by"] or "",
        entry["note"] or "",
    ]
