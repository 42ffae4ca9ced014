"""Values of cells as the texts that messages carry."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.cell import (
    ColumnFormat,
    FormatKind,
    NumberTooLong,
    column_letters,
    column_position,
    to_text,
)
from pbx_sms.errors import Refused


@pytest.mark.parametrize(
    ("value", "russian", "english"),
    [
        (84000.0, "84000", "84000"),
        (84000, "84000", "84000"),
        (-5.0, "-5", "-5"),
        (-0.0, "0", "0"),
        (980.5, "980,5", "980.5"),
        (0.99, "0,99", "0.99"),
        (0.1 + 0.2, "0,3", "0.3"),
        (1 / 3, "0,333333333333333", "0.333333333333333"),
        (1e-07, "0,0000001", "0.0000001"),
        (123456789.123456, "123456789,123456", "123456789.123456"),
        (999_999_999_999_999.0, "999999999999999", "999999999999999"),
        (True, "да", "yes"),
        (False, "нет", "no"),
        (datetime.date(2026, 11, 3), "03.11.2026", "03.11.2026"),
        (datetime.datetime(2026, 11, 3), "03.11.2026", "03.11.2026"),  # noqa: DTZ001 - cells have no zone
        (datetime.datetime(2026, 11, 3, 9, 5), "03.11.2026 09:05", "03.11.2026 09:05"),  # noqa: DTZ001
        (datetime.date(987, 1, 2), "02.01.0987", "02.01.0987"),
        (datetime.time(9, 5, 30), "09:05", "09:05"),
        (datetime.timedelta(hours=30, minutes=5), "30:05", "30:05"),
        (datetime.timedelta(minutes=-90), "-01:30", "-01:30"),
        ("  Сергей  Михайлович\u00a0", "Сергей  Михайлович", "Сергей  Михайлович"),
        ("00042", "00042", "00042"),
        ("1.50", "1.50", "1.50"),
        ("", "", ""),
        (None, "", ""),
        (float("nan"), "", ""),
    ],
)
def test_a_value_reads_as_a_person_would_write_it(value: Any, russian: str, english: str) -> None:
    assert to_text(value, language="ru") == russian
    assert to_text(value, language="en") == english


@pytest.mark.parametrize("value", [1e15, -1e15, 1234567890123456.0, 4276123456781234567, float("inf"), 1e300])
def test_a_number_of_more_than_15_digits_is_an_error_that_names_the_cell(value: float) -> None:
    with pytest.raises(NumberTooLong) as refused:
        to_text(value, language="ru", cell="D17")
    assert refused.value.code == "numeric_too_long"
    assert refused.value.params == {"cell": "D17"}


@pytest.mark.parametrize(
    ("format", "value", "text"),
    [
        (ColumnFormat(kind=FormatKind.LEADING_ZEROS, width=5), 42.0, "00042"),
        (ColumnFormat(kind=FormatKind.LEADING_ZEROS, width=5), 1234567.0, "1234567"),
        (ColumnFormat(kind=FormatKind.LEADING_ZEROS, width=5), 4.5, "4,5"),
        (ColumnFormat(kind=FormatKind.LEADING_ZEROS, width=5), "7", "7"),
        (ColumnFormat(kind=FormatKind.PERCENT), 0.15, "15%"),
        (ColumnFormat(kind=FormatKind.PERCENT), 0.07, "7%"),
        (ColumnFormat(kind=FormatKind.PERCENT), 0.125, "12,5%"),
        (ColumnFormat(kind=FormatKind.PERCENT), 10.0, "1000%"),
        (ColumnFormat(kind=FormatKind.CURRENCY), 1460.5, "1460,50"),
        (ColumnFormat(kind=FormatKind.CURRENCY), 1460.0, "1460,00"),
        (ColumnFormat(kind=FormatKind.CURRENCY), 0.125, "0,13"),
        (ColumnFormat(kind=FormatKind.CURRENCY), "по договорённости", "по договорённости"),
        (ColumnFormat(kind=FormatKind.SKIP), 5.0, ""),
        (ColumnFormat(kind=FormatKind.SKIP), 1e20, ""),
    ],
)
def test_a_chosen_format_is_applied_to_numbers_only(format: ColumnFormat, value: Any, text: str) -> None:
    assert to_text(value, language="ru", format=format) == text
    assert ColumnFormat.from_json(format.to_json()) == format


@pytest.mark.parametrize("shape", [{}, {"kind": "roman"}, {"kind": "leading_zeros", "width": "x"}])
def test_a_format_that_does_not_exist_is_refused(shape: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        ColumnFormat.from_json(shape)
    assert refused.value.code == "format_unknown"


def test_leading_zeros_need_a_width_that_a_number_can_have() -> None:
    with pytest.raises(Refused) as refused:
        ColumnFormat(kind=FormatKind.LEADING_ZEROS, width=16)
    assert refused.value.code == "format_width_invalid"


@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False))
def test_what_was_typed_with_two_decimals_reads_the_same(typed: Any) -> None:
    expected = f"{typed:f}".rstrip("0").rstrip(".").replace(".", ",")
    assert to_text(float(typed), language="ru") == ("0" if expected == "-0" else expected)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14))
def test_no_number_is_written_with_an_exponent(number: float) -> None:
    text = to_text(number, language="en")
    assert "e" not in text.lower()
    assert float(text) == pytest.approx(number, rel=1e-14, abs=1e-300)


@given(st.integers(0, 16383))
def test_the_letters_of_a_column_lead_back_to_it(position: int) -> None:
    assert column_position(column_letters(position)) == position
    assert column_position(column_letters(position).lower()) == position


@pytest.mark.parametrize("letters", ["", "XFE", "ABCD", "1", "Д", "A1"])
def test_what_is_no_column_has_no_position(letters: str) -> None:
    assert column_position(letters) is None
