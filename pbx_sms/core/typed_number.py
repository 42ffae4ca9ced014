"""The text of a cell that should hold a telephone number → the stretches of it that may be one.

Knows how people write: spacing of every kind, brackets, "тел.", an apostrophe in front, ".0" behind,
several numbers with a separator between, an extension after. Knows nothing of numbering plans; that is
`core.msisdn`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

_SPACES = " \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"

#: for `str.translate`: what stands between the digits of one number. No line break: it divides two numbers
SPACING: dict[int, None] = dict.fromkeys(map(ord, _SPACES + "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212()"))

#: fewer digits than this beside words are a flat or an extension, not an attempt at a number
_FEWEST_DIGITS = 5

_DASH_TABLE = dict.fromkeys(map(ord, _DASHES), "-")
_SEPARATOR = re.compile(r"[;,|/\\\r\n\t]|\s(?:и|или|либо|and|or)\s", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=\d)[\s,.(]*(?:доб|вн|внутр|ext|x|#|\*)[\w.]*[\s.:#]*\d+", re.IGNORECASE)
_FRACTION = re.compile(r"^(\+?\d+)[.,]0+$")
_RUN = re.compile(r"\+?[\s(]*\d(?:[\d\s().\-]*\d)?")
_SCIENTIFIC = re.compile(r"^\s*\d(?:[.,]\d+)?[eE]\+?\d+\s*$")


def text_of(value: Any) -> str | None:
    """The value of a cell as the person sees it; None for what cannot be a number (a date, a yes/no)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        whole = value == value and abs(value) < 1e18 and value == int(value)
        return str(int(value)) if whole else repr(value)
    return None


def is_rounded(text: str) -> bool:
    """Whether a spreadsheet shortened the number ("7,99916E+10"): its last digits are gone."""
    if not _SCIENTIFIC.match(text):
        return False
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return False
    return bool(len(number.as_tuple().digits) < number.adjusted() + 1)


def candidates(text: str) -> Iterator[str]:
    """The stretches that may be numbers, in order, with their spacing but without words."""
    cleaned = "".join(char for char in unicodedata.normalize("NFKC", text) if not _is_invisible(char))
    cleaned = cleaned.translate(_DASH_TABLE).strip().lstrip("'`’")
    if _SCIENTIFIC.match(cleaned):
        cleaned = format(Decimal(cleaned.replace(",", ".")), "f")
    for piece in _SEPARATOR.split(_FRACTION.sub(r"\1", cleaned)):
        stretch = _FRACTION.sub(r"\1", _EXTENSION.sub(" ", piece).strip())
        for match in _RUN.finditer(stretch):
            digit_count = sum(char.isdigit() for char in match[0])
            if digit_count >= _FEWEST_DIGITS or match[0] == stretch:
                yield match[0].strip()


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen."""
    return all(char.isspace() or _is_invisible(char) for char in text)


def _is_invisible(char: str) -> bool:
    # Cf: zero-width and direction marks that arrive with a number copied from a page or a messenger
    return unicodedata.category(char) == "Cf" and char != "\u00ad"
