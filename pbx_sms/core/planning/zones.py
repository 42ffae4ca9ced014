"""The zone of a recipient, as a short key that is stored on the message.

A key is an IANA name ("Asia/Yekaterinburg"), a fixed offset ("UTC+05:00") or "all:RU": nobody knows which of
the country's zones it is, so that the hours have to be decent in all of them.
"""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers import timezone as number_zones
from phonenumbers.tzdata import TIMEZONE_DATA

#: as long as the column
MAX_LENGTH: Final = 40
_ALL: Final = "all:"
_OFFSET = re.compile(
    r"(?P<base>utc|gmt|мск|msk)?\s*(?:(?P<sign>[+\-−–])\s*(?P<h>\d{1,2})(?::?(?P<m>[0-5]\d))?)?"
)
_MOSCOW: Final = timedelta(hours=3)
_OFFSETS: Final = (timedelta(hours=-12), timedelta(hours=14))


@lru_cache(maxsize=4096)
def read(value: str) -> str | None:
    """The key of what a cell says: an IANA name, "UTC+5", "GMT-3:30", "МСК+2", "+7"; None: it is no zone."""
    text = value.strip()
    if not text:
        return None
    if name := _names().get(text.lower().replace(" ", "_")):
        return name if len(name) <= MAX_LENGTH else None
    found = _OFFSET.fullmatch(text.lower())
    if found is None:
        return None
    offset = timedelta(hours=int(found["h"] or 0), minutes=int(found["m"] or 0))
    if found["sign"] not in (None, "+"):
        offset = -offset
    if found["base"] in ("мск", "msk"):
        if not offset:
            return "Europe/Moscow"
        offset += _MOSCOW
    return offset_key(offset) if _OFFSETS[0] <= offset <= _OFFSETS[1] else None


def offset_key(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def all_of(country: str) -> str:
    """The key that stands for every zone of the country."""
    return _ALL + country


def country_of(key: str) -> str | None:
    """Of a key that stands for all zones of a country."""
    return key.removeprefix(_ALL) if key.startswith(_ALL) else None


@lru_cache(maxsize=512)
def zones_of(key: str) -> tuple[tzinfo, ...]:
    """The zones that a key stands for. Raises ValueError for what is none."""
    if key.startswith(_ALL):
        return tuple(ZoneInfo(name) for name in of_country(key.removeprefix(_ALL)))
    if key.startswith("UTC") and len(key) > 3:
        sign = -1 if key[3] == "-" else 1
        hours, _, minutes = key[4:].partition(":")
        offset = sign * timedelta(hours=int(hours), minutes=int(minutes))
        return (timezone(offset, key) if offset else UTC,)
    if key not in _available():
        raise ValueError(f"no zone has the key {key!r}")
    return (ZoneInfo(key),)


@lru_cache(maxsize=512)
def of_country(country: str) -> tuple[str, ...]:
    """The IANA names of the zones in which the country's numbers are, by the numbering data of phonenumbers.

    Countries that share a code share its zones; empty: nobody knows.
    """
    if country in _KNOWN:
        return _KNOWN[country]
    code = phonenumbers.country_code_for_region(country)
    return tuple(sorted(set(TIMEZONE_DATA.get(str(code), ())) & _available()))


def of_number(msisdn: str, country: str) -> str | None:
    """The key that the number itself tells: its zone, or all zones of its country; None where nobody knows.

    `country` is the office's.
    """
    if msisdn.startswith("+7"):
        # nearly every number of a Russian list; Kazakhstan has what begins with 6 and 7
        region, names = ("KZ", _KNOWN["KZ"]) if msisdn[2:3] in ("6", "7") else ("RU", RUSSIA)
    else:
        number = phonenumbers.parse(msisdn)
        region = phonenumbers.region_code_for_number(number) or country
        names = _KNOWN.get(region) or number_zones.time_zones_for_number(number)
    known = [name for name in names if name in _available()]
    if not known:
        return None
    return known[0] if len(known) == 1 else all_of(region)


#: Kaliningrad to Kamchatka: the zones of Russia, whose code +7 is shared with Kazakhstan
RUSSIA: Final = (
    *("Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk"),
    *("Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan"),
    "Asia/Kamchatka",
)
#: where the numbering data knows no better than the code that several countries share
_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "RU": RUSSIA,
    "KZ": ("Asia/Almaty",),
    "BY": ("Europe/Minsk",),
}


@lru_cache(maxsize=1)
def _available() -> frozenset[str]:
    """Asking for them goes through the whole folder of zones."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """IANA names that say where, in small letters."""
    return {
        name.lower(): name
        for name in _available()
        if "/" in name and not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))
    }
