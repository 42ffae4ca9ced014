"""Cutting a text into the pieces that fit one SMS each, and measuring it without cutting.

One SMS carries 160 septets or 70 UTF-16 code units; a part of a longer text carries 153 or 67, because
the concatenation header takes six octets (3GPP 23.040 §9.2.3.24.1), or 152 and 66 with a 16-bit
reference (§9.2.3.24.8). An escape pair and a surrogate pair are never cut. A cut also keeps clear of the
inside of what a reader sees as one character (a letter with combining marks, an emoji sequence, a flag),
but only where that costs no extra part: the number of parts, which is what a customer pays for, is
always the smallest possible. `measure(text).parts == len(split(text))` for every text.
"""

from __future__ import annotations

import sys
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from pbx_sms.core.encoding import ESCAPE, Encoding, choose, encode_septets, encode_ucs2, units

#: encoding → units in a message of one part
WHOLE_UNITS = {Encoding.GSM7: 160, Encoding.UCS2: 70}
#: reference bits → encoding → units in each of several parts
PART_UNITS = {
    8: {Encoding.GSM7: 153, Encoding.UCS2: 67},
    16: {Encoding.GSM7: 152, Encoding.UCS2: 66},
}
#: the part number in the header is one octet
MAX_PARTS = 255

_ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The text of part `number` (from 1) of `total`."""

    text: str
    number: int
    total: int
    encoding: Encoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a text costs. `characters` are code points; `units` septets or UTF-16 code units."""

    encoding: Encoding
    characters: int
    units: int
    parts: int
    units_left_in_last_part: int


def split(text: str, *, reference_bits: int = 8) -> tuple[Segment, ...]:
    """The segments of `text` in order; joined they are `text`. An empty text is one empty segment.

    `Refused` if the text holds half of a surrogate pair. Texts of more than `MAX_PARTS` parts are split
    too: how long a text may be is the caller's decision.
    """
    encoding = choose(text)
    coded = _coded(text, encoding)
    part_units = PART_UNITS[reference_bits][encoding]
    if len(coded) <= WHOLE_UNITS[encoding]:
        return (Segment(text=text, number=1, total=1, encoding=encoding),)
    if len(coded) == len(text) and _may_be_cut_evenly(text, part_units):
        ends = [*range(part_units, len(coded), part_units), len(coded)]
    else:
        ends = _ends(text, coded, encoding, part_units)
    segments = []
    start = place = 0
    for number, end in enumerate(ends, 1):
        next_place = place + (end - start) - _pairs(coded[start:end], encoding)
        segments.append(
            Segment(text=text[place:next_place], number=number, total=len(ends), encoding=encoding)
        )
        start, place = end, next_place
    return tuple(segments)


def measure(text: str, *, reference_bits: int = 8) -> Measure:
    """Encoding, units and parts of `text`, in microseconds; the same errors as `split`."""
    encoding = choose(text)
    unit_count = units(text, encoding)
    part_units = PART_UNITS[reference_bits][encoding]
    if unit_count <= WHOLE_UNITS[encoding]:
        parts, left = 1, WHOLE_UNITS[encoding] - unit_count
    elif unit_count == len(text) and _may_be_cut_evenly(text, part_units):
        parts = -(-unit_count // part_units)
        left = parts * part_units - unit_count
    else:
        ends = _ends(text, _coded(text, encoding), encoding, part_units)
        parts, left = len(ends), part_units - (ends[-1] - ends[-2])
    return Measure(
        encoding=encoding,
        characters=len(text),
        units=unit_count,
        parts=parts,
        units_left_in_last_part=left,
    )


def _coded(text: str, encoding: Encoding) -> Sequence[int]:
    """The text as a sequence of units: septets or UTF-16 code units as integers."""
    if encoding is Encoding.GSM7:
        return encode_septets(text)
    code_units = array("H", encode_ucs2(text))
    if sys.byteorder == "little":
        code_units.byteswap()
    return code_units


def _may_be_cut_evenly(text: str, part_units: int) -> bool:
    """Whether a text whose characters are one unit each is harmed nowhere by parts of equal length."""
    return not any(_is_joined(text, place) for place in range(part_units, len(text), part_units))


def _is_first_of_pair(unit: int, encoding: Encoding) -> bool:
    return unit == ESCAPE if encoding is Encoding.GSM7 else unit & 0xFC00 == 0xD800


def _pairs(coded: Sequence[int], encoding: Encoding) -> int:
    """How many characters of `coded` take two units."""
    if encoding is Encoding.GSM7:
        return coded.count(ESCAPE)
    return sum(unit & 0xFC00 == 0xD800 for unit in coded)


def _farthest_end(coded: Sequence[int], start: int, part_units: int, encoding: Encoding) -> int:
    end = start + part_units
    if end >= len(coded):
        return len(coded)
    return end - 1 if _is_first_of_pair(coded[end - 1], encoding) else end


def _count_from(coded: Sequence[int], start: int, part_units: int, encoding: Encoding) -> int:
    """The smallest number of parts for what begins at `start`: each part as full as it can be."""
    count = 0
    while start < len(coded):
        start = _farthest_end(coded, start, part_units, encoding)
        count += 1
    return count


def _ends(text: str, coded: Sequence[int], encoding: Encoding, part_units: int) -> list[int]:
    """Where each part ends, in units, for a text of several parts.

    1. The total is what results if each part is as full as it can be.
    2. Each part ends as far as it can, then moves back to the start of the grapheme it would cut,
    3. unless what follows would then need more parts than the total leaves.
    """
    total = _count_from(coded, 0, part_units, encoding)
    ends: list[int] = []
    start = place = 0
    while start < len(coded):
        end = _farthest_end(coded, start, part_units, encoding)
        if encoding is Encoding.UCS2 and end < len(coded):
            end_place = place + (end - start) - _pairs(coded[start:end], encoding)
            kept_place = _grapheme_start(text, end_place, lowest=place)
            kept_end = end - sum(2 if char > "\uffff" else 1 for char in text[kept_place:end_place])
            if (
                kept_end != end
                and len(ends) + 1 + _count_from(coded, kept_end, part_units, encoding) <= total
            ):
                end, end_place = kept_end, kept_place
            place = end_place
        ends.append(end)
        start = end
    return ends


def _grapheme_start(text: str, place: int, *, lowest: int) -> int:
    """The nearest place at or before `place` where a cut harms no grapheme; `place` if none above `lowest`.

    Knows combining marks, variation selectors, joiner sequences, skin tones, tags and flags: what makes
    a visible difference on phones. Not the whole of Unicode's segmentation (no Hangul, no Indic rules).
    """
    candidate = place
    while candidate > lowest and _is_joined(text, candidate):
        candidate -= 1
    return candidate if candidate > lowest else place


def _is_joined(text: str, place: int) -> bool:
    """Whether the characters before and after `place` are read as one."""
    after = text[place]
    if after < "\u0300":
        return False
    before = text[place - 1]
    if before == _ZERO_WIDTH_JOINER or after == _ZERO_WIDTH_JOINER:
        return True
    if unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if _is_regional(after) and _is_regional(before):
        run_start = place
        while run_start and _is_regional(text[run_start - 1]):
            run_start -= 1
        return (place - run_start) % 2 == 1
    return False


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
