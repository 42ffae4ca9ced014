"""From the values of a sheet to the rows that are stored: number, texts, what is not taken and why.

This is the loop that runs a hundred thousand times; it looks the way it does for that reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from pbx_sms.core.cell import ColumnFormat, FormatKind, column_letters, converter
from pbx_sms.core.msisdn import Normalizer, Rejected
from pbx_sms.errors import Refused
from pbx_sms.lists.layout import Layout
from pbx_sms.lists.request import ReadLimits
from pbx_sms.lists.sheet import Sheet

CHUNK_ROWS = 2000

#: a row under or within the list that adds it up
_TOTAL = re.compile(
    r"(?:итого|всего|подытог|подитог|(?:grand |sub)?total|sum)\s*"
    r"(?:[:.=\-–—].*|(?:по|за|на|к|руб|for|of)\b.*|\d.*)?",
    re.IGNORECASE | re.DOTALL,
)


class RowReader:
    """Reads the rows under the titles of one sheet. The counts are right once `chunks` is exhausted."""

    def __init__(
        self,
        sheet: Sheet,
        layout: Layout,
        *,
        normalizer: Normalizer,
        language: str,
        formats: Mapping[int, ColumnFormat],
        limits: ReadLimits,
    ) -> None:
        if layout.phone_position is None:
            raise ValueError("a list without a column of numbers cannot be read")
        phone_format = formats.get(layout.phone_position)
        if phone_format is not None and phone_format.kind is FormatKind.SKIP:
            raise Refused("list_phone_column_skipped")
        self._sheet, self._layout, self._limits = sheet, layout, limits
        self._normalizer = normalizer
        self._phone: int = layout.phone_position
        self._converters = [converter(language, formats.get(place)) for place in range(len(layout.names))]
        self.row_count = self.accepted_count = self.repeat_count = 0
        #: number → the first row it is in
        self._first_rows: dict[str, int] = {}

    @property
    def number_count(self) -> int:
        """Distinct numbers."""
        return len(self._first_rows)

    def chunks(self) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
        """(last row looked at, rows as `frames.Row` in plain tuples), some thousands at a time."""
        chunk: list[tuple[Any, ...]] = []
        header_row, phone, converters = self._layout.header_row, self._phone, self._converters
        ordinary, first_rows = self._normalizer.ordinary, self._first_rows
        max_rows = self._limits.max_rows
        blank = [""] * len(converters)
        row_number = 0
        for row_number, values in enumerate(self._sheet.rows(), 1):
            if row_number <= header_row or values == blank:
                continue
            too_long: int | None = None
            try:
                texts = [
                    value.strip() if type(value) is str else convert(value)
                    for value, convert in zip(values, converters, strict=True)
                ]
            except OverflowError:
                texts, too_long = self._shortened(values)
            msisdn = ordinary(values[phone])
            raw_value = note = code = params = None
            if msisdn is None or too_long is not None:
                if not any(texts) or self._is_total(values, texts):
                    continue
                msisdn, raw_value, note, code, params = self._judged(values, texts, too_long, row_number)
            repeat_of_row: int | None = None
            if msisdn is not None:
                first_row = first_rows.setdefault(msisdn, row_number)
                if first_row != row_number:
                    repeat_of_row = first_row
                    self.repeat_count += 1
                self.accepted_count += 1
            self.row_count += 1
            if self.row_count > max_rows:
                raise Refused("list_too_many_rows", max_rows=max_rows)
            fields = f"[{','.join(map(encode_basestring, texts))}]"
            if "\\u0000" in fields:
                # PostgreSQL can store every character but this one
                texts = [text.replace("\0", "") for text in texts]
                fields = f"[{','.join(map(encode_basestring, texts))}]"
            chunk.append((row_number, msisdn, fields, raw_value, code, params, repeat_of_row, note))
            if len(chunk) >= CHUNK_ROWS:
                yield row_number, chunk
                chunk = []
        yield row_number, chunk

    def _judged(
        self, values: list[Any], texts: list[str], too_long: int | None, row_number: int
    ) -> tuple[str | None, str | None, str | None, str | None, str | None]:
        """(msisdn, raw value, note, reject code, its params) of a row that is out of the ordinary."""
        if too_long is not None:
            cell = f"{column_letters(self._sheet.first_column + too_long)}{row_number}"
            shown = f"{Decimal(repr(values[too_long])).normalize():f}"
            return None, shown, None, "numeric_too_long", json.dumps({"cell": cell})
        value = values[self._phone]
        # as typed, with its blanks
        raw_value = value.replace("\0", "") if isinstance(value, str) else texts[self._phone]
        result = self._normalizer.normalize(value)
        if isinstance(result, Rejected):
            return None, raw_value, None, result.code, None
        return result.msisdn, raw_value if result.note else None, result.note, None, None

    def _shortened(self, values: list[Any]) -> tuple[list[str], int]:
        """The texts of a row with a number that is too long, and the position of the first such number."""
        texts: list[str] = []
        too_long = -1
        for position, (value, convert) in enumerate(zip(values, self._converters, strict=True)):
            try:
                texts.append(convert(value))
            except OverflowError:
                texts.append("")
                too_long = position if too_long < 0 else too_long
        return texts, too_long

    def _is_total(self, values: list[Any], texts: list[str]) -> bool:
        """A row that adds up: "Итого" where there is no number, or in the place of the number."""
        phone_text = texts[self._phone]
        if phone_text:
            return bool(_TOTAL.fullmatch(phone_text))
        cells = zip(values, texts, strict=True)
        return any(type(value) is str and _TOTAL.fullmatch(text) for value, text in cells if text)
