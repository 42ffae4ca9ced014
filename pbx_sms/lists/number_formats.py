"""Columns of an xlsx workbook whose cells look different from what they hold: 00042, 15%, 1 460,50 ₽.

The values of such cells are taken as they are; the page on which the person maps the columns warns and
offers a format. openpyxl reads the styles; shared strings are not loaded, since only numbers matter here.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet

from pbx_sms.core.cell import FormatKind

#: how many rows under the titles are looked at
SAMPLE_ROWS = 50
_QUOTED = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]')
_CURRENCY_SIGNS = "₽$€£¥₸₴₺"
_CURRENCY_WORDS = ("р.", "руб", "rub", "usd", "eur", "kzt", "byn")
_LEADING_ZEROS = re.compile(r"^0{2,}$")


class _NoStrings:
    """In the place of the shared strings: any text will do."""

    def __getitem__(self, _index: int) -> str:
        return ""


def find_hints(
    file: BinaryIO, sheet: str, *, header_row: int, first_column: int, width: int
) -> dict[int, dict[str, Any]]:
    """{position from 0: {"kind": leading_zeros | percent | currency, "width": digits or 0}}.

    A column is named if a numeric cell of its first 50 rows carries such a format.
    """
    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    try:
        reader.read_manifest()
        reader.shared_strings = _NoStrings()
        reader.read_workbook()
        reader.read_theme()
        apply_stylesheet(reader.archive, reader.wb)
        reader.read_worksheets()
        worksheet = reader.wb[sheet]
        worksheet.reset_dimensions()
        hints: dict[int, dict[str, Any]] = {}
        rows = worksheet.iter_rows(
            min_row=header_row + 1,
            max_row=header_row + SAMPLE_ROWS,
            min_col=first_column + 1,
            max_col=first_column + width,
        )
        for row in rows:
            for position, cell in enumerate(row):
                if (
                    position in hints
                    or isinstance(cell.value, bool)
                    or not isinstance(cell.value, int | float)
                ):
                    continue
                hint = classify(cell.number_format)
                if hint is not None:
                    hints[position] = hint
        return hints
    finally:
        reader.archive.close()


def classify(number_format: str) -> dict[str, Any] | None:
    """What a number format adds to the value, if it is one of the three kinds that a text would miss."""
    positive = number_format.split(";")[0]
    literals = " ".join("".join(found) for found in _QUOTED.findall(positive)).lower()
    bare = _QUOTED.sub("", positive)
    if _LEADING_ZEROS.match(bare.strip()):
        return {"kind": FormatKind.LEADING_ZEROS.value, "width": len(bare.strip())}
    if "%" in bare:
        return {"kind": FormatKind.PERCENT.value, "width": 0}
    if any(sign in positive for sign in _CURRENCY_SIGNS) or any(word in literals for word in _CURRENCY_WORDS):
        return {"kind": FormatKind.CURRENCY.value, "width": 0}
    return None
