"""What a message is found by: its text without case, and the threes of letters in it.

`fold` decides what is the same to a person who searches: ж and Ж, ё and е, any white space and one space.
A piece of text can only stand in a text that has all of the piece's threes. The last digits of a number
become a word of the same length that no text has, so that one index serves both.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

#: what a search needs at least: shorter pieces stand in nearly every text
MIN_LETTERS = 3
TAIL_DIGITS = 4

_WORD = 3
#: of Unicode's area for private use: one letter for two digits
_PRIVATE = 0xE000
_SAME = str.maketrans({"ё": "е", "\0": " "})


def fold(text: str) -> str:
    """`text` as it is compared: two texts that a person calls the same are equal then."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.casefold().translate(_SAME).split())


def threes(folded: str) -> set[str]:
    """Every three letters in a row."""
    return {folded[at : at + _WORD] for at in range(len(folded) - _WORD + 1)}


def threes_of_all(folded: Iterable[str]) -> set[str]:
    """At least those of every text. Neighbours in a mailing have most words in common: each is cut once."""
    pieces: set[str] = set()
    for text in folded:
        # a word with what stands before it, as far as a three reaches
        before = ""
        for word in text.split(" "):
            pieces.add(before + word)
            before = f" {word} " if len(word) < _WORD - 1 else f"{word[1 - _WORD :]} "
    return {piece[at : at + _WORD] for piece in pieces for at in range(len(piece) - _WORD + 1)}


def tail(digits: str) -> str:
    """The word of a number's last digits; of any number that ends with them. At least TAIL_DIGITS of them."""
    last = digits[-TAIL_DIGITS:]
    return f"{chr(_PRIVATE + int(last[:2]))}{chr(_PRIVATE + int(last[2:]))}{chr(_PRIVATE + 255)}"
