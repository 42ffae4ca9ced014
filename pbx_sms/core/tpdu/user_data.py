"""TP-User-Data of what others send: its coding, its header, its text (3GPP 23.040 §9.2.3.24, 23.038 §4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pbx_sms.core.encoding import decode_septets, unpack_septets
from pbx_sms.core.tpdu.octets import Malformed, Octets

#: information elements: (identifier, length of the value)
_CONCAT_8_BIT = (0x00, 3)
_CONCAT_16_BIT = (0x08, 4)
_SINGLE_SHIFT = (0x24, 1)
_LOCKING_SHIFT = (0x25, 1)


class Alphabet(StrEnum):
    """What the user data consists of."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    #: 8-bit or compressed data: not text
    BINARY = "binary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concat:
    """Part `number` of `total`; `bits` (8 or 16) is the width of the reference and part of its identity."""

    reference: int
    bits: int
    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageShift:
    """National language identifiers (23.038 §6.2.1.2.4) that hold for a text; 0 = the default tables."""

    locking: int = 0
    single: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserData:
    """`data` is what follows the header: septets one in each octet, UTF-16BE, or octets of any meaning."""

    alphabet: Alphabet
    data: bytes
    concat: Concat | None
    shift: LanguageShift
    is_truncated: bool


def alphabet_of(dcs: int) -> Alphabet:
    """The alphabet that TP-DCS names (23.038 §4); reserved values mean GSM 7-bit, as it demands."""
    group = dcs >> 4
    if group < 0x8:
        if dcs & 0x20:
            return Alphabet.BINARY
        return (Alphabet.GSM7, Alphabet.BINARY, Alphabet.UCS2, Alphabet.GSM7)[dcs >> 2 & 0x03]
    if group == 0xE:
        return Alphabet.UCS2
    if group == 0xF and dcs & 0x04:
        return Alphabet.BINARY
    return Alphabet.GSM7


def message_class_of(dcs: int) -> int | None:
    """0 (shown at once, "flash") to 3, or None if TP-DCS gives no class."""
    has_class = dcs & 0x90 == 0x10 or dcs & 0xF0 == 0xF0
    return dcs & 0x03 if has_class else None


def decode_user_data(octets: Octets, *, dcs: int, has_header: bool) -> UserData:
    """The user data that comes next, its length octet first.

    The length octet counts, whatever the line's own length says: what stands after the user data is
    ignored (records of a SIM are padded). Missing octets are `Malformed`, for then the length is as
    doubtful as the data. But UCS-2 is given as far as it goes, because some networks state the length
    before they cut, and so is septet text whose line ends inside an octet, because there the cut shows.
    """
    length = octets.take_one()
    available = octets.rest()
    alphabet = alphabet_of(dcs)
    if _is_mislabelled_ucs2(dcs, length, available):
        alphabet = Alphabet.UCS2
    octet_count = (7 * length + 7) // 8 if alphabet is Alphabet.GSM7 else length
    is_truncated = octet_count > len(available)
    is_readable = alphabet is Alphabet.UCS2 or (alphabet is Alphabet.GSM7 and octets.is_cut)
    if is_truncated and not is_readable:
        raise Malformed("pdu_too_short")
    field = available[:octet_count]
    header_octets = _header_octets(field) if has_header else 0
    concat, shift = _decode_header(field[1:header_octets])
    if alphabet is Alphabet.GSM7:
        # the text begins at a septet boundary: the bits between are fill bits
        header_septets = (8 * header_octets + 6) // 7
        data = unpack_septets(field, length)[header_septets:]
    else:
        data = field[header_octets:]
        if alphabet is Alphabet.UCS2 and len(data) % 2:
            data = data[:-1]
    return UserData(alphabet=alphabet, data=data, concat=concat, shift=shift, is_truncated=is_truncated)


def _is_mislabelled_ucs2(dcs: int, length: int, available: bytes) -> bool:
    """Whether DCS F8 to FB (bit 3 is reserved there) hides UCS-2, as some senders write it.

    GSM 7-bit of `length` septets takes fewer octets than `length`, except below eight; there the text
    decides: Latin or Cyrillic in UCS-2 has 00 or 04 in every other octet.
    """
    if dcs & 0xFC != 0xF8 or length == 0 or length % 2:
        return False
    if len(available) < length or any(octet != 0xFF for octet in available[length:]):
        return False
    return length >= 8 or all(octet in (0x00, 0x04) for octet in available[:length:2])


def _header_octets(field: bytes) -> int:
    """How many octets the header takes with its length octet; 0 if that length cannot be true: then the
    whole field is read as text."""
    return 1 + field[0] if field and 1 + field[0] <= len(field) else 0


def _decode_header(header: bytes) -> tuple[Concat | None, LanguageShift]:
    """What the information elements say, in any order; unknown ones are skipped, of repeated ones the
    last counts, and one that runs over the header's end ends the reading."""
    concat: Concat | None = None
    locking = single = 0
    place = 0
    while place + 2 <= len(header):
        identifier, length = header[place : place + 2]
        value = header[place + 2 : place + 2 + length]
        place += 2 + length
        if len(value) < length:
            break
        if (identifier, length) in (_CONCAT_8_BIT, _CONCAT_16_BIT):
            concat = _decode_concat(value) or concat
        elif (identifier, length) == _SINGLE_SHIFT:
            single = value[0]
        elif (identifier, length) == _LOCKING_SHIFT:
            locking = value[0]
    return concat, LanguageShift(locking=locking, single=single)


def _decode_concat(value: bytes) -> Concat | None:
    """Of reference, total, number; None where the standard ignores the element (zero, beyond total)."""
    *reference, total, number = value
    if not 1 <= number <= total:
        return None
    return Concat(
        reference=int.from_bytes(bytes(reference), "big"), bits=8 * len(reference), number=number, total=total
    )


def text_of(alphabet: Alphabet, data: bytes, shift: LanguageShift) -> str:
    """The text of user data; empty for binary. Never fails.

    Half a surrogate pair becomes U+FFFD (a part may be cut there; `deliver.join` heals it), and so does
    NUL, which databases do not store.
    """
    if alphabet is Alphabet.BINARY:
        return ""
    if alphabet is Alphabet.GSM7:
        return decode_septets(data, locking=shift.locking, single=shift.single)
    return data.decode("utf-16-be", errors="replace").replace("\x00", "\ufffd")
