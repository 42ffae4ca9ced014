"""The alphabets of short messages as the simulated network reads and writes them (3GPP TS 23.038).

Written apart from the product's own codec on purpose: a peer built from that codec could not find its
errors. Nothing here is lenient; callers turn a `ValueError` into the answer of the modem.
"""

from __future__ import annotations

import codecs

#: 6.2.1, the default alphabet by septet. 0x1B is the escape: shown as a space when nothing follows it.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: 6.2.1.1, what follows an escape
_EXTENSION = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\",
    0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
_ESCAPE = 0x1B
_SEPTETS = {char: bytes([code]) for code, char in enumerate(_BASIC) if code != _ESCAPE} | {
    char: bytes([_ESCAPE, code]) for code, char in _EXTENSION.items()
}


def unpack(octets: bytes, count: int, skip_bits: int = 0) -> bytes:
    """`count` septets out of `octets`, least significant bit first, after `skip_bits`."""
    if count <= 0:
        return b""
    number = int.from_bytes(octets, "little") >> skip_bits
    septets = bytearray()
    for _ in range((count + 7) // 8):
        group = number & 0xFFFFFFFFFFFFFF
        septets += bytes(
            (
                group & 127,
                group >> 7 & 127,
                group >> 14 & 127,
                group >> 21 & 127,
                group >> 28 & 127,
                group >> 35 & 127,
                group >> 42 & 127,
                group >> 49,
            )
        )
        number >>= 56
    return bytes(septets[:count])


def pack(septets: bytes, skip_bits: int = 0) -> bytes:
    """The septets as octets, preceded by `skip_bits` zero bits."""
    number = 0
    for position, septet in enumerate(septets):
        number |= septet << (7 * position)
    return (number << skip_bits).to_bytes((len(septets) * 7 + skip_bits + 7) // 8, "little")


def text_of_septets(septets: bytes) -> str:
    """The text; an escape before a septet without extension shows that septet, as phones do."""
    if _ESCAPE not in septets:
        return codecs.charmap_decode(septets, "strict", _BASIC)[0]
    chars: list[str] = []
    escaped = False
    for septet in septets:
        if escaped:
            chars.append(_EXTENSION.get(septet, _BASIC[septet]))
            escaped = False
        elif septet == _ESCAPE:
            escaped = True
        else:
            chars.append(_BASIC[septet])
    return "".join(chars) + (" " if escaped else "")


def septets_of_char(char: str) -> bytes | None:
    """One or two septets, or None when the default alphabet lacks the character."""
    return _SEPTETS.get(char)


def septets_of_text(text: str) -> bytes | None:
    """The septets of the text, or None when a character needs UCS-2."""
    septets = bytearray()
    for char in text:
        encoded = _SEPTETS.get(char)
        if encoded is None:
            return None
        septets += encoded
    return bytes(septets)


def pack_ussd(text: str) -> bytes | None:
    """TS 23.038 6.1.2.3: packed without a count, so seven spare bits are filled with CR."""
    septets = septets_of_text(text)
    if septets is None:
        return None
    if len(septets) % 8 == 7:
        septets += b"\r"
    return pack(septets)


def unpack_ussd(octets: bytes) -> str:
    """The reverse of `pack_ussd`."""
    count = len(octets) * 8 // 7
    text = text_of_septets(unpack(octets, count))
    if count % 8 == 0 and text.endswith("\r"):
        return text[:-1]
    return text
