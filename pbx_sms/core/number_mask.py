"""Telephone numbers as somebody sees them who may not read them: +7 916 •••-••-67.

Whatever looks like a number of ten digits and more is covered, however it is written: an order number of that
length is covered too, which harms nobody. The last two digits tell people apart who are talked about.
"""

from __future__ import annotations

import re

DOT = "\u2022"
_SHORTEST, _LONGEST = 10, 15
_LAST = 2
#: of a number with its country; of one without
_FIRST_OF_LONG, _FIRST_OF_SHORT = 4, 3

#: between two digits: spaces, hyphens, brackets, as text, as HTML and as JSON writes them
_BETWEEN = r"(?:[ \t\u00a0\u2011().\-]|&nbsp;|&#160;|\\u00a0|\\u2011){0,3}"
#: days are no part of a number; where one is found, the number begins behind it
_DAY = r"(?P<day>\b\d\d\.\d\d\.\d{4}\b|\b\d{4}-\d\d-\d\d)"
_NUMBER = re.compile(
    rf"{_DAY}|(?<![\w/.=&-])(?:\+|%2B|&\#43;)?\(?\d(?:{_BETWEEN}\d){{{_SHORTEST - 1},{_LONGEST - 1}}}(?!\w)"
    rf"|(?:\+|%2B|&\#43;)\d(?:{_BETWEEN}\d){{{_SHORTEST - 1},{_LONGEST - 1}}}(?!\w)"
)
_DIGIT = re.compile(r"\\u[0-9a-f]{4}|&\#\d+;|%2B|(\d)")


def mask(text: str) -> str:
    """`text` with the middle of every number covered."""
    return _NUMBER.sub(lambda found: found[0] if found["day"] else _covered(found[0]), text)


def _covered(number: str) -> str:
    digits = sum(1 for found in _DIGIT.finditer(number) if found[1])
    first = _FIRST_OF_LONG if digits > _SHORTEST else _FIRST_OF_SHORT
    at = 0

    def cover(found: re.Match[str]) -> str:
        nonlocal at
        if found[1] is None:
            return found[0]
        at += 1
        return found[0] if at <= first or at > digits - _LAST else DOT

    return _DIGIT.sub(cover, number)
