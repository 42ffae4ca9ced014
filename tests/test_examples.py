"""The committed sample list is what its script makes, and reaches nobody."""

from __future__ import annotations

import runpy
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture
def script() -> dict[str, object]:
    return runpy.run_path(str(EXAMPLES / "make_clients.py"))


def cells(sheet: Worksheet) -> list[list[object]]:
    """Values as the file keeps them: a date comes back as an instant."""
    return [
        [value.date() if isinstance(value, datetime) else value for value in row]
        for row in sheet.iter_rows(values_only=True)
    ]


def test_the_workbook_is_what_its_script_makes(script: dict[str, object]) -> None:
    committed = openpyxl.load_workbook(EXAMPLES / "clients.xlsx")
    made = script["make"]()  # type: ignore[operator]
    assert committed.sheetnames == made.sheetnames
    assert cells(committed.active) == cells(made.active)
    committed.close()


def test_every_number_of_the_sample_has_the_code_that_no_operator_has(script: dict[str, object]) -> None:
    rows = script["clients"]()  # type: ignore[operator]
    numbers = [client.number for client in rows if client.number is not None]
    assert len(rows) == 60
    assert len(numbers) == 55
    assert all(number.startswith("+7943") for number in numbers)
