"""Texts in cells: stored as texts whatever they look like. A spreadsheet program never evaluates one, also
when a person edits the cell."""

from __future__ import annotations

import re
from typing import Any

#: as the format has it
_MAX_CELL_CHARACTERS = 32_767
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
#: what XML cannot carry
_ILLEGAL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def is_formula_like(text: str) -> bool:
    """Whether a spreadsheet program could take the text for a formula when it is typed in."""
    return text.lstrip(" ").startswith(_FORMULA_STARTS)


def storable(text: str) -> str:
    return _ILLEGAL_CHARACTERS.sub("", text)[:_MAX_CELL_CHARACTERS]


def set_text(cell: Any, text: str) -> None:
    cell.value = text
    # openpyxl takes "=…" for a formula and "#N/A" for an error
    cell.data_type = "s"
    cell.quotePrefix = is_formula_like(text)
