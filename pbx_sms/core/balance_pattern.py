"""Patterns that a person can read and write, which find the amount in an operator's answer about a balance.

`Баланс*{amount}` finds the first amount after the word; `*` stands for anything, everything else for itself,
without regard to capitals, spaces, ё, and Latin letters that look like Cyrillic ones ("OCTATOK"). It is no
regular expression on purpose: whatever is typed, the time to match grows with the length of the answer alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from pbx_sms.errors import Refused

_PLACE = "{amount}"
_MAX_LENGTH = 200
#: answers are USSD texts; more is not looked at
_MAX_ANSWER = 1_000
#: in a folded answer. A debt is told by a sign, or by the word; a dash with a space after it is a dash. What
#: may be thousands or decimals (1,234) is none: it is shown as it is
_AMOUNT = re.compile(
    r"""(?<![\d.,])
    (?P<debt>[-−–]|(?<!\w)(?:минус|мinus)[: ]{0,2})?
    (?P<digits>
        \d{1,3}(?:,\d{3}){1,3}\.\d{1,2} | \d{1,3}(?:\.\d{3}){1,3},\d{1,2}
        | (?:\d{1,3}(?:[ ]\d{3}){1,3} | \d{1,12}) (?:[.,]\d{1,2})?
    )
    (?![.,]?\d)""",
    re.VERBOSE,
)
_LOOK_ALIKES = str.maketrans("abcehkmoptxyё", "авсенкмортхуе")


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancePattern:
    """How one operator is asked, and how its answer is read."""

    #: the USSD code; None = only the answer is read
    code: str | None
    pattern: str
    currency: str


#: brand → what holds until a person says otherwise
DEFAULTS: dict[str, BalancePattern] = {
    "mts": BalancePattern(code="*100#", pattern="Баланс*{amount}", currency="RUB"),
    "megafon": BalancePattern(code="*100#", pattern="Остаток*{amount}", currency="RUB"),
    "beeline": BalancePattern(code="*102#", pattern="Balans*{amount}", currency="RUB"),
    "t2": BalancePattern(code="*105#", pattern="Баланс*{amount}", currency="RUB"),
    "motiv": BalancePattern(code="*102#", pattern="Баланс*{amount}", currency="RUB"),
}


def check(pattern: str) -> str:
    """The pattern as it is kept. Refused: balance_pattern_invalid."""
    kept = " ".join(pattern.split())
    if kept.count(_PLACE) != 1 or len(kept) > _MAX_LENGTH or not kept.isprintable():
        raise Refused("balance_pattern_invalid", value=pattern)
    return kept


def read(pattern: str, answer: str) -> Decimal | None:
    """The amount, None where the pattern does not fit."""
    text = _folded(answer[:_MAX_ANSWER])
    before, after = (_folded(side) for side in pattern.split(_PLACE))
    for match in _AMOUNT.finditer(text):
        if _ends_with(before, text[: match.start()]) and _begins_with(after, text[match.end() :]):
            amount = _number(match["digits"])
            return -amount if match["debt"] else amount
    return None


def _number(digits: str) -> Decimal:
    """The last sign is that of the decimals where two of a kind cannot be meant."""
    plain = digits.replace(" ", "").replace(",", ".")
    whole, point, decimals = plain.rpartition(".")
    return Decimal(whole.replace(".", "") + point + decimals)


def _folded(text: str) -> str:
    return " ".join(text.lower().translate(_LOOK_ALIKES).split())


def _begins_with(pattern: str, text: str) -> bool:
    """Whether the pieces between the stars stand in `text` in their order, the first one at its beginning."""
    first, *others = (piece.strip() for piece in pattern.split("*"))
    rest = text.strip()
    if not rest.startswith(first):
        return False
    at = len(first)
    for piece in others:
        found = rest.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _ends_with(pattern: str, text: str) -> bool:
    """The same from behind."""
    return _begins_with(pattern[::-1], text[::-1])
