"""The value of a spreadsheet's cell → the text that a message will carry.

Whole numbers have no ".0"; decimals have a comma in Russian and a point in English, and as many digits as
the number needs, 15 at most, like the spreadsheet itself shows them (0.1 + 0.2 is 0,3); dates are
DD.MM.YYYY, times HH:MM, durations HH:MM beyond 24 hours too; yes and no are words (да, нет); text stays as
typed without the blanks around it. Number formats of the workbook are not applied: who wants leading
zeros, percent or money chooses a `ColumnFormat` for the column.

A number of more than 15 digits has already lost its last ones in the spreadsheet (a bank account, a card
number typed without the text format), so there is no right text for it: `NumberTooLong`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from pbx_sms.errors import Refused

#: from here on a float no longer holds every whole number that was typed
_TOO_LONG = 10**15

_YES_NO = {"ru": ("да", "нет"), "en": ("yes", "no")}

#: as in the specification of the format: columns A to XFD
_LAST_POSITION = 16383


class NumberTooLong(Refused):
    """A numeric cell has more than 15 digits: the spreadsheet has rounded the others away."""

    def __init__(self, cell: str) -> None:
        super().__init__("numeric_too_long", cell=cell)


class FormatKind(StrEnum):
    #: fill up with zeros on the left to `width` digits: 42 → 00042
    LEADING_ZEROS = "leading_zeros"
    #: a share as percent: 0.15 → 15%
    PERCENT = "percent"
    #: money, always two decimals: 1460.5 → 1460,50
    CURRENCY = "currency"
    #: leave the column out: its values are not read and cannot be used in texts
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFormat:
    """How a person wants the numbers of one column written. Text in the column stays as it is."""

    kind: FormatKind
    #: of `leading_zeros` only, in digits
    width: int = 0

    def __post_init__(self) -> None:
        if self.kind is FormatKind.LEADING_ZEROS and not 1 <= self.width <= 15:
            raise Refused("format_width_invalid", width=self.width)

    def to_json(self) -> dict[str, Any]:
        """{"kind": …} and, for leading zeros, "width"."""
        shape: dict[str, Any] = {"kind": self.kind.value}
        if self.kind is FormatKind.LEADING_ZEROS:
            shape["width"] = self.width
        return shape

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> ColumnFormat:
        """The reverse of `to_json`. Raises Refused(format_unknown) for a kind that does not exist."""
        try:
            return cls(kind=FormatKind(shape["kind"]), width=int(shape.get("width", 0)))
        except (KeyError, ValueError, TypeError) as error:
            raise Refused("format_unknown", format=str(dict(shape))) from error


def to_text(value: Any, *, language: str, format: ColumnFormat | None = None, cell: str = "") -> str:
    """The text of one value as python-calamine gives it; `language` is "ru" or "en".

    Raises NumberTooLong naming `cell` ("D17") for a number of more than 15 digits.
    """
    try:
        return converter(language, format)(value)
    except OverflowError as error:
        raise NumberTooLong(cell) from error


def converter(language: str, format: ColumnFormat | None = None) -> Callable[[Any], str]:
    """`to_text` for one column, for long loops. Raises OverflowError for a number that is too long."""
    point = "," if language == "ru" else "."
    yes, no = _YES_NO["ru" if language == "ru" else "en"]
    write_number = _number_writer(point, format)
    if format is not None and format.kind is FormatKind.SKIP:
        return _nothing

    def convert(value: Any) -> str:
        kind = type(value)
        if kind is str:
            return str(value).strip()
        if kind is float or kind is int:
            return write_number(value)
        if kind is bool:
            return yes if value else no
        return _written_instant(value)

    return convert


def column_letters(position: int) -> str:
    """The letters of a column by its position from 0: 0 → A, 26 → AA, 16383 → XFD."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_position(letters: str) -> int | None:
    """The position from 0 of a column by its letters ("D", "d", "AA"); None if they name none."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return None
    position = 0
    for letter in letters.upper():
        position = position * 26 + ord(letter) - 64
    return position - 1 if position - 1 <= _LAST_POSITION else None


def _nothing(_value: Any) -> str:
    return ""


def _number_writer(point: str, format: ColumnFormat | None) -> Callable[[float], str]:
    kind = format.kind if format is not None else None

    def plain(number: float) -> str:
        if not -_TOO_LONG < number < _TOO_LONG:
            if number != number:
                return ""  # not a number at all, which only a broken writer leaves in a workbook
            raise OverflowError(number)
        if number == int(number):
            return str(int(number))
        written = format_15(number)
        return written if point == "." else written.replace(".", point)

    def leading_zeros(number: float) -> str:
        text = plain(number)
        return text if not text.isdigit() or format is None else text.zfill(format.width)

    def percent(number: float) -> str:
        if not plain(number):
            return ""
        share = (Decimal(format_15(number)) * 100).normalize()
        return f"{share:f}".replace(".", point) + "%"

    def currency(number: float) -> str:
        if not plain(number):
            return ""
        cents = Decimal(format_15(number)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return f"{cents:f}".replace(".", point)

    if kind is FormatKind.LEADING_ZEROS:
        return leading_zeros
    if kind is FormatKind.PERCENT:
        return percent
    return currency if kind is FormatKind.CURRENCY else plain


def format_15(number: float) -> str:
    """A decimal number without exponent, with the digits it needs and 15 at most: 1e-07 → 0.0000001."""
    written = repr(number)
    if len(written) > 16 or "e" in written:
        return f"{Decimal(f'{number:.15g}').normalize():f}"
    return written


def _written_instant(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        if value.time() == datetime.time():
            return f"{value:%d.%m.}{value.year:04d}"
        return f"{value:%d.%m.}{value.year:04d} {value:%H:%M}"
    if isinstance(value, datetime.date):
        return f"{value:%d.%m.}{value.year:04d}"
    if isinstance(value, datetime.time):
        return f"{value:%H:%M}"
    if isinstance(value, datetime.timedelta):
        minutes = int(abs(value).total_seconds()) // 60
        return f"{'-' if value.days < 0 else ''}{minutes // 60:02d}:{minutes % 60:02d}"
    return "" if value is None else str(value).strip()
