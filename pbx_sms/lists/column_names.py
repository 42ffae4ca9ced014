"""Titles of columns: how they are made unique, and how much they sound like a column of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pbx_sms.core.cell import column_letters

_WORD = re.compile(r"[^\W\d_]+")

#: beginnings of words (whole words where they end in a space) → how surely the column holds numbers
_HINTS: tuple[tuple[str, int], ...] = (
    ("мобил", 4),
    ("моб ", 4),
    ("сотов", 4),
    ("сот ", 4),
    ("mobile", 4),
    ("mob ", 4),
    ("cell ", 4),
    ("cellphone", 4),
    ("cellular", 4),
    ("msisdn", 4),
    ("sms", 4),
    ("смс", 4),
    ("whatsapp", 4),
    ("телефон", 3),
    ("тел ", 3),
    ("тлф ", 3),
    ("phone", 3),
    ("telephone", 3),
    ("tel ", 3),
    ("номер ", 1),
    ("номера ", 1),
    ("number ", 1),
    ("numbers ", 1),
    ("контакт", 1),
    ("contact", 1),
    ("абонент", 1),
    ("получател", 1),
    ("recipient", 1),
    ("кому ", 1),
    ("to ", 1),
)
#: words that make another number of it: an order, a document, a fax
_OTHER: tuple[str, ...] = (
    "заказ",
    "договор",
    "счет",
    "инн ",
    "кпп ",
    "паспорт",
    "карт",
    "факс",
    "order",
    "invoice",
    "account",
)
_OTHER += ("fax", "card", "id ", "код ", "code ", "строк", "row ")
#: not the customer's own mobile number: taken only if there is no better one
_LESS = ("рабоч", "домашн", "городск", "менеджер", "второй", "доп", "work", "home", "office", "manager")


def unique_names(titles: Sequence[str], first_column: int) -> tuple[str, ...]:
    """A name for every column: blanks become the column's letters, a second "Имя" becomes "Имя 2".

    Names that differ only in case count as one, since placeholders are found in any case.
    """
    taken = {_folded(title) for title in titles}
    names: list[str] = []
    used: set[str] = set()
    for position, title in enumerate(titles):
        name = " ".join(title.replace("\0", "").split()) or column_letters(first_column + position)
        if _folded(name) in used or (not title.strip() and _folded(name) in taken):
            number = 2
            while _folded(f"{name} {number}") in used | taken:
                number += 1
            name = f"{name} {number}"
        used.add(_folded(name))
        names.append(name)
    return tuple(names)


def phone_weight(title: str) -> int:
    """0 to 4: how much a title sounds like the column with the numbers; -1 for a number of another kind.

    Only whole words and beginnings of words count, so that "hotel" and "total" are no telephones.
    """
    words = [f"{word} " for word in _WORD.findall(_folded(title).replace("ё", "е"))]
    weight = max(
        (weight for hint, weight in _HINTS if any(word.startswith(hint) for word in words)), default=0
    )
    if weight < 3 and any(word.startswith(_OTHER) for word in words):
        return -1
    if weight >= 3 and any(word.startswith(_LESS) for word in words):
        return 2
    return weight


def _folded(title: str) -> str:
    return " ".join(title.split()).casefold()
