"""The sheet with the sums of a mailing, the last of its report. Numbers are numbers, texts never formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from pbx_sms.lists.report_cells import set_text, storable

_WIDTHS = {"A": 44, "B": 18, "C": 10}
#: with the separators of the reader's own program
_COUNT_FORMAT = "#,##0"
MONEY_FORMAT = "#,##0.00##"


@dataclass(frozen=True, slots=True)
class Total:
    label: str
    #: a count, an amount, or a sentence where there is none
    value: int | Decimal | str
    #: of an amount: its currency
    unit: str = ""


def add_totals(workbook: Any, title: str, totals: Sequence[Total]) -> None:
    """A sheet of its own at the end; nothing where there are no totals."""
    if not totals:
        return
    sheet = workbook.create_sheet(title=title)
    for letter, width in _WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    for total in totals:
        label = _text(sheet, total.label)
        label.font = Font(bold=True)
        sheet.append([label, _value(sheet, total.value), _text(sheet, total.unit) if total.unit else None])


def _value(sheet: Any, value: int | Decimal | str) -> Any:
    if isinstance(value, str):
        return _text(sheet, value)
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = MONEY_FORMAT if isinstance(value, Decimal) else _COUNT_FORMAT
    return cell


def _text(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet)
    set_text(cell, storable(text))
    return cell
