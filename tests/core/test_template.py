"""Placeholders in a text: what they match, what they refuse, and that values stay values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import template
from pbx_sms.errors import Refused

COLUMNS = ["Телефон", "Обращение", "Номер заказа", "Имя", "Имя 2", "Цена {руб}"]
ROW = ["+79161234567", "Сергей Михайлович", "84315", "Сергей", "Ольга", "1460"]


def rendered(text: str, row: list[str] = ROW, columns: list[str] = COLUMNS) -> str:
    return template.parse(text).bind(columns).render(row)


def refusal(text: str, columns: list[str] = COLUMNS) -> Refused:
    with pytest.raises(Refused) as raised:
        template.parse(text).bind(columns)
    return raised.value


def test_a_placeholder_is_the_column_s_own_name_with_spaces_and_cyrillic() -> None:
    assert rendered("{Обращение}, Ваш заказ №{Номер заказа} выполнен") == (
        "Сергей Михайлович, Ваш заказ №84315 выполнен"
    )


@pytest.mark.parametrize(
    "name", ["номер заказа", "НОМЕР ЗАКАЗА", " Номер   заказа ", "Номер\nзаказа", "Номер\u00a0заказа"]
)
def test_case_and_kind_of_spaces_do_not_matter(name: str) -> None:
    assert rendered("№{" + name + "}") == "№84315"


def test_letters_composed_in_another_way_are_the_same_name() -> None:
    assert rendered("{Йод}", ["да"], ["И\u0306од"]) == "да"


def test_two_columns_of_one_name_are_told_apart_by_their_number() -> None:
    assert rendered("{Имя} и {имя 2}") == "Сергей и Ольга"


def test_columns_that_differ_only_in_case_are_told_apart_by_exact_spelling_or_refused() -> None:
    assert rendered("{Код}/{КОД}", ["1", "2"], ["Код", "КОД"]) == "1/2"
    error = refusal("{код}", ["Код", "КОД"])
    assert (error.code, error.params["names"]) == ("ambiguous_placeholder", ["код"])


def test_a_name_with_braces_or_a_bar_is_written_with_brackets_or_a_slash() -> None:
    assert template.placeholder("Цена {руб}") == "{Цена (руб)}"
    assert rendered("{Цена (руб)}") == "1460"
    assert rendered(template.placeholder("a|b\nc"), ["x"], ["a|b\nc"]) == "x"


def test_a_default_stands_in_for_an_empty_value_and_may_be_empty() -> None:
    bound = template.parse("{Имя|друг}{Имя 2|}!").bind(COLUMNS)
    assert bound.render(["", "", "", " \u00a0", ""]) == "друг!"
    assert bound.missing(["", "", "", " ", ""]) == ()
    assert bound.render(ROW) == "СергейОльга!"


def test_an_empty_value_without_a_default_is_named_once() -> None:
    bound = template.parse("{имя} {ИМЯ} {Номер заказа} {Обращение|}").bind(COLUMNS)
    assert bound.missing(["", "", "\u00a0 \n", "", ""]) == ("Имя", "Номер заказа")
    assert bound.missing([]) == ("Имя", "Номер заказа")
    assert bound.missing(ROW) == ()


def test_doubled_braces_are_braces() -> None:
    assert rendered("{{Имя}} {{{Имя}}} }}{{") == "{Имя} {Сергей} }{"


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("Привет, {Имя", "template_brace_open", 9),
        ("{Имя {Имя 2}", "template_brace_open", 1),
        ("Имя}", "template_brace_close", 4),
        ("{Имя}}", "template_brace_close", 6),
        ("{}", "template_name_empty", 1),
        ("a { }", "template_name_empty", 3),
        ("{|x}", "template_name_empty", 1),
        ("{", "template_brace_open", 1),
    ],
)
def test_a_brace_without_its_partner_is_refused_with_its_place(text: str, code: str, position: int) -> None:
    error = refusal(text)
    assert (error.code, error.params["position"]) == (code, position)
    assert text[position - 1 :].startswith(error.params["excerpt"])


def test_all_unknown_names_are_refused_together_with_their_nearest_columns() -> None:
    error = refusal("{Имяя} {Номер закаа} {Скидка} {Имя} {имяЯ}")
    assert error.code == "unknown_placeholder"
    assert error.params["names"] == ["Имяя", "Номер закаа", "Скидка"]
    assert error.params["alike"] == ["Имя", "Номер заказа", ""]
    assert error.params["known"] == COLUMNS
    assert error.params["spelled"] == ["{Имяя} → {Имя}", "{Номер закаа} → {Номер заказа}", "{Скидка}"]


def test_the_columns_of_a_text_are_listed_once_as_typed() -> None:
    assert template.parse("{ Имя } {имя} {Номер заказа|}").columns() == ("Имя", "Номер заказа")


def test_a_value_is_never_read_again_for_placeholders() -> None:
    assert (
        rendered("{Имя} {Имя 2}", ["", "", "", "{Имя 2}", "{{x}} {Нет|а} }{"]) == "{Имя 2} {{x}} {Нет|а} }{"
    )


def test_what_a_message_cannot_carry_is_dropped_and_line_feeds_stay() -> None:
    assert rendered("{Имя}", ["", "", "", " a\x00b\r\nc\x1b\td\ud83d\x85\n"]) == "ab\nc d"
    assert template.clean("a\rb\u2028c\x7f") == "ab\nc"
    assert rendered("один\r\nдва\x07") == "один\nдва"


def test_an_emoji_and_a_no_break_space_are_kept() -> None:
    assert rendered("{Имя}", ["", "", "", "1\u00a0460 ₽ 👍🏽"]) == "1\u00a0460 ₽ 👍🏽"


@given(values=st.lists(st.text(), min_size=2, max_size=2), literal=st.text())
def test_values_and_literals_come_through_whole(values: list[str], literal: str) -> None:
    text = "[{A}" + literal.replace("{", "{{").replace("}", "}}") + "{B}]"
    expected = (
        "["
        + template.clean(values[0]).strip()
        + template.clean(literal)
        + template.clean(values[1]).strip()
        + "]"
    )
    assert rendered(text, values, ["A", "B"]) == expected


@given(st.text(alphabet="{}|ab \n", max_size=30))
def test_any_text_is_parsed_or_refused_with_a_place_inside_it(text: str) -> None:
    try:
        names = template.parse(text).columns()
        place = None
    except Refused as error:
        names = ()
        place = error.params["position"]
    assert all(template.fold(name) for name in names)
    assert place is None or text[place - 1] in "{}"


@given(
    name=st.text(min_size=1, max_size=40),
    value=st.text(alphabet=st.characters(categories=("L", "N")), min_size=1),
)
def test_every_column_name_can_be_written_as_a_placeholder(name: str, value: str) -> None:
    written = template.placeholder(template.clean(name))
    if template.fold(template.clean(name)):
        assert rendered(written, [value], [template.clean(name)]) == value


@given(st.lists(st.text(max_size=5), max_size=3))
def test_missing_names_exactly_the_values_that_render_to_nothing(values: list[str]) -> None:
    columns = ["A", "B", "C"]
    bound = template.parse("{A}{B}{C}").bind(columns)
    empty = tuple(
        name for name in columns if not template.parse("{" + name + "}").bind(columns).render(values)
    )
    assert bound.missing(values) == empty
