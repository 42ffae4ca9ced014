"""A text cut into SMS-SUBMIT TPDUs as chan_dongle cuts it, which is not as the standard allows.

GSM 7-bit: a part is closed one septet before it is full, so a single part holds 159 and one of several 152;
UCS-2: 70 and 67 units, a surrogate pair being cut like any other two. Every part has a header as soon as
there is more than one. Written apart from the product's own codec: a peer built from it could not find its
errors.
"""

from __future__ import annotations

from pbx_sms.simulator import alphabet
from pbx_sms.simulator.network_tpdu import address_field

_SINGLE_SEPTETS, _JOINED_SEPTETS = 160, 153
_SINGLE_UNITS, _JOINED_UNITS = 70, 67


def _septet_pieces(text: str, single_septets: int) -> list[bytes] | None:
    coded = [alphabet.septets_of_char(char) for char in text]
    if any(septets is None for septets in coded):
        return None
    total = sum(len(septets or b"") for septets in coded)
    if total <= single_septets:
        return [b"".join(septets or b"" for septets in coded)]
    limit = _SINGLE_SEPTETS if total <= _SINGLE_SEPTETS else _JOINED_SEPTETS
    pieces = [b""]
    for septets in coded:
        if len(pieces[-1]) + len(septets or b"") >= limit:
            pieces.append(b"")
        pieces[-1] += septets or b""
    return pieces


def _unit_pieces(text: str) -> list[bytes]:
    octets = text.encode("utf-16-be", "surrogatepass")
    size = 2 * (_SINGLE_UNITS if len(octets) <= 2 * _SINGLE_UNITS else _JOINED_UNITS)
    return [octets[begin : begin + size] for begin in range(0, len(octets), size)]


def tpdus(
    number: str,
    text: str,
    *,
    reference: int,
    wants_report: bool,
    validity_minutes: int,
    single_septets: int = 159,
) -> list[tuple[int, str]]:
    """(octets of the TPDU, hexadecimal PDU with an empty service centre) of each part. Raises ValueError for
    a number that is none and a text of more than 255 parts. The older driver's single part is as long as the
    standard says."""
    septet_pieces = _septet_pieces(text, single_septets)
    pieces = septet_pieces if septet_pieces is not None else _unit_pieces(text)
    if len(pieces) > 255:
        raise ValueError("too many parts")
    built = []
    for order, piece in enumerate(pieces, start=1):
        header = bytes((5, 0, 3, reference & 255, len(pieces), order)) if len(pieces) > 1 else b""
        if septet_pieces is not None:
            header_septets = (len(header) * 8 + 6) // 7
            data = header + alphabet.pack(piece, header_septets * 7)[len(header) :]
            length = header_septets + len(piece)
        else:
            data = header + piece
            length = len(data)
        first = 0x11 | (0x20 if wants_report else 0) | (0x40 if header else 0)
        coding = 0x00 if septet_pieces is not None else 0x08
        tpdu = (
            f"{first:02X}00{address_field(number)}00{coding:02X}{_validity(validity_minutes):02X}"
            f"{length:02X}{data.hex().upper()}"
        )
        built.append((len(tpdu) // 2, "00" + tpdu))
    return built


def _validity(minutes: int) -> int:
    """TP-VP relative (3GPP TS 23.040 9.2.3.12.1)."""
    if minutes <= 720:
        return max(0, minutes // 5 - 1)
    if minutes <= 1440:
        return 143 + (minutes - 720) // 30
    if minutes <= 43200:
        return 166 + minutes // 1440
    return min(255, 192 + minutes // 10080)
