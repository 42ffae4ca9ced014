"""The agreed cases: every one comes out as `expected.json` says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pbx_sms.errors import Refused

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
EXPECTED: dict[str, Any] = json.loads((CASES / "expected.json").read_text(encoding="utf-8"))


def fields_of(outcome: Any, row: Any) -> dict[str, str]:
    return dict(zip(outcome.names, json.loads(row.fields), strict=True))


def test_three_hundred_office_rows(read: Callable[..., Any]) -> None:
    expected = EXPECTED["clients"]
    outcome = read(CASES / expected["file"])
    assert outcome.layout.sheet == expected["sheet"]
    assert outcome.layout.header_row == expected["header_row"]
    assert outcome.layout.phone_column == expected["phone_column"]
    assert outcome.rejected == [tuple(pair) for pair in expected["bad_rows"]]
    assert len(outcome.rejected) == expected["bad"]
    assert outcome.counts.number_count == expected["good"]
    assert outcome.counts.repeat_count == expected["duplicates"]
    good = [row for row in outcome.rows if row.msisdn and row.repeat_of_row is None]
    assert {row.msisdn for row in good} == set(expected["good_numbers"])
    for row in good:
        wanted = expected["good_numbers"][row.msisdn]
        fields = fields_of(outcome, row)
        assert row.row == wanted["row"]
        assert fields["Обращение"] == wanted["Обращение"]
        assert fields["Номер заказа"] == str(wanted["Номер заказа"])
    repeats = [row for row in outcome.rows if row.repeat_of_row is not None]
    assert [[row.row, row.msisdn] for row in repeats] == expected["duplicate_rows"]
    for row in repeats:
        assert row.repeat_of_row == expected["good_numbers"][row.msisdn]["row"]


def test_a_second_empty_sheet(read: Callable[..., Any]) -> None:
    expected = EXPECTED["staff"]
    outcome = read(CASES / expected["file"])
    assert outcome.counts.accepted_count == expected["good"]
    assert outcome.rejected == []


def test_two_numbers_in_a_cell(read: Callable[..., Any]) -> None:
    expected = EXPECTED["two_phones"]
    outcome = read(CASES / expected["file"])
    assert outcome.counts.row_count == expected["rows"]
    for row in outcome.rows:
        first, _second = expected["numbers"][fields_of(outcome, row)["Клиент"]]
        assert (row.msisdn, row.note_code) == (first, "second_number")


@pytest.mark.parametrize("file", EXPECTED["csv"]["files"])
def test_text_with_separators(read: Callable[..., Any], file: str) -> None:
    expected = EXPECTED["csv"]
    outcome = read(CASES / file)
    assert outcome.numbers == expected["numbers"]
    assert [fields_of(outcome, row)["Направление"] for row in outcome.rows] == expected["directions"]


@pytest.mark.parametrize("file", EXPECTED["old"]["files"])
def test_older_and_free_formats(read: Callable[..., Any], file: str) -> None:
    assert read(CASES / file).numbers == EXPECTED["old"]["numbers"]


def test_hostile_cells_arrive_as_typed(read: Callable[..., Any]) -> None:
    import openpyxl

    expected = EXPECTED["hostile"]
    outcome = read(CASES / expected["file"])
    assert outcome.numbers == expected["numbers"]
    assert len(set(outcome.names)) == len(outcome.names)
    assert outcome.names[:3] == ["Телефон", "Имя", "Имя 2"]
    sheet = openpyxl.load_workbook(CASES / expected["file"]).worksheets[0]
    for row in outcome.rows:
        typed = [cell.value for cell in sheet[row.row]]
        assert json.loads(row.fields) == [str(value) for value in typed]


@pytest.mark.parametrize("file", EXPECTED["hostile"]["bad_files"])
def test_wrong_files_are_refused(read: Callable[..., Any], file: str) -> None:
    with pytest.raises(Refused):
        read(CASES / file)
