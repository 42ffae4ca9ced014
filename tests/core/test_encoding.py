"""The GSM alphabet, its packing, and the choice of the encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smspdudecoder.codecs import GSM

from pbx_sms.core import encoding
from pbx_sms.core.encoding import DEFAULT_ALPHABET, EXTENSION_TABLE, Encoding
from pbx_sms.errors import Refused
from tests.tpdus import PACKED

GSM_CHARACTERS = DEFAULT_ALPHABET.replace("\x1b", "") + "".join(EXTENSION_TABLE.values())
gsm_texts = st.text(alphabet=GSM_CHARACTERS, max_size=400)
septet_strings = st.binary(max_size=400).map(lambda octets: bytes(octet & 0x7F for octet in octets))


def test_the_alphabet_is_the_one_of_an_independent_codec() -> None:
    assert DEFAULT_ALPHABET == GSM.ALPHABET
    assert EXTENSION_TABLE == GSM.ALPHABET_EXT
    assert len(DEFAULT_ALPHABET) == len(set(DEFAULT_ALPHABET)) == 128


@pytest.mark.parametrize(
    ("septet", "character"),
    [
        (0x00, "@"), (0x02, "$"), (0x09, "Ç"), (0x0A, "\n"), (0x0D, "\r"), (0x10, "Δ"), (0x11, "_"),
        (0x24, "¤"), (0x40, "¡"), (0x5B, "Ä"), (0x5C, "Ö"), (0x5D, "Ñ"), (0x5E, "Ü"), (0x5F, "§"),
        (0x60, "¿"), (0x7B, "ä"), (0x7C, "ö"), (0x7D, "ñ"), (0x7E, "ü"), (0x7F, "à"),
    ],
)  # fmt: skip
def test_the_septets_that_differ_from_ascii_are_right(septet: int, character: str) -> None:
    assert encoding.encode_septets(character) == bytes((septet,))
    assert encoding.decode_septets(bytes((septet,))) == character


@pytest.mark.parametrize(("text", "packed"), PACKED.items())
def test_golden_packings(text: str, packed: str) -> None:
    septets = encoding.encode_septets(text)
    assert encoding.pack_septets(septets).hex().upper() == packed
    assert encoding.decode_septets(encoding.unpack_septets(bytes.fromhex(packed), len(septets))) == text


@given(gsm_texts)
def test_an_independent_codec_packs_the_same(text: str) -> None:
    packed = encoding.pack_septets(encoding.encode_septets(text)).hex().upper()
    assert packed == (GSM.encode(text) if text else "")


@given(gsm_texts)
def test_what_the_alphabet_holds_comes_back_as_it_was(text: str) -> None:
    assert encoding.choose(text) is Encoding.GSM7
    assert encoding.decode_septets(encoding.encode_septets(text)) == text
    assert encoding.units(text, Encoding.GSM7) == len(encoding.encode_septets(text))
    assert encoding.forcing_characters(text) == ()


@given(septet_strings, st.integers(0, 6))
def test_packing_is_undone_by_unpacking(septets: bytes, fill_bits: int) -> None:
    packed = encoding.pack_septets(septets, fill_bits)
    assert len(packed) == (7 * len(septets) + fill_bits + 7) // 8
    assert encoding.unpack_septets(packed, len(septets), fill_bits) == septets


@given(septet_strings, st.integers(0, 6))
def test_packing_is_what_the_standard_draws_bit_by_bit(septets: bytes, fill_bits: int) -> None:
    bits = "0" * fill_bits + "".join(f"{septet:07b}"[::-1] for septet in septets)
    bits += "0" * (-len(bits) % 8)
    drawn = bytes(int(bits[place : place + 8][::-1], 2) for place in range(0, len(bits), 8))
    assert encoding.pack_septets(septets, fill_bits) == drawn


def test_unpacking_gives_no_more_than_the_octets_hold() -> None:
    assert encoding.unpack_septets(b"\xff\xff", 160) == b"\x7f\x7f"
    assert encoding.unpack_septets(b"", 5, 1) == b""


@given(st.text())
def test_the_choice_says_whether_every_character_is_in_the_alphabet(text: str) -> None:
    is_gsm = all(character in GSM_CHARACTERS for character in text)
    assert encoding.choose(text) is (Encoding.GSM7 if is_gsm else Encoding.UCS2)
    if is_gsm:
        return
    outside = encoding.forcing_characters(text)
    assert set(outside) == set(text) - set(GSM_CHARACTERS)
    assert sorted(outside, key=text.index) == list(outside)
    assert encoding.units(text, Encoding.UCS2) == len(text.encode("utf-16-be")) // 2
    with pytest.raises(Refused, match="text_not_gsm7"):
        encoding.encode_septets(text)


def test_the_forcing_characters_come_once_each_in_order_of_appearance() -> None:
    assert encoding.forcing_characters("Price — 5€, “ok” — да") == ("—", "“", "”", "д", "а")


@pytest.mark.parametrize("character", ["`", "ç", "\x1b", "\x00", "\t", "№", "—", "\u00a0", "ё", "\ufffe"])
def test_what_the_alphabet_lacks_makes_the_text_ucs2(character: str) -> None:
    assert encoding.choose(f"abc{character}") is Encoding.UCS2
    with pytest.raises(Refused) as refusal:
        encoding.encode_septets(f"abc{character}")
    assert refusal.value.params == {"character": character, "position": 4}


@pytest.mark.parametrize("text", ["a\ud83d", "\ude0b", "да\udc00нет", "\ud83d\ude0b"])
def test_half_a_surrogate_pair_is_refused_with_its_place(text: str) -> None:
    for attempt in (
        lambda: encoding.units(text, Encoding.UCS2),
        lambda: encoding.forcing_characters(text),
        lambda: encoding.encode_ucs2(text),
        lambda: encoding.encode_septets(text.replace("да", "da")),
        lambda: encoding.units(text.replace("да", "da"), Encoding.GSM7),
    ):
        with pytest.raises(Refused, match="text_broken_character") as refusal:
            attempt()
        assert refusal.value.params["position"] >= 1
        assert str(refusal.value).encode()


def test_an_escape_before_an_unknown_septet_gives_the_character_of_the_main_table() -> None:
    assert encoding.decode_septets(b"\x1b\x41b\x1b\x1bc\x1b") == "Ab c "


def test_national_tables_are_read() -> None:
    turkish = {"locking": 1, "single": 1}
    assert encoding.decode_septets(b"\x04\x07\x0b\x0c\x1c\x1d\x40\x60", **turkish) == "€ıĞğŞşİç"
    assert encoding.decode_septets(b"\x1bG\x1bI\x1bS\x1bc\x1bg\x1bi\x1bs", single=1) == "ĞİŞçğış"
    assert encoding.decode_septets(b"\x1bA\x1ba\x1b\x09", single=2) == "Ááç"
    assert encoding.decode_septets(b"\x5b\x5c\x7b\x7c\x1b\x65", locking=3, single=3) == "ÃÕãõ€"


def test_a_language_that_is_not_known_is_read_with_the_default_tables() -> None:
    assert encoding.decode_septets(b"Hi\x1b\x65", locking=13, single=200) == "Hi€"


@given(st.binary(max_size=300), st.integers(0, 255), st.integers(0, 255))
def test_decoding_never_fails(octets: bytes, locking: int, single: int) -> None:
    encoding.decode_septets(octets, locking=locking, single=single).encode()
