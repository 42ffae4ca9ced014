"""The first look at a file, for the page on which its columns are mapped."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from pbx_sms.lists import reader
from pbx_sms.lists.number_formats import classify
from pbx_sms.lists.request import ListMapping, ReadRequest

Make = Callable[..., bytes]


def inspected(content: bytes, file_name: str = "list.xlsx", **mapping: Any) -> reader.Inspection:
    return reader.inspect(content, ReadRequest(file_name=file_name, mapping=ListMapping(**mapping)))


def test_the_first_rows_are_shown_as_texts(workbook: Make) -> None:
    rows = [["Список"], ["Телефон", "Сумма"], *([f"8916{place:07d}", place + 0.5] for place in range(40))]
    found = inspected(workbook(rows))
    assert len(found.first_rows) == 10
    assert found.first_rows[0] == (3, ("89160000000", "0,5"))
    assert found.layout.row_total == 42


def test_a_sheet_without_numbers_can_still_be_looked_at(workbook: Make) -> None:
    found = inspected(workbook([["Имя", "Город"], ["Сергей", "Омск"]]))
    assert found.layout.phone_position is None
    assert [column.name for column in found.layout.columns] == ["Имя", "Город"]


def test_the_encoding_and_the_separator_of_a_text_are_told() -> None:
    found = inspected("Телефон;Имя\n89161234567;Сергей\n".encode("cp1251"), "list.csv")
    assert (found.layout.encoding, found.layout.separator) == ("cp1251", ";")


def formatted(formats: dict[str, str], *, rows: int = 3, strings: int = 0) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Отчёт"])
    sheet.append(["Телефон", *formats])
    for place in range(rows):
        sheet.append([f"8916{place:07d}", *(0.15 for _ in formats)])
        for column, number_format in enumerate(formats.values(), 2):
            sheet.cell(place + 3, column).number_format = number_format
    for place in range(strings):
        sheet.append([f"8917{place:07d}"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_columns_with_formats_that_a_text_would_miss_are_named() -> None:
    content = formatted(
        {"Код": "00000", "Скидка": "0%", "Сумма": '# ##0.00 "₽"', "Вес": "0.00", "Дата": "General"}
    )
    assert inspected(content).format_hints == {
        1: {"kind": "leading_zeros", "width": 5},
        2: {"kind": "percent", "width": 0},
        3: {"kind": "currency", "width": 0},
    }


def test_formats_below_the_first_fifty_rows_are_not_looked_for() -> None:
    book = openpyxl.load_workbook(io.BytesIO(formatted({"Код": "General"}, rows=60)))
    book.active.cell(3 + 50, 2).number_format = "00000"
    stream = io.BytesIO()
    book.save(stream)
    assert inspected(stream.getvalue()).format_hints == {}


@pytest.mark.parametrize(
    ("number_format", "kind"),
    [
        ("General", None),
        ("0", None),
        ("0.00", None),
        ("DD.MM.YYYY", None),
        ("000", "leading_zeros"),
        ("0.0%", "percent"),
        ('#,##0.00\\ "₽"', "currency"),
        ("#,##0.00\\ [$₽-419]", "currency"),
        ('"$"#,##0.00', "currency"),
        ('#,##0"р."', "currency"),
        ('0" шт."', None),
        ('0" % годовых"', None),
    ],
)
def test_a_number_format_is_told_from_the_next(number_format: str, kind: str | None) -> None:
    found = classify(number_format)
    assert (found["kind"] if found else None) == kind


def test_styles_that_cannot_be_read_cost_the_hints_and_nothing_else() -> None:
    source, stream = zipfile.ZipFile(io.BytesIO(formatted({"Код": "00000"}))), io.BytesIO()
    with source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/styles.xml":
                # a fill of no kind: Excel forgives it, openpyxl does not
                content = re.sub(rb"(<fills[^>]*>)", rb"\1<fill/>", content)
            target.writestr(name, content)
    found = inspected(stream.getvalue())
    assert found.format_hints == {}
    assert found.layout.phone_column == "Телефон"
