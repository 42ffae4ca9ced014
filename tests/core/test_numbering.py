"""The numbering plan: read whole or not at all, found by bisection, zones by region, brands by any name."""

from __future__ import annotations

import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import numbering_file
from pbx_sms.core.numbering import NumberingPlan, NumberRange, joined
from pbx_sms.core.operator_brand import brand, brand_of_imsi, brand_of_sim
from pbx_sms.core.region_zones import zone_of
from pbx_sms.errors import Refused

ZONES = zoneinfo.available_timezones()
REGULATORS = (
    "АВС/ DEF;От;До;Емкость;Оператор;Регион;Территория ГАР;ИНН\r\n"
    '916;0000000;1999999;2000000;ПАО "Мобильные ТелеСистемы";г. Москва и Московская область;;7740000076\r\n'
    "914;2200000;2299999;100000;ПАО МТС;Республика Саха (Якутия);;7740000076\r\n"
    "900;0000000;0061999;62000;ООО «Т2 Мобайл»;Краснодарский край;;7743895280\r\n"
)


def one(first: int, last: int, operator: str = "a", zone: str | None = None) -> NumberRange:
    return NumberRange(first=first, last=last, operator=operator, region=None, zone=zone)


def read(text: str) -> list[NumberRange]:
    return numbering_file.checked(numbering_file.read(text, file="plan.csv", known_zones=ZONES))


def test_the_regulators_file_is_read_in_either_encoding() -> None:
    for encoding in ("cp1251", "utf-8", "utf-8-sig"):
        content = REGULATORS.encode(encoding)
        ranges = read(numbering_file.decoded(content, file="plan.csv"))
        assert [(found.first, found.last, found.zone) for found in ranges] == [
            (79000000000, 79000061999, "Europe/Moscow"),
            (79142200000, 79142299999, "Asia/Yakutsk"),
            (79160000000, 79161999999, "Europe/Moscow"),
        ]
        assert ranges[2].operator == 'ПАО "Мобильные ТелеСистемы"'
        assert ranges[2].region == "г. Москва и Московская область"


def test_zeros_that_a_spreadsheet_program_dropped_are_put_back() -> None:
    assert read("АВС/ DEF;От;До;Оператор;Регион\n900;0;61999;Т2;")[0].last == 79000061999


def test_the_plain_file_has_numbers_with_their_country_and_may_have_zones() -> None:
    ranges = read(
        "first,last,operator,region,zone\n"
        "+375290000000,+375299999999,A1,Belarus,Europe/Minsk\n"
        "77010000000,77019999999,Kcell\n"
        "79140000000,79140000009,МТС,Амурская область,\n"
    )
    assert [(found.operator, found.zone) for found in ranges] == [
        ("Kcell", None),
        ("МТС", "Asia/Yakutsk"),
        ("A1", "Europe/Minsk"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("name,number\na,1", "numbering_titles", None),
        ("", "numbering_titles", None),
        ("first,last,operator\n", "numbering_empty", None),
        (
            "first,last,operator\n79160000000,79160000009,a\n\n79170000009,79170000000,a",
            "numbering_backwards",
            4,
        ),
        ("first,last,operator\n7916000000x,79160000009,a", "numbering_number_invalid", 2),
        ("first,last,operator\n7916,7917,a", "numbering_number_invalid", 2),
        ("first,last,operator\n7916000000,79160000009,a", "numbering_lengths_differ", 2),
        ("first,last,operator\n79160000000,79160000009,", "numbering_no_operator", 2),
        ("first,last,operator,zone\n79160000000,79160000009,a,Mars/Base", "numbering_zone_unknown", 2),
        ("АВС/ DEF;От;До;Оператор\n9160;0000000;0000009;a", "numbering_wrong_length", 2),
        ("АВС/ DEF;От;До;Оператор\n916;00000000;0000009;a", "numbering_wrong_length", 2),
        ("АВС/ DEF;От;До;Оператор\n916;0000000;;a", None, None),
        ("АВС/ DEF;От;До;Оператор\n916;-000001;0000009;a", "numbering_wrong_length", 2),
        (
            "first,last,operator\n79160000000,79160000009,a\n79160000009,79160000019,a",
            "numbering_overlap",
            3,
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, code: str | None, line: int | None) -> None:
    if code is None:
        # "" stands for the dropped zeros of 0000000
        assert len(read(text)) == 1
        return
    with pytest.raises(Refused) as refused:
        read(text)
    assert (refused.value.code, refused.value.params.get("line")) == (code, line)


def test_what_is_no_text_is_refused() -> None:
    for content in (b"PK\x03\x04\0\0", b"\x98\xff"):
        with pytest.raises(Refused, match="numbering_not_text"):
            numbering_file.decoded(content, file="plan.xlsx")


def test_numbers_are_found_at_both_ends_of_a_range_and_not_between() -> None:
    plan = NumberingPlan([one(79160000000, 79160000009, "b"), one(79150000000, 79150000009, "a")])
    assert len(plan) == 2
    for number, operator in (
        ("+79150000000", "a"),
        ("79150000009", "a"),
        ("+79160000000", "b"),
        ("+79150000010", None),
        ("+79149999999", None),
        ("+79160000010", None),
        ("MTS", None),
        ("", None),
        ("+" + "9" * 40, None),
    ):
        found = plan.find(number)
        assert (found and found.operator) == operator, number
    assert NumberingPlan().find("+79160000000") is None


def test_overlapping_ranges_make_no_plan() -> None:
    with pytest.raises(ValueError, match="overlap"):
        NumberingPlan([one(1, 10), one(10, 20)])


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30), st.sampled_from("ab")), max_size=20))
def test_joining_neighbours_changes_no_answer(pieces: list[tuple[int, int, str]]) -> None:
    ranges, at = [], 79000000000
    for gap, length, operator in pieces:
        first = at + gap - 1
        ranges.append(one(first, first + length - 1, operator))
        at = first + length
    whole, short = NumberingPlan(ranges), NumberingPlan(joined(ranges))
    assert len(short) <= len(whole)
    for number in range(79000000000 - 1, at + 2):
        found, again = whole.find(str(number)), short.find(str(number))
        assert (found and found.operator) == (again and again.operator)


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        ("г. Москва", "Europe/Moscow"),
        ("Московская область", "Europe/Moscow"),
        ("г. Санкт - Петербург и Ленинградская область", "Europe/Moscow"),
        ("Республика Саха /Якутия/", "Asia/Yakutsk"),
        ("Республика Саха (Якутия)", "Asia/Yakutsk"),
        ("Сахалинская область", "Asia/Sakhalin"),
        ("Республика Коми", "Europe/Moscow"),
        ("Коми-Пермяцкий округ", "Asia/Yekaterinburg"),
        ("Ненецкий автономный округ", "Europe/Moscow"),
        ("Ямало - Ненецкий АО", "Asia/Yekaterinburg"),
        ("Ханты-Мансийский автономный округ — Югра", "Asia/Yekaterinburg"),
        ("Омская область", "Asia/Omsk"),
        ("Томская область", "Asia/Tomsk"),
        ("Республика Алтай", "Asia/Barnaul"),
        ("Курская обл.", "Europe/Moscow"),
        ("Курганская обл.", "Asia/Yekaterinburg"),
        ("Еврейская АО", "Asia/Vladivostok"),
        ("Камчатский край", "Asia/Kamchatka"),
        ("Кабардино-Балкарская Республика", "Europe/Moscow"),
        ("Удмуртская Республика", "Europe/Samara"),
        ("р-н Приморско-Ахтарский|Краснодарский край", "Europe/Moscow"),
        ("г. Сочи|Краснодарский край", "Europe/Moscow"),
        ("Краснодарский край|", "Europe/Moscow"),
        # several zones, or none
        ("Самарская область, Пермский край", None),
        ("Российская Федерация", None),
        ("", None),
        ("Москва", "Europe/Moscow"),
        ("МОСКОВСКАЯ ОБЛ", "Europe/Moscow"),
    ],
)
def test_a_region_is_understood_however_it_is_written(region: str, zone: str | None) -> None:
    assert zone_of(region) == zone
    assert zone is None or zone in ZONES


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ('ПАО "Мобильные ТелеСистемы"', "mts"),
        ("Публичное акционерное общество «Мобильные ТелеСистемы»", "mts"),
        ("MTS RUS", "mts"),
        ('ПАО "Вымпел-Коммуникации"', "beeline"),
        ("Beeline", "beeline"),
        ('ООО "Т2 Мобайл"', "t2"),
        ("Tele2 Russia", "t2"),
        ("T2", "t2"),
        ('АО "Новый оператор"', "новый оператор"),
        ("АОНова", "аонова"),
        ("Т25", "т25"),
        ("", ""),
    ],
)
def test_one_operator_has_one_brand(name: str, known: str) -> None:
    assert brand(name) == known


def test_a_sim_belongs_to_who_gave_it_out_even_when_it_roams() -> None:
    assert brand_of_imsi("250011234567890") == "mts"
    assert brand_of_imsi("999991234567890") is None
    assert brand_of_sim(imsi="250011234567890", operator="Beeline") == "mts"
    assert brand_of_sim(imsi="999991234567890", operator="Beeline") == "beeline"
    assert brand_of_sim(imsi="250011234567890", operator=None, own_operator="ПАО МегаФон") == "megafon"
    assert brand_of_sim(imsi="999991234567890", operator=None) is None
