"""Ports that come and go, SIMs that change places, simulators that stop and start again."""

from __future__ import annotations

import fcntl
import json
import os
import termios

import pytest
from wire_host import PORT_GONE, until

from pbx_sms.simulator import Simulator, running_simulator
from pbx_sms.simulator.profiles import PROFILES

HOLA = "0001000B914316565811F9000004E8373B0C"


def known(simulator):
    return json.loads((simulator.simulator.directory / "modems.json").read_text())


@pytest.mark.parametrize("make", sorted(PROFILES))
def test_an_unplugged_modem_is_gone_and_comes_back(simulate, hosts, make):
    simulator = simulate(profile=make)
    port = simulator.ports[0]
    host = hosts(port)
    host.set_up()
    assert simulator.control({"cmd": "unplug", "modem": 0}) == {"ok": True}
    assert not os.path.lexists(port)
    with pytest.raises(PORT_GONE):
        host.expect(rb"OK")
    assert simulator.control({"cmd": "plug", "modem": 0})["port"] == str(port)
    again = hosts(port)
    again.greet()
    assert again.command("AT+CNMI?")[-2] == "+CNMI: 0,0,0,0,0"


def test_a_modem_can_come_back_under_another_name(simulate, hosts):
    simulator = simulate(modems=2)
    simulator.control({"cmd": "unplug", "modem": 0})
    assert simulator.control({"cmd": "plug", "modem": 0, "port": "modem1"})["code"] == (
        "simulator_order_wrong_value"
    )
    answer = simulator.control({"cmd": "plug", "modem": 0, "port": "modem7"})
    assert answer["port"].endswith("/modem7")
    assert known(simulator)[0]["port"] == answer["port"]
    host = hosts(simulator.ports[0])
    host.set_up()
    assert host.submit(HOLA).startswith("+CMGS")


def test_plugging_what_is_plugged_changes_nothing(simulate, hosts):
    simulator = simulate()
    host = hosts(simulator.ports[0])
    host.set_up()
    simulator.control({"cmd": "plug", "modem": 0})
    assert host.command("AT") == ["OK"]


@pytest.mark.parametrize("make", ["huawei_e1550", "huawei_e173", "zte_mf180", "quectel_ec25"])
def test_a_reset_takes_a_usb_port_away_for_a_while(simulate, hosts, make):
    simulator = simulate(profile=make, boot_scale=0.01)
    host = hosts(simulator.ports[0])
    host.set_up()
    assert host.command("AT+CFUN=1,1")[-1] == "OK"
    with pytest.raises(PORT_GONE):
        host.expect(rb"never said")
    host.close()
    until(simulator.ports[0].exists)
    again = hosts(simulator.ports[0])
    again.greet()
    until(lambda: "+CPIN: READY" in again.command("AT+CPIN?"))
    until(lambda: any(line.endswith(",1") for line in again.command("AT+CREG?")))
    until(lambda: again.command("AT+CMGF=0")[-1] == "OK")
    again.set_up()
    assert again.submit(HOLA).startswith("+CMGS")


def test_a_reset_sim800_forgets_its_settings_and_knows_no_sim_at_first(simulate, hosts):
    # So slow to boot that nothing is said and no SIM is read while this test looks.
    host = hosts(simulate(profile="sim800", boot_scale=1000.0).ports[0])
    host.set_up()
    host.command("AT+CFUN=1,1")
    # its settings are forgotten when the echo is back
    until(lambda: host.command("AT+CMEE=1") == ["AT+CMEE=1", "OK"])
    assert host.command("AT+CPIN?")[-1] == "+CME ERROR: 14"
    assert host.command("AT+CMGF=0")[-1] == "+CME ERROR: 3"


def test_a_reset_sim800_keeps_its_port_and_tells_how_it_boots(simulate, hosts):
    host = hosts(simulate(profile="sim800", boot_scale=0.02).ports[0])
    host.set_up()
    host.command("AT+CFUN=1,1")
    host.expect(rb"(?s)RDY\r\n.*\+CFUN: 1\r\n.*\+CPIN: READY\r\n.*Call Ready\r\n.*SMS Ready\r\n")
    host.set_up()
    assert host.submit(HOLA).startswith("+CMGS")


def test_a_reset_can_bring_another_name(simulate):
    simulator = simulate(boot_scale=0.001)
    simulator.control({"cmd": "reset", "modem": 0, "port": "ttyUSB9"})
    until((simulator.simulator.directory / "ttyUSB9").exists)
    assert known(simulator)[0]["port"].endswith("/ttyUSB9")


def test_flight_mode_leaves_the_network(simulate, hosts):
    host = hosts(simulate().ports[0])
    host.set_up()
    host.command("AT+CFUN=4")
    assert host.command("AT+CREG?")[0] == "+CREG: 0,0"
    host.command("AT+CFUN=1")
    assert host.command("AT+CREG?")[0] == "+CREG: 0,1"


def test_another_sim_has_another_identity(simulate, hosts):
    simulator = simulate(profile="quectel_ec25")
    before = known(simulator)[0]
    host = hosts(simulator.ports[0])
    host.set_up()
    answer = simulator.control({"cmd": "swap_sim", "modem": 0, "operator": "beeline"})
    host.expect(rb"(?s)\+CPIN: NOT READY\r\n.*\+QUSIM: 1\r\n")
    after = known(simulator)[0]
    assert answer["imsi"] == after["imsi"] != before["imsi"]
    assert after["imei"] == before["imei"]
    assert after["operator"] == "Beeline"
    assert after["imsi"] in host.command("AT+CIMI")
    host.submit(HOLA)
    assert simulator.ledger()[-1]["imsi"] == after["imsi"]


@pytest.mark.parametrize("replug", [False, True])
def test_two_modems_can_exchange_their_sims(simulate, replug):
    simulator = simulate(modems=2)
    before = [entry["imsi"] for entry in known(simulator)]
    simulator.control({"cmd": "swap_sim", "modem": 0, "with": 1, "replug": replug})
    assert [entry["imsi"] for entry in known(simulator)] == before[::-1]


def test_a_modem_without_sim_says_so(simulate, hosts):
    simulator = simulate(profile="huawei_e173")
    host = hosts(simulator.ports[0])
    host.set_up()
    assert simulator.control({"cmd": "swap_sim", "modem": 0, "empty": True})["imsi"] is None
    assert host.command("AT+CPIN?")[-1] == "+CME ERROR: 10"
    assert host.command("AT+CMGS=17")[-1] == "+CMS ERROR: 310"
    assert known(simulator)[0]["imsi"] is None
    assert simulator.control({"cmd": "swap_sim", "modem": 0})["ok"]
    assert host.submit(HOLA).startswith("+CMGS")


def test_a_part_is_not_accepted_when_the_port_goes_before_the_latency_ends(simulate, hosts):
    simulator = simulate(latency_s=0.1)
    host = hosts(simulator.ports[0])
    host.set_up()
    host.prompt(17)
    host.write(HOLA.encode() + b"\x1a")
    until(lambda: simulator.simulator.modems[0].console.busy)
    simulator.control({"cmd": "unplug", "modem": 0})
    simulator.control({"cmd": "plug", "modem": 0})
    again = hosts(simulator.ports[0])
    again.set_up()
    assert again.submit(HOLA).startswith("+CMGS")
    assert len(simulator.ledger()) == 1


def test_a_host_that_dies_after_ctrl_z_has_sent_its_part(simulate, hosts):
    simulator = simulate(latency_s=0.05)
    host = hosts(simulator.ports[0])
    host.set_up()
    host.prompt(17)
    host.write(HOLA.encode() + b"\x1a")
    host.close()
    assert until(simulator.ledger)[0]["text"] == "hola"


def test_a_port_left_exclusive_by_a_dead_host_is_freed(simulate):
    simulator = simulate()
    descriptor = os.open(simulator.ports[0], os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(descriptor, termios.TIOCEXCL)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    def is_exclusive() -> bool:
        return bool(fcntl.ioctl(descriptor, 0x80045440, b"\0\0\0\0")[0])

    port = simulator.simulator.modems[0].port
    port.free_when_abandoned()
    assert is_exclusive()
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    until(lambda: not is_exclusive())
    os.close(descriptor)


def test_a_host_that_reads_nothing_does_not_stop_the_others(simulate, hosts):
    simulator = simulate(modems=2)
    deaf, listening = (hosts(port) for port in simulator.ports)
    deaf.set_up()
    for _ in range(400):
        simulator.control({"cmd": "urc", "modem": 0, "text": "^BOOT:" + "0" * 200})
    listening.set_up()
    assert listening.submit(HOLA).startswith("+CMGS")
    assert b"^BOOT" in deaf.expect(rb"\^BOOT:0+\r\n")


def test_a_restart_in_the_same_folder_keeps_sims_and_ledger(tmp_path, hosts):
    with running_simulator(tmp_path, modems=2) as simulator:
        before = known(simulator)
        host = hosts(simulator.ports[0])
        host.set_up()
        first = int(host.submit(HOLA).split()[-1])
    assert not os.path.lexists(tmp_path / "modem0")
    with running_simulator(tmp_path, modems=3) as simulator:
        after = known(simulator)
        assert after[:2] == before
        assert len({entry["imsi"] for entry in after}) == 3
        host = hosts(simulator.ports[0])
        host.set_up()
        assert int(host.submit(HOLA).split()[-1]) == (first + 1) % 256
        assert len(simulator.ledger()) == 2


def test_folders_differ_in_their_sims_and_seeds_repeat_them(tmp_path):
    def identities(name, **options):
        with running_simulator(tmp_path / name, modems=4, profile="mixed", **options) as simulator:
            return [{**entry, "port": ""} for entry in known(simulator)]

    assert identities("a") != identities("b")
    assert identities("c", seed=7) == identities("d", seed=7)
    sims = identities("a")
    assert [entry["operator"] for entry in sims] == ["MTS", "MegaFon", "Beeline", "t2"]
    assert all(len(entry["imsi"]) == 15 and len(entry["imei"]) == 15 for entry in sims)


def directory_of(path):
    return sorted(path.iterdir())


async def test_a_simulator_runs_on_the_loop_of_its_caller(tmp_path):
    async with Simulator(tmp_path, modems=2, profile="mixed") as simulator:
        assert [port.name for port in simulator.ports] == ["modem0", "modem1"]
        assert all(port.exists() for port in simulator.ports)
        assert (await simulator.control({"cmd": "stats"}))["accepted"] == 0
        assert simulator.ledger() == []
    assert [path.name for path in directory_of(tmp_path)] == ["ledger.jsonl", "modems.json"]
