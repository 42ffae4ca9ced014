"""Workbooks made for one test, and the cases that stand beside the repository where they are present."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pbx_sms.lists import reader
from pbx_sms.lists.frames import Row
from pbx_sms.lists.reader import Counts, ListLayout
from pbx_sms.lists.request import ListMapping, ReadLimits, ReadRequest

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
#: the same tests on files of the suite's own are in the other modules
collect_ignore = [] if CASES.is_dir() else ["test_shared_cases.py"]


class Outcome:
    """Everything that one reading gave."""

    def __init__(self, layout: ListLayout, rows: list[Row], counts: Counts) -> None:
        self.layout, self.rows, self.counts = layout, rows, counts

    @property
    def numbers(self) -> list[str | None]:
        return [row.msisdn for row in self.rows]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.layout.columns]

    @property
    def rejected(self) -> list[tuple[int, str | None]]:
        return [(row.row, row.reject_code) for row in self.rows if row.reject_code]


@pytest.fixture
def read() -> Callable[..., Outcome]:
    """read(source, file_name, sheet=, header_row=, phone_column=, formats=, limits=, language=, country=)."""

    def read_all(
        source: Path | bytes,
        file_name: str = "",
        *,
        limits: ReadLimits | None = None,
        language: str = "ru",
        country: str = "RU",
        **mapping: Any,
    ) -> Outcome:
        name = file_name or (source.name if isinstance(source, Path) else "list.xlsx")
        request = ReadRequest(
            file_name=name,
            language=language,
            country=country,
            mapping=ListMapping(**mapping),
            limits=limits or ReadLimits(),
        )
        with reader.read(source, request) as reading:
            rows = [row for _, chunk in reading.chunks() for row in chunk]
        assert reading.counts is not None
        return Outcome(reading.layout, rows, reading.counts)

    return read_all


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """workbook(rows) or workbook({"sheet": rows, …}): an xlsx with these values, as bytes."""

    def make(content: Sequence[Sequence[Any]] | dict[str, Sequence[Sequence[Any]]]) -> bytes:
        sheets = content if isinstance(content, dict) else {"Лист1": content}
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(list(row))
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    return make
