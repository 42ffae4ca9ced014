"""Golden TPDUs with their meaning: captures from real networks and the test suites of older codecs.

Each was decoded with an independent decoder before it came here. `SUBMITS` go from us to the network,
`DELIVERS` and `REPORTS` come from it. The names are only for finding a vector in a failing test.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.inbound_tpdus import DELIVERS, REPORTS, Deliver, Report

__all__ = [
    "ADDRESSES",
    "DELIVERS",
    "PACKED",
    "REPORTS",
    "SMSC_ADDRESSES",
    "SUBMITS",
    "UNDECODABLE",
    "USSD_CODES",
    "Deliver",
    "Report",
    "Submit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """`length` is what `AT+CMGS` is told. `order` is the call of the encoder that must give exactly `hex`,
    None where the vector has a field that our encoder never writes (`beyond` says which)."""

    name: str
    hex: str
    length: int
    msisdn: str
    text: str
    order: dict[str, object] | None = None
    beyond: str = ""


SUBMITS = (
    Submit(
        name="S1",
        hex="0001000B914316565811F9000004E8373B0C",
        length=17,
        msisdn="+34616585119",
        text="hola",
        order={},
    ),
    Submit(
        name="S2",
        hex="0011000B914316565811F90000AA04E8373B0C",
        length=18,
        msisdn="+34616585119",
        text="hola",
        order={"validity_s": 4 * 86400},
    ),
    Submit(
        name="S3",
        hex="0019000B914316565811F900000170520251930004E8373B0C",
        length=24,
        msisdn="+34616585119",
        text="hola",
        beyond="absolute validity 2010-07-25 20:15:39",
    ),
    Submit(
        name="S4",
        hex="07914346466554F601000B914316565811F9000004E8373B0C",
        length=17,
        msisdn="+34616585119",
        text="hola",
        order={"smsc": "+34646456456"},
    ),
    Submit(
        name="S5",
        hex="0021000B914356143254F6000006E8721E947F03",
        length=19,
        msisdn="+34654123456",
        text="hey yo",
        order={"wants_report": True},
    ),
    Submit(
        name="S6",
        hex="0001000B914356143254F6001006E8721E947F03",
        length=19,
        msisdn="+34654123456",
        text="hey yo",
        beyond="message class 0",
    ),
    Submit(
        name="S6 class 1",
        hex="0001000B914356143254F6001106E8721E947F03",
        length=19,
        msisdn="+34654123456",
        text="hey yo",
        beyond="message class 1",
    ),
    Submit(
        name="S6 class 2",
        hex="0001000B914356143254F6001206E8721E947F03",
        length=19,
        msisdn="+34654123456",
        text="hey yo",
        beyond="message class 2",
    ),
    Submit(
        name="S6 class 3",
        hex="0001000B914356143254F6001306E8721E947F03",
        length=19,
        msisdn="+34654123456",
        text="hey yo",
        beyond="message class 3",
    ),
    Submit(
        name="S7",
        hex="0001000B914356143254F6000009C2AD341104EDFB00",
        length=21,
        msisdn="+34654123456",
        text="BÄRÇA äñ@",
        order={},
    ),
    Submit(
        name="S8",
        hex="07914400000000F001000B811000000000F000040B48692074686572652E2E2E",
        length=24,
        msisdn="01000000000",
        text="Hi there...",
        beyond="8-bit data",
    ),
    Submit(
        name="S9",
        hex="001100098156355476F80008AA0E0420044304410441043A04380439",
        length=27,
        msisdn="655345678",
        text="Русский",
        order={"validity_s": 4 * 86400},
    ),
    Submit(
        name="S10",
        hex="0031000B916407281553F800000B021B14",
        length=16,
        msisdn="+46708251358",
        text="{",
        order={"wants_report": True, "validity_s": 3600},
    ),
    Submit(
        name="S11",
        hex="0031000B916407281553F800080B1A00680065006C006C006F00200077006F0072006C0064D83DDE0B",
        length=40,
        msisdn="+46708251358",
        text="hello world😋",
        order={"wants_report": True, "validity_s": 3600},
    ),
    Submit(
        name="S12",
        hex=(
            "0071000B916407281553F800080B8C05000301020100310032003300340035003600370038003900300031003200"
            "33003400350036003700380039003000310032003300340035003600370038003900300031003200330034003500"
            "36003700380039003000310032003300340035003600370038003900300031003200330034003500360037003800"
            "3900300031003200330034003500360037"
        ),
        length=154,
        msisdn="+46708251358",
        text="1234567890123456789012345678901234567890123456789012345678901234567",
        order={"wants_report": True, "validity_s": 3600, "part": (1, 1, 2), "encoding": "ucs2"},
    ),
    Submit(
        name="S13",
        hex="0071000B916407281553F800080B1A05000301020200380039003000680065006C006C006FD83DDE0B",
        length=40,
        msisdn="+46708251358",
        text="890hello😋",
        order={"wants_report": True, "validity_s": 3600, "part": (1, 2, 2)},
    ),
    Submit(
        name="S16",
        hex=(
            "005100098156355476F80000AAA00500038803019E72D03DCC5E83EE693A1AB44CBBCF73500BE47ECB41ECF7BC0C"
            "A2A3CBA0F1BBDD7EBB41F4777D8C6681D26690BB9CA6A3CB7290F95D9E83DC6F3988FDB6A7DD6790599E2EBBC973"
            "D038EC06A1EB723A28FFAEB340493328CC6683DA653768FCAEBBE9A07B9A8E06E5DF7516485CA783DC6F7719447F"
            "BF41EDFA18BD0325CDA0FCBB0E1A87DD"
        ),
        length=153,
        msisdn="655345678",
        text=(
            "Or walk with Kings - nor lose the common touch, if neither foes nor loving frien"
            "ds can hurt you, If all men count with you, but none too much; If you can"
        ),
        order={"validity_s": 4 * 86400, "part": (0x88, 1, 3)},
    ),
    Submit(
        name="S17",
        hex=(
            "005100098156355476F80000AAA005000388030240E6349B0DA2A3CBA0BADBFC969FD3F6B4FB0C6AA7DD757A1974"
            "4DD3D1A0791A4FCF83E6E5F1DB4D9E9F40F7B79C8E06BDCD20727A4E0FBBC76590BCEE6681B2EFBA7C0E4ACF4174"
            "7419540CCBE96850D84D0695ED65799E8E4EBBCF203A3A4C9F83D26E509ACE0205DD64500B7447A7C768507A0E6A"
            "BFE565500B947FD741F7349B0D129741"
        ),
        length=153,
        msisdn="655345678",
        text=(
            " fill the unforgiving minute With sixty seconds' worth of distance run, Yours is"
            " the Earth and everything thats in it, And - which is more - you will be "
        ),
        order={"validity_s": 4 * 86400, "part": (0x88, 2, 3)},
    ),
    Submit(
        name="S18",
        hex="005100098156355476F80000AA14050003880303C2A066D8CD02B5F3A0F9DB0D",
        length=31,
        msisdn="655345678",
        text="a Man, my son",
        order={"validity_s": 4 * 86400, "part": (0x88, 3, 3)},
    ),
    Submit(
        name="S19",
        hex="0001000B917228001011F100000CC8329BFD065DDF72363904",
        length=24,
        msisdn="+27820001111",
        text="Hello World!",
        order={},
    ),
    Submit(
        name="S20",
        hex="0005000B917228001011F10000094676788E064D9B53",
        length=21,
        msisdn="+27820001111",
        text="Flash SMS",
        order={"reject_duplicates": True},
    ),
    Submit(
        name="S21",
        hex="07914400000000F01100099121436587F90008F40A4E16754C60A8597DFF01",
        length=23,
        msisdn="+123456789",
        text="世界您好！",
        order={"smsc": "+44000000000", "validity_s": 52 * 7 * 86400},
    ),
    Submit(
        name="S22",
        hex="04A12143F5310D0AA110624521430000A91BD4F29C0E6A97E7F3F0B9AC03B1DFE3301BE4AEB7C565F91C",
        length=37,
        msisdn="0126541234",
        text="Test message: local numbers",
        beyond="national type of number, message reference 13",
    ),
    Submit(
        name="S23",
        hex="0019000B917228001011F100003170013193008017D474BB3CA787DB70903DCC4E93D3F43C885E9ED301",
        length=41,
        msisdn="+27820001111",
        text="Timestamp validity test",
        beyond="absolute validity 2013-07-10 13:39:00 +02:00",
    ),
    Submit(
        name="S24",
        hex=(
            "07919130079229F011000B915155551532F40008003A041404300020043704340440043004320441044204320443"
            "043504420020043A043E0440043E043B044C002C0020043404350442043A04300021"
        ),
        length=72,
        msisdn="+15555551234",
        text="Да здравствует король, детка!",
        order={"smsc": "+19037029920", "validity_s": 300},
    ),
    Submit(
        name="S25",
        hex="0011000B915155661632F40000001954747A0E4ACF41F27298CDCE83C6EF371B0481402010",
        length=36,
        msisdn="+15556661234",
        text="This is really cool ΔΔΔΔΔ",
        order={"validity_s": 300},
    ),
    Submit(
        name="S26",
        hex="07919761989901F031000B919761084218F200F1FF04D4F29C0E",
        length=18,
        msisdn="+79168024812",
        text="Test",
        beyond="DCS F1 (class 1)",
    ),
)

#: originating address fields of a TPDU → (text, is alphanumeric)
ADDRESSES = {
    "0B917228195339F4": ("+27829135934", False),
    "0A918967452301": ("+9876543210", False),
    "099189674523F1": ("+987654321", False),
    "0AA11092997856": ("0129998765", False),
    "06D061F118": ("abc", True),
    "0ED04669D0397C26A7": ("FRANCOIS", True),
    "14D0E10D6FE3DBA036A94D19": ("a[]{}€", True),
    # a name of seven characters whose sender counted a whole octet more
    "0ED0CDF2396C7EBB01": ("Megafon", True),
    # digits as a name: cannot be answered
    "09D034186C3603": ("40033", True),
    # types of number that only some networks use
    "05852122F0": ("12220", False),
    "04C82143": ("1234", False),
    "048A2143": ("1234", False),
    # * # a b c are digits, F is filling wherever it stands
    "06812A3BC4": ("*2#34a", False),
    "06812AF321": ("*23", False),
    "0091": ("", False),
}

#: SMSC fields → number
SMSC_ADDRESSES = {
    "00": None,
    "06917228195339": "+2782913593",
    "07919130079229F0": "+19037029920",
    "06810973209902": "9037029920",
}

#: text → its packed septets
PACKED = {
    "123456789": "31D98C56B3DD7039",
    "Hello World!": "C8329BFD065DDF72363904",
    "[{abc}]~": "1BDE0615168F37A98D6FD303",
    "a[]{}€": "E10D6FE3DBA036A94D19",
    "hellohello": "E8329BFD4697D9EC37",
    "": "",
}

#: what is no message that can be read → the code that says why
UNDECODABLE = {
    "": "pdu_empty_slot",
    "00": "pdu_empty_slot",
    "FF" * 176: "pdu_empty_slot",
    "000ABF00": "pdu_too_short",
    "001C011C": "pdu_too_short",
    "004100010100014B00002E": "pdu_of_another_type",
    "00F101010C0000000000": "pdu_of_another_type",
    # ten septets announced as eleven
    "07912143658709F1040B918100551512F20000111010214365000BE8329BFD4697D9EC37": "pdu_too_short",
    "91947122982661": "pdu_too_short",
    "0": "pdu_empty_slot",
    "hello": "pdu_not_hexadecimal",
    "07911": "pdu_too_short",
    # the reserved type 11
    "0003000B914316565811F9000004E8373B0C": "pdu_of_another_type",
    "00040B918100551512F200001110102143": "pdu_too_short",
}

#: codes and their packed form; seven characters need the CR that keeps "@" away
USSD_CODES = {
    "*100#": "AA180C3602",
    "*102#": "AA184C3602",
    "*105#": "AA18AC3602",
    "#100#": "A3180C3602",
    "*111#": "AA582C3602",
    "*107#": "AA18EC3602",
    "*144#": "AA188D3602",
    "*201#": "2A192C3602",
    "*110*06#": "AA580CA682D946",
    "*100*1#": "AA180CA68A8D1A",
    "*141*1#": "AA182DA68A8D1A",
    "1": "31",
    "0": "30",
}
