"""Dates as people write them into a column: read without guessing.

Taken are 22.11.2026 (also with a time behind it, with “г.”, with two digits of the year), 2026-11-22,
22/11/2026 where day and month cannot be confused, 22 ноября 2026, 22 November 2026, and each of them
without the year. What could mean two days is not read: nobody is congratulated by a guess.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "january jan январь января янв",
            "february feb февраль февраля фев",
            "march mar март марта мар",
            "april apr апрель апреля апр",
            "may май мая",
            "june jun июнь июня июн",
            "july jul июль июля июл",
            "august aug август августа авг",
            "september sep sept сентябрь сентября сен сент",
            "october oct октябрь октября окт",
            "november nov ноябрь ноября ноя нояб",
            "december dec декабрь декабря дек",
        ),
        1,
    )
    for word in words.split()
}
_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_YEAR_WORD = r"(?:\s*(?:г\.?|года))?"
_DOTTED = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})(?:\.(\d{{4}}|\d{{2}})?)?{_YEAR_WORD}{_TIME}")
_ISO = re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}}){_TIME}")
_SLASHED = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})(?:/(\d{{4}}))?{_TIME}")
_WORDED = re.compile(rf"(\d{{1,2}})\s+([a-zа-яё]{{3,10}})\.?(?:,?\s+(\d{{4}}))?{_YEAR_WORD}{_TIME}")
#: of two digits: 69 is 2069, 70 is 1970
_CENTURY_TURNS_AT = 70
#: a leap year: 29.02 without a year is a day
_ANY_YEAR = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDate:
    """A day of the calendar; the year is None where nobody wrote it."""

    month: int
    day: int
    year: int | None = None

    def as_date(self) -> date | None:
        return None if self.year is None else date(self.year, self.month, self.day)


def read(text: str) -> WrittenDate | None:
    """The date in a cell's text, None where there is none that is certain."""
    text = " ".join(text.lower().split())
    # lower() has turned the T of ISO 8601 into t
    text = re.sub(r"(?<=\d)t(?=\d)", " ", text)
    if match := _DOTTED.fullmatch(text):
        day, month, year = match.groups()
        return _day(_year(year), int(month), int(day))
    if match := _ISO.fullmatch(text):
        year, month, day = match.groups()
        return _day(int(year), int(month), int(day))
    if match := _SLASHED.fullmatch(text):
        first, second, year = match.groups()
        return _slashed(_year(year), int(first), int(second))
    if match := _WORDED.fullmatch(text):
        day, name, year = match.groups()
        number = _MONTHS.get(name)
        return None if number is None else _day(_year(year), number, int(day))
    return None


def _year(digits: str | None) -> int | None:
    if digits is None:
        return None
    year = int(digits)
    if len(digits) == 2:
        return year + (1900 if year >= _CENTURY_TURNS_AT else 2000)
    return year


def _slashed(year: int | None, first: int, second: int) -> WrittenDate | None:
    """Day first in Europe, month first in America: only where one reading is possible."""
    readings = {_day(year, second, first), _day(year, first, second)} - {None}
    return readings.pop() if len(readings) == 1 else None


def _day(year: int | None, month: int, day: int) -> WrittenDate | None:
    if not 1 <= month <= 12 or year == 0:
        return None
    if not 1 <= day <= monthrange(year or _ANY_YEAR, month)[1]:
        return None
    return WrittenDate(year=year, month=month, day=day)
