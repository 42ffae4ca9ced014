"""Rules that select people, and how what is known of a person is brought together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pbx_sms.core.people import rule as rules
from pbx_sms.core.people.merging import MergeRule, Person, columns_of, merged, name_position
from pbx_sms.core.people.rule import Facts
from pbx_sms.errors import Refused

NOW = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 11)
ANNA = Person(name="Анна", fields={"Город": "Нижний  Новгород", "Долг": "1 460,50", "Визит": "05.03.2026"})


def selects(rule: Any, person: Person = ANNA, facts: Facts | None = None, *, today: date = TODAY) -> bool:
    return rules.selects(rules.check(rule), person, facts or Facts(), now=NOW, today=today)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"field": "город", "is": "нижний новгород"}, True),
        ({"field": "Город", "is": "Нижний"}, False),
        ({"field": "Город", "contains": "НОВГОРОД"}, True),
        ({"field": "", "is": "анна"}, True),
        ({"field": "Страна", "empty": True}, True),
        ({"field": "Город", "empty": True}, False),
        ({"field": "Город", "empty": False}, True),
        ({"field": "Долг", "greater": 1460}, True),
        ({"field": "Долг", "greater": "1460,50"}, False),
        ({"field": "Долг", "less": "10000"}, True),
        ({"field": "Долг", "is": 1460.5}, True),
        ({"field": "Визит", "greater": "28.02.2026"}, True),
        ({"field": "Визит", "less": "28.02.2026"}, False),
        ({"field": "Город", "greater": 5}, False),
        ({"not": {"field": "Город", "greater": 5}}, True),
        ({"all": [{"field": "", "is": "Анна"}, {"field": "Страна", "empty": False}]}, False),
        ({"any": [{"field": "", "is": "Анна"}, {"field": "Страна", "empty": False}]}, True),
    ],
)
def test_a_field_is_compared_as_a_person_reads_it(rule: Any, expected: bool) -> None:
    assert selects(rule) is expected


def test_what_has_passed_decides_about_mailed_delivered_and_replied() -> None:
    never = Facts()
    told = Facts(mailed_at=NOW - timedelta(days=30), was_delivered=False, has_replied=True)
    assert not selects({"mailed_within_days": 30}, facts=told)
    assert selects({"mailed_within_days": 31}, facts=told)
    assert selects({"not": {"mailed_within_days": 30}}, facts=never)
    assert selects({"delivered": False}, facts=told)
    assert not selects({"delivered": False}, facts=never)
    assert not selects({"delivered": True}, facts=never)
    assert selects({"replied": True}, facts=told)
    assert selects({"replied": False}, facts=never)


@pytest.mark.parametrize(
    ("born", "today", "expected"),
    [
        # the week of Wednesday, 11 March 2026 is 9 to 15 March
        ("09.03.1980", date(2026, 3, 11), True),
        ("15.03.1980", date(2026, 3, 11), True),
        ("08.03.1980", date(2026, 3, 11), False),
        ("16.03.1980", date(2026, 3, 11), False),
        # Thursday, 31 December 2026: 28 December to 3 January
        ("02.01.1990", date(2026, 12, 31), True),
        ("28.12.1990", date(2027, 1, 1), True),
        ("04.01.1990", date(2026, 12, 31), False),
        # 28 February 2026 is a Saturday; in 2026 nobody has 29 February
        ("29.02.1988", date(2026, 2, 25), True),
        ("29.02.1988", date(2026, 3, 2), False),
        # 29 February 2028 is a Tuesday, 28 February a Monday of the same week
        ("29.02.1988", date(2028, 3, 3), True),
        ("", date(2026, 3, 11), False),
        ("весной", date(2026, 3, 11), False),
    ],
)
def test_a_birthday_of_the_week_also_over_the_year_s_end_and_on_29_february(
    born: str, today: date, expected: bool
) -> None:
    person = Person(fields={"Дата рождения": born})
    assert selects({"birthday_this_week": "дата рождения"}, person, today=today) is expected


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ([], "group_rule_not_a_condition"),
        ({}, "group_rule_not_a_condition"),
        ({"all": []}, "group_rule_needs_conditions"),
        ({"any": {"field": "x", "is": "y"}}, "group_rule_needs_conditions"),
        ({"field": "x"}, "group_rule_not_a_condition"),
        ({"field": "x", "is": "y", "contains": "z"}, "group_rule_not_a_condition"),
        ({"field": "x", "is": ""}, "group_rule_not_a_condition"),
        ({"field": "x", "empty": "yes"}, "group_rule_not_a_condition"),
        ({"mailed_within_days": 0}, "group_rule_not_a_condition"),
        ({"mailed_within_days": True}, "group_rule_not_a_condition"),
        ({"replied": "no"}, "group_rule_not_a_condition"),
        ({"all": [{"field": "x", "is": "y"}], "not": {"replied": True}}, "group_rule_not_a_condition"),
        ({"all": [{"field": "x", "is": "y"}] * 101}, "group_rule_too_long"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_place(rule: Any, code: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.check(rule)
    assert refused.value.code == code


def test_a_rule_that_is_nested_without_end_is_refused() -> None:
    rule: Any = {"replied": True}
    for _ in range(11):
        rule = {"not": rule}
    with pytest.raises(Refused) as refused:
        rules.check(rule)
    assert refused.value.code == "group_rule_too_deep"


def test_what_a_file_tells_is_merged_by_the_rule_and_an_empty_cell_erases_nothing() -> None:
    known = Person(name="Анна", fields={"Город": "Казань", "Заметка": ""})
    told = Person(name="Анна Петровна", fields={"ГОРОД": "Москва", "Заметка": "звонить", "Новое": ""})
    assert merged(known, told, MergeRule.ADD) == known
    assert merged(known, told, MergeRule.KEEP) == Person(
        name="Анна", fields={"Город": "Казань", "Заметка": "звонить"}
    )
    assert merged(known, told, MergeRule.OVERWRITE) == Person(
        name="Анна Петровна", fields={"Город": "Москва", "Заметка": "звонить"}
    )
    assert merged(known, Person(fields={"Город": ""}), MergeRule.OVERWRITE) is known


def test_a_name_is_a_column_of_a_text_once() -> None:
    assert name_position(["Телефон", "ФИО", "Город"]) == 1
    assert name_position(["Телефон", "Город"]) is None
    assert columns_of(Person(name="Анна", fields={"Name": "Ann", "Город": "Казань"}), "ru") == {
        "Имя": "Анна",
        "Город": "Казань",
    }
