"""The report of rows not taken: readable, and nothing in it acts."""

from __future__ import annotations

import io

import openpyxl
import pytest

from pbx_sms.lists import rejected_workbook


def written(value: str | None, language: str = "ru") -> openpyxl.Workbook:
    stream = io.BytesIO()
    rejected_workbook.write(
        stream,
        [(7, value, "landline", {}), (9, "1", "numeric_too_long", {"cell": "D9"})],
        [(11, "+79161234567", "repeat", {"of_row": 5})],
        language=language,
    )
    return openpyxl.load_workbook(stream)


def test_it_tells_the_row_the_cell_and_the_reason() -> None:
    book = written("84952223344")
    assert book.sheetnames == ["Непринятые строки", "Примечания"]
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[1][:2] == (7, "84952223344")
    assert "городской" in rows[1][2]
    assert "D9" in rows[2][2]
    assert "строке 5" in list(book.worksheets[1].iter_rows(values_only=True))[1][2]


def test_it_speaks_english_too() -> None:
    assert written("x", "en").sheetnames == ["Rows not taken", "Notes"]


@pytest.mark.parametrize(
    "value", ["=1+1", "+79161234567", "-1", "@SUM(A1)", "\t=1", "\r=1", '=cmd|"/C x"!A0']
)
def test_what_could_be_a_formula_is_text_and_marked_as_text(value: str) -> None:
    cell = written(value).worksheets[0]["B2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert cell.value.strip() == value.strip()


@pytest.mark.parametrize("value", [None, "", "a\x00b\x1f", "x" * 40_000])
def test_any_text_can_be_written(value: str | None) -> None:
    cell = written(value).worksheets[0]["B2"]
    assert len(cell.value or "") <= 32_767
