"""The dialogue of every make, from the first AT to an accepted part."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pbx_sms.simulator.profiles import PROFILES

# facts of the standard, decoded by hand: "hola" to +34616585119
HOLA = "0001000B914316565811F9000004E8373B0C"
HOLA_WITH_REPORT = "0021000B914316565811F9000004E8373B0C"
MAKES = sorted(PROFILES)


@pytest.mark.parametrize("make", MAKES)
def test_the_usual_initialisation_finds_modem_and_sim(simulate, hosts, make):
    simulator = simulate(profile=make)
    known = json.loads((simulator.simulator.directory / "modems.json").read_text())[0]
    host = hosts(simulator.ports[0])
    host.greet()
    host.command("ATZ")
    assert host.command("ATE0")[-1] == "OK"
    assert host.command("AT+CMEE=1") == ["OK"]
    host.command("AT^CURC=0")
    assert PROFILES[make].manufacturer[-1] in host.command("AT+CGMI")
    assert PROFILES[make].model in host.command("AT+CGMM")
    assert "OK" in host.command("ATI")
    assert "+CPIN: READY" in host.command("AT+CPIN?")
    assert known["imei"] in host.command("AT+CGSN")
    assert known["imsi"] in host.command("AT+CIMI")
    assert host.command("AT+CREG=2")[-1] == "OK"
    assert any(line.startswith("+CREG: 2,1,") for line in host.command("AT+CREG?"))
    host.command("AT+COPS=3,0")
    assert any("MTS" in line for line in host.command("AT+COPS?"))
    assert any(line.startswith("+CSQ: ") for line in host.command("AT+CSQ"))
    assert '+CSCA: "+79168999100",145' in host.command("AT+CSCA?")
    assert any(line.startswith("+CPMS: ") for line in host.command('AT+CPMS="SM","SM","SM"'))
    assert any(line.startswith("+CNMI: ") for line in host.command("AT+CNMI=?"))
    host.set_up()
    assert host.submit(HOLA).startswith("+CMGS: ")
    entry = simulator.ledger()[0]
    assert (entry["imsi"], entry["number"], entry["text"]) == (known["imsi"], "+34616585119", "hola")
    assert (entry["reference"], entry["part"], entry["parts"]) == (None, 1, 1)


@pytest.mark.parametrize("make", MAKES)
def test_the_iccid_can_be_read_the_way_of_the_make(simulate, hosts, make):
    simulator = simulate(profile=make)
    iccid = json.loads((simulator.simulator.directory / "modems.json").read_text())[0]["iccid"]
    host = hosts(simulator.ports[0])
    host.set_up()
    ways = {
        "huawei_e173": ("AT^ICCID?", f"^ICCID: {iccid}"),
        "sim800": ("AT+CCID", iccid),
        "quectel_ec25": ("AT+QCCID", f"+QCCID: {iccid}"),
    }
    if make in ways:
        command, line = ways[make]
        assert line in host.command(command)
    stored = next(line for line in host.command("AT+CRSM=176,12258,0,0,10") if line.startswith("+CRSM: 144"))
    digits = stored.split('"')[1]
    assert len(digits) == 20
    assert "".join(digits[i + 1] + digits[i] for i in range(0, 20, 2)).rstrip("F") == iccid


@pytest.mark.parametrize("make", MAKES)
def test_an_unknown_command_gets_the_error_of_the_make(simulate, hosts, make):
    host = hosts(simulate(profile=make).ports[0])
    host.set_up()
    assert host.command("AT+NOSUCH=1")[-1] == PROFILES[make].unknown_command


def test_the_echo_ends_in_cr_and_the_answer_begins_with_crlf(simulate, hosts):
    host = hosts(simulate(profile="huawei_e1550").ports[0])
    host.write(b"AT+CMGS=17\r")
    assert host.expect(rb"> ") == b"AT+CMGS=17\r\r\n> "
    host.write(HOLA.encode() + b"\x1a")
    host.expect(rb"OK\r\n")
    assert (HOLA.encode() + b"\r\n\r\n+CMGS: ") in host.seen


def test_several_commands_on_a_line_answer_together_and_stop_at_the_first_error(simulate, hosts):
    host = hosts(simulate(profile="quectel_ec25").ports[0])
    assert host.command("ATE0V1+CMEE=1;+CLIP=1;+CREG=2")[-1] == "OK"
    lines = host.command("AT+CSQ;+NOSUCH;+CREG?")
    assert lines[0].startswith("+CSQ")
    assert lines[-1] == "ERROR"
    assert len(lines) == 2


def test_without_verbose_results_the_answer_is_a_digit(simulate, hosts):
    host = hosts(simulate(profile="sim800").ports[0])
    host.command("ATE0")
    host.write(b"ATV0\r")
    host.expect(rb"0\r")
    host.write(b"AT+NOSUCH\r")
    host.expect(rb"4\r")
    assert host.command("ATV1") == ["OK"]


def test_errors_come_as_cmee_asks(simulate, hosts):
    host = hosts(simulate(profile="sim800").ports[0])
    host.command("ATE0")
    assert host.command("AT+NOSUCH") == ["ERROR"]
    host.command("AT+CMEE=1")
    assert host.command("AT+NOSUCH") == ["+CME ERROR: 100"]
    host.command("AT+CMEE=2")
    assert host.command("AT+NOSUCH") == ["+CME ERROR: unknown"]
    host.prompt(17)
    host.write(b"zz\x1a")
    host.expect(rb"\+CMS ERROR: unknown error\r\n")


def test_zte_first_says_what_it_owed_the_previous_host(simulate, hosts):
    host = hosts(simulate(profile="zte_mf180").ports[0])
    host.write(b"AT\r")
    assert b"+CPMS: " in host.expect(rb"OK\r\n")
    host.expect(rb"AT\r\r\nOK\r\n")


@pytest.mark.parametrize("make", ["sim800", "zte_mf180"])
def test_a_pdu_written_right_after_the_prompt_loses_its_first_character(simulate, hosts, make):
    simulator = simulate(profile=make)
    host = hosts(simulator.ports[0])
    host.set_up()
    # Behind the command in one write: the PDU is there before the prompt has been said for a moment.
    host.write(b"AT+CMGS=17\r" + HOLA.encode() + b"\x1a")
    host.expect(rb"\+CMS ERROR: \d+\r\n")
    assert simulator.ledger() == []
    assert host.submit(HOLA).startswith("+CMGS")


@pytest.mark.parametrize("make", MAKES)
def test_escape_ends_the_prompt_the_way_of_the_make(simulate, hosts, make):
    simulator = simulate(profile=make)
    host = hosts(simulator.ports[0])
    host.set_up()
    host.prompt(17)
    host.write(b"00\x1b")
    if PROFILES[make].escape_answer:
        host.expect(rb"\r\n" + PROFILES[make].escape_answer.encode() + rb"\r\n")
    assert host.command("AT")[-1] == "OK"
    assert simulator.ledger() == []


def test_numbers_of_parts_follow_each_other_and_wrap(simulate, hosts):
    simulator = simulate(profile="huawei_e1550")
    sim = simulator.simulator.modems[0].sim
    sim.next_reference = 254
    host = hosts(simulator.ports[0])
    host.set_up()
    assert [host.submit(HOLA) for _ in range(3)] == ["+CMGS: 254", "+CMGS: 255", "+CMGS: 0"]
    assert [entry["tp_mr"] for entry in simulator.ledger()] == [254, 255, 0]


def test_a_command_while_a_part_is_on_its_way_is_ignored_or_refused(simulate, hosts):
    simulator = simulate(profile="mixed", modems=5, latency_s=0.2)
    ignoring, refusing = hosts(simulator.ports[0]), hosts(simulator.ports[4])
    for host in (ignoring, refusing):
        host.set_up()
        host.prompt(17)
        host.write(HOLA.encode() + b"\x1a")
        host.write(b"AT+CMGS=17\r")
    assert b"302" not in ignoring.expect(rb"\+CMGS: \d+\r\n\r\nOK\r\n")
    refusing.expect(rb"\+CMS ERROR: 302\r\n")
    refusing.expect(rb"\+CMGS: \d+\r\n\r\nOK\r\n")
    assert len(simulator.ledger()) == 2


def test_noise_comes_until_it_is_silenced(simulate, hosts):
    host = hosts(simulate(profile=replace(PROFILES["huawei_e1550"], noise_interval_s=0.001)).ports[0])
    host.write(b"AT\r")
    host.expect(rb"\^RSSI:18\r\n")
    host.expect(rb"\^MODE:5,4\r\r\n")
    host.command("ATE0")
    host.command("AT^CURC=0")
    # What was on its way when the command came may still be read; ^BOOT never stops.
    said = host.expect(rb"(?s)\^BOOT.*\^BOOT.*\^BOOT")
    assert said.count(b"^RSSI") <= 1


def test_noise_can_stand_inside_an_answer(simulate, hosts):
    host = hosts(simulate(profile="huawei_e173").ports[0])
    host.set_up()
    lines = host.command("AT+CSQ")
    assert lines[0] == "^RSSI:21"
    assert lines[1].startswith("+CSQ: ")


def test_nothing_is_said_before_the_first_command(simulate, hosts):
    simulator = simulate(profile="huawei_e1550")
    simulator.control({"cmd": "inbound", "modem": 0, "from": "+79160001122", "text": "early"})
    simulator.control({"cmd": "urc", "modem": 0, "text": "^EARLY"})
    host = hosts(simulator.ports[0])
    assert host.serial.in_waiting == 0
    host.write(b"AT\r")
    host.expect(rb"OK\r\n")
    assert b"CMTI" not in host.seen
    assert b"EARLY" not in host.seen


def test_the_prompt_of_cnma_on_a_sim800_is_left_by_escape(simulate, hosts):
    host = hosts(simulate(profile="sim800").ports[0])
    host.set_up()
    host.write(b"AT+CNMA\r")
    host.expect(rb"> ")
    host.write(b"\x1b")
    host.expect(rb"\r\nOK\r\n")
