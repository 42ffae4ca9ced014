"""Parts, reports, inbound messages and USSD of every make, on the wire."""

from __future__ import annotations

import re

import pytest
from wire_host import until

from pbx_sms.simulator.profiles import PROFILES

MAKES = sorted(PROFILES)
HOLA = "0001000B914316565811F9000004E8373B0C"
HOLA_WITH_REPORT = "0021000B914316565811F9000004E8373B0C"
LAST_OF_THREE = "005100098156355476F80000AA14050003880303C2A066D8CD02B5F3A0F9DB0D"
EMOJI_SECOND_OF_TWO = "0071000B916407281553F800080B1A05000301020200380039003000680065006C006C006FD83DDE0B"


@pytest.mark.parametrize("make", MAKES)
def test_each_part_of_a_message_is_written_down_apart(simulate, hosts, make):
    simulator = simulate(profile=make)
    host = hosts(simulator.ports[0])
    host.set_up(reports=False)
    answers = [host.submit(pdu) for pdu in (LAST_OF_THREE, EMOJI_SECOND_OF_TWO)]
    entries = simulator.ledger()
    assert [(e["reference"], e["part"], e["parts"], e["text"]) for e in entries] == [
        (136, 3, 3, "a Man, my son"),
        (1, 2, 2, "890hello😋"),
    ]
    assert [f"+CMGS: {e['tp_mr']}" for e in entries] == answers


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize(
    ("pdu", "length"),
    [
        (HOLA, 16),
        (HOLA[:-1], 17),
        (HOLA[:-1] + "G", 17),
        (HOLA.replace("0B91", "0091"), 17),
        (HOLA.replace("0004E8", "0009E8"), 17),
        (HOLA.replace("0001", "0002", 1), 17),
        ("", 17),
    ],
    ids=["length", "odd", "not hexadecimal", "address", "user data", "type", "empty"],
)
def test_a_malformed_pdu_is_refused_and_the_next_one_passes(simulate, hosts, make, pdu, length):
    simulator = simulate(profile=make)
    host = hosts(simulator.ports[0])
    host.set_up(reports=False)
    assert re.fullmatch(r"\+CMS ERROR: \d+", host.submit(pdu, length))
    assert simulator.ledger() == []
    assert host.submit(HOLA).startswith("+CMGS")


def test_the_e1550_says_500_for_anything_and_others_say_304(simulate, hosts):
    simulator = simulate(profile="mixed", modems=3)
    codes = []
    for port in simulator.ports:
        host = hosts(port)
        host.set_up()
        codes.append(host.submit(HOLA, 16))
    assert codes == ["+CMS ERROR: 500", "+CMS ERROR: 304", "+CMS ERROR: 304"]


@pytest.mark.parametrize(("make", "accepted"), [("huawei_e1550", 0), ("zte_mf180", 1)])
def test_cr_before_ctrl_z_is_fatal_to_some_makes(simulate, hosts, make, accepted):
    simulator = simulate(profile=make)
    host = hosts(simulator.ports[0])
    host.set_up()
    host.submit(HOLA + "\r", 17)
    assert len(simulator.ledger()) == accepted


@pytest.mark.parametrize("make", ["huawei_e1550", "huawei_e173", "sim800", "quectel_ec25"])
def test_a_direct_report_comes_with_the_number_of_the_part(simulate, hosts, make):
    host = hosts(simulate(profile=make).ports[0])
    host.set_up()
    reference = int(host.submit(HOLA_WITH_REPORT).removeprefix("+CMGS: "))
    said = host.expect(rb"\+CDS: 25\r\n[0-9A-F]+\r\n").decode()
    pdu = said.split()[-1]
    smsc_octets = int(pdu[:2], 16)
    tpdu = pdu[2 + 2 * smsc_octets :]
    assert len(tpdu) == 50
    assert tpdu.startswith(f"06{reference:02X}0B914316565811F9")
    assert tpdu.endswith("00")


def test_no_report_comes_without_srr(simulate, hosts):
    host = hosts(simulate(profile="huawei_e1550").ports[0])
    host.set_up()
    host.submit(HOLA)
    host.submit(HOLA_WITH_REPORT)
    host.expect(rb"\+CDS: ")
    assert host.seen.count(b"+CDS: ") == 1


def test_zte_refuses_direct_reports_and_stores_them_padded(simulate, hosts):
    host = hosts(simulate(profile="zte_mf180").ports[0])
    host.set_up()
    assert host.command("AT+CNMI=2,1,0,1,0") == ["+CMS ERROR: 303"]
    host.submit(HOLA_WITH_REPORT)
    host.expect(rb'\+CDSI: "SR",0\r\n')
    host.command('AT+CPMS="SR","ME","ME"')
    lines = host.command("AT+CMGR=0")
    assert lines[0] == "+CMGR: 25"
    assert len(lines[1]) == 352
    assert lines[1].endswith("FFFF")
    assert host.command("AT+CMGD=0") == ["OK"]
    assert host.command("AT+CMGR=0") == ["+CMGR: 0,,0", "00", "OK"]


def test_ec25_announces_a_stored_report_in_the_wrong_place(simulate, hosts):
    host = hosts(simulate(profile="quectel_ec25").ports[0])
    host.set_up()
    assert host.command("AT+CNMI=2,1,0,2,0") == ["OK"]
    host.command('AT+CPMS="SM","SM","SM"')
    host.submit(HOLA_WITH_REPORT)
    host.expect(rb'\+CDSI: "SM",0\r\n')
    assert host.command("AT+CMGR=0") == ["OK"]


def test_a_report_waits_until_the_host_has_said_where_it_wants_it(simulate, hosts):
    simulator = simulate(profile="huawei_e1550", report_delay_s=0.05)
    host = hosts(simulator.ports[0])
    host.set_up()
    host.submit(HOLA_WITH_REPORT)
    host.close()
    simulator.control({"cmd": "unplug", "modem": 0})
    until(lambda: simulator.control({"cmd": "stats"})["modems"][0]["waiting"])
    simulator.control({"cmd": "plug", "modem": 0})
    again = hosts(simulator.ports[0])
    again.set_up()
    again.expect(rb"\+CDS: 25\r\n")


@pytest.mark.parametrize("make", MAKES)
def test_an_inbound_message_is_announced_read_and_deleted(simulate, hosts, make):
    simulator = simulate(profile=make)
    host = hosts(simulator.ports[0])
    host.set_up()
    assert simulator.control({"cmd": "inbound", "modem": 0, "from": "+79161234567", "text": "hola"}) == {
        "ok": True,
        "parts": 1,
    }
    announced = host.expect(rb'\+CMTI: "(SM|ME)",\d+\r\n').decode()
    storage, index = re.search(r'"(..)",(\d+)', announced).groups()
    assert int(index) == PROFILES[make].index_base
    assert storage == PROFILES[make].default_storage

    def stored() -> list[str]:
        lines = host.command(f"AT+CMGR={index}")
        return lines if any(line.endswith("04E8373B0C") for line in lines) else []

    lines = until(stored)
    assert lines[0].startswith("+CMGR: 0,,")
    assert "0B919761214365F7" in lines[1]
    assert host.command(f"AT+CMGR={index}")[0].startswith("+CMGR: 1,,")
    listed = host.command("AT+CMGL=4")
    assert listed[0].startswith(f"+CMGL: {index},1,,")
    assert host.command(f"AT+CMGD={index}") == ["OK"]
    assert host.command("AT+CMGL=4") == ["OK"]


def test_a_long_inbound_message_comes_in_parts_from_a_name(simulate, hosts):
    simulator = simulate(profile="quectel_ec25")
    host = hosts(simulator.ports[0])
    host.set_up()
    answer = simulator.control({"cmd": "inbound", "modem": 0, "from": "InternetSMS", "text": "Привет! " * 20})
    assert answer["parts"] == 3
    host.expect(rb'(?s)\+CMTI: "ME",0.*\+CMTI: "ME",1.*\+CMTI: "ME",2\r\n')
    pdus = [host.command(f"AT+CMGR={index}")[1] for index in range(3)]
    assert all("14D04937BD2C7797E9D3E614" in pdu for pdu in pdus)
    assert [re.search(r"050003..03(..)", pdu)[1] for pdu in pdus] == ["01", "02", "03"]


def test_a_raw_inbound_pdu_comes_as_it_is(simulate, hosts):
    simulator = simulate(profile="sim800")
    host = hosts(simulator.ports[0])
    host.set_up()
    pdu = "07919730071111F10414D04937BD2C7797E9D3E614000811309291024061080442043504410442"
    assert simulator.control({"cmd": "inbound", "modem": 0, "pdu": pdu})["ok"]
    host.expect(rb'\+CMTI: "SM",1\r\n')
    assert host.command("AT+CMGR=1")[:2] == ["+CMGR: 0,,31", pdu]


def test_a_direct_inbound_message_is_two_lines(simulate, hosts):
    simulator = simulate(profile="quectel_ec25")
    host = hosts(simulator.ports[0])
    host.set_up()
    host.command("AT+CNMI=2,2,0,1,0")
    simulator.control({"cmd": "inbound", "modem": 0, "from": "+79161234567", "text": "hola"})
    host.expect(rb"\r\n\+CMT: ,\d+\r\n[0-9A-F]+04E8373B0C\r\n")


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        ("huawei_e1550", rb'\^SMMEMFULL: "SM"\r\n'),
        ("huawei_e173", rb'\^SMMEMFULL: "SM"\r\n'),
        ("zte_mf180", rb"\+ZSMMEMFULL\r\n"),
    ],
)
def test_a_full_storage_holds_messages_back_until_one_is_deleted(simulate, hosts, make, complaint):
    simulator = simulate(profile=make)
    host = hosts(simulator.ports[0])
    host.set_up()
    simulator.control({"cmd": "fill", "modem": 0})
    simulator.control({"cmd": "inbound", "modem": 0, "from": "+79161234567", "text": "hola"})
    host.expect(complaint)
    assert b"+CMTI" not in host.seen
    used, size = re.search(r"\+CPMS: \D*(\d+), ?(\d+)", "".join(host.command("AT+CPMS?"))).groups()
    assert used == size
    host.command("AT+CMGD=3")
    host.expect(rb'\+CMTI: "(SM|ME)",3\r\n')


def test_a_new_message_is_counted_only_after_a_moment_on_an_e173(simulate, hosts):
    simulator = simulate(profile="huawei_e173")
    host = hosts(simulator.ports[0])
    host.set_up()
    simulator.control({"cmd": "inbound", "modem": 0, "from": "+79161234567", "text": "hola"})
    host.expect(rb'\+CMTI: "SM",0\r\n')
    assert host.command("AT+CPMS?")[0].startswith('+CPMS: "SM",0,20')
    until(lambda: host.command("AT+CPMS?")[0].startswith('+CPMS: "SM",1,20'))


@pytest.mark.parametrize("make", MAKES)
def test_cnmi_takes_only_what_the_make_lists(simulate, hosts, make):
    host = hosts(simulate(profile=make).ports[0])
    host.set_up()
    assert host.command("AT+CNMI=7,1,0,0,0")[-1].startswith("+CMS ERROR")
    assert host.command("AT+CNMI=2,1,1,0,0")[-1].startswith("+CMS ERROR")
    assert host.command("AT+CNMI=2,1,0,0,0") == ["OK"]
    assert host.command("AT+CNMI?") == ["+CNMI: 2,1,0,0,0", "OK"]


def test_cpms_has_the_form_of_the_make(simulate, hosts):
    simulator = simulate(profile="mixed", modems=2)
    huawei, zte = hosts(simulator.ports[0]), hosts(simulator.ports[1])
    huawei.set_up()
    zte.set_up()
    assert huawei.command('AT+CPMS="ME","ME"') == ["+CPMS: 0,23,0,23,0,50", "OK"]
    assert zte.command("AT+CPMS?")[0] == '+CPMS: "ME", 0, 100, "ME", 0, 100, "ME", 0, 100'
    assert zte.command('AT+CPMS="ME","ME"')[-1].startswith("+CMS ERROR")


def test_sending_to_another_simulated_sim_arrives_there(simulate, hosts):
    simulator = simulate(profile="quectel_ec25", modems=2)
    sender, recipient = (hosts(port) for port in simulator.ports)
    sender.set_up()
    recipient.set_up()
    number = simulator.simulator.modems[1].sim.identity.own_number.removeprefix("+")
    swapped = "".join((number + "F")[i + 1] + (number + "F")[i] for i in range(0, 12, 2))
    assert sender.submit(f"0001000B91{swapped}000004E8373B0C").startswith("+CMGS")
    recipient.expect(rb'\+CMTI: "ME",0\r\n')
    assert recipient.command("AT+CMGR=0")[1].endswith("04E8373B0C")


# USSD


@pytest.mark.parametrize(
    ("make", "asked", "answer"),
    [
        ("huawei_e1550", '"AA180C3602",15', rb'\+CUSD: 0,"0411[0-9A-F]+",72\r\n'),
        ("zte_mf180", '"*100#",15', rb'\+CUSD: 0,"0411[0-9A-F]+",72\r\n'),
        ("quectel_ec25", '"*100#",15', rb'\+CUSD: 0,"0411[0-9A-F]+",72\r\n'),
        ("sim800", '"#100#",15', rb'\+CUSD: 0,"Balans:300.00r.",15\r\n'),
        ("huawei_e173", '"A3180C3602",15', rb'\+CUSD: 0,"[0-9A-F]+",15\r\n'),
    ],
)
def test_the_balance_is_told_in_the_coding_of_the_make(simulate, hosts, make, asked, answer):
    host = hosts(simulate(profile=make).ports[0])
    host.set_up()
    host.write(f"AT+CUSD=1,{asked}\r".encode())
    host.expect(answer)


def test_a_huawei_refuses_plain_ussd_until_told_otherwise(simulate, hosts):
    host = hosts(simulate(profile="huawei_e1550").ports[0])
    host.set_up()
    assert host.command('AT+CUSD=1,"*100#",15')[-1] == "ERROR"
    host.command("AT^USSDMODE=0")
    host.command('AT+CUSD=1,"#100#",15')
    host.expect(rb'\+CUSD: 0,"Balans:300.00r.",15\r\n')


def test_a_menu_stays_open_until_it_is_answered_or_cancelled(simulate, hosts):
    host = hosts(simulate(profile="quectel_ec25").ports[0])
    host.set_up()
    host.command('AT+CUSD=1,"*111#",15')
    host.expect(rb'\+CUSD: 1,"[0-9A-F]+",72\r\n')
    host.command('AT+CUSD=1,"1",15')
    host.expect(rb'\+CUSD: 0,"0411[0-9A-F]+",72\r\n')
    host.command('AT+CUSD=1,"*111#",15')
    host.expect(rb'\+CUSD: 1,"[0-9A-F]+",72\r\n')
    assert host.command('AT+CUSD=1,"*100#",15')[-1].startswith("+CME ERROR")
    host.command("AT+CUSD=2")
    assert host.command('AT+CUSD=1,"*100#",15') == ["OK"]


# Calls


def test_a_call_rings_shows_its_number_and_ends(simulate, hosts):
    simulator = simulate(profile="quectel_ec25")
    host = hosts(simulator.ports[0])
    host.set_up()
    host.command("AT+CLIP=1")
    simulator.control({"cmd": "ring", "modem": 0, "from": "+79035554433", "times": 2, "interval_s": 0.01})
    host.expect(rb'(?s)RING\r\n.*\+CLIP: "\+79035554433",145.*RING.*NO CARRIER\r\n')
    assert host.command("AT+CLCC") == ["OK"]


def test_a_call_can_be_rejected(simulate, hosts):
    simulator = simulate(profile="huawei_e1550")
    host = hosts(simulator.ports[0])
    host.set_up()
    simulator.control({"cmd": "ring", "modem": 0, "from": "+79035554433", "times": 3, "interval_s": 30})
    host.expect(rb"RING\r\n")
    assert host.command("AT+CLCC")[0].startswith("+CLCC: 1,1,4")
    assert host.submit(HOLA).startswith("+CMGS")
    assert host.command("AT+CHUP")[-1] == "OK"
    assert host.command("AT+CLCC") == ["OK"]
