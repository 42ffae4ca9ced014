"""SMS-DELIVER and whatever else a modem shows: golden captures, odd records, garbage."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smspdudecoder.easy import read_incoming_sms

from pbx_sms.core import tpdu
from pbx_sms.core.tpdu.address import decode_address, decode_smsc
from pbx_sms.core.tpdu.octets import Octets
from tests.tpdus import ADDRESSES, DELIVERS, REPORTS, SMSC_ADDRESSES, SUBMITS, UNDECODABLE, Deliver

#: +79161234567, no SMSC, 2026-11-22 10:00:00 +03:00
STAMP = "62112201000021"
PLAIN, WITH_HEADER = "04", "44"


def record(user_data: str, *, dcs: str = "00", first: str = PLAIN, stamp: str = STAMP) -> str:
    return f"00{first}0B919761214365F700{dcs}{stamp}{user_data}"


def deliver(user_data: str, *, dcs: str = "00", first: str = PLAIN, stamp: str = STAMP) -> tpdu.Deliver:
    decoded = tpdu.decode(record(user_data, dcs=dcs, first=first, stamp=stamp))
    assert isinstance(decoded, tpdu.Deliver), decoded
    return decoded


def ucs2(text: str, header: str = "") -> str:
    octets = header + text.encode("utf-16-be", "surrogatepass").hex().upper()
    return f"{len(octets) // 2:02X}{octets}"


@pytest.mark.parametrize("vector", DELIVERS, ids=lambda vector: vector.name)
def test_golden_delivers_mean_what_they_mean(vector: Deliver) -> None:
    decoded = tpdu.decode(vector.hex)
    assert isinstance(decoded, tpdu.Deliver)
    assert decoded.raw == vector.hex
    assert decoded.smsc == vector.smsc
    assert (decoded.sender, decoded.sender_is_alphanumeric) == (vector.sender, vector.is_alphanumeric)
    assert (decoded.pid, decoded.dcs) == (vector.pid, vector.dcs)
    assert decoded.service_at == vector.service_at
    assert decoded.service_at.utcoffset() == vector.service_at.utcoffset()
    assert decoded.text == vector.text
    concat = decoded.concat and (
        decoded.concat.reference, decoded.concat.bits, decoded.concat.number, decoded.concat.total
    )  # fmt: skip
    assert concat == vector.concat
    assert decoded.more_to_send is vector.more_to_send
    assert decoded.is_binary is (vector.data is not None)
    if vector.data is not None:
        assert decoded.data == vector.data
    assert not decoded.is_truncated
    assert tpdu.join([decoded]) == vector.text


@pytest.mark.parametrize("vector", DELIVERS, ids=lambda vector: vector.name)
def test_an_independent_decoder_reads_the_golden_delivers_the_same(vector: Deliver) -> None:
    theirs = read_incoming_sms(vector.hex)
    # it takes the reserved bit 3 of DCS FB for UCS-2 and shows Chinese signs instead of an English text
    if vector.dcs != 0xFB:
        assert theirs["content"] == (vector.data if vector.data is not None else vector.text)
    # it reads a spare seven bits of a name as "@"
    assert theirs["sender"].rstrip("@") == vector.sender
    assert theirs["date"] == vector.service_at


@pytest.mark.parametrize(("field", "expected"), ADDRESSES.items())
def test_golden_addresses(field: str, expected: tuple[str, bool]) -> None:
    address = decode_address(Octets(bytes.fromhex(field)))
    assert (address.text, address.is_alphanumeric) == expected


@pytest.mark.parametrize(("field", "number"), SMSC_ADDRESSES.items())
def test_golden_smsc_addresses(field: str, number: str | None) -> None:
    assert decode_smsc(Octets(bytes.fromhex(field))) == number


@pytest.mark.parametrize(("line", "why"), UNDECODABLE.items())
def test_what_cannot_be_read_says_why(line: str, why: str) -> None:
    decoded = tpdu.decode(line)
    assert decoded == tpdu.Undecodable(raw=line, why=why)
    assert decoded.is_empty_slot is (why == "pdu_empty_slot")


def test_what_stands_after_the_user_data_is_ignored() -> None:
    assert deliver("05E8329BFD06" + "AA" * 30).text == "hello"
    assert deliver("05E8329BFD06" + "FF" * 100).text == "hello"
    assert deliver(ucs2("да") + "0041", dcs="08").text == "да"


def test_lower_case_spaces_around_and_glued_endings_do_no_harm() -> None:
    line = record("05E8329BFD06")
    for odd in (line.lower(), f"  {line}\r\n", f"{line},0", f"{line}+CMGL: 2,1,,25", f"{line}F"):
        decoded = tpdu.decode(odd)
        assert isinstance(decoded, tpdu.Deliver)
        assert decoded.text == "hello"
        assert decoded.raw == odd


def test_a_record_without_smsc_address_is_read_when_told_so() -> None:
    decoded = tpdu.decode(record("05E8329BFD06")[2:], with_smsc=False)
    assert isinstance(decoded, tpdu.Deliver)
    assert (decoded.smsc, decoded.text) == (None, "hello")


def test_a_ucs2_text_shorter_than_announced_is_given_as_far_as_it_goes() -> None:
    decoded = deliver("A0" + ucs2("Привет")[2:], dcs="08")
    assert (decoded.text, decoded.is_truncated) == ("Привет", True)
    assert deliver("A0" + ucs2("Привет")[2:-2], dcs="08").text == "Приве"


def test_a_line_cut_inside_an_octet_is_read_as_far_as_it_goes() -> None:
    decoded = tpdu.decode(record("05E8329BFD06")[:-1])
    assert isinstance(decoded, tpdu.Deliver)
    assert (decoded.text, decoded.is_truncated) == ("hell", True)
    cut_data = record("05E8329BFD06", dcs="04")[:-1]
    assert tpdu.decode(cut_data) == tpdu.Undecodable(raw=cut_data, why="pdu_too_short")


def test_an_odd_octet_of_ucs2_is_dropped() -> None:
    assert deliver("05" + ucs2("да")[2:] + "04", dcs="08").text == "да"


@pytest.mark.parametrize("dcs", ["00", "04"])
def test_missing_octets_of_septets_or_data_are_not_made_up(dcs: str) -> None:
    decoded = tpdu.decode(record("0AE8329BFD", dcs=dcs))
    assert isinstance(decoded, tpdu.Undecodable)
    assert decoded.why == "pdu_too_short"


@pytest.mark.parametrize("text", ["Тест Test", "Да", "ОК", "Пароль: 1234"])
@pytest.mark.parametrize("dcs", ["F8", "F9"])
def test_ucs2_under_a_class_without_alphabet_is_recognised(text: str, dcs: str) -> None:
    assert deliver(ucs2(text), dcs=dcs).text == text
    assert deliver(ucs2(text) + "FFFF", dcs=dcs).text == text


def test_septets_under_the_same_dcs_stay_septets() -> None:
    assert deliver("05E8329BFD06", dcs="F9").text == "hello"
    assert deliver("04F4F29C0E", dcs="F9").text == "test"


@pytest.mark.parametrize(
    ("dcs", "alphabet", "message_class"),
    [
        ("00", "gsm7", None), ("04", "binary", None), ("08", "ucs2", None), ("0C", "gsm7", None),
        ("10", "gsm7", 0), ("15", "binary", 1), ("18", "ucs2", 0), ("20", "binary", None),
        ("28", "binary", None), ("40", "gsm7", None), ("48", "ucs2", None), ("58", "ucs2", 0),
        ("60", "binary", None), ("80", "gsm7", None), ("B8", "gsm7", None), ("C8", "gsm7", None),
        ("D0", "gsm7", None), ("E0", "ucs2", None), ("F0", "gsm7", 0), ("F1", "gsm7", 1), ("F5", "binary", 1),
        ("F7", "binary", 3),
    ],
)  # fmt: skip
def test_data_coding_schemes(dcs: str, alphabet: str, message_class: int | None) -> None:
    decoded = deliver("0E" + "31" * 14, dcs=dcs)
    assert (decoded.alphabet, decoded.message_class) == (alphabet, message_class)


@pytest.mark.parametrize(
    ("header", "concat"),
    [
        ("050003AB0302", (0xAB, 8, 2, 3)),
        ("060804ABCD0302", (0xABCD, 16, 2, 3)),
        ("080701030003990202", (0x99, 8, 2, 2)),
        ("0A2401010003AB03022500", (0xAB, 8, 2, 3)),
        ("0A0003AA02010003AB0302", (0xAB, 8, 2, 3)),
        ("0B0003AB03020804ABCD0504", (0xABCD, 16, 4, 5)),
        ("0B0504158115810003AB0302", (0xAB, 8, 2, 3)),
        # ignored by the standard: part 0, no parts, a part beyond the total; a wrong length
        ("050003AB0300", None),
        ("050003AB0000", None),
        ("050003AB0304", None),
        ("040002AB03", None),
        # an element that runs over the end of the header
        ("050009AB0302", None),
        ("00", None),
        ("0100", None),
    ],
)
def test_headers(header: str, concat: tuple[int, int, int, int] | None) -> None:
    decoded = deliver(ucs2("да", header), dcs="08", first=WITH_HEADER)
    assert decoded.text == "да"
    found = decoded.concat
    assert (found and (found.reference, found.bits, found.number, found.total)) == concat


def test_a_header_longer_than_the_user_data_makes_all_of_it_text() -> None:
    assert deliver("04F4F29C0E", first=WITH_HEADER).text == "test"
    assert deliver(ucs2("да"), dcs="08", first=WITH_HEADER).text != ""
    assert deliver("00", first=WITH_HEADER).text == ""


def test_national_tables_named_in_the_header_are_used() -> None:
    # seven octets of header take eight septets: Turkish locking and single shift, then 0x1D, ESC 0x67
    septets = bytes([0x1D, 0x1B, 0x67])
    packed = sum(septet << 7 * place for place, septet in enumerate(septets)).to_bytes(3, "little")
    decoded = deliver("0B" + "06250101240101" + packed.hex(), first=WITH_HEADER)
    assert decoded.text == "şğ"
    assert (decoded.shift.locking, decoded.shift.single) == (1, 1)


@pytest.mark.parametrize(
    ("octet", "hours"),
    [
        ("80", 2), ("61", 4), ("21", 3), ("22", 5.5), ("32", 5.75), ("23", 8), ("04", 10), ("29", -3),
        ("69", -4), ("2B", -8), ("08", 0), ("00", 0), ("65", 14), ("6D", -14),
        # farther than any clock, or no decimal digits: unknown, the reading is kept
        ("75", 0), ("97", 0), ("A1", 0), ("FF", 0),
    ],
)  # fmt: skip
def test_zones(octet: str, hours: float) -> None:
    service_at = deliver("00", stamp="621122010000" + octet).service_at
    assert service_at is not None
    assert service_at.utcoffset() == timedelta(hours=hours)
    assert service_at.replace(tzinfo=None) == datetime.fromisoformat("2026-11-22T10:00:00")


@pytest.mark.parametrize(
    "stamp", ["00000000000000", "FFFFFFFFFFFFFF", "62132201000021", "621122010A0021", "62200301000021"]
)
def test_a_stamp_that_is_no_date_is_left_out(stamp: str) -> None:
    assert deliver("00", stamp=stamp).service_at is None


def test_two_digits_of_the_year_mean_this_century_up_to_eighty() -> None:
    years = {stamp: deliver("00", stamp=f"{stamp}112201000021").service_at for stamp in ("08", "18", "99")}
    assert {stamp: found.year for stamp, found in years.items() if found} == {
        "08": 2080,
        "18": 1981,
        "99": 1999,
    }


def test_a_surrogate_pair_cut_by_the_sender_is_healed_by_joining() -> None:
    first = deliver(ucs2("привет \ud83d", "050003070201"), dcs="08", first=WITH_HEADER)
    second = deliver(ucs2("\ude0b!", "050003070202"), dcs="08", first=WITH_HEADER)
    assert (first.text, second.text) == ("привет \ufffd", "\ufffd!")
    assert tpdu.join([second, first]) == tpdu.join([first, second, first]) == "привет 😋!"


def test_an_escape_pair_cut_by_the_sender_is_healed_by_joining() -> None:
    def part(number: str, septets: bytes) -> tpdu.Deliver:
        bits = sum(septet << 7 * place for place, septet in enumerate(septets)) << 1
        user_data = f"{7 + len(septets):02X}0500030702{number}" + bits.to_bytes(len(septets), "little").hex()
        return deliver(user_data, first=WITH_HEADER)

    first, second = part("01", b"5\x1b"), part("02", b"e!")
    assert (first.text, second.text) == ("5 ", "e!")
    assert tpdu.join([first, second]) == "5€!"


def test_parts_of_different_alphabets_are_joined_as_text() -> None:
    first = deliver("0A050003070201" + f"{0x61 << 1 | 0x62 << 8 | 0x63 << 15:06x}"[::1], first=WITH_HEADER)
    second = deliver(ucs2("да", "050003070202"), dcs="08", first=WITH_HEADER)
    assert tpdu.join([first, second]) == first.text + "да"


def test_a_part_that_never_came_is_left_out_of_the_joined_text() -> None:
    parts = [deliver(ucs2(f"{n}", f"05000307030{n}"), dcs="08", first=WITH_HEADER) for n in (3, 1)]
    assert tpdu.join(parts) == "13"
    assert tpdu.join([]) == ""


def test_nul_in_a_text_is_replaced_because_databases_do_not_store_it() -> None:
    assert deliver(ucs2("a\x00b"), dcs="08").text == "a\ufffdb"


golden_lines = st.sampled_from([vector.hex for vector in (*DELIVERS, *REPORTS, *SUBMITS)])


def check(line: str, with_smsc: bool) -> None:
    decoded = tpdu.decode(line, with_smsc=with_smsc)
    assert decoded.raw == line
    match decoded:
        case tpdu.Deliver():
            decoded.text.encode()
            decoded.sender.encode()
            assert "\x00" not in decoded.text
            tpdu.join([decoded]).encode()
        case tpdu.StatusReport():
            assert tpdu.report_reason(decoded.status).code
        case tpdu.Undecodable():
            assert decoded.why.startswith("pdu_")


@given(st.text(), st.booleans())
def test_no_text_at_all_breaks_the_decoder(line: str, with_smsc: bool) -> None:
    check(line, with_smsc)


@given(st.binary(max_size=200), st.booleans())
def test_no_octets_break_the_decoder(octets: bytes, with_smsc: bool) -> None:
    check(octets.hex(), with_smsc)


@given(golden_lines, st.data())
def test_no_damage_to_a_real_record_breaks_the_decoder(line: str, data: st.DataObject) -> None:
    octets = bytearray.fromhex(line)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    damaged = octets.hex()[: data.draw(st.integers(0, 2 * len(octets)))]
    check(damaged, with_smsc=True)


@given(
    st.text(max_size=60).filter(lambda text: len(text.encode("utf-16-be")) <= 134 and "\x00" not in text),
    st.integers(0, 65535),
    st.integers(1, 255).flatmap(lambda total: st.tuples(st.integers(1, total), st.just(total))),
)
def test_delivers_built_by_hand_come_back(text: str, reference: int, part: tuple[int, int]) -> None:
    number, total = part
    if reference < 256:
        header, bits = f"050003{reference:02X}{total:02X}{number:02X}", 8
    else:
        header, bits, text = f"060804{reference:04X}{total:02X}{number:02X}", 16, text[:30]
    decoded = deliver(ucs2(text, header), dcs="08", first=WITH_HEADER)
    assert decoded.text == text
    assert decoded.concat == tpdu.Concat(reference=reference, bits=bits, number=number, total=total)
    assert decoded.sender == "+79161234567"
