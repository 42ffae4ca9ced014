"""SMS-SUBMIT: golden vectors, an independent decoder, and what cannot be sent."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smspdudecoder.codecs import GSM
from smspdudecoder.fields import SMSSubmit

from pbx_sms.core import tpdu
from pbx_sms.core.encoding import (
    DEFAULT_ALPHABET,
    EXTENSION_TABLE,
    Encoding,
    choose,
    encode_septets,
    pack_septets,
)
from pbx_sms.core.segments import Segment, split
from pbx_sms.core.tpdu.validity import MAX_VALIDITY_S
from pbx_sms.errors import Refused
from tests.tpdus import SUBMITS, Submit

HOUR_S, DAY_S, WEEK_S = 3600, 86400, 7 * 86400
GSM_CHARACTERS = DEFAULT_ALPHABET.replace("\x1b", "") + "".join(EXTENSION_TABLE.values())
texts = st.one_of(
    st.text(alphabet=GSM_CHARACTERS, max_size=800),
    st.text(max_size=400),
    st.text(alphabet="фё😋a", max_size=400),
)
numbers = st.one_of(
    st.from_regex(r"\+[0-9]{1,15}", fullmatch=True), st.from_regex(r"[0-9]{1,20}", fullmatch=True)
)


def encode(msisdn: str, text: str, **order: Any) -> tpdu.SubmitPdu:
    reference, number, total = order.pop("part", (None, 1, 1))
    encoding = Encoding(order.pop("encoding", choose(text)))
    segment = Segment(text=text, number=number, total=total, encoding=encoding)
    return tpdu.encode_submit(
        msisdn=msisdn,
        segment=segment,
        concat_reference=reference,
        **({"wants_report": False, "validity_s": None} | order),
    )


def read_septets(user_data: bytes, length: int, header_octets: int) -> list[int]:
    """The septets of the text, drawn bit by bit: it begins at the first septet after the header."""
    bits = "".join(f"{octet:08b}"[::-1] for octet in user_data)
    first = -(-8 * header_octets // 7)
    return [int(bits[7 * place : 7 * place + 7][::-1], 2) for place in range(first, length)]


def read_text(septets: list[int]) -> str:
    """The text by the tables of the independent decoder."""
    pairs = zip([0, *septets], septets, strict=False)
    return "".join(
        GSM.ALPHABET_EXT[septet] if before == GSM.CHAR_EXT else GSM.ALPHABET[septet]
        for before, septet in pairs
        if septet != GSM.CHAR_EXT
    )


def decode_independently(pdu: tpdu.SubmitPdu) -> dict[str, Any]:
    decoded: dict[str, Any] = SMSSubmit.decode(StringIO(pdu.hex))
    return decoded


@pytest.mark.parametrize("vector", SUBMITS, ids=lambda vector: vector.name)
def test_golden_submits_come_out_octet_for_octet(vector: Submit) -> None:
    assert len(vector.hex) // 2 - 1 - int(vector.hex[:2], 16) == vector.length
    if vector.order is None:
        # the field named in `beyond` is never written by us; number and text are written the same way
        assert vector.beyond
        ours = encode(vector.msisdn, vector.text)
        if "8-bit" not in vector.beyond:
            assert vector.hex.endswith(pack_septets(encode_septets(vector.text)).hex().upper())
        if "national" not in vector.beyond:
            assert ours.hex[6 : 10 + len(vector.msisdn)] in vector.hex
        return
    pdu = encode(vector.msisdn, vector.text, **dict(vector.order))
    assert pdu.hex == vector.hex
    assert pdu.length == vector.length


@pytest.mark.parametrize("vector", SUBMITS, ids=lambda vector: vector.name)
def test_a_submit_read_back_from_storage_is_not_taken_for_an_inbound_message(vector: Submit) -> None:
    assert tpdu.decode(vector.hex) == tpdu.Undecodable(raw=vector.hex, why="pdu_of_another_type")


@given(texts, numbers, st.integers(0, 255), st.booleans(), st.booleans())
def test_an_independent_decoder_reads_every_part(
    text: str, msisdn: str, reference: int, wants_report: bool, reject_duplicates: bool
) -> None:
    segments = split(text)
    whole_text = ""
    for segment in segments:
        pdu = tpdu.encode_submit(
            msisdn=msisdn,
            segment=segment,
            concat_reference=reference,
            wants_report=wants_report,
            validity_s=DAY_S,
            reject_duplicates=reject_duplicates,
        )
        assert pdu.hex == pdu.hex.upper()
        assert pdu.length == len(pdu.hex) // 2 - 1
        decoded = decode_independently(pdu)
        header = decoded["header"]
        assert (header["mti"], header["rp"]) == ("submit", False)
        assert (header["srr"], header["rd"]) == (wants_report, reject_duplicates)
        assert header["udhi"] == (len(segments) > 1)
        assert (header["vpf"], decoded["validity-hours"]) == (2, 24)
        assert (decoded["message-ref"], decoded["pid"]) == (0, 0)
        recipient = decoded["recipient"]
        assert recipient["toa"] == {
            "ton": "international" if msisdn.startswith("+") else "unknown",
            "npi": "isdn",
        }
        assert recipient["number"] == msisdn.removeprefix("+")
        assert decoded["dcs"]["encoding"] == ("gsm" if segment.encoding is Encoding.GSM7 else "ucs2")
        if len(segments) > 1:
            (element,) = decoded["user_data"]["header"]["elements"]
            assert (element["iei"], element["length"]) == (0, 3)
            assert element["data"] == {
                "reference": reference,
                "parts_count": len(segments),
                "part_number": segment.number,
            }
        # first octet, reference, number, PID, DCS, validity, length: what follows is user data
        user_data_place = 2 + 2 + (len(msisdn.removeprefix("+")) + 1) // 2 + 4
        user_data = bytes.fromhex(pdu.hex)[1 + user_data_place :]
        assert len(user_data) <= 140
        septets: list[int] = []
        if segment.encoding is Encoding.GSM7:
            length = bytes.fromhex(pdu.hex)[user_data_place]
            septets = read_septets(user_data, length, 6 if len(segments) > 1 else 0)
            assert read_text(septets) == segment.text
        # That decoder cuts the header and the spare bits off by characters, after it has turned each
        # escape pair into one; with an escape in the field (the header may look like one) it cuts wrong.
        if GSM.CHAR_EXT not in read_septets(user_data, 8 * len(user_data) // 7, 0) or not septets:
            assert decoded["user_data"]["data"] == segment.text
        whole_text += segment.text
    assert whole_text == text


@pytest.mark.parametrize(
    ("validity_s", "octet"),
    [
        (1, 0x00),
        (300, 0x00),
        (301, 0x01),
        (HOUR_S, 0x0B),
        (6 * HOUR_S, 0x47),
        (12 * HOUR_S, 0x8F),
        (12 * HOUR_S + 1, 0x90),
        (24 * HOUR_S, 0xA7),
        (24 * HOUR_S + 1, 0xA8),
        (2 * DAY_S, 0xA8),
        (3 * DAY_S, 0xA9),
        (4 * DAY_S, 0xAA),
        (7 * DAY_S, 0xAD),
        (30 * DAY_S, 0xC4),
        (30 * DAY_S + 1, 0xC5),
        (52 * WEEK_S, 0xF4),
        (63 * WEEK_S, 0xFF),
        (64 * WEEK_S, 0xFF),
    ],
)
def test_golden_validity_periods(validity_s: int, octet: int) -> None:
    assert tpdu.encode_validity(validity_s) == octet


@given(st.integers(1, MAX_VALIDITY_S))
def test_a_validity_is_rounded_up_to_the_nearest_that_can_be_written(validity_s: int) -> None:
    octet = tpdu.encode_validity(validity_s)
    assert tpdu.validity_seconds(octet) >= validity_s
    assert octet == 0 or tpdu.validity_seconds(octet - 1) < validity_s


def test_every_validity_octet_stands_for_itself() -> None:
    assert [tpdu.encode_validity(tpdu.validity_seconds(octet)) for octet in range(256)] == list(range(256))


def test_without_a_validity_the_field_is_left_out() -> None:
    assert encode("+79161234567", "a").length == encode("+79161234567", "a", validity_s=300).length - 1


@pytest.mark.parametrize(
    ("msisdn", "field"),
    [
        ("+79161234567", "0B919761214365F7"),
        ("900", "038109F0"),
        ("0611", "04816011"),
        ("84951234567", "0B814859214365F7"),
        ("*100#", "0581 1A00 FB".replace(" ", "")),
        ("12abc", "058121DCFE"),
    ],
)
def test_destinations(msisdn: str, field: str) -> None:
    assert encode(msisdn, "").hex == f"000100{field}000000"


@pytest.mark.parametrize(
    "msisdn", ["", "+", "+7 916", "8(916)123-45-67", "+7*100", "٧٩١٦", "1" * 21, "++7916", "7916\n", "abcd"]
)
def test_what_cannot_be_dialled_is_refused(msisdn: str) -> None:
    with pytest.raises(Refused, match="msisdn_not_dialable"):
        encode(msisdn, "a")


@pytest.mark.parametrize("smsc", ["", "+", "*100", "+7916x", "MTS"])
def test_a_message_centre_that_is_no_number_is_refused(smsc: str) -> None:
    with pytest.raises(Refused, match="smsc_not_dialable"):
        encode("+79161234567", "a", smsc=smsc)


@pytest.mark.parametrize("validity_s", [0, -1])
def test_a_validity_of_no_time_is_refused(validity_s: int) -> None:
    with pytest.raises(Refused, match="validity_not_positive"):
        encode("+79161234567", "a", validity_s=validity_s)


@pytest.mark.parametrize("part", [(None, 1, 2), (256, 1, 2), (-1, 1, 2), (0, 3, 2), (0, 0, 2), (0, 1, 256)])
def test_a_part_that_could_not_be_joined_is_never_written(part: tuple[int | None, int, int]) -> None:
    with pytest.raises(ValueError, match=r"reference|cannot be written"):
        encode("+79161234567", "a", part=part)


@pytest.mark.parametrize("text", ["a" * 161, "ф" * 71])
def test_more_than_a_part_can_carry_is_never_written(text: str) -> None:
    with pytest.raises(ValueError, match="longer than a part"):
        encode("+79161234567", text)


def test_a_segment_whose_text_is_not_in_its_encoding_is_refused() -> None:
    segment = Segment(text="да", number=1, total=1, encoding=Encoding.GSM7)
    with pytest.raises(Refused, match="text_not_gsm7"):
        tpdu.encode_submit(
            msisdn="+79161234567", segment=segment, concat_reference=None, wants_report=False, validity_s=None
        )
