"""Telephone numbers and sender names in a TPDU (3GPP 23.040 §9.1.2.5) and of the SMSC (24.011 §8.2.5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pbx_sms.core.encoding import decode_septets, unpack_septets
from pbx_sms.core.tpdu.octets import Octets
from pbx_sms.errors import Refused

#: type of address: 1, type of number (3 bits), numbering plan (4 bits)
INTERNATIONAL = 0x91
UNKNOWN = 0x81
_TYPE_OF_NUMBER_BITS = 0x70
_INTERNATIONAL_BITS = 0x10
_ALPHANUMERIC_BITS = 0x50

#: 23.040 §9.1.2.3, semi-octets by value; 0xF ends the number
_DIGITS = "0123456789*#abc"
_FILLER = 0xF
_SEMI_OCTETS = {digit: value for value, digit in enumerate(_DIGITS)}
_DIALABLE = re.compile(r"\+[0-9]{1,20}|[0-9*#abc]{1,20}")
_SMSC_NUMBER = re.compile(r"\+?[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`text` is a number (international ones with "+") or, if alphanumeric, the sender's name."""

    text: str
    is_alphanumeric: bool


def encode_destination(msisdn: str) -> bytes:
    """TP-Destination-Address: count of digits, type, digits. `Refused` for what cannot be dialled.

    "+7…" is international; everything without "+", short codes above all, is of unknown type, so that
    the network reads it as a subscriber would dial it.
    """
    if not _DIALABLE.fullmatch(msisdn):
        raise Refused("msisdn_not_dialable", number=msisdn)
    digits = msisdn.removeprefix("+")
    return bytes((len(digits), _type_of(msisdn))) + _encode_digits(digits)


def encode_smsc(number: str | None) -> bytes:
    """The SMSC address in front of the TPDU: count of octets, type, digits; 00 = the SIM's own SMSC."""
    if number is None:
        return b"\x00"
    if not _SMSC_NUMBER.fullmatch(number):
        raise Refused("smsc_not_dialable", number=number)
    digits = _encode_digits(number.removeprefix("+"))
    return bytes((1 + len(digits), _type_of(number))) + digits


def _type_of(number: str) -> int:
    return INTERNATIONAL if number.startswith("+") else UNKNOWN


def _encode_digits(digits: str) -> bytes:
    values = [_SEMI_OCTETS[digit] for digit in digits]
    if len(values) % 2:
        values.append(_FILLER)
    return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True))


def _decode_digits(octets: bytes, count: int) -> str:
    """Up to `count` digits; a filler ends the number wherever it stands."""
    digits: list[str] = []
    for octet in octets:
        for value in (octet & 0x0F, octet >> 4):
            if value == _FILLER or len(digits) == count:
                return "".join(digits)
            digits.append(_DIGITS[value])
    return "".join(digits)


def decode_address(octets: Octets) -> Address:
    """The originating or recipient address that comes next; the length field counts semi-octets."""
    length = octets.take_one()
    type_of_address = octets.take_one()
    value = octets.take((length + 1) // 2)
    if type_of_address & _TYPE_OF_NUMBER_BITS == _ALPHANUMERIC_BITS:
        return Address(text=_decode_name(value, length), is_alphanumeric=True)
    return Address(text=_with_plus(type_of_address, _decode_digits(value, length)), is_alphanumeric=False)


def _decode_name(value: bytes, length: int) -> str:
    septets = unpack_septets(value, length * 4 // 7)
    # Seven characters take 13 semi-octets; who writes 14 leaves seven zero bits, which read as "@".
    if length == 14 and septets.endswith(b"\x00"):
        septets = septets[:-1]
    return decode_septets(septets)


def _with_plus(type_of_address: int, digits: str) -> str:
    is_international = type_of_address & _TYPE_OF_NUMBER_BITS == _INTERNATIONAL_BITS
    return f"+{digits}" if is_international and digits else digits


def decode_smsc(octets: Octets) -> str | None:
    """The SMSC's number, None if the PDU names none; the length field counts octets with the type."""
    length = octets.take_one()
    if length == 0:
        return None
    type_of_address, *value = octets.take(length)
    return _with_plus(type_of_address, _decode_digits(bytes(value), 2 * len(value))) or None


def dialable_or_none(address: Address) -> str | None:
    """The number if it consists of decimal digits; a ZTE stick writes hexadecimal ones into reports."""
    digits = address.text.removeprefix("+")
    if address.is_alphanumeric or not (digits.isascii() and digits.isdecimal()):
        return None
    return address.text
