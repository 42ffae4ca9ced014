"""One name for an operator, however it is written: by a network, a numbering plan or a person.

'ПАО "Мобильные ТелеСистемы"', «МТС» and “MTS RUS” are `mts`. A name that is not known here is its own
brand, in small letters and without its legal form, so that equal names are equal brands.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: brand → how its names begin, without legal form, quotes and punctuation
_BRANDS = {
    "mts": ("mts", "мтс", "мобильные телесистемы"),
    "megafon": ("megafon", "мегафон", "ncc russia"),
    "beeline": ("beeline", "bee line", "билайн", "вымпел", "vimpelcom"),
    "t2": ("t2", "т2", "tele2", "теле2", "tele 2", "теле 2"),
    "yota": ("yota", "йота", "скартел", "scartel"),
    "motiv": ("motiv", "мотив", "екатеринбург-2000", "екатеринбург 2000"),
    "tattelecom": ("tattelecom", "таттелеком", "летай"),
    "miranda": ("miranda", "миранда"),
    "volna": ("volna", "волна", "ктк телеком"),
}
#: of IMSIs: country and network code → brand
_NETWORKS = {
    "25001": "mts",
    "25002": "megafon",
    "25011": "yota",
    "25020": "t2",
    "25027": "tattelecom",
    "25035": "motiv",
    "25099": "beeline",
}
_LEGAL_FORM = re.compile(
    r"^(?:публичное|открытое|закрытое|непубличное)?\s*(?:акционерное общество"
    r"|общество с ограниченной ответственностью|пао|оао|зао|нао|ао|ооо)(?=\W)\W*"
)
_NOISE = re.compile(r"[\"'«»“”„,.()]+")


@lru_cache(maxsize=4096)
def brand(name: str) -> str:
    """The brand; "" for an empty name."""
    text = _LEGAL_FORM.sub("", name.strip().lower().replace("ё", "е"))
    text = " ".join(_NOISE.sub(" ", text).split())
    for known, beginnings in _BRANDS.items():
        for beginning in beginnings:
            if text.startswith(beginning) and not text[len(beginning) : len(beginning) + 1].isdigit():
                return known
    return text


def brand_of_imsi(imsi: str) -> str | None:
    """The brand that gave the SIM out, None where its network is not known here."""
    return _NETWORKS.get(imsi[:5])


def brand_of_sim(*, imsi: str, operator: str | None, own_operator: str | None = None) -> str | None:
    """Whose SIM this is: by its own number's place in the numbering plan (`own_operator`), else by the
    network that gave it out, else by the network that it is in."""
    if own_operator:
        return brand(own_operator)
    return brand_of_imsi(imsi) or (brand(operator) if operator else None)
