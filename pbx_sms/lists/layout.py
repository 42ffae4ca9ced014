"""Where the list is on a sheet: the row of titles, the column with the numbers, the names of the columns.

Looks at the first rows only. A column is chosen by its title and by how many of its cells are numbers that
can receive SMS; the row of titles is the one with that title, above the numbers, under whatever heading the
sheet has. A sheet without titles has `header_row` 0 and its columns are called by their letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pbx_sms.core.cell import column_position
from pbx_sms.core.msisdn import Accepted, Normalizer
from pbx_sms.errors import Refused
from pbx_sms.lists.column_names import phone_weight, unique_names
from pbx_sms.lists.request import ListMapping

#: how many rows are looked at, and how far down a row of titles may be
SAMPLE_ROWS = 200
_LAST_HEADER_ROW = 30
#: a column without a telling title must have this share of numbers among its filled cells
_SHARE_WITHOUT_TITLE = 0.5
_DIGITS = re.compile(r"\d{3}")
#: less than the shortest number; spares looking closely at every word
_SEVEN_DIGITS = re.compile(r"(?:\d\D*?){7}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What was found or chosen. Rows as the spreadsheet numbers them, positions from 0 within the data."""

    header_row: int
    names: tuple[str, ...]
    #: None = no column holds numbers
    phone_position: int | None


class Sample:
    """The first rows of a sheet with what is known of each cell."""

    def __init__(
        self,
        rows: Sequence[Sequence[Any]],
        *,
        width: int,
        first_column: int,
        normalizer: Normalizer,
        to_text: Callable[[Any], str],
    ) -> None:
        self.width = width
        self.first_column = first_column
        self.values = rows
        self.texts = [[to_text(value) for value in row] for row in rows]
        self.is_number = [
            [
                bool(_SEVEN_DIGITS.search(text)) and isinstance(normalizer.normalize(value), Accepted)
                for text, value in zip(texts, values, strict=True)
            ]
            for texts, values in zip(self.texts, rows, strict=True)
        ]
        self.is_words = [[isinstance(value, str) for value in row] for row in rows]

    def titles(self, header_row: int) -> list[str]:
        """The titles in a row by its number; blanks for row 0."""
        return self.texts[header_row - 1] if header_row else [""] * self.width

    def share(self, position: int, header_row: int) -> float:
        """Which part of the filled cells under a row are numbers, from the first number on.

        What stands above that says nothing: else a first "no telephone" would make itself the title.
        """
        filled = numbers = 0
        first = next((row for row in range(header_row, len(self.texts)) if self.is_number[row][position]), 0)
        for texts, is_number in zip(self.texts[first:], self.is_number[first:], strict=True):
            filled += bool(texts[position])
            numbers += is_number[position]
        return numbers / filled if filled else 0.0

    def first_number(self, position: int) -> int | None:
        """The first row with a number in this column."""
        return next((row for row, flags in enumerate(self.is_number, 1) if flags[position]), None)


def find_layout(sample: Sample, mapping: ListMapping) -> Layout:
    """What the person chose, and the rest as found. Raises Refused for a row or column that is not there."""
    header_row, position = mapping.header_row, None
    if header_row is not None and not 0 <= header_row <= len(sample.texts):
        raise Refused(
            "list_no_such_row",
            header_row=header_row,
            first_row=next((row for row, texts in enumerate(sample.texts, 1) if any(texts)), 1),
            last_row=len(sample.texts),
        )
    if mapping.phone_column is not None:
        header_row, position = _chosen(sample, mapping.phone_column.strip(), header_row)
    else:
        found = max(_candidates(sample, header_row), default=None)
        if found is not None:
            header_row, position = -found[2], -found[1]
    if header_row is None:
        header_row = _likely_header(sample)
    names = unique_names(sample.titles(header_row), sample.first_column)
    return Layout(header_row=header_row, names=names, phone_position=position)


def _candidates(sample: Sample, fixed_row: int | None) -> Iterator[tuple[float, int, int]]:
    """(score, -position, -header row) of every column that may hold the numbers; the largest is taken."""
    rows = range(1, min(_LAST_HEADER_ROW, len(sample.texts)) + 1) if fixed_row is None else [fixed_row]
    for position in range(sample.width):
        first_number = sample.first_number(position)
        other_kind = False
        for row in rows:
            if row and (fixed_row is None and not _may_be_titles(sample, row, position, first_number)):
                continue
            title = sample.titles(row)[position]
            weight = phone_weight(title)
            other_kind = other_kind or weight < 0
            share = sample.share(position, row)
            by_content = fixed_row is not None and weight == 0 and share >= _SHARE_WITHOUT_TITLE
            if weight >= 3 or (weight > 0 and share > 0) or by_content:
                filled = sum(map(bool, sample.titles(row)))
                yield weight + 4 * share + 0.1 * min(filled, 5), -position, -row
        if fixed_row is None and first_number is not None and not other_kind:
            row = _titles_above(sample, position, first_number)
            share = sample.share(position, row)
            if share >= _SHARE_WITHOUT_TITLE:
                yield 4 * share, -position, -row


def _may_be_titles(sample: Sample, row: int, position: int, first_number: int | None) -> bool:
    """Titles stand above the numbers, are words, and hold no number themselves ("тел. 8 916 …" is data)."""
    texts, words = sample.texts[row - 1], sample.is_words[row - 1]
    filled = [place for place, text in enumerate(texts) if text]
    return (
        bool(texts[position])
        and (first_number is None or row < first_number)
        and not any(sample.is_number[row - 1])
        and not _DIGITS.search(texts[position])
        and 2 * sum(words[place] for place in filled) >= len(filled)
    )


def _titles_above(sample: Sample, position: int, first_number: int) -> int:
    """The row right above the first number of a column, if it reads like titles; else 0."""
    for row in range(first_number - 1, 0, -1):
        texts = sample.texts[row - 1]
        if not any(texts):
            continue
        data = sum(map(bool, sample.texts[first_number - 1]))
        all_words = _all_words(sample, row)
        if texts[position] and all_words and not _DIGITS.search(" ".join(texts)):
            return row if 2 * sum(map(bool, texts)) >= data else 0
        return 0
    return 0


def _chosen(sample: Sample, column: str, header_row: int | None) -> tuple[int, int]:
    """(row of titles, position) for a column given by name, letters or number from 1."""
    wanted = " ".join(column.split()).casefold()
    rows = range(min(_LAST_HEADER_ROW, len(sample.texts)) + 1) if header_row is None else [header_row]
    for row in rows:
        if row == 0 and header_row is None:
            continue
        names = unique_names(sample.titles(row), sample.first_column)
        for position, name in enumerate(names):
            given = bool(sample.titles(row)[position].strip())
            if name.casefold() == wanted and (given or header_row is not None):
                return row, position
    letters = column_position(column)
    if letters is not None:
        position = letters - sample.first_column
    else:
        position = int(column) - 1 - sample.first_column if column.isdecimal() else -1
    if not 0 <= position < sample.width:
        row = header_row if header_row is not None else _likely_header(sample)
        known = unique_names(sample.titles(row), sample.first_column)
        raise Refused("list_no_such_column", column=column, columns=", ".join(known))
    if header_row is not None:
        return header_row, position
    first_number = sample.first_number(position)
    if first_number is None:
        return _likely_header(sample), position
    named = [row for _, place, row in _candidates(sample, None) if -place == position]
    return -named[0] if named else _titles_above(sample, position, first_number), position


def _likely_header(sample: Sample) -> int:
    """The first of the upper rows that has the most filled cells, all of them words; 0 if none has."""
    best, best_filled = 0, 0
    for row, texts in enumerate(sample.texts[:_LAST_HEADER_ROW], 1):
        filled = sum(map(bool, texts))
        if filled > best_filled and _all_words(sample, row):
            best, best_filled = row, filled
    return best


def _all_words(sample: Sample, row: int) -> bool:
    """Whether no filled cell of the row is a number, a date or a yes/no."""
    cells = zip(sample.is_words[row - 1], sample.texts[row - 1], strict=True)
    return all(is_words for is_words, text in cells if text)
