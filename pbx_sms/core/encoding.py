"""From text to SMS units and back: the GSM 7-bit default alphabet and UCS-2 (3GPP 23.038 §6.1, §6.2).

A text is sent as GSM 7-bit only if every character is in the default alphabet or its extension table;
one character outside makes the whole text UCS-2, which is UTF-16BE on every network. Nothing is ever
replaced by a look-alike: what a person typed is what the recipient reads, at the price that is shown.

*Units* are septets (an extension character costs two) or UTF-16 code units (an emoji costs two).
A text that no phone could show, because it holds half of a surrogate pair, raises `Refused`.
"""

from __future__ import annotations

import codecs
from enum import StrEnum
from functools import cache

from pbx_sms.core.national_alphabets import LOCKING_SHIFT, SINGLE_SHIFT
from pbx_sms.errors import Refused

#: introduces a character of the extension table; never the second septet of one
ESCAPE = 0x1B
_CR = 0x0D

#: 23.038 §6.2.1, by septet; the escape stands at its own place
DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: 23.038 §6.2.1.1: the septet after an escape → character
EXTENSION_TABLE = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}


class Encoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


# One octet for each character that GSM 7-bit knows, so that the C code of the interpreter does the work:
# septets 0x01 to 0x7F as they are, "@" as 0x80, an extension character as 0x80 + its septet. The charmap
# codec is fast only if its place 0 is NUL, hence the exile of "@"; NUL itself is refused beforehand.
_AT_SIGN = 0x80
_PLACES = [*DEFAULT_ALPHABET, *("\ufffe" for _ in range(128))]
_PLACES[0], _PLACES[ESCAPE], _PLACES[_AT_SIGN] = "\x00", "\ufffe", "@"
for _septet, _character in EXTENSION_TABLE.items():
    _PLACES[0x80 + _septet] = _character
_CHARACTER_MAP = codecs.charmap_build("".join(_PLACES))
_EXTENSION_OCTETS = bytes(0x80 + septet for septet in EXTENSION_TABLE)
_KNOWN_CHARACTERS = frozenset(DEFAULT_ALPHABET) - {chr(ESCAPE)} | frozenset(EXTENSION_TABLE.values())


def _single_octets(text: str) -> bytes | None:
    """One octet per character as described above, or None if a character is outside the alphabet."""
    if "\x00" in text:
        return None
    try:
        return codecs.charmap_encode(text, "strict", _CHARACTER_MAP)[0]
    except UnicodeEncodeError:
        return None


def choose(text: str) -> Encoding:
    """The encoding that `text` is sent in. Says nothing about whether it can be sent at all."""
    return Encoding.UCS2 if _single_octets(text) is None else Encoding.GSM7


def units(text: str, encoding: Encoding) -> int:
    """How many septets or UTF-16 code units `text` takes; `Refused` if it cannot be encoded so."""
    if encoding is Encoding.UCS2:
        return len(encode_ucs2(text)) // 2
    octets = _single_octets(text)
    if octets is None:
        raise _outside_alphabet(text)
    return 2 * len(octets) - len(octets.translate(None, _EXTENSION_OCTETS))


def forcing_characters(text: str) -> tuple[str, ...]:
    """The distinct characters that force UCS-2, in order of appearance; empty for a GSM 7-bit text."""
    if _single_octets(text) is not None:
        return ()
    encode_ucs2(text)
    return tuple(dict.fromkeys(character for character in text if character not in _KNOWN_CHARACTERS))


def encode_septets(text: str) -> bytes:
    """`text` as septets, one in each octet; `Refused` for a character outside the alphabet."""
    octets = _single_octets(text)
    if octets is None:
        raise _outside_alphabet(text)
    if octets.isascii():
        return octets
    septets = octets.replace(b"\x80", b"\x00")
    for octet in _EXTENSION_OCTETS:
        septets = septets.replace(bytes((octet,)), bytes((ESCAPE, octet - 0x80)))
    return septets


def encode_ucs2(text: str) -> bytes:
    """`text` as UTF-16BE; `Refused` if it holds half of a surrogate pair."""
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise Refused("text_broken_character", position=error.start + 1) from None


def _outside_alphabet(text: str) -> Refused:
    position, character = next(
        (place, character) for place, character in enumerate(text, 1) if character not in _KNOWN_CHARACTERS
    )
    if "\ud800" <= character <= "\udfff":
        return Refused("text_broken_character", position=position)
    return Refused("text_not_gsm7", character=character, position=position)


def decode_septets(septets: bytes, *, locking: int = 0, single: int = 0) -> str:
    """The text of `septets` (one in each octet). Never fails.

    `locking` and `single` are national language identifiers (23.038 §6.2.1.2.4); 0 and those that are
    not known mean the default alphabet and its extension table. An escape before a septet that the
    extension table does not have gives the character of the main table; a second escape, or one at the
    end, gives a space (23.038 §6.2.1.1, notes 1 and 3).
    """
    alphabet = LOCKING_SHIFT.get(locking, DEFAULT_ALPHABET)
    if ESCAPE not in septets:
        return "".join([alphabet[septet & 0x7F] for septet in septets])
    extension = SINGLE_SHIFT.get(single, EXTENSION_TABLE)
    characters: list[str] = []
    is_escaped = False
    for septet in septets:
        if is_escaped:
            is_escaped = False
            characters.append(
                " " if septet == ESCAPE else extension.get(septet & 0x7F, alphabet[septet & 0x7F])
            )
        elif septet == ESCAPE:
            is_escaped = True
        else:
            characters.append(alphabet[septet & 0x7F])
    if is_escaped:
        characters.append(" ")
    return "".join(characters)


@cache
def _folding_masks(block_count: int) -> tuple[tuple[int, int, int], ...]:
    """(low half, high half, shift) of each of the three folding steps over `block_count` × 8 octets."""
    masks = []
    for cell_octets, low, high, shift in (
        (2, 0x007F, 0x7F00, 1),
        (4, 0x00003FFF, 0x3FFF0000, 2),
        (8, 0x0FFFFFFF, 0x0FFFFFFF << 32, 4),
    ):
        cells = 8 * block_count // cell_octets
        low_mask = int.from_bytes(low.to_bytes(cell_octets, "little") * cells, "little")
        high_mask = int.from_bytes(high.to_bytes(cell_octets, "little") * cells, "little")
        masks.append((low_mask, high_mask, shift))
    return tuple(masks)


def pack_septets(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets packed into octets, least significant bit first (23.038 §6.1.2.1.1).

    `fill_bits` zero bits (0 to 6) come first: they align the text to a septet after a header.

    Eight septets become seven octets. All blocks are folded at once in one long integer: neighbours of
    7 bits to 14, of 14 to 28, of 28 to 56; then every eighth octet is empty and is cut out.
    """
    block_count = -(-len(septets) // 8)
    folded = int.from_bytes(septets, "little")
    for low, high, shift in _folding_masks(block_count):
        folded = (folded & low) | ((folded & high) >> shift)
    octets = bytearray(folded.to_bytes(8 * block_count, "little"))
    del octets[7::8]
    packed_count = (7 * len(septets) + 7) // 8
    if not fill_bits:
        return bytes(octets[:packed_count])
    shifted = int.from_bytes(octets, "little") << fill_bits
    return shifted.to_bytes(len(octets) + 1, "little")[: (7 * len(septets) + fill_bits + 7) // 8]


def unpack_septets(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first `count` septets of packed `octets` after `fill_bits`; fewer if the octets hold fewer."""
    count = min(count, max(0, 8 * len(octets) - fill_bits) // 7)
    if fill_bits:
        octets = (int.from_bytes(octets, "little") >> fill_bits).to_bytes(len(octets), "little")
    block_count = -(-len(octets) // 7)
    octets = octets.ljust(7 * block_count, b"\x00")
    spread = bytearray(8 * block_count)
    for place in range(7):
        spread[place::8] = octets[place::7]
    folded = int.from_bytes(spread, "little")
    for low, high, shift in reversed(_folding_masks(block_count)):
        folded = (folded & low) | ((folded << shift) & high)
    return folded.to_bytes(8 * block_count, "little")[:count]


def pad_for_ussd(septets: bytes) -> bytes:
    """Septets with the CR that keeps seven spare bits from being read as "@" (23.038 §6.1.2.3.1)."""
    if len(septets) % 8 == 7 or (septets and len(septets) % 8 == 0 and septets[-1] == _CR):
        return septets + bytes((_CR,))
    return septets
