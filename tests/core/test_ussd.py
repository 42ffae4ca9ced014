"""USSD codes, replies in all the forms sticks give them, and the balance in them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import ussd
from pbx_sms.errors import Refused
from tests.tpdus import USSD_CODES

E160_REPLY = (
    "49B41C74ACD3D16171D90D32FBE52072BA0C72CA5DB45CAC76C3CD6CB41B2D060389CB74F9FE4C07D55C371CA85897BF1B"
)
RUSSIAN = "Для вас: баланс 12.50 р."


def ucs2(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


@pytest.mark.parametrize(("code", "packed"), USSD_CODES.items())
def test_golden_codes(code: str, packed: str) -> None:
    assert ussd.pack_code(code) == packed


@pytest.mark.parametrize(("code", "packed"), USSD_CODES.items())
def test_a_packed_code_is_read_back(code: str, packed: str) -> None:
    # a single packed digit looks the same as its own plain text
    assert ussd.decode_reply(packed, 15) == code


@pytest.mark.parametrize("code", ["", "hello", "*100#;", "*100 #", "1" * 161, "*１００#"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(Refused, match="ussd_code_not_dialable"):
        ussd.pack_code(code)


@pytest.mark.parametrize(
    ("reply", "dcs", "text"),
    [
        (E160_REPLY, 15, "Ihr Guthaben für die Nr.4915783647410 beträgt 5.78 Euro"),
        (f'"{E160_REPLY.lower()}"', None, "Ihr Guthaben für die Nr.4915783647410 beträgt 5.78 Euro"),
        ("CF2135487D2E4130572D0682BB1A", 0, "OCTATOK 0.51 p."),
        (ucs2(RUSSIAN), 72, RUSSIAN),
        (ucs2(RUSSIAN), 15, RUSSIAN),
        (ucs2(RUSSIAN), None, RUSSIAN),
        (ucs2(RUSSIAN), 17, RUSSIAN),
        (ucs2(RUSSIAN) + "FFFF" * 3, 17, RUSSIAN),
        (ucs2(RUSSIAN) + "000D", 72, RUSSIAN),
        # a language in front, as the standard has it for 17: "ru", CR packed into two octets
        ("F23A" + ucs2(RUSSIAN), 17, RUSSIAN),
        (ucs2("Balance 5.00"), 15, "Balance 5.00"),
        (RUSSIAN, 72, RUSSIAN),
        ("Kontostand: 3.00 EUR Bitte w{hlen Sie: 1", None, "Kontostand: 3.00 EUR Bitte w{hlen Sie: 1"),
        ("Maaf, coba lagi", 0, "Maaf, coba lagi"),
        ("Баланс 5.00".encode("cp1251").hex(), 0x44, "Баланс 5.00"),
        # digits alone are text, unless they read well as something else
        ("9161234567", 15, "9161234567"),
        ("79161234567", 15, "79161234567"),
        ("", None, ""),
        ('""', 15, ""),
    ],
)
def test_replies(reply: str, dcs: int | None, text: str) -> None:
    assert ussd.decode_reply(reply, dcs) == text


@given(st.text(), st.one_of(st.none(), st.integers(0, 255)))
def test_no_text_breaks_the_reading(reply: str, dcs: int | None) -> None:
    ussd.find_balance(ussd.decode_reply(reply, dcs))


@given(st.binary(max_size=200), st.one_of(st.none(), st.integers(0, 255)))
def test_no_octets_break_the_reading(octets: bytes, dcs: int | None) -> None:
    text = ussd.decode_reply(octets.hex(), dcs)
    text.encode()
    assert "\x00" not in text


@pytest.mark.parametrize(
    ("text", "balance"),
    [
        ("OCTATOK 0.51 p.", "0.51"),
        ("Баланс: 125,40 руб.", "125.40"),
        ("Баланс:1234.5р", "1234.5"),
        ("Ваш баланс 150 руб.", "150"),
        ("BAЛAHC:10.00p", "10.00"),
        ("Vash balans 100.00 r. Bonus 20.00", "100.00"),
        ("Balans=1 234,56 rub", "1234.56"),
        ("Баланс 12\u00a0345,00 ₽", "12345.00"),
        ("На счете -3.00 р.", "-3.00"),
        ("Баланс:−7.25 руб", "-7.25"),
        ("Баланс: минус 7,50р", "-7.50"),
        # a hyphen glued to the word divides, it is no sign
        ("Баланс-15.20р", "15.20"),
        ("31.12.2025 12:30 Баланс:5.00", "5.00"),
        ("Скидка 10.00 руб. Остаток 20.00 руб.", "20.00"),
        ("Ihr Guthaben für die Nr.4915783647410 beträgt 5.78 Euro", "5.78"),
        ("Kontostand: 3.00 EUR Bitte w{hlen Sie: 1 Konto aufladen", "3.00"),
        ("12.34", "12.34"),
        ("0.00 р", "0.00"),
    ],
)
def test_balances_are_found(text: str, balance: str) -> None:
    assert ussd.find_balance(text) == Decimal(balance)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ваш запрос принят, ждите SMS",
        "Остаток пакета SMS: 87 шт",
        "Ваш номер +79161234567",
        "Тариф действует до 31.12.2025 12:30",
        "Версия 1.23.45",
        "Maaf, coba lagi 5",
    ],
)
def test_other_numbers_are_not_taken_for_a_balance(text: str) -> None:
    assert ussd.find_balance(text) is None
