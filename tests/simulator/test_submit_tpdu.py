"""The simulator's own reading of SMS-SUBMIT, against TPDUs that others captured or published."""

from __future__ import annotations

import pytest

from pbx_sms.simulator.submit_tpdu import MalformedPdu, Mistake, decode

KIPLING = (
    "005100098156355476F80000AAA00500038803019E72D03DCC5E83EE693A1AB44CBBCF73500BE47ECB41ECF7BC0CA2A3CBA0F1"
    "BBDD7EBB41F4777D8C6681D26690BB9CA6A3CB7290F95D9E83DC6F3988FDB6A7DD6790599E2EBBC973D038EC06A1EB723A28FF"
    "AEB340493328CC6683DA653768FCAEBBE9A07B9A8E06E5DF7516485CA783DC6F7719447FBF41EDFA18BD0325CDA0FCBB0E1A87"
    "DD"
)
KING = (
    "07919130079229F011000B915155551532F40008003A0414043000200437043404400430043204410442043204430435044200"
    "20043A043E0440043E043B044C002C0020043404350442043A04300021"
)
TWO_PARTS_UCS2 = (
    "0071000B916407281553F800080B8C05000301020100310032003300340035003600370038003900300031003200330034003500"
    "360037003800390030003100320033003400350036003700380039003000310032003300340035003600370038003900300031"
    "003200330034003500360037003800390030003100320033003400350036003700380039003000310032003300340035003600"
    "37"
)
GOLDEN = [
    ("0001000B914316565811F9000004E8373B0C", 17, "+34616585119", "hola", False),
    ("0011000B914316565811F90000AA04E8373B0C", 18, "+34616585119", "hola", False),
    ("0019000B914316565811F900000170520251930004E8373B0C", 24, "+34616585119", "hola", False),
    ("07914346466554F601000B914316565811F9000004E8373B0C", 17, "+34616585119", "hola", False),
    ("0021000B914356143254F6000006E8721E947F03", 19, "+34654123456", "hey yo", True),
    ("0001000B914356143254F6001006E8721E947F03", 19, "+34654123456", "hey yo", False),
    ("0001000B914356143254F6000009C2AD341104EDFB00", 21, "+34654123456", "BÄRÇA äñ@", False),
    (
        "07914400000000F001000B811000000000F000040B48692074686572652E2E2E",
        24,
        "01000000000",
        "Hi there...",
        False,
    ),
    ("001100098156355476F80008AA0E0420044304410441043A04380439", 27, "655345678", "Русский", False),
    ("0031000B916407281553F800000B021B14", 16, "+46708251358", "{", True),
    (
        "0031000B916407281553F800080B1A00680065006C006C006F00200077006F0072006C0064D83DDE0B",
        40,
        "+46708251358",
        "hello world😋",
        True,
    ),
    ("0001000B917228001011F100000CC8329BFD065DDF72363904", 24, "+27820001111", "Hello World!", False),
    ("0005000B917228001011F10000094676788E064D9B53", 21, "+27820001111", "Flash SMS", False),
    ("07914400000000F01100099121436587F90008F40A4E16754C60A8597DFF01", 23, "+123456789", "世界您好！", False),
    (
        "04A12143F5310D0AA110624521430000A91BD4F29C0E6A97E7F3F0B9AC03B1DFE3301BE4AEB7C565F91C",
        37,
        "0126541234",
        "Test message: local numbers",
        True,
    ),
    (
        "0019000B917228001011F100003170131930080017D474BB3CA787DB70903DCC4E93D3F43C885E9ED301",
        41,
        "+27820001111",
        "Timestamp validity test",
        False,
    ),
    (KING, 72, "+15555551234", "Да здравствует король, детка!", False),
    (
        "0011000B915155661632F40000001954747A0E4ACF41F27298CDCE83C6EF371B0481402010",
        36,
        "+15556661234",
        "This is really cool ΔΔΔΔΔ",
        False,
    ),
    ("07919761989901F031000B919761084218F200F1FF04D4F29C0E", 18, "+79168024812", "Test", True),
]


@pytest.mark.parametrize(("pdu", "length", "number", "text", "wants_report"), GOLDEN)
def test_a_published_submit_reads_as_published(pdu, length, number, text, wants_report):
    submit = decode(pdu.encode(), length)
    assert (submit.number, submit.text, submit.wants_report) == (number, text, wants_report)
    assert (submit.reference, submit.part, submit.parts) == (None, 1, 1)


@pytest.mark.parametrize(
    ("pdu", "reference", "part", "parts", "start", "end"),
    [
        (TWO_PARTS_UCS2, 1, 1, 2, "1234567890", "1234567"),
        (
            "0071000B916407281553F800080B1A05000301020200380039003000680065006C006C006FD83DDE0B",
            1,
            2,
            2,
            "890hello😋",
            "890hello😋",
        ),
        (KIPLING, 136, 1, 3, "O", ""),
        (
            "005100098156355476F80000AA14050003880303C2A066D8CD02B5F3A0F9DB0D",
            136,
            3,
            3,
            "a Man, my son",
            "a Man, my son",
        ),
    ],
)
def test_a_part_of_a_long_message_names_its_place(pdu, reference, part, parts, start, end):
    submit = decode(pdu.encode(), len(pdu) // 2 - 1)
    assert (submit.reference, submit.part, submit.parts) == (reference, part, parts)
    assert submit.text.startswith(start)
    assert submit.text.endswith(end)


def test_a_sixteen_bit_reference_is_read():
    submit = decode(b"0041000B919761214365F7000010060804010002013A9BDC0699DF72", 27)
    assert (submit.reference, submit.part, submit.parts) == (0x0100, 1, 2)


def test_half_a_surrogate_pair_stays_half():
    submit = decode(b"0001000B919761214365F7000802D83D", 15)
    assert submit.text == "\ud83d"


@pytest.mark.parametrize(
    ("pdu", "length", "mistake"),
    [
        ("0001000B914316565811F9000004E8373B0", 17, Mistake.HEX),
        ("0001000B914316565811F9000004E8373BZZ", 17, Mistake.HEX),
        ("00 01000B914316565811F9000004E8373B0C", 17, Mistake.HEX),
        ("", 17, Mistake.HEX),
        ("0001000B914316565811F9000004E8373B0C", 16, Mistake.LENGTH),
        ("0001000B914316565811F9000004E8373B0C", 18, Mistake.LENGTH),
        ("FF01000B914316565811F9000004E8373B0C", 17, Mistake.SMSC),
        ("0000000B914316565811F9000004E8373B0C", 17, Mistake.TYPE),
        ("0002000B914316565811F9000004E8373B0C", 17, Mistake.TYPE),
        ("00010000914316565811F9000004E8373B0C", 17, Mistake.ADDRESS),
        ("0001000B114316565811F9000004E8373B0C", 17, Mistake.ADDRESS),
        ("0001000B91431656581119000004E8373B0C", 17, Mistake.ADDRESS),
        ("0001000B914316565F11F9000004E8373B0C", 17, Mistake.ADDRESS),
        ("0001000BD04316565811F9000004E8373B0C", 17, Mistake.ADDRESS),
        ("0001000B914316565811F9000005E8373B0C", 17, Mistake.USER_DATA),
        ("0001000B914316565811F9000003E8373B0C", 17, Mistake.USER_DATA),
        ("0001000B914316565811F900080304310431", 17, Mistake.USER_DATA),
        ("0041000B914316565811F900080405000301", 17, Mistake.HEADER),
        ("0041000B919761214365F7000808050003010203FFFF", 21, Mistake.HEADER),
        ("0041000B919761214365F700080804000301FFFFFFFF", 21, Mistake.HEADER),
    ],
)
def test_a_malformed_submit_is_refused_by_its_mistake(pdu, length, mistake):
    with pytest.raises(MalformedPdu) as refused:
        decode(pdu.encode(), length)
    assert refused.value.mistake is mistake


@pytest.mark.parametrize("cut", range(34))
def test_a_submit_cut_anywhere_is_refused_and_never_crashes(cut):
    pdu = b"0001000B914316565811F9000004E8373B0C"[:cut]
    with pytest.raises(MalformedPdu):
        decode(pdu, max(0, cut // 2 - 1))
