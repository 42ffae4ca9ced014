"""USSD: packing the codes for sticks that want them packed, reading the replies, finding the balance.

What `+CUSD` brings depends on the stick, its firmware and its character set setting more than on the
coding scheme it states (3GPP 23.038 §5): the same value goes with packed septets, UCS-2 in hexadecimal
or plain text. `decode_reply` believes a scheme that says UCS-2, and otherwise takes the reading that
looks most like Russian or Latin text.
"""

from __future__ import annotations

import re
from decimal import Decimal

from pbx_sms.core.encoding import decode_septets, encode_septets, pack_septets, pad_for_ussd, unpack_septets
from pbx_sms.errors import Refused

_CODE = re.compile(r"[0-9*#]{1,160}")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})+")
#: UCS-2 that begins with a language: two letters and CR as septets in its first two octets (§5, 0x11)
_UCS2_WITH_LANGUAGE = 0x11
#: what fills the rest of a fixed-size field
_FILLING = " \r\n\x00\uffff\ufffd"
_COMMON_PUNCTUATION = frozenset(" \n.,:;!?+-−–—*#()/%'\"«»№₽€$=")
#: how much a hexadecimal string is worth as the plain text it also is
_PLAIN_DIGITS_SCORE, _PLAIN_SCORE = 0.9, 0.3


def pack_code(code: str) -> str:
    """`code` (digits, * and #) as packed septets in hexadecimal, for sticks in packed USSD mode.

    Seven spare bits at the end are filled with CR, or the network would read "@" (23.038 §6.1.2.3.1).
    """
    if not _CODE.fullmatch(code):
        raise Refused("ussd_code_not_dialable", ussd_code=code)
    return pack_septets(pad_for_ussd(encode_septets(code))).hex().upper()


def decode_reply(text: str, dcs: int | None) -> str:
    """The readable text of a reply: `text` from between the quotes of `+CUSD`, `dcs` if one was given.

    Filling at the end (CR, FFFF) is cut off. Never fails; a reply that has no better reading is given
    as it came.
    """
    text = text.strip().strip('"')
    if not _HEXADECIMAL.fullmatch(text):
        return _without_filling(text)
    octets = bytes.fromhex(text)
    if dcs is not None and _is_ucs2(dcs):
        return _read_ucs2(octets, dcs)
    readings = [(_score(reading), reading) for reading in _readings(octets, dcs)]
    readings.append((_PLAIN_DIGITS_SCORE if text.isdecimal() else _PLAIN_SCORE, text))
    return max(readings, key=lambda scored: scored[0])[1]


def _is_ucs2(dcs: int) -> bool:
    in_general_group = dcs & 0xC0 == 0x40 or dcs & 0xF0 == 0x90
    return dcs == _UCS2_WITH_LANGUAGE or (in_general_group and dcs & 0x0C == 0x08)


def _read_ucs2(octets: bytes, dcs: int) -> str:
    reading = _decode_ucs2(octets)
    if dcs != _UCS2_WITH_LANGUAGE:
        return reading
    # the standard puts a language in front, most sticks have already taken it away
    without_language = _decode_ucs2(octets[2:])
    return max(reading, without_language, key=_score)


def _readings(octets: bytes, dcs: int | None) -> list[str]:
    """The readings worth comparing, the likelier first: of equal ones the first is taken."""
    readings = [_decode_packed(octets)]
    if len(octets) % 2 == 0:
        readings.append(_decode_ucs2(octets))
    if dcs is not None and dcs & 0xCC == 0x44:
        readings.append(_without_filling(octets.decode("cp1251", errors="replace")))
    return readings


def _decode_packed(octets: bytes) -> str:
    septets = unpack_septets(octets, 8 * len(octets) // 7)
    # the seven spare bits of the last octet: CR by the standard, zero from those who do not know it
    if len(septets) % 8 == 0 and septets[-1:] in (b"\r", b"\x00"):
        septets = septets[:-1]
    return _without_filling(decode_septets(septets))


def _decode_ucs2(octets: bytes) -> str:
    return _without_filling(octets[: len(octets) // 2 * 2].decode("utf-16-be", errors="replace"))


def _without_filling(text: str) -> str:
    return text.rstrip(_FILLING).replace("\x00", "")


def _score(text: str) -> float:
    """The share of characters that a Russian or Latin message is made of, 0 to 1."""
    if not text:
        return 0.0
    return sum(_is_usual(character) for character in text) / len(text)


def _is_usual(character: str) -> bool:
    if character in _COMMON_PUNCTUATION:
        return True
    return character.isalnum() and (character < "\u0250" or "\u0400" <= character < "\u0530")


# Latin letters that operators write for Cyrillic ones to fit the GSM alphabet ("OCTATOK"). One to one, so
# that places in the translated text are places in the text.
_LOOK_ALIKES = str.maketrans("ABCEHKMOPTXYaceopxy", "АВСЕНКМОРТХУасеорху")
_BALANCE_WORD = re.compile(
    r"баланс|остаток|сч[её]т|доступно|balan[sc]|kontostand|guthaben|saldo", re.IGNORECASE
)
_CURRENCY = r"(?:р(?:уб)?\b|r(?:ub)?\b|[₽€$]|eur\b|euro\b|usd\b)"
_NUMBER_START = r"(?<!\d)(?<!\d[.,:/])(?P<minus>(?:(?<![^\W\d_])[-−–]|минус\s+)?)"
_GROUPED = r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)"
#: with two decimals, and no date, time or version number
_EXACT_AMOUNT = re.compile(rf"{_NUMBER_START}(?P<amount>{_GROUPED}[.,]\d{{2}})(?!\d|[.,:/]\d)", re.IGNORECASE)
#: whole or with one decimal: an amount only in front of a currency
_ROUND_AMOUNT = re.compile(
    rf"{_NUMBER_START}(?P<amount>{_GROUPED}(?:[.,]\d{{1,2}})?)\s?{_CURRENCY}", re.IGNORECASE
)


def find_balance(text: str) -> Decimal | None:
    """The amount of money that a balance reply names, None if it names none.

    The first amount after a word such as "Баланс" (also written with Latin look-alikes), else the first
    amount of all. An amount has two decimals after a point or comma, or a currency behind it; phone
    numbers, dates, times and package remainders have neither.
    """
    cyrillic = text.translate(_LOOK_ALIKES)
    words = [match.end() for match in _BALANCE_WORD.finditer(cyrillic)]
    words += [match.end() for match in _BALANCE_WORD.finditer(text)]
    for start in (min(words, default=0), 0):
        found = [
            match for pattern in (_EXACT_AMOUNT, _ROUND_AMOUNT) if (match := pattern.search(cyrillic, start))
        ]
        if found:
            return _amount(min(found, key=re.Match.start))
    return None


def _amount(match: re.Match[str]) -> Decimal:
    digits = re.sub(r"\s", "", match["amount"]).replace(",", ".")
    return Decimal(f"{'-' if match['minus'] else ''}{digits}")
