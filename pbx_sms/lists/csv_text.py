"""A list as text with separators: which encoding, which separator, which cells.

UTF-8 with or without BOM, UTF-16 with BOM, else cp1251; separator ; , tab or |, or the one that a first
line "sep=;" names. Rows are numbered as the spreadsheet would number them: records, not lines.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from pbx_sms.errors import Refused

SEPARATORS = (";", "\t", ",", "|")
_SAMPLE_ROWS = 60
#: separates the cells of a list of one column: it does not occur in text
_NONE = "\x1f"


def decode(content: bytes, file_name: str) -> tuple[str, str]:
    """(text, name of the encoding). Raises Refused(file_not_a_list) for what is no text."""
    if content.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8", "cp1251"]
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # control characters other than tab, line ends and form feed: a picture, a program, an archive
        if any(char < " " and char not in "\t\r\n\f\x0b\x1a" for char in set(text)):
            break
        return text, encoding
    raise Refused("file_not_a_list", file_name=file_name)


def find_separator(text: str, is_number: Callable[[str], bool]) -> tuple[str, int]:
    """(separator, where the first record begins).

    The separator that leaves a telephone number alone in its cell in most rows, then the one that gives
    the same number of cells in most rows, then the one that gives more of them.
    """
    first_line = text[:8].splitlines()[0] if text else ""
    if first_line.lower().startswith("sep=") and len(first_line) == 5:
        return first_line[4], len(first_line) + (2 if text[5:7] == "\r\n" else 1)
    best, best_score = _NONE, (0.0, 0.5, 1)
    for separator in SEPARATORS:
        sample = [row for row in islice(_records(text, separator, 0), _SAMPLE_ROWS) if row]
        if not sample:
            continue
        width, count = Counter(map(len, sample)).most_common(1)[0]
        if width == 1:
            continue
        with_number = sum(any(map(is_number, row)) for row in sample)
        score = (round(with_number / len(sample), 1), round(count / len(sample), 1), width)
        if score > best_score:
            best, best_score = separator, score
    if best != _NONE and best_score[0] == 0.0:
        return best, 0
    alone = [line for line in islice(io.StringIO(text), _SAMPLE_ROWS) if line.strip()]
    only_numbers = sum(is_number(line.strip()) for line in alone) / max(len(alone), 1)
    return (_NONE, 0) if only_numbers > best_score[0] else (best, 0)


class CsvSheet:
    """The text as a sheet: the same face as a sheet of a workbook shows (see `lists.sheet`)."""

    name = ""
    first_column = 0

    def __init__(self, text: str, separator: str, start: int, file_name: str) -> None:
        self._text, self._separator, self._start = text, separator, start
        self._file_name = file_name
        self.height = self.width = 0
        for row in self.rows():
            self.height += 1
            if len(row) > self.width and any(map(str.strip, row[self.width :])):
                self.width = max(place for place, cell in enumerate(row, 1) if cell.strip())

    def rows(self) -> Iterator[list[Any]]:
        """Every record from the first, blank ones too, cut or filled to `width` once that is known."""
        width = self.width
        try:
            for row in _records(self._text, self._separator, self._start):
                if width and len(row) != width:
                    row = row[:width] + [""] * (width - len(row))
                yield row
        except csv.Error as error:
            raise Refused("file_damaged", file_name=self._file_name) from error


def _records(text: str, separator: str, start: int) -> Iterator[list[str]]:
    source = io.StringIO(text, newline="")
    source.seek(start)
    return csv.reader(source, delimiter=separator)
