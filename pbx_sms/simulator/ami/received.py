"""Reads what the network brought, as the driver does: SMS-DELIVER and SMS-STATUS-REPORT (3GPP TS 23.040)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pbx_sms.simulator import alphabet


@dataclass(frozen=True, slots=True)
class Report:
    reference: int
    number: str
    submitted_at: str
    discharged_at: str
    status: int


@dataclass(frozen=True, slots=True)
class Inbound:
    sender: str
    text: str
    #: concatenation: reference, parts, number of this one; None for a whole message
    joined: tuple[int, int, int] | None


def read(pdu: str) -> Report | Inbound | None:
    """None for what is neither, or cannot be read."""
    try:
        octets = bytes.fromhex(pdu)
        tpdu = octets[1 + octets[0] :]
        if tpdu[0] & 0x03 == 0x02:
            return _report(tpdu)
        return _inbound(tpdu) if tpdu[0] & 0x03 == 0x00 else None
    except (ValueError, IndexError):
        return None


def _address(octets: bytes) -> tuple[str, int]:
    """The address at the beginning, and how many octets it takes."""
    digits, kind = octets[0], octets[1]
    size = (digits + 1) // 2
    value = octets[2 : 2 + size]
    if kind & 0x70 == 0x50:
        return alphabet.text_of_septets(alphabet.unpack(value, digits * 4 // 7)), 2 + size
    text = "".join(f"{octet & 15:X}{octet >> 4:X}" for octet in value)[:digits]
    return ("+" if kind & 0x70 == 0x10 else "") + text, 2 + size


def _written(stamp: bytes) -> str:
    """TP-SCTS as the driver writes it: `2026-11-22 03:34:07 +03:00`."""
    year, month, day, hour, minute, second = (10 * (octet & 15) + (octet >> 4) for octet in stamp[:6])
    quarters = 10 * (stamp[6] & 7) + (stamp[6] >> 4)
    zone = timezone(timedelta(minutes=15 * (-quarters if stamp[6] & 8 else quarters)))
    text = datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone).strftime(
        "%Y-%m-%d %H:%M:%S %z"
    )
    return f"{text[:-2]}:{text[-2:]}"


def _report(tpdu: bytes) -> Report:
    number, size = _address(tpdu[2:])
    rest = tpdu[2 + size :]
    return Report(tpdu[1], number, _written(rest[:7]), _written(rest[7:14]), rest[14])


def _inbound(tpdu: bytes) -> Inbound:
    sender, size = _address(tpdu[1:])
    rest = tpdu[1 + size :]
    coding, length, data = rest[1], rest[9], rest[10:]
    header = data[: 1 + data[0]] if tpdu[0] & 0x40 else b""
    joined = (header[3], header[4], header[5]) if header[1:3] == b"\x00\x03" else None
    if coding & 0x0C == 0x08:
        return Inbound(sender, data[len(header) : length].decode("utf-16-be", "replace"), joined)
    skipped = (len(header) * 8 + 6) // 7
    septets = alphabet.unpack(data, length - skipped, skipped * 7)
    return Inbound(sender, alphabet.text_of_septets(septets), joined)
