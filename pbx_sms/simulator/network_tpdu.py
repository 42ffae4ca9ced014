"""Builds what the network sends to a modem: SMS-DELIVER and SMS-STATUS-REPORT (3GPP TS 23.040 9.2.2).

Every function returns a `NetworkPdu`: the hexadecimal text with the service centre in front, and the count
of TPDU octets that `+CMT`, `+CDS` and `+CMGR` announce.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from pbx_sms.simulator import alphabet
from pbx_sms.simulator.submit_tpdu import SubmitTpdu

#: where the simulated operators keep their clocks
LOCAL_TIME = timezone(timedelta(hours=3))


@dataclass(frozen=True, slots=True)
class NetworkPdu:
    hex: str
    length: int


def swapped(digits: str) -> str:
    """Semi-octets as they are stored: pairs swapped, F as the filler."""
    if len(digits) % 2:
        digits += "F"
    return "".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2))


@lru_cache(maxsize=256)
def smsc_field(number: str) -> str:
    """9.1.2.5 as AT commands put it before a TPDU: its length in octets, then the address."""
    if not number:
        return "00"
    digits = swapped(number.lstrip("+"))
    return f"{1 + len(digits) // 2:02X}{'91' if number.startswith('+') else '81'}{digits}"


def address_field(sender: str) -> str:
    """A number, or a name of at most eleven characters. Raises ValueError when it is neither."""
    digits = sender.lstrip("+")
    if digits.isascii() and digits.isdigit():
        if len(digits) > 20:
            raise ValueError(f"no such sender: {sender!r}")
        kind = "91" if sender.startswith("+") else "81"
        return f"{len(digits):02X}{kind}{swapped(digits)}"
    septets = alphabet.septets_of_text(sender)
    if not septets or len(septets) > 11:
        raise ValueError(f"no such sender: {sender!r}")
    # The length of an alphanumeric address counts the useful semi-octets.
    return f"{(len(septets) * 7 + 3) // 4:02X}D0{alphabet.pack(septets).hex().upper()}"


@lru_cache(maxsize=64)
def _timestamp_of(second: int) -> str:
    local = datetime.fromtimestamp(second, LOCAL_TIME)
    return swapped(local.strftime("%y%m%d%H%M%S")) + "21"


def timestamp(at: datetime) -> str:
    """TP-SCTS, 9.2.3.11, in `LOCAL_TIME`: +3 h is 12 quarters, swapped to 21."""
    return _timestamp_of(int(at.timestamp()))


def status_report(
    submit: SubmitTpdu, reference: int, *, submitted_at: datetime, at: datetime, status: int, smsc: str
) -> NetworkPdu:
    """9.2.2.3: the report about a submitted part, with the recipient's address as it was dialled."""
    tpdu = (
        f"06{reference:02X}{submit.address.hex().upper()}{timestamp(submitted_at)}{timestamp(at)}{status:02X}"
    )
    return NetworkPdu(smsc_field(smsc) + tpdu, len(tpdu) // 2)


def deliver(sender: str, text: str, *, at: datetime, smsc: str, reference: int) -> list[NetworkPdu]:
    """9.2.2.1: the text as one part, or as many with an 8-bit `reference`. Raises ValueError for a sender
    that is neither a number nor a short name, and for a text of more than 255 parts."""
    origin = address_field(sender)
    septets = alphabet.septets_of_text(text)
    if septets is not None:
        whole = len(septets) <= 160
        pieces = [septets] if whole else _split_septets(text, 153)
    else:
        encoded = text.encode("utf-16-be", "surrogatepass")
        whole = len(encoded) <= 140
        pieces = [encoded] if whole else _split_ucs2(text, 134)
    if len(pieces) > 255:
        raise ValueError("too many parts")
    built = []
    for number, piece in enumerate(pieces, start=1):
        header = b"" if whole else bytes((5, 0, 3, reference & 255, len(pieces), number))
        if septets is not None:
            header_septets = (len(header) * 8 + 6) // 7
            packed = alphabet.pack(piece, header_septets * 7)
            data = header + packed[len(header) :]
            length = header_septets + len(piece)
        else:
            data = header + piece
            length = len(data)
        first = 0x04 if whole else 0x44
        coding = 0x00 if septets is not None else 0x08
        tpdu = f"{first:02X}{origin}00{coding:02X}{timestamp(at)}{length:02X}{data.hex().upper()}"
        built.append(NetworkPdu(smsc_field(smsc) + tpdu, len(tpdu) // 2))
    return built


def forwarded(submit: SubmitTpdu, sender: str, *, at: datetime, smsc: str) -> NetworkPdu:
    """What the recipient of a submitted part gets: the same coding, header and text."""
    first = 0x44 if submit.has_header else 0x04
    tpdu = (
        f"{first:02X}{address_field(sender)}00{submit.coding:02X}{timestamp(at)}"
        f"{submit.user_data.hex().upper()}"
    )
    return NetworkPdu(smsc_field(smsc) + tpdu, len(tpdu) // 2)


def from_hex(pdu: str) -> NetworkPdu:
    """A PDU that a person wrote, sent as it is. Raises ValueError when it is not hexadecimal."""
    octets = bytes.fromhex(pdu)
    if not octets or len(octets) <= 1 + octets[0]:
        raise ValueError(pdu)
    return NetworkPdu(pdu.upper(), len(octets) - 1 - octets[0])


def _split_septets(text: str, size: int) -> list[bytes]:
    pieces = [b""]
    for char in text:
        encoded = alphabet.septets_of_char(char) or b""
        if len(pieces[-1]) + len(encoded) > size:
            pieces.append(b"")
        pieces[-1] += encoded
    return pieces


def _split_ucs2(text: str, size: int) -> list[bytes]:
    pieces = [b""]
    for char in text:
        encoded = char.encode("utf-16-be", "surrogatepass")
        if len(pieces[-1]) + len(encoded) > size:
            pieces.append(b"")
        pieces[-1] += encoded
    return pieces
