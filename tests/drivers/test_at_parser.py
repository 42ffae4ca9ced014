"""Lines with a meaning out of whatever bytes arrive."""

from __future__ import annotations

from typing import Any

import pytest
from faults import ALL, Mangler
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.drivers.at_parser import MAX_LINE, AtParser, Final, Info, Item, Prompt, Unsolicited

REPORT = "0006050B919761214365F7621122504454216211225044542100"
DELIVER = "07912143658709F1040B918100551512F20000111010214365000AE8329BFD4697D9EC37"


def parse(
    data: str | bytes, command: str = "AT", mangle: Mangler = ALL["whole"], **expected: Any
) -> list[Item]:
    parser = AtParser()
    parser.begin(command, **expected)
    items = []
    for piece in mangle(data if isinstance(data, bytes) else data.encode()):
        items += parser.feed(piece)
    return items


CLEAN = {name: mangle for name, mangle in ALL.items() if name not in ("with_garbage_lines", "with_noise")}


@pytest.mark.parametrize("mangle", CLEAN.values(), ids=CLEAN)
class TestAnyPieces:
    def test_an_answer_with_echo(self, mangle: Mangler) -> None:
        items = parse("AT+CSQ\r\r\n+CSQ: 9,99\r\n\r\nOK\r\n", "AT+CSQ", mangle, answers=("+CSQ",))
        assert items == [Info("+CSQ: 9,99"), Final(True, "OK")]

    def test_a_report_between_answer_and_ok(self, mangle: Mangler) -> None:
        items = parse(
            f"\r\n+CMGS: 46\r\n\r\n+CDS: 25\r\n{REPORT}\r\n\r\nOK\r\n",
            "AT+CMGS=9",
            mangle,
            answers=("+CMGS",),
        )
        assert items == [Info("+CMGS: 46"), Unsolicited("+CDS", "+CDS: 25", REPORT), Final(True, "OK")]

    def test_a_prompt(self, mangle: Mangler) -> None:
        assert parse("AT+CMGS=9\r\r\n> ", "AT+CMGS=9", mangle, prompt=True) == [Prompt()]

    def test_a_text_of_several_lines(self, mangle: Mangler) -> None:
        items = parse('\r\n+CUSD: 1,"one two"\r\n', mangle=mangle)
        assert items == [Unsolicited("+CUSD", '+CUSD: 1,"one two"')]


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("OK", True),
        ("ERROR", False),
        ("+CMS ERROR: 38", False),
        ("+CMS ERROR:500", False),
        ("+CME ERROR: SIM busy", False),
        ("COMMAND NOT SUPPORT", False),
        ("TOO MANY PARAMETERS", False),
        ("MODEM ERROR: 5", False),
        ("NA", False),
    ],
)
def test_every_final_result_ends_a_command(text: str, ok: bool) -> None:
    assert parse(f"\r\n{text}\r\n") == [Final(ok, text)]


@pytest.mark.parametrize("text", ["OKAY", "ERRORS", "OK 1", "0", "4", "BUSY", "NO CARRIER", "NAN"])
def test_nothing_else_ends_a_command(text: str) -> None:
    assert not [item for item in parse(f"\r\n{text}\r\n") if isinstance(item, Final)]


def test_digits_end_commands_only_where_the_modem_speaks_digits() -> None:
    parser = AtParser()
    parser.numeric_results = True
    parser.begin("AT")
    assert parser.feed(b"0\r4\r12\r") == [Final(True, "OK"), Final(False, "ERROR"), Unsolicited("", "12")]


@pytest.mark.parametrize(
    ("line", "items"),
    [
        ("ERROR+CNUM: 1", [Final(False, "ERROR"), Unsolicited("", "+CNUM: 1")]),
        ('OK+CMTI: "SM",1', [Final(True, "OK"), Unsolicited("+CMTI", '+CMTI: "SM",1')]),
        ("^MODE:5,4+CMGS: 5", [Unsolicited("^MODE", "^MODE:5,4"), Info("+CMGS: 5")]),
        ("+CSSU: 2+CMS ERROR: 21", [Unsolicited("+CSSU", "+CSSU: 2"), Final(False, "+CMS ERROR: 21")]),
        ("+CMGS: 5OK", [Info("+CMGS: 5"), Final(True, "OK")]),
        ("+CMGS: 5 OK", [Info("+CMGS: 5"), Final(True, "OK")]),
    ],
)
def test_results_that_hang_together_are_parted(line: str, items: list[Item]) -> None:
    assert parse(f"\r\n{line}\r\n", "AT+CMGS=9", answers=("+CMGS",)) == items


def test_a_list_with_glued_headers_is_parted() -> None:
    items = parse(
        f"\r\n+CMGL: 1,1,,28\r\n{DELIVER}+CMGL: 2,1,,28\r\n{DELIVER},0\r\nOK\r\n",
        "AT+CMGL=4",
        answers=("+CMGL",),
        hexadecimal=True,
    )
    assert [item.text for item in items if isinstance(item, Info)] == [
        "+CMGL: 1,1,,28",
        DELIVER,
        "+CMGL: 2,1,,28",
        f"{DELIVER},0",
    ]


def test_the_echo_of_a_pdu_with_its_ctrl_z_is_dropped() -> None:
    parser = AtParser()
    parser.begin("AT+CMGS=9", prompt=True)
    assert parser.feed(b"AT+CMGS=9\r\r\n> ") == [Prompt()]
    parser.wrote(DELIVER)
    parser.expect(("+CMGS",))
    wire = DELIVER.encode() + b"\x1a\r\n\r\n+CMGS: 5\r\n\r\nOK\r\n"
    assert parser.feed(wire) == [Info("+CMGS: 5"), Final(True, "OK")]


def test_a_prompt_is_one_only_where_it_is_expected() -> None:
    parser = AtParser()
    parser.begin("AT")
    assert parser.feed(b"\r\n> ") == []
    assert parser.feed(b"\r\nOK\r\n") == [Final(True, "OK")]


def test_a_prompt_with_something_behind_it_is_still_seen() -> None:
    items = parse('\r\n> \r\n+CMTI: "SM",3\r\n', "AT+CMGS=9", prompt=True)
    assert items == [Prompt(), Unsolicited("+CMTI", '+CMTI: "SM",3')]


def test_a_reference_that_nobody_waits_for_is_unsolicited() -> None:
    assert parse("\r\n+CMGS: 7\r\n") == [Unsolicited("+CMGS", "+CMGS: 7")]


@pytest.mark.parametrize(
    "line", ["+CREG: 2,1", '+CREG: 002,001,"18d8","ffff"', "+CREG: 2,2,00,0", "+CREG: 2,,"]
)
def test_the_registration_that_was_asked_for(line: str) -> None:
    assert parse(f"\r\n{line}\r\n", "AT+CREG?", answers=("+CREG",)) == [Info(line)]


@pytest.mark.parametrize(
    "line", ["+CREG: 1", "+CREG: 1,8BE3,2BAF", '+CREG: 1,"5E25","605F"', "+CREG: 1,0001,2BAF"]
)
def test_the_registration_that_was_not_asked_for(line: str) -> None:
    assert parse(f"\r\n{line}\r\n", "AT+CREG?", answers=("+CREG",)) == [Unsolicited("+CREG", line)]


@pytest.mark.parametrize(
    "noise",
    [
        *("^RSSI:18", "^BOOT:44964621,0,0,0,99", '^HCSQ:"LTE",60,52', "+ZUSIMR:2", "*PSUTTZ: 1", "$GPRMC,1"),
        *(
            "#STN: 1",
            "+QIND: SMS DONE",
            "DST: 0",
            "UNDER-VOLTAGE WARNNING",
            "Call Ready",
            "AT+OLD?",
            "ATE0+X",
        ),
    ],
)
def test_noise_is_never_the_answer(noise: str) -> None:
    items = parse(f"\r\n{noise}\r\n861821001234567\r\n\r\nOK\r\n", "AT+CGSN", bare=True)
    assert [item.text for item in items if isinstance(item, Info)] == ["861821001234567"]


def test_a_pdu_may_come_a_line_later() -> None:
    items = parse(f"\r\n+CMT: ,28\r\n^RSSI:18\r\n{DELIVER}\r\n")
    assert items[-1] == Unsolicited("+CMT", "+CMT: ,28", DELIVER)


def test_a_pdu_that_never_comes_is_not_waited_for() -> None:
    parser = AtParser()
    parser.feed(b"\r\n+CDS: 25\r\n^A:1\r\n^A:2\r\n^A:3\r\n")
    assert parser.feed(REPORT.encode() + b"\r\n") == [Unsolicited("", REPORT)]


def test_a_text_that_is_never_closed_ends_with_the_next_result() -> None:
    items = parse('\r\n+CUSD: 0,"half\r\nOK\r\n')
    assert items == [Unsolicited("+CUSD", '+CUSD: 0,"half"'), Final(True, "OK")]


def test_a_quoted_text_may_run_over_lines() -> None:
    items = parse('\r\n+CUSD: 1,"1 Balance\r\n2 Tariff",15\r\n')
    assert items == [Unsolicited("+CUSD", '+CUSD: 1,"1 Balance\n2 Tariff",15')]


def test_memory_is_bounded_and_the_next_line_is_read_again() -> None:
    parser = AtParser()
    for _ in range(50):
        assert parser.feed(b"x" * MAX_LINE) == []
    assert parser.feed(b"tail\r\nOK\r\n") == [Final(True, "OK")]


@given(st.lists(st.binary(max_size=40), max_size=20), st.booleans())
def test_no_bytes_break_it(pieces: list[bytes], waits: bool) -> None:
    parser = AtParser()
    parser.begin("AT+CMGR=1", answers=("+CMGR",), hexadecimal=True, bare=waits, prompt=waits)
    for piece in pieces:
        parser.feed(piece)
    parser.reset()
    assert parser.feed(b"\r\nOK\r\n") == [Final(True, "OK")]


@given(st.binary(max_size=200).filter(lambda data: b"OK" not in data and b"NA" not in data))
def test_garbage_never_says_ok(data: bytes) -> None:
    assert Final(True, "OK") not in parse(data)
