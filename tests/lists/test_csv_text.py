"""Text with separators, in every encoding and with every separator that offices send."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.msisdn import Normalizer
from pbx_sms.errors import Refused
from pbx_sms.lists.csv_text import SEPARATORS, CsvSheet, decode, find_separator

ORDINARY = Normalizer("RU").ordinary
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1251")
Read = Callable[..., Any]

words = st.text(st.sampled_from("абвЯёxyz 12;,|\t\"'\n«»"), max_size=12)
numbers = st.integers(9_000_000_000, 9_299_999_999).map(lambda national: f"8{national}")


def written(rows: list[list[str]], separator: str, line_end: str = "\r\n") -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator, lineterminator=line_end).writerows(rows)
    return stream.getvalue()


@given(
    st.lists(st.tuples(words, numbers, words), min_size=1, max_size=30),
    st.sampled_from(SEPARATORS),
    st.sampled_from(ENCODINGS),
    st.sampled_from(["\r\n", "\n"]),
)
def test_what_was_written_is_read_whatever_the_separator_and_the_encoding(
    rows: list[tuple[str, str, str]], separator: str, encoding: str, line_end: str
) -> None:
    table = [["Имя", "Телефон", "Текст"], *map(list, rows)]
    text, _ = decode(written(table, separator, line_end).encode(encoding), "list.csv")
    found, start = find_separator(text, lambda cell: ORDINARY(cell) is not None)
    assert (found, start) == (separator, 0)
    sheet = CsvSheet(text, found, start, "list.csv")
    assert list(sheet.rows()) == [row[: sheet.width] + [""] * (sheet.width - len(row)) for row in table]


def test_a_first_line_may_name_the_separator(read: Read) -> None:
    outcome = read("sep=|\r\nТелефон|Имя\r\n89161234567|a;b,c\r\n".encode(), "list.csv")
    assert outcome.layout.header_row == 1
    assert json.loads(outcome.rows[0].fields) == ["89161234567", "a;b,c"]


def test_a_list_of_numbers_alone_needs_no_separator(read: Read) -> None:
    outcome = read(b"89161234567\n+7 (916) 123-45-68\n\n89161234569\n", "list.txt")
    assert outcome.numbers == ["+79161234567", "+79161234568", "+79161234569"]
    assert [row.row for row in outcome.rows] == [1, 2, 4]


def test_rows_of_different_lengths_lose_nothing(read: Read) -> None:
    text = "Телефон;Имя\n89161234567\n89161234568;Мария;ещё;;\n"
    outcome = read(text.encode("cp1251"), "list.csv")
    assert outcome.names == ["Телефон", "Имя", "C"]
    assert [json.loads(row.fields) for row in outcome.rows] == [
        ["89161234567", "", ""],
        ["89161234568", "Мария", "ещё"],
    ]


def test_text_under_the_name_of_a_workbook_is_read_if_it_is_a_list(read: Read) -> None:
    assert read("Телефон\tИмя\n89161234567\tСергей\n".encode("cp1251"), "Выгрузка.xls").numbers == [
        "+79161234567"
    ]


@pytest.mark.parametrize(
    ("content", "file_name", "code"),
    [
        (b"", "list.csv", "file_empty"),
        (b"\x00\x01\x02\x03", "list.csv", "file_not_a_list"),
        (b"\xef\xbb\xbf\xff\xff", "list.csv", "file_not_a_list"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "list.xlsx", "file_not_a_list"),
        (b"<html><body>8 916 123</body></html>", "list.xls", "file_not_a_list"),
        (b"\n\n \n", "list.csv", "list_no_rows"),
        (b"name;city\nIvan;Omsk\n", "list.csv", "list_no_phone_column"),
        ("Телефон;Имя\n".encode(), "list.csv", "list_no_rows"),
    ],
)
def test_what_is_no_list_is_refused(read: Read, content: bytes, file_name: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(content, file_name)
    assert refused.value.code == code
