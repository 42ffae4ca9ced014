"""Every fault that can be asked for, as a host meets it on the wire."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from wire_host import PORT_GONE, PROMPT_PAUSE_S, until

from pbx_sms.errors import Refused
from pbx_sms.simulator.fault_rule import ACTIONS, read_file, read_rules

HOLA = "0001000B914316565811F9000004E8373B0C"
HOLA_WITH_REPORT = "0021000B914316565811F9000004E8373B0C"
LAST_OF_THREE = "005100098156355476F80000AA14050003880303C2A066D8CD02B5F3A0F9DB0D"
MANUAL = Path(__file__).parents[2] / "docs" / "simulator.md"


@pytest.fixture
def host_with(simulate, hosts):
    def start(*faults, profile="huawei_e1550", **options):
        simulator = simulate(profile=profile, faults={"fault": list(faults)}, **options)
        host = hosts(simulator.ports[0])
        host.set_up()
        return simulator, host

    return start


def type_pdu(host, pdu=HOLA):
    host.prompt(len(pdu) // 2 - 1)
    host.write(pdu.encode() + b"\x1a")


def test_a_refusal_writes_nothing_down_and_passes(host_with):
    simulator, host = host_with({"action": "cms", "code": 38, "nth": 1})
    assert host.submit(HOLA) == "+CMS ERROR: 38"
    assert simulator.ledger() == []
    assert host.submit(HOLA).startswith("+CMGS")


def test_a_refusal_by_number(host_with):
    simulator, host = host_with(
        {"action": "cms", "code": 21, "number": "+3461*"},
        {"action": "cms", "code": 28, "number_regex": "^655"},
    )
    assert host.submit(HOLA) == "+CMS ERROR: 21"
    assert host.submit(LAST_OF_THREE) == "+CMS ERROR: 28"
    assert host.submit("0001000B917228001011F100000CC8329BFD065DDF72363904").startswith("+CMGS")
    assert len(simulator.ledger()) == 1


def test_a_refusal_of_one_part_of_a_message(host_with):
    simulator, host = host_with({"action": "cms", "code": 41, "part": 3, "times": 1})
    assert host.submit(HOLA).startswith("+CMGS")
    assert host.submit(LAST_OF_THREE) == "+CMS ERROR: 41"
    assert host.submit(LAST_OF_THREE).startswith("+CMGS")


@pytest.mark.parametrize(
    ("when", "refused"),
    [
        ({"nth": 2}, [False, True, False, False]),
        ({"after": 2}, [False, False, True, True]),
        ({"every": 2}, [False, True, False, True]),
        ({"every": 2, "times": 1}, [False, True, False, False]),
        ({"after": 1, "times": 2}, [False, True, True, False]),
    ],
)
def test_a_fault_strikes_the_parts_it_names(host_with, when, refused):
    _, host = host_with({"action": "cms", "code": 42, **when})
    assert [host.submit(HOLA).startswith("+CMS") for _ in range(4)] == refused


def test_a_fault_of_one_modem_leaves_the_others_alone(simulate, hosts):
    simulator = simulate(modems=2, faults={"fault": [{"action": "cms", "code": 42, "modem": "modem1"}]})
    answers = []
    for port in simulator.ports:
        host = hosts(port)
        host.set_up()
        answers.append(host.submit(HOLA)[:4])
    assert answers == ["+CMG", "+CMS"]


def test_an_error_instead_of_the_prompt(host_with):
    _, host = host_with({"action": "cms_before_prompt", "code": 302, "times": 1})
    assert host.command("AT+CMGS=17") == ["+CMS ERROR: 302"]
    assert host.submit(HOLA).startswith("+CMGS")


def test_a_prompt_that_never_comes_is_left_by_escape(host_with):
    simulator, host = host_with({"action": "prompt_never", "times": 1})
    host.write(b"AT+CMGS=17\r")
    host.write(b"\x1b")
    assert host.command("AT") == ["OK"]
    assert b">" not in host.seen
    assert host.submit(HOLA).startswith("+CMGS")
    assert len(simulator.ledger()) == 1


def test_a_slow_prompt_comes(host_with):
    _, host = host_with({"action": "prompt_slow", "seconds": 0.05})
    assert host.submit(HOLA).startswith("+CMGS")


def test_a_modem_that_hangs_answers_again_after_a_power_cycle(host_with, hosts):
    simulator, host = host_with({"action": "hang", "times": 1})
    type_pdu(host)
    until(lambda: simulator.control({"cmd": "stats"})["modems"][0]["hung"])
    host.write(b"AT\r")
    simulator.control({"cmd": "unplug", "modem": 0})
    with pytest.raises(PORT_GONE):
        host.expect(rb"OK")
    assert simulator.ledger() == []
    simulator.control({"cmd": "plug", "modem": 0})
    again = hosts(simulator.ports[0])
    again.set_up()
    assert again.submit(HOLA).startswith("+CMGS")


@pytest.mark.parametrize(("action", "accepted"), [("no_answer", 1), ("no_answer_not_accepted", 0)])
def test_no_answer_ever_but_the_next_command_works(host_with, action, accepted):
    simulator, host = host_with({"action": action, "times": 1})
    type_pdu(host)
    assert host.command("AT") == ["OK"]
    assert b"+CMGS" not in host.seen
    assert len(simulator.ledger()) == accepted


@pytest.mark.parametrize(("action", "accepted"), [("vanish_before", 0), ("vanish_after", 1)])
def test_the_port_goes_and_comes_back(host_with, hosts, action, accepted):
    simulator, host = host_with({"action": action, "times": 1, "back_after_s": 0.02, "port": "modem0again"})
    type_pdu(host)
    with pytest.raises(PORT_GONE):
        host.expect(rb"CMGS")
    assert len(simulator.ledger()) == accepted
    port = simulator.simulator.directory / "modem0again"
    until(port.exists)
    assert not (simulator.simulator.directory / "modem0").exists()
    again = hosts(port)
    again.set_up()
    assert again.submit(HOLA).startswith("+CMGS")


def test_the_port_goes_for_good_unless_told_otherwise(host_with):
    simulator, host = host_with({"action": "vanish_after"})
    type_pdu(host)
    with pytest.raises(PORT_GONE):
        host.expect(rb"CMGS")
    assert simulator.control({"cmd": "stats"})["modems"][0]["plugged"] is False
    assert len(simulator.ledger()) == 1


@pytest.mark.parametrize("action", ["late", "slow"])
def test_an_answer_that_takes_its_time(host_with, action):
    simulator, host = host_with({"action": action, "seconds": 0.1, "times": 1})
    type_pdu(host)
    if action == "late":
        until(simulator.ledger)
    host.write(b"AT\r")  # nobody listens while the part is on its way
    host.expect(rb"\+CMGS: \d+\r\n\r\nOK\r\n")
    assert host.command("AT+CSQ")[0].startswith("+CSQ")
    assert len(simulator.ledger()) == 1


@pytest.mark.parametrize(
    ("where", "pattern"),
    [
        ("before", rb"\x00\xff\xfe\x81#\x00\r\n\+CMGS: \d+\r\n\r\nOK\r\n"),
        ("between", rb"\+CMGS: \d+\r\n\x00\xff\xfe\x81#\x00\r\n\r\nOK\r\n"),
        ("inside", rb"\+CMGS\x00\xff\xfe\x81#\x00: \d+\r\n\r\nOK\r\n"),
    ],
)
def test_garbage_about_the_answer(host_with, where, pattern):
    simulator, host = host_with({"action": "garbage", "where": where})
    type_pdu(host)
    host.expect(pattern)
    assert len(simulator.ledger()) == 1


def test_another_line_inside_the_answer(host_with):
    _, host = host_with({"action": "noise", "text": '+CMTI: "SM",3'})
    type_pdu(host)
    host.expect(rb'\+CMGS: \d+\r\n\r\n\+CMTI: "SM",3\r\n\r\nOK\r\n')


def test_an_answer_byte_by_byte(host_with):
    _, host = host_with({"action": "byte_by_byte"})
    assert host.submit(HOLA).startswith("+CMGS")


def test_ok_without_cmgs(host_with):
    simulator, host = host_with({"action": "ok_without_cmgs"})
    type_pdu(host)
    host.expect(rb"OK\r\n")
    assert b"+CMGS" not in host.seen
    assert len(simulator.ledger()) == 1


def test_cmgs_without_ok(host_with):
    simulator, host = host_with({"action": "cmgs_without_ok", "times": 1})
    type_pdu(host)
    host.expect(rb"\+CMGS: \d+\r\n")
    assert host.command("AT") == ["OK"]
    assert len(simulator.ledger()) == 1


@pytest.mark.parametrize(
    ("then", "accepted", "line"),
    [("cms", 2, "+CMS ERROR: 21"), ("no_answer", 2, None), ("drop", 3, "+CMGS: ")],
)
def test_a_daily_limit_of_the_operator(host_with, then, accepted, line):
    simulator, host = host_with({"action": "limit_per_day", "limit": 2, "then": then, "code": 21})
    for _ in range(2):
        assert host.submit(HOLA).startswith("+CMGS")
    if line is None:
        type_pdu(host)
        assert host.command("AT") == ["OK"]
    else:
        assert host.submit(HOLA_WITH_REPORT).startswith(line)
    entries = simulator.ledger()
    assert len(entries) == accepted
    assert [entry.get("dropped", False) for entry in entries[2:]] == [True] * (accepted - 2)


def test_a_report_that_never_comes(host_with):
    _, host = host_with({"action": "report_never", "nth": 1})
    first = host.submit(HOLA_WITH_REPORT).split()[-1]
    second = host.submit(HOLA_WITH_REPORT).split()[-1]
    said = host.expect(rb"\+CDS: 25\r\n[0-9A-F]+\r\n").decode()
    assert f"06{int(second):02X}0B91" in said
    assert f"06{int(first):02X}0B91" not in said


def test_a_report_before_the_answer(host_with):
    _, host = host_with({"action": "report_first"})
    type_pdu(host, HOLA_WITH_REPORT)
    assert re.search(rb"(?s)\+CDS: 25.*\+CMGS: ", host.expect(rb"OK\r\n"))


def test_two_reports_for_one_part(host_with):
    _, host = host_with({"action": "report_twice"})
    host.submit(HOLA_WITH_REPORT)
    host.expect(rb"(?s)\+CDS: 25.*\+CDS: 25\r\n[0-9A-F]+\r\n")


def test_reports_of_several_states(host_with):
    _, host = host_with({"action": "report_status", "codes": [0x30, 0x00], "gap_s": 0.01})
    host.submit(HOLA_WITH_REPORT)
    said = host.expect(rb"(?s)\+CDS: 25.*\+CDS: 25\r\n[0-9A-F]+\r\n").decode().split()
    assert [line[-2:] for line in said if len(line) > 40] == ["30", "00"]


def test_a_report_of_failure(host_with):
    _, host = host_with({"action": "report_status", "code": 0x46})
    host.submit(HOLA_WITH_REPORT)
    host.expect(rb"\+CDS: 25\r\n[0-9A-F]+46\r\n")


def test_reports_out_of_order(host_with):
    _, host = host_with({"action": "report_delay", "seconds": 0.1, "nth": 1})
    references = [int(host.submit(HOLA_WITH_REPORT).split()[-1]) for _ in range(2)]
    said = host.expect(rb"(?s)\+CDS: 25.*\+CDS: 25\r\n[0-9A-F]+\r\n").decode()
    places = [said.index(f"06{reference:02X}0B91") for reference in references]
    assert places[0] > places[1]


def test_echo_that_comes_back_by_itself(host_with):
    _, host = host_with({"action": "echo_on", "nth": 1})
    assert host.command("AT") == ["OK"]
    host.submit(HOLA)
    assert host.command("AT") == ["AT", "OK"]


def test_a_network_that_is_lost_and_found(host_with):
    simulator, host = host_with({"action": "no_network", "nth": 1, "seconds": 0.2})
    host.command("AT+CREG=1")
    assert host.submit(HOLA).startswith("+CMGS")
    host.expect(rb"\+CREG: 2\r\n")
    assert "+CREG: 1,2" in host.command("AT+CREG?")
    assert host.command("AT+CSQ")[0] == "+CSQ: 99,99"
    assert host.submit(HOLA) == "+CMS ERROR: 500"
    host.expect(rb"\+CREG: 1\r\n")
    assert host.submit(HOLA).startswith("+CMGS")
    assert len(simulator.ledger()) == 2


def test_a_storage_that_is_full_from_the_start(host_with):
    _, host = host_with({"action": "storage_full"})
    assert host.command("AT+CPMS?")[0].startswith('+CPMS: "SM",50,50')


def test_a_sim_that_wants_its_pin(simulate, hosts):
    simulator = simulate(profile="zte_mf180", faults={"fault": [{"action": "pin", "pin": "4321"}]})
    host = hosts(simulator.ports[0])
    host.greet()
    host.command("ATE0")
    host.command("AT+CMEE=1")
    assert host.command("AT+CPIN?")[0] == "+CPIN: SIM PIN"
    assert host.command("AT+CIMI") == ["+CME ERROR: 11"]
    assert host.command("AT+CMGF=0") == ["+CMS ERROR: 311"]
    assert host.command('AT+CPIN="1111"') == ["+CME ERROR: 16"]
    assert host.command('AT+CPIN="4321"') == ["OK"]
    assert host.command("AT+CPIN?")[0] == "+CPIN: READY"
    assert host.submit(HOLA).startswith("+CMGS")


def test_three_wrong_pins_lead_to_the_puk(simulate, hosts):
    simulator = simulate(faults={"fault": [{"action": "pin", "pin": "4321"}]})
    host = hosts(simulator.ports[0])
    host.greet()
    for _ in range(3):
        host.command('AT+CPIN="0000"')
    assert "+CPIN: SIM PUK" in host.command("AT+CPIN?")
    assert host.command('AT+CPIN="4321"')[-1] == "ERROR"


def test_listing_messages_hangs_the_modem(host_with, hosts):
    simulator, host = host_with({"action": "list_hangs"}, profile="huawei_e173")
    host.write(b"AT+CMGL=4\r")
    until(lambda: simulator.control({"cmd": "stats"})["modems"][0]["hung"])


def test_a_report_fault_and_an_answer_fault_can_meet(host_with):
    simulator, host = host_with(
        {"action": "report_first"}, {"action": "no_answer"}, {"action": "cms", "code": 38}
    )
    type_pdu(host, HOLA_WITH_REPORT)
    host.expect(rb"\+CDS: 25\r\n")
    assert len(simulator.ledger()) == 1


def test_faults_are_replaced_while_running(host_with):
    simulator, host = host_with({"action": "cms", "code": 38})
    assert host.submit(HOLA) == "+CMS ERROR: 38"
    assert simulator.control({"cmd": "faults", "fault": []}) == {"ok": True, "faults": 0}
    assert host.submit(HOLA).startswith("+CMGS")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"action": "explode"}, "simulator_fault_unknown_action"),
        ({}, "simulator_fault_unknown_action"),
        ({"action": "cms"}, "simulator_fault_wrong_value"),
        ({"action": "cms", "code": "38"}, "simulator_fault_wrong_value"),
        ({"action": "cms", "code": True}, "simulator_fault_wrong_value"),
        ({"action": "cms", "code": 38, "nth": 0}, "simulator_fault_wrong_value"),
        ({"action": "cms", "code": 38, "colour": "red"}, "simulator_fault_unknown_key"),
        ({"action": "late", "seconds": -1}, "simulator_fault_wrong_value"),
        ({"action": "garbage", "where": "around"}, "simulator_fault_wrong_value"),
        ({"action": "report_status", "codes": []}, "simulator_fault_wrong_value"),
        ({"action": "cms", "code": 1, "number_regex": "("}, "simulator_fault_wrong_value"),
        ({"action": "prompt_never", "number": "*"}, "simulator_fault_number_too_early"),
        ("cms", "simulator_fault_wrong_value"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(fault, code):
    with pytest.raises(Refused) as refused:
        read_rules({"fault": [fault]})
    assert refused.value.code == code


def test_a_faults_file_is_read_or_its_mistake_is_told(tmp_path):
    file = tmp_path / "faults.toml"
    with pytest.raises(Refused, match="simulator_faults_unreadable"):
        read_file(file)
    file.write_text("[[fault]\n")
    with pytest.raises(Refused, match="simulator_faults_not_toml"):
        read_file(file)
    file.write_text("[[faults]]\n")
    with pytest.raises(Refused, match="simulator_fault_unknown_key"):
        read_file(file)
    file.write_text('[[fault]]\naction = "cms"\ncode = 38\nnumber = "+7916*"\n')
    assert read_file(file)[0].params == {"code": 38, "delay_s": None}


def test_the_manual_shows_every_action_and_its_examples_are_valid():
    examples = re.findall(r"```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    shown = [rule for example in examples for rule in read_rules(tomllib.loads(example))]
    assert {rule.action for rule in shown} == set(ACTIONS)


def test_the_pause_of_the_tests_is_longer_than_that_of_any_make():
    from pbx_sms.simulator.profiles import PROFILES

    assert max(profile.prompt_pause_s for profile in PROFILES.values()) < PROMPT_PAUSE_S
