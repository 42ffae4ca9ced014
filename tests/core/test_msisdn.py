"""Numbers as people type them, and the proof that the short way says what `phonenumbers` says."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from pbx_sms.core.msisdn import Accepted, Normalizer, Rejected

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
NORMALIZERS = {country: Normalizer(country) for country in COUNTRIES}
RUSSIAN = NORMALIZERS["RU"]


def the_long_way(text: str, country: str) -> str | None:
    """What `phonenumbers` alone makes of the text."""
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILE:
        return None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


@pytest.mark.parametrize(
    "value",
    [
        79161234567,
        79161234567.0,
        9161234567.0,
        89161234567.0,
        "89161234567",
        "9161234567",
        "79161234567",
        "+79161234567",
        "+7 916 123 45 67",
        "+7\u00a0916\u00a01234567",
        "8 (916) 123-45-67",
        "8-916-123-4567",
        "8.916.123.45.67",
        " 79161234567 ",
        "'+79161234567",
        "89161234567.0",
        "79161234567,0",
        "тел. 89161234567",
        "моб.: 8 916 123 45 67 (Иван)",
        "Сергей 8 916 123–45–67",
        "+7 (8) 916 123 45 67",
        "+8 916 123-45-67",
        "8 916 123 45 67 доб. 12",
        "+7(916)1234567#12",
        "\u202a+7 916 123-45-67\u202c",
        "８９１６１２３４５６７",
        "7.9161234567E+10",
    ],
)
def test_one_number_is_recognised_however_it_is_typed(value: Any) -> None:
    assert RUSSIAN.normalize(value) == Accepted(msisdn="+79161234567")


@pytest.mark.parametrize(
    "text",
    [
        "+79161234567; +79161234568",
        "89161234567\n89161234568",
        "8 (916) 1234567 / 8 (916) 1234568",
        "89161234567, 89161234568",
        "89161234567 и 89161234568",
        "89161234567 89161234568",
        "8 916 123-45-67 8 916 123-45-68",
        "моб. 89161234567 жена 89161234568",
    ],
)
def test_of_two_numbers_the_first_is_used_and_a_note_tells_the_other(text: str) -> None:
    assert RUSSIAN.normalize(text) == Accepted(
        msisdn="+79161234567", note="second_number", second="+79161234568"
    )


def test_of_a_landline_and_a_mobile_number_the_mobile_one_is_used() -> None:
    assert RUSSIAN.normalize("8 (495) 222-33-44, 8 916 123-45-67") == Accepted(
        msisdn="+79161234567", note="second_number", second="+74952223344"
    )


def test_the_same_number_twice_in_a_cell_is_one_number() -> None:
    assert RUSSIAN.normalize("89161234567; +7 916 123 45 67") == Accepted(msisdn="+79161234567")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "empty"),
        (" \u00a0\n", "empty"),
        ("\u200b", "empty"),
        ("?", "not_a_number"),
        ("-", "not_a_number"),
        ("уточнить", "not_a_number"),
        ("кв. 5", "not_a_number"),
        (True, "not_a_number"),
        (12345.0, "wrong_length"),
        ("5", "wrong_length"),
        ("8916123456", "wrong_length"),
        ("89161234", "wrong_length"),
        ("+7916123456789", "wrong_length"),
        ("+7 123 456 78 90", "no_such_number"),
        ("84952223344", "landline"),
        ("8 (845) 225-57-75", "landline"),
        ("+74951284775", "landline"),
        ("8 809 123-45-67", "premium"),
        ("8-800-555-35-35", "not_mobile"),
        ("7,99916E+10", "rounded"),
        (float("nan"), "not_a_number"),
        (89161234567.5, "wrong_length"),
    ],
)
def test_what_cannot_receive_sms_is_refused_with_the_reason(value: Any, code: str) -> None:
    found = RUSSIAN.normalize(value)
    assert isinstance(found, Rejected)
    assert found.code == code


@pytest.mark.parametrize(
    ("text", "msisdn"),
    [("+375 29 123-45-67", "+375291234567"), ("+1 650 253 0000", "+16502530000")],
)
def test_a_foreign_number_with_its_plus_is_taken(text: str, msisdn: str) -> None:
    assert RUSSIAN.normalize(text) == Accepted(msisdn=msisdn)


def test_a_foreign_number_without_its_plus_is_not_guessed_at() -> None:
    # 916123456781 would be a number in India; here it is a Russian one with two digits too many
    assert isinstance(RUSSIAN.normalize("916123456781"), Rejected)
    assert isinstance(RUSSIAN.normalize("375291234567"), Rejected)


def test_a_number_of_kazakhstan_shares_the_code_of_russia() -> None:
    assert RUSSIAN.normalize("8 701 123 45 67") == Accepted(msisdn="+77011234567")
    assert NORMALIZERS["KZ"].ordinary("8 701 123 45 67") == "+77011234567"


def test_the_short_way_is_open_for_the_countries_of_most_users() -> None:
    closed = [
        country
        for country in ("RU", "KZ", "DE", "FR", "GB", "IT", "ES", "PL", "UA", "UZ", "TR", "CN", "IN", "US")
        if not NORMALIZERS[country].ordinary(example_number(country))
    ]
    assert closed == []


def example_number(country: str) -> str:
    number = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    assert number is not None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


@st.composite
def nearly_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """(country, text): an example of any kind of number with some digits changed, with any prefix."""
    country = draw(st.sampled_from(COUNTRIES))
    kind = draw(st.sampled_from(range(11)))
    example = phonenumbers.example_number_for_type(country, kind)
    national = phonenumbers.national_significant_number(example) if example else "9161234567"
    digits = list(national)
    for _ in range(draw(st.integers(0, 3))):
        digits[draw(st.integers(0, len(digits) - 1))] = draw(st.sampled_from("0123456789"))
    if draw(st.booleans()):
        digits = digits[: draw(st.integers(1, len(digits)))] + list(draw(st.text("0123456789", max_size=3)))
    code = phonenumbers.country_code_for_region(country)
    trunk = phonenumbers.ndd_prefix_for_region(country, True) or ""
    prefix = draw(
        st.sampled_from(["", f"+{code}", str(code), trunk, f"+{code}{trunk}", f"+{code} ({trunk})"])
    )
    gaps = draw(st.lists(st.sampled_from(["", " ", "-", "(", ") ", "\u00a0"]), min_size=3, max_size=3))
    cut = draw(st.integers(0, len(digits)))
    body = "".join(digits[:cut]) + gaps[1] + "".join(digits[cut:])
    return country, f"{prefix}{gaps[0]}{body}{gaps[2].strip()}"


@given(nearly_numbers())
def test_the_short_way_never_says_anything_else_than_the_long_way(sample: tuple[str, str]) -> None:
    country, text = sample
    short = NORMALIZERS[country].ordinary(text)
    if short is not None:
        assert short == the_long_way(text, country)


@given(st.integers(9_000_000_000, 9_999_999_999), st.sampled_from(["+7", "7", "8", ""]))
def test_for_russian_mobile_numbers_the_short_way_is_the_whole_truth(national: int, prefix: str) -> None:
    text = f"{prefix}{national}"
    assert RUSSIAN.ordinary(text) == the_long_way(text, "RU")
    if prefix != "+7":
        assert RUSSIAN.ordinary(float(text)) == RUSSIAN.ordinary(text)


@given(st.one_of(st.text(), st.text("+78916()-, ./\n"), st.floats(), st.integers(), st.dates(), st.none()))
def test_whatever_stands_in_a_cell_gets_an_answer(value: Any) -> None:
    found = RUSSIAN.normalize(value)
    if isinstance(found, Accepted):
        assert the_long_way(found.msisdn, "RU") == found.msisdn
    else:
        assert found.code


def test_a_country_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="XX"):
        Normalizer("XX")
