"""Amounts of money: read as people type them, written as a language writes them. Decimal, never float."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

_TYPED = re.compile(r"\d{1,9}(?:[.,]\d{1,4})?")
_CENT = Decimal("0.01")
_SIGNS = {"RUB": "₽", "EUR": "€", "USD": "$", "KZT": "₸", "UAH": "₴", "GBP": "£"}
_NARROW = "\N{NO-BREAK SPACE}"


def parse(text: str) -> Decimal | None:
    """A price or fee as typed, with a point or a comma; None where it is none. At most four decimals."""
    stripped = text.strip()
    return Decimal(stripped.replace(",", ".")) if _TYPED.fullmatch(stripped) and stripped.isascii() else None


def plain(amount: Decimal) -> str:
    """For programs: two decimals at least, more where they are needed: `180.00`, `0.065`."""
    exponent = amount.normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{amount:.{decimals}f}"


def cents(amount: Decimal) -> Decimal:
    """To the smallest coin, a half upwards."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def written(amount: Decimal, currency: str, language: str) -> str:
    """For people: `6 000,00 ₽` in Russian, `₽6,000.00` in English; a price keeps the decimals it has."""
    digits = plain(amount.copy_abs())
    whole, _, decimals = digits.partition(".")
    grouped = f"{int(whole):,}"
    minus = "−" if amount < 0 else ""
    sign = _SIGNS.get(currency)
    if language == "ru":
        # four digits are grouped as well: amounts stand below each other
        return f"{minus}{grouped.replace(',', _NARROW)},{decimals}{_NARROW}{sign or currency}"
    if sign is None:
        return f"{minus}{grouped}.{decimals}{_NARROW}{currency}"
    return f"{minus}{sign}{grouped}.{decimals}"
