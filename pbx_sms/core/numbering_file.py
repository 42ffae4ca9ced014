"""Reads a numbering plan from the text of a file, whole or not at all.

Two layouts, told apart by their titles:

* the one in which the Russian regulator publishes the plan: «АВС/ DEF;От;До;Емкость;Оператор;Регион;…»,
  codes and numbers without the country's 7;
* a plain one: first, last, operator, region, zone (the last two may be missing), whole numbers with their
  country.

The zone of a range is the one written there, else its region's.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pbx_sms.core.numbering import NumberRange
from pbx_sms.core.region_zones import zone_of
from pbx_sms.errors import Refused

_SEPARATORS = (";", ",", "\t")
#: Cyrillic letters of «АВС», which look like Latin ones
_LATIN = str.maketrans("авс", "abc")
_NOT_A_LETTER = re.compile(r"[\W\d_]+")
_RUSSIA = "7"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRange:
    """A range with where it was read."""

    file: str
    line: int
    range: NumberRange


def decoded(content: bytes, *, file: str) -> str:
    """UTF-8, else the Windows encoding of Russian. Refused: numbering_not_text."""
    if b"\0" in content:
        raise Refused("numbering_not_text", file=file)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return content.decode("cp1251")
        except UnicodeDecodeError as error:
            raise Refused("numbering_not_text", file=file) from error


def read(text: str, *, file: str, known_zones: Collection[str]) -> list[FileRange]:
    """The ranges of one file. Refused: numbering_titles, numbering_empty, and what is wrong in a line."""
    first_line, _, _ = text.lstrip("\n").partition("\n")
    separator = max(_SEPARATORS, key=first_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        titles = next((row for row in rows if any(cell.strip() for cell in row)), [])
        names = [_title(cell) for cell in titles]
        if {"abcdef", "от", "до", "оператор"} <= set(names):
            ranges = list(_regulators(rows, names, file))
        elif {"first", "last", "operator"} <= set(names):
            ranges = list(_plain(rows, names, file, known_zones))
        else:
            raise Refused("numbering_titles", file=file)
    except csv.Error as error:
        raise Refused("numbering_line_unreadable", file=file, line=rows.line_num) from error
    if not ranges:
        raise Refused("numbering_empty", file=file)
    return ranges


def checked(ranges: Iterable[FileRange]) -> list[NumberRange]:
    """All ranges in order. Refused: numbering_overlap."""
    ordered = sorted(ranges, key=lambda one: (one.range.first, one.file, one.line))
    for before, after in zip(ordered, ordered[1:], strict=False):
        if after.range.first <= before.range.last:
            raise Refused(
                "numbering_overlap",
                file=after.file,
                line=after.line,
                other_file=before.file,
                other_line=before.line,
                number=f"+{after.range.first}",
            )
    return [one.range for one in ordered]


def _title(cell: str) -> str:
    text = _NOT_A_LETTER.sub("", cell.lower())
    latin = text.translate(_LATIN)
    return latin if latin == "abcdef" else text


def _regulators(rows: Iterator[list[str]], names: Sequence[str], file: str) -> Iterator[FileRange]:
    code_at, first_at, last_at = names.index("abcdef"), names.index("от"), names.index("до")
    operator_at = names.index("оператор")
    region_at = names.index("регион") if "регион" in names else None
    for row, line in _numbered(rows):
        code = _cell(row, code_at)
        first, last = _cell(row, first_at), _cell(row, last_at)
        # spreadsheet programs drop the zeros in front
        first, last = first.rjust(7, "0"), last.rjust(7, "0")
        for value, length in ((code, 3), (first, 7), (last, 7)):
            if len(value) != length or not (value.isascii() and value.isdigit()):
                raise Refused("numbering_wrong_length", file=file, line=line, value=value, digits=length)
        yield _made(
            file,
            line,
            _RUSSIA + code + first,
            _RUSSIA + code + last,
            operator=_cell(row, operator_at),
            region=_cell(row, region_at) or None,
            zone=None,
        )


def _plain(
    rows: Iterator[list[str]], names: Sequence[str], file: str, known_zones: Collection[str]
) -> Iterator[FileRange]:
    position = {
        name: names.index(name) for name in ("first", "last", "operator", "region", "zone") if name in names
    }
    for row, line in _numbered(rows):
        cells = {name: _cell(row, at) for name, at in position.items()}
        first, last = cells["first"].removeprefix("+"), cells["last"].removeprefix("+")
        for value in (first, last):
            if not (value.isascii() and value.isdigit() and 8 <= len(value) <= 15):
                raise Refused("numbering_number_invalid", file=file, line=line, value=value)
        if len(first) != len(last):
            raise Refused("numbering_lengths_differ", file=file, line=line, first=first, last=last)
        zone = cells.get("zone") or None
        if zone is not None and zone not in known_zones:
            raise Refused("numbering_zone_unknown", file=file, line=line, zone=zone)
        yield _made(
            file, line, first, last, operator=cells["operator"], region=cells.get("region") or None, zone=zone
        )


def _made(
    file: str, line: int, first: str, last: str, *, operator: str, region: str | None, zone: str | None
) -> FileRange:
    if int(first) > int(last):
        raise Refused("numbering_backwards", file=file, line=line, first=f"+{first}", last=f"+{last}")
    if not operator:
        raise Refused("numbering_no_operator", file=file, line=line)
    if zone is None and region is not None:
        zone = zone_of(region)
    found = NumberRange(first=int(first), last=int(last), operator=operator, region=region, zone=zone)
    return FileRange(file=file, line=line, range=found)


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[list[str], int]]:
    # csv.reader counts the lines it has read
    reader: Any = rows
    for row in rows:
        if any(cell.strip() for cell in row):
            yield row, reader.line_num


def _cell(row: Sequence[str], position: int | None) -> str:
    return row[position].strip() if position is not None and position < len(row) else ""
