"""Every form in which modems were seen to answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.drivers import at_answers, vendors
from pbx_sms.drivers.at_answers import Memory


@pytest.mark.parametrize(
    ("line", "asked", "status"),
    [
        ("+CREG: 2,1,9110,7E6", True, 1),
        ('+CREG: 0,1,"5E25","605F"', True, 1),
        ('+CREG: 2,5,"2AF5","0B88E350",2', True, 5),
        ("+CREG: 2,0,00,0", True, 0),
        ("+CREG: 2,,", True, None),
        ('+CREG: 002,001,"18d8","ffff"', True, 1),
        ('+CREG: 2,1,"0B,"0100701",7', True, 1),
        ('+CREG: 2,1,"5E25', True, 1),
        ("+CREG: 1,8BE3,2BAF", False, 1),
        ("+CREG: 3", False, 3),
        ("+CREG:", True, None),
    ],
)
def test_registration(line: str, asked: bool, status: int | None) -> None:
    assert at_answers.registered(line, asked=asked) == status


@pytest.mark.parametrize(
    ("line", "dbm"),
    [("+CSQ: 9,99", -95), ("+CSQ: 31,0", -51), ("+CSQ: 0,0", -113), ("+CSQ: 99,99", None), ("", None)],
)
def test_signal(line: str, dbm: int | None) -> None:
    assert at_answers.signal_dbm(line) == dbm


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('+COPS: 0,0,"MegaFon",2', "MegaFon"),
        ('+COPS: 0,0,"TELE2,0', "TELE2"),
        ('+COPS: 0,0,"004D00540053",2', "MTS"),
        ('+COPS: 0,0,"Beeline\x11",2', "Beeline"),
        ("+COPS: 0", None),
        ("", None),
    ],
)
def test_operator(line: str, name: str | None) -> None:
    assert at_answers.operator_name(line) == name


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('+CSCA: "+79168999100",145', "+79168999100"),
        ('+CSCA: "6281100000",145', "6281100000"),
        ("+CSCA: 002B00370039003200360032003000300030003300330031,145", "+79262000331"),
        ('+CSCA: "",129', None),
        ("+CSCA: ,", None),
        ("", None),
    ],
)
def test_service_centre(line: str, number: str | None) -> None:
    assert at_answers.service_centre(line) == number


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('+CNUM: "*Subscriber Number","+79161234567",145', "+79161234567"),
        ('+CNUM: "Subscriber Number","",145', None),
        ('+CNUM: ,"",145', None),
        ("+CNUM: ,,145", None),
        ('+CNUM: "",+79161234567",145', "+79161234567"),
        ('+CNUM: "","+639171234567",145,0,4', "+639171234567"),
    ],
)
def test_own_number(line: str, number: str | None) -> None:
    assert at_answers.own_number([line]) == number


@pytest.mark.parametrize(
    ("line", "iccid"),
    [
        ("^ICCID: 8970102151023456789", "8970102151023456789"),
        ("8970101089343287956f", "8970101089343287956"),
        ('+CCID: "89701015563690989130"', "89701015563690989130"),
        ("ERROR", None),
    ],
)
def test_iccid(line: str, iccid: str | None) -> None:
    assert at_answers.iccid([line]) == iccid


def test_iccid_of_the_sims_own_record() -> None:
    assert at_answers.iccid_from_record(['+CRSM: 144,0,"981010093109943672F8"']) == "8901019013904963278"
    assert at_answers.iccid_from_record(["+CRSM: 106,130"]) is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("+CPMS: 0,50,1,50,2,50", [(None, 0, 50), (None, 1, 50), (None, 2, 50)]),
        ('+CPMS: "SM",3,50,"ME",0,23', [("SM", 3, 50), ("ME", 0, 23)]),
        ('+CPMS: "ME", 0, 50, "ME", 0, 50', [("ME", 0, 50), ("ME", 0, 50)]),
        ("+CPMS: 0,10,0,10", [(None, 0, 10), (None, 0, 10)]),
        ("", []),
    ],
)
def test_memories(line: str, found: list[tuple[str | None, int, int]]) -> None:
    assert at_answers.memories(line) == [
        Memory(name=name, used=used, total=total) for name, used, total in found
    ]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ('+CPMS: ("SM","ME"),("SM"),("SM")', ["SM", "ME"]),
        ('+CPMS: (("SM","BM","SR"),("SM"))', ["SM", "BM", "SR"]),
        ('+CPMS: "SM","SM","SM"', ["SM"]),
        ('+CPMS: "ME","MT","SM"', ["ME", "MT", "SM"]),
        ("+CPMS: (),(),()", []),
    ],
)
def test_memory_choices(line: str, first: list[str]) -> None:
    choices = at_answers.memory_choices(line)
    assert (choices[0] if choices else []) == first


@pytest.mark.parametrize(
    ("allowed", "modes", "best"),
    [
        ("+CNMI: (2),(0-1,3),(0,2),(0-1),(0)", (1, 2, 0), "2,1,0,1,0"),
        ("+CNMI: (0-2),(0,1,3),(0),(0,1),(0,1)", (2, 1, 0), "2,1,0,1,0"),
        ("+CNMI:(0-3),(0-3),(0-3),(0,1),(0,1)", (1, 2, 0), "2,1,0,1,0"),
        ("+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)", (1, 0), "2,1,0,1,0"),
        ("+CNMI: (0-3),(0,1),(0,2,3),(0,2),(1)", (1, 2, 0), "2,1,0,2,1"),
        ("+CNMI: (0,1),(0,1),(0),(0),(0)", (1, 2, 0), "1,1,0,0,0"),
        ("", (1, 2, 0), "2,1,0,1,0"),
    ],
)
def test_notifications(allowed: str, modes: tuple[int, ...], best: str) -> None:
    choices = at_answers.notifications(at_answers.value_lists(allowed), modes)
    assert choices[0] == best
    assert choices[-1] == "1,1"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('+CMTI: "SM",3', ("SM", 3)),
        ('+CMTI: "ME",41', ("ME", 41)),
        ("+CMTI: 0,111", (None, 111)),
        ('+CMTI: "SM",-1', ("SM", None)),
        ("+CMTI:", (None, None)),
        ('+CDSI: "SR",0', ("SR", 0)),
    ],
)
def test_announcements(line: str, place: tuple[str | None, int | None]) -> None:
    assert at_answers.announced(line) == place


@pytest.mark.parametrize("pdu", ["", "00", "FFFFFFFFFF", "not hexadecimal"])
def test_a_free_slot_has_no_pdu(pdu: str) -> None:
    assert at_answers.stored(["+CMGR: 0,,0", pdu], 3).pdu == ""


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ('+CUSD: 0,"text, with comma",15', (0, "text, with comma", 15)),
        ("+CUSD: 0, 49B41C74,15", (0, "49B41C74", 15)),
        ('+CUSD: 1,"no coding"', (1, "no coding", None)),
        ('+CUSD: 2,"two\nlines",0', (2, "two\nlines", 0)),
        ("+CUSD: 5", (5, "", None)),
        ("+CUSD: 0,plain text, really", (0, "plain text, really", None)),
    ],
)
def test_ussd(line: str, parts: tuple[int, str, int | None]) -> None:
    assert at_answers.ussd(line) == parts


@given(st.text(max_size=60))
def test_nothing_that_a_modem_says_breaks_the_reading(text: str) -> None:
    for line in (text, f"+X: {text}", f'+X: 1,"{text}'):
        at_answers.registered(line, asked=True)
        at_answers.signal_dbm(line)
        at_answers.operator_name(line)
        at_answers.service_centre(line)
        at_answers.own_number([line])
        at_answers.iccid([line])
        at_answers.iccid_from_record([line])
        at_answers.memories(line)
        at_answers.memory_choices(line)
        at_answers.notifications(at_answers.value_lists(line), (1, 2, 0))
        at_answers.announced(line)
        at_answers.stored([line, text], 1)
        at_answers.listed([line, text])
        at_answers.ussd(line)


@pytest.mark.parametrize(
    ("manufacturer", "model", "name"),
    [
        ("huawei", "E1550", "huawei"),
        ("huawei", "E3372", "huawei_lte"),
        ("ZTE CORPORATION", "MF180", "zte"),
        ("ZTE CORPORATION", "MF710M", "zte_lte"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E", "simcom_lte"),
        ("Quectel", "EC25", "quectel_lte"),
        ("Quectel_Ltd Quectel_M95 Revision: MTK 0828", "M95", "quectel"),
        ("Cinterion", "MC75i", "siemens"),
        ("SIEMENS", "MC35i", "siemens"),
        ("Telit", "GM862", "telit"),
        (" WAVECOM MODEM", " 900P", "wavecom"),
        (None, None, "generic"),
    ],
)
def test_the_make_is_recognised(manufacturer: str | None, model: str | None, name: str) -> None:
    assert vendors.find(manufacturer, model).name == name
    assert vendors.find(manufacturer, model, "zte").name == "zte"
