"""Patterns of balances: what operators answer, what a person may type, and that none of it takes long."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import balance_pattern
from pbx_sms.errors import Refused


@pytest.mark.parametrize(
    ("pattern", "answer", "amount"),
    [
        ("Баланс*{amount}", "Баланс:51.20р.", "51.20"),
        ("баланс*{amount}", "Ваш БАЛАНС  1 234,50 руб.", "1234.50"),
        ("Остаток {amount} р", "OCTATOK 100.00 p.", "100.00"),
        ("Баланс: {amount}", "Баланс: -12,3 р", "-12.3"),
        # the number of the SIM stands before, a date after the word
        ("Баланс на*: {amount} р", "Номер 9161234567. Баланс на 25.11: 77 р, пакет 100", "77"),
        ("{amount} р*пакет", "10 SMS, 20 р, пакет 30", "20"),
        ("{amount}", "5", "5"),
        ("Balance*{amount}*EUR", "Balance: 7.00 USD", None),
        ("Баланс*{amount}", "Услуга недоступна", None),
        ("Баланс{amount}", "Баланс через 5 минут", None),
        ("Счёт*{amount}", "СЧЕТ 3", "3"),
        # a debt in words, with and without a star before it
        ("Баланс*{amount}", "Баланс: минус 12,30 р.", "-12.30"),
        ("Баланс: {amount}", "Баланс: Минус 5 р", "-5"),
        ("Balans*{amount}", "Balans minus: 7.50 r", "-7.50"),
        # a dash between is no debt, and neither is a word that ends like it
        ("Баланс*{amount}", "Баланс - 51.20 р", "51.20"),
        ("{amount}", "терминус 4", "4"),
        # thousands
        ("Balance*{amount}", "Balance 5,001.20 RUB", "5001.20"),
        ("Guthaben*{amount}", "Guthaben: 1.234,56 EUR", "1234.56"),
        ("Баланс*{amount}", "Баланс -1 234,5", "-1234.5"),
        # thousands or three decimals? nobody knows: the answer is shown as it is
        ("Balance*{amount}", "Balance 1,234 RUB", None),
        ("Баланс*{amount}", "Баланс на 25.11.2026: 77 р", "77"),
    ],
)
def test_the_amount_is_found_where_the_pattern_says(pattern: str, answer: str, amount: str | None) -> None:
    found = balance_pattern.read(balance_pattern.check(pattern), answer)
    assert found == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    "pattern", ["", "Баланс", "{amount} {amount}", "(a+)+$", "{amount}" + "x" * 200, "{amount}\x1b"]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(Refused, match="balance_pattern_invalid"):
        balance_pattern.check(pattern)


def test_what_would_be_a_catastrophic_expression_is_plain_text_here() -> None:
    pattern = balance_pattern.check("(a+)+" + "*" * 90 + "{amount}" + "*a" * 40)
    assert balance_pattern.read(pattern, "a1" * 400 + "!") is None


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=200))
def test_any_pattern_and_any_answer_give_an_amount_or_none(before: str, after: str, answer: str) -> None:
    try:
        pattern = balance_pattern.check(before + "{amount}" + after)
    except Refused:
        return
    found = balance_pattern.read(pattern, answer)
    assert found is None or found.is_finite()
