"""Cutting texts into parts, and counting the parts without cutting."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pbx_sms.core.encoding import DEFAULT_ALPHABET, EXTENSION_TABLE, Encoding, choose, encode_septets, units
from pbx_sms.core.segments import PART_UNITS, WHOLE_UNITS, Measure, measure, split
from pbx_sms.errors import Refused

GSM_CHARACTERS = DEFAULT_ALPHABET.replace("\x1b", "") + "".join(EXTENSION_TABLE.values())
FAMILY = "👨‍👩‍👧"
texts = st.one_of(
    st.text(max_size=600),
    st.text(alphabet=GSM_CHARACTERS, max_size=1100),
    st.text(alphabet="a€[]", max_size=700),
    st.text(alphabet="фё😋", max_size=700),
    st.lists(st.sampled_from(["й", "и\u0306", "👍🏽", FAMILY, "🇷🇺", "a", "❤\ufe0f"]), max_size=200).map(
        "".join
    ),
)


def fewest_parts(text: str, part_units: int) -> int:
    """The smallest number of parts, found by filling each part character by character."""
    encoding = choose(text)
    if units(text, encoding) <= WHOLE_UNITS[encoding]:
        return 1
    parts, used = 1, 0
    for character in text:
        width = units(character, encoding)
        if used + width > part_units:
            parts, used = parts + 1, 0
        used += width
    return parts


@pytest.mark.parametrize(
    ("text", "parts", "units_left"),
    [
        ("", 1, 160),
        ("a" * 160, 1, 0),
        ("a" * 161, 2, 145),
        ("a" * 306, 2, 0),
        ("a" * 307, 3, 152),
        ("€" * 80, 1, 0),
        ("€" * 81, 2, 143),
        ("€" * 153, 3, 151),
        ("ф" * 70, 1, 0),
        ("ф" * 71, 2, 63),
        ("ф" * 134, 2, 0),
        ("ф" * 469, 7, 0),
        ("ф" * 470, 8, 66),
        ("😋" * 35, 1, 0),
        ("😋" * 36, 2, 61),
        ("ф" * 66 + "😋ффф", 2, 62),
    ],
)
def test_the_parts_of_known_texts(text: str, parts: int, units_left: int) -> None:
    assert len(split(text)) == measure(text).parts == parts
    assert measure(text).units_left_in_last_part == units_left


def test_a_measure_holds_all_figures() -> None:
    assert measure("Счёт 5€ 😋") == Measure(
        encoding=Encoding.UCS2, characters=9, units=10, parts=1, units_left_in_last_part=60
    )


@given(texts, st.sampled_from([8, 16]))
@example("a" * 152 + "€" + "b" * 20, 8)
@example("ф" * 66 + "😋" + "ф" * 20, 8)
@example("и\u0306" * 134, 8)
@example("\u0306" * 300, 8)
def test_splitting_keeps_every_promise(text: str, reference_bits: int) -> None:
    encoding = choose(text)
    part_units = PART_UNITS[reference_bits][encoding]
    segments = split(text, reference_bits=reference_bits)
    measured = measure(text, reference_bits=reference_bits)
    assert "".join(segment.text for segment in segments) == text
    assert len(segments) == measured.parts == fewest_parts(text, part_units)
    assert [segment.number for segment in segments] == list(range(1, len(segments) + 1))
    limit = WHOLE_UNITS[encoding] if len(segments) == 1 else part_units
    for segment in segments:
        assert segment.total == len(segments)
        assert segment.encoding is encoding
        # an escape pair or a surrogate pair cut in two would make this fail or count otherwise
        assert units(segment.text, encoding) <= limit
        if encoding is Encoding.GSM7:
            assert not encode_septets(segment.text).endswith(b"\x1b")
    assert sum(units(segment.text, encoding) for segment in segments) == measured.units
    assert measured.characters == len(text)
    assert measured.encoding is encoding
    assert measured.units_left_in_last_part == limit - units(segments[-1].text, encoding)


def test_parts_with_a_long_reference_are_one_unit_shorter() -> None:
    assert [len(segment.text) for segment in split("a" * 305, reference_bits=16)] == [152, 152, 1]
    assert [len(segment.text) for segment in split("ф" * 133, reference_bits=16)] == [66, 66, 1]


@pytest.mark.parametrize(
    ("grapheme", "before"),
    [
        ("и\u0306", 66),
        ("👍🏽", 65),
        (FAMILY, 62),
        ("🇷🇺", 65),
        ("❤\ufe0f", 66),
        ("🏴\U000e0067\U000e007f", 63),
    ],
)
def test_a_cut_keeps_clear_of_a_grapheme_where_that_costs_nothing(grapheme: str, before: int) -> None:
    first, second = split("ф" * before + grapheme + "конец")
    assert first.text == "ф" * before
    assert second.text == grapheme + "конец"


def test_flags_are_counted_in_pairs_from_the_first_one() -> None:
    first, second = split("ф" * 61 + "🇷🇺🇰🇿" + "конец")
    assert (first.text, second.text) == ("ф" * 61 + "🇷🇺", "🇰🇿конец")


def test_a_grapheme_is_cut_rather_than_paid_for() -> None:
    text = "ф" * 66 + "и\u0306" + "ф" * 66
    assert [segment.text for segment in split(text)] == ["ф" * 66 + "и", "\u0306" + "ф" * 66]


def test_a_grapheme_longer_than_a_part_is_cut_where_the_part_ends() -> None:
    assert [len(segment.text) for segment in split("и" + "\u0306" * 99)] == [67, 33]


@pytest.mark.parametrize("text", ["\ud83d", "ф" * 100 + "\ude0b", "a" * 500 + "\ud800"])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="text_broken_character"):
        split(text)
    with pytest.raises(Refused, match="text_broken_character"):
        measure(text)
