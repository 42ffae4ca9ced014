"""Reads the SMS-SUBMIT that a host hands to `AT+CMGS` (3GPP TS 23.040 9.2.2.2), strictly.

A TPDU that a real modem or network would refuse raises `MalformedPdu` with the kind of mistake; the
profile of the modem says which error code that becomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pbx_sms.simulator import alphabet

_MAX_ADDRESS_DIGITS = 20
_DIGITS = "0123456789*#abc"


class Mistake(StrEnum):
    #: not hexadecimal, or an odd count of digits
    HEX = "hex"
    SMSC = "smsc"
    #: the count given to AT+CMGS is not the count of TPDU octets
    LENGTH = "length"
    #: not an SMS-SUBMIT
    TYPE = "type"
    ADDRESS = "address"
    #: TP-UDL and the octets that follow disagree
    USER_DATA = "user_data"
    HEADER = "header"


class MalformedPdu(Exception):
    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitTpdu:
    #: with "+" when the type of number is international
    number: str
    text: str
    wants_report: bool
    #: concatenation; None, 1, 1 for a message of one part
    reference: int | None
    part: int
    parts: int
    #: TP-DA as it came, for the report
    address: bytes
    has_header: bool
    coding: int
    #: TP-UDL with TP-UD
    user_data: bytes
    #: the service centre in front of the TPDU; None: the one of the SIM
    smsc: bytes | None


def decode(pdu: bytes, declared_length: int) -> SubmitTpdu:
    """`pdu` is the hexadecimal text as it came between the prompt and Ctrl-Z."""
    try:
        octets = bytes.fromhex(pdu.decode("ascii"))
    except ValueError:
        raise MalformedPdu(Mistake.HEX) from None
    # bytes.fromhex skips white space, which no modem does.
    if len(octets) * 2 != len(pdu) or not octets:
        raise MalformedPdu(Mistake.HEX)
    smsc_length = octets[0]
    if smsc_length > 12 or smsc_length == 1 or smsc_length >= len(octets):
        raise MalformedPdu(Mistake.SMSC)
    start = 1 + smsc_length
    if len(octets) - start != declared_length:
        raise MalformedPdu(Mistake.LENGTH)
    smsc = octets[1:start] or None
    if smsc is not None and not smsc[0] & 0x80:
        raise MalformedPdu(Mistake.SMSC)
    return _decode_tpdu(octets[start:], smsc)


def _decode_tpdu(tpdu: bytes, smsc: bytes | None) -> SubmitTpdu:
    if len(tpdu) < 4:
        raise MalformedPdu(Mistake.LENGTH)
    first = tpdu[0]
    if first & 0x03 != 0x01:
        raise MalformedPdu(Mistake.TYPE)
    digit_count = tpdu[2]
    address_end = 4 + (digit_count + 1) // 2
    if not 0 < digit_count <= _MAX_ADDRESS_DIGITS or len(tpdu) < address_end + 3:
        raise MalformedPdu(Mistake.ADDRESS)
    address = tpdu[2:address_end]
    number = _number(address)
    coding = tpdu[address_end + 1]
    # TP-VPF: none, enhanced, relative, absolute
    data_start = address_end + 2 + (0, 7, 1, 7)[first >> 3 & 3]
    if len(tpdu) <= data_start:
        raise MalformedPdu(Mistake.LENGTH)
    has_header = bool(first & 0x40)
    text, reference, part, parts = _user_data(tpdu[data_start], tpdu[data_start + 1 :], coding, has_header)
    return SubmitTpdu(
        number=number,
        text=text,
        wants_report=bool(first & 0x20),
        reference=reference,
        part=part,
        parts=parts,
        address=address,
        has_header=has_header,
        coding=coding,
        user_data=tpdu[data_start:],
        smsc=smsc,
    )


def _number(address: bytes) -> str:
    """9.1.2.5. An alphanumeric destination cannot be dialled."""
    digit_count, kind = address[0], address[1]
    if not kind & 0x80 or kind & 0x70 == 0x50:
        raise MalformedPdu(Mistake.ADDRESS)
    nibbles = "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in address[2:])
    if digit_count % 2 and nibbles[-1] != "f":
        raise MalformedPdu(Mistake.ADDRESS)
    try:
        digits = "".join(_DIGITS[int(nibble, 16)] for nibble in nibbles[:digit_count])
    except IndexError:
        raise MalformedPdu(Mistake.ADDRESS) from None
    return f"+{digits}" if kind & 0x70 == 0x10 else digits


def alphabet_of(coding: int) -> str:
    """TP-DCS, TS 23.038 clause 4: gsm7, octets or ucs2."""
    group = coding >> 4
    if group < 8:
        if coding & 0x20:
            return "octets"
        return ("gsm7", "octets", "ucs2", "gsm7")[coding >> 2 & 3]
    if group == 0xE:
        return "ucs2"
    if group == 0xF and coding & 0x04:
        return "octets"
    return "gsm7"


def _user_data(length: int, octets: bytes, coding: int, has_header: bool) -> tuple[str, int | None, int, int]:
    kind = alphabet_of(coding)
    octet_count = (length * 7 + 7) // 8 if kind == "gsm7" else length
    if octet_count > 140 or octet_count != len(octets):
        raise MalformedPdu(Mistake.USER_DATA)
    header_octets = 0
    reference: int | None = None
    part = parts = 1
    if has_header:
        header_octets = 1 + octets[0] if octets else 1
        if header_octets > len(octets):
            raise MalformedPdu(Mistake.HEADER)
        reference, part, parts = _concatenation(octets[1:header_octets])
    if kind == "gsm7":
        header_septets = (header_octets * 8 + 6) // 7
        if length < header_septets:
            raise MalformedPdu(Mistake.HEADER)
        septets = alphabet.unpack(octets, length - header_septets, header_septets * 7)
        return alphabet.text_of_septets(septets), reference, part, parts
    body = octets[header_octets:]
    if kind == "octets":
        return body.decode("latin-1"), reference, part, parts
    if len(body) % 2:
        raise MalformedPdu(Mistake.USER_DATA)
    # A pair that was cut in two by the sender must be seen as such, not repaired.
    return body.decode("utf-16-be", "surrogatepass"), reference, part, parts


def _concatenation(header: bytes) -> tuple[int | None, int, int]:
    """9.2.3.24.1 and 9.2.3.24.8; the last element of its kind counts."""
    found: tuple[int | None, int, int] = (None, 1, 1)
    position = 0
    while position < len(header):
        if position + 2 > len(header):
            raise MalformedPdu(Mistake.HEADER)
        element, size = header[position], header[position + 1]
        value = header[position + 2 : position + 2 + size]
        if len(value) != size:
            raise MalformedPdu(Mistake.HEADER)
        if (element, size) in ((0x00, 3), (0x08, 4)):
            parts, part = value[-2], value[-1]
            if not 1 <= part <= parts:
                raise MalformedPdu(Mistake.HEADER)
            found = (int.from_bytes(value[:-2], "big"), part, parts)
        position += 2 + size
    return found
