"""Which sheet, which row of titles, which column: found, or chosen by the person."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pbx_sms.core.cell import ColumnFormat, FormatKind
from pbx_sms.errors import Refused
from pbx_sms.lists.column_names import phone_weight, unique_names

ROWS = [["+79161234567", "Сергей"], ["+79161234568", "Мария"]]
Read = Callable[..., Any]
Make = Callable[..., bytes]


def test_titles_are_found_under_a_heading(read: Read, workbook: Make) -> None:
    rows = [["Телефоны клиентов, тел. офиса 8 (495) 222-33-44"], [], ["ФИО", "Моб. тел."]]
    outcome = read(workbook([*rows, ["Сергей", "89161234567"], ["Мария", 89161234568]]))
    assert outcome.layout.header_row == 3
    assert outcome.layout.phone_column == "Моб. тел."
    assert outcome.numbers == ["+79161234567", "+79161234568"]
    assert [row.row for row in outcome.rows] == [4, 5]


def test_a_sheet_without_titles_has_columns_called_by_letters(read: Read, workbook: Make) -> None:
    outcome = read(workbook(ROWS))
    assert outcome.layout.header_row == 0
    assert outcome.names == ["A", "B"]
    assert outcome.layout.phone_column == "A"
    assert [row.row for row in outcome.rows] == [1, 2]


def test_a_column_is_found_by_its_content_where_its_title_says_nothing(read: Read, workbook: Make) -> None:
    outcome = read(workbook([["Кто", "Куда"], ["Сергей", "89161234567"], ["Мария", "89161234568"]]))
    assert (outcome.layout.header_row, outcome.layout.phone_column) == (1, "Куда")


def test_the_mobile_column_is_preferred_to_the_other_numbers(read: Read, workbook: Make) -> None:
    titles = ["Total", "Hotel", "Рабочий телефон", "Номер заказа", "ИНН", "Мобильный", "Факс"]
    row = [9161234500, "Tel Aviv", "84952223344", 9161234599, "7707083893", "89161234567", "84952223345"]
    outcome = read(workbook([titles, row, row]))
    assert outcome.layout.phone_column == "Мобильный"


def test_a_column_of_order_numbers_that_look_like_telephones_is_not_taken(read: Read, workbook: Make) -> None:
    with pytest.raises(Refused) as refused:
        read(workbook([["Имя", "Номер договора"], ["Сергей", 9161234567], ["Мария", 9161234568]]))
    assert refused.value.code == "list_no_phone_column"


def test_words_in_the_number_column_are_not_taken_for_titles(read: Read, workbook: Make) -> None:
    rows = [["Имя", "Телефон"], ["Сергей", "нет телефона"], ["Мария", "89161234568"]]
    outcome = read(workbook(rows))
    assert outcome.layout.header_row == 1
    assert outcome.rejected == [(2, "not_a_number")]


def test_the_first_sheet_with_numbers_is_taken(read: Read, workbook: Make) -> None:
    sheets = {"О файле": [["Выгрузка", "из программы"]], "Пусто": [], "Клиенты": [["Имя", "Телефон"]]}
    sheets["Клиенты"].append(["Сергей", "89161234567"])
    outcome = read(workbook(sheets))
    assert outcome.layout.sheet == "Клиенты"
    assert outcome.layout.sheets == ("О файле", "Пусто", "Клиенты")


def test_the_person_may_choose_another_sheet_row_and_column(read: Read, workbook: Make) -> None:
    sheets = {
        "Первый": [["Телефон"], ["89161234567"]],
        "Второй": [["Телефон", "Запасной"], ["Основной", "Второй тел"], ["89161234568", "89161234569"]],
    }
    content = workbook(sheets)
    assert read(content, sheet="второй").layout.sheet == "Второй"
    chosen = read(content, sheet="Второй", header_row=2)
    assert chosen.names == ["Основной", "Второй тел"]
    assert read(content, sheet="Второй", phone_column="запасной").numbers[-1] == "+79161234569"
    assert read(content, sheet="Второй", phone_column="B").numbers == ["+79161234569"]
    assert read(content, sheet="Второй", phone_column="2", header_row=2).numbers == ["+79161234569"]


def test_a_chosen_column_brings_its_row_of_titles(read: Read, workbook: Make) -> None:
    rows = [["Отчёт"], ["Имя", "Связь", "Телефон"], ["Сергей", "89161234567", "89161234568"]]
    outcome = read(workbook(rows), phone_column="Связь")
    assert (outcome.layout.header_row, outcome.numbers) == (2, ["+79161234567"])
    by_letter = read(workbook(rows), phone_column="b")
    assert (by_letter.layout.header_row, by_letter.numbers) == (2, ["+79161234567"])


def test_header_row_zero_makes_the_titles_a_row(read: Read, workbook: Make) -> None:
    outcome = read(workbook([["Телефон", "Имя"], *ROWS]), header_row=0)
    assert outcome.names == ["A", "B"]
    assert outcome.rejected == [(1, "not_a_number")]


def test_columns_left_of_the_list_do_not_count(read: Read) -> None:
    import io

    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for cell, value in {"C5": "Телефон", "D5": "", "E5": "Имя", "C7": 79161234567, "E7": "Сергей"}.items():
        sheet[cell] = value
    sheet["D7"] = 1234567890123456789
    stream = io.BytesIO()
    book.save(stream)
    outcome = read(stream.getvalue())
    assert outcome.layout.header_row == 5
    assert outcome.names == ["Телефон", "D", "Имя"]
    assert outcome.rejected == [(7, "numeric_too_long")]
    assert json.loads(outcome.rows[0].reject_params) == {"cell": "D7"}
    left_out = read(stream.getvalue(), formats={1: ColumnFormat(kind=FormatKind.SKIP)})
    assert left_out.numbers == ["+79161234567"]
    assert json.loads(left_out.rows[0].fields) == ["79161234567", "", "Сергей"]


def test_totals_and_blank_rows_are_not_recipients(read: Read, workbook: Make) -> None:
    rows: list[list[Any]] = [["Имя", "Телефон", "Сумма"], ["Сергей", "89161234567", 5], [], [None, " ", None]]
    rows += [["Итого:", None, 5], ["Всего по Москве", None, 5], ["Grand Total", None, 5], [None, "ИТОГО", 5]]
    rows += [["Всего Хорошего", "89161234568", 5], ["Всего доброго", None, 5]]
    outcome = read(workbook(rows))
    assert outcome.numbers == ["+79161234567", "+79161234568", None]
    assert outcome.rejected == [(10, "empty")]


def test_the_same_number_again_is_marked_with_its_first_row(read: Read, workbook: Make) -> None:
    outcome = read(
        workbook([["Телефон"], ["89161234567"], ["89161234568"], ["+7 916 123-45-67"], [79161234567]])
    )
    assert [row.repeat_of_row for row in outcome.rows] == [None, None, 2, 2]
    assert (outcome.counts.accepted_count, outcome.counts.number_count) == (4, 2)


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"sheet": "Нет такого"}, "list_no_such_sheet"),
        ({"header_row": 99}, "list_no_such_row"),
        ({"header_row": -1}, "list_no_such_row"),
        ({"phone_column": "Адрес"}, "list_no_such_column"),
        ({"phone_column": "Z"}, "list_no_such_column"),
        ({"phone_column": "0"}, "list_no_such_column"),
        ({"header_row": 3, "phone_column": "A"}, "list_no_rows"),
        ({"formats": {0: ColumnFormat(kind=FormatKind.SKIP)}}, "list_phone_column_skipped"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(
    read: Read, workbook: Make, mapping: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        read(workbook([["Телефон", "Имя"], *ROWS]), **mapping)
    assert refused.value.code == code


def test_names_are_unique_and_never_blank() -> None:
    titles = ["Имя", "имя", " ", "Имя 2", "Номер\nзаказа", "G", "", "ИМЯ"]
    assert unique_names(titles, 0) == ("Имя", "имя 3", "C", "Имя 2", "Номер заказа", "G", "G 2", "ИМЯ 4")


@pytest.mark.parametrize(
    ("title", "weight"),
    [
        ("Мобильный телефон", 4),
        ("PHONE_NUMBER", 3),
        ("Тел.", 3),
        ("Телефон менеджера", 2),
        ("номер", 1),
        ("Номер заказа", -1),
        ("Факс", -1),
        ("Hotel", 0),
        ("Total", 0),
        ("Тело письма", 0),
        ("Имя", 0),
    ],
)
def test_a_title_is_judged_by_whole_words(title: str, weight: int) -> None:
    assert phone_weight(title) == weight
