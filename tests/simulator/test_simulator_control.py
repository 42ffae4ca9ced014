"""The control socket, and the simulator as a process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from wire_host import Host

from pbx_sms.errors import Refused
from pbx_sms.simulator import Simulator, running_simulator
from pbx_sms.simulator.control import COMMANDS

HOLA = "0001000B914316565811F9000004E8373B0C"
MANUAL = Path(__file__).parents[2] / "docs" / "simulator.md"


def ask(directory, *lines):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(directory / "control"))
        answers = []
        with connection.makefile("rwb") as stream:
            for line in lines:
                stream.write(line if isinstance(line, bytes) else json.dumps(line).encode())
                stream.write(b"\n")
                stream.flush()
                answers.append(json.loads(stream.readline()))
        return answers


def test_orders_are_answered_in_turn_on_one_connection(tmp_path):
    with running_simulator(tmp_path, modems=2):
        first, second = ask(tmp_path, {"cmd": "stats"}, {"cmd": "unplug", "modem": 1})
    assert first["ok"] is True
    assert [modem["plugged"] for modem in first["modems"]] == [True, True]
    assert second == {"ok": True}


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (b"nonsense", "simulator_order_not_json"),
        (b"[1]", "simulator_order_not_json"),
        ({"cmd": "explode"}, "simulator_unknown_order"),
        ({}, "simulator_unknown_order"),
        ({"cmd": "unplug"}, "simulator_order_wrong_value"),
        ({"cmd": "unplug", "modem": 9}, "simulator_no_such_modem"),
        ({"cmd": "unplug", "modem": "ttyS0"}, "simulator_no_such_modem"),
        ({"cmd": "plug", "modem": 0, "port": "../x"}, "simulator_order_wrong_value"),
        ({"cmd": "plug", "modem": 0, "port": "control"}, "simulator_order_wrong_value"),
        ({"cmd": "inbound", "modem": 0, "from": "+7", "text": 5}, "simulator_order_wrong_value"),
        ({"cmd": "inbound", "modem": 0, "from": "Слишком", "text": "x"}, "simulator_inbound_impossible"),
        ({"cmd": "inbound", "modem": 0, "pdu": "zz"}, "simulator_inbound_impossible"),
        ({"cmd": "network", "modem": 0}, "simulator_order_wrong_value"),
        ({"cmd": "swap_sim", "modem": 0, "operator": "Nobody"}, "simulator_order_wrong_value"),
        ({"cmd": "set", "latency_s": -1}, "simulator_order_wrong_value"),
        ({"cmd": "faults", "fault": [{"action": "explode"}]}, "simulator_fault_unknown_action"),
    ],
)
def test_an_impossible_order_is_answered_with_a_sentence(tmp_path, order, code):
    with running_simulator(tmp_path):
        refused, fine = ask(tmp_path, order, {"cmd": "stats"})
    assert refused["code"] == code
    assert refused["error"].endswith(".")
    assert "{" not in refused["error"].replace('{"cmd"', "")
    assert fine["modems"][0]["plugged"]


def test_a_second_simulator_in_the_folder_is_refused(tmp_path):
    with running_simulator(tmp_path):
        with pytest.raises(Refused, match="simulator_already_running"), running_simulator(tmp_path):
            pass
        assert ask(tmp_path, {"cmd": "stats"})[0]["ok"]


@pytest.mark.parametrize(
    "options",
    [{"modems": 0}, {"modems": 100000}, {"profile": "nokia"}, {"latency_s": -1.0}],
)
def test_impossible_options_are_refused_before_anything_is_made(tmp_path, options):
    with pytest.raises(Refused):
        Simulator(tmp_path / "sim", **options)
    assert not (tmp_path / "sim").exists()


def test_the_process_says_when_it_is_ready_and_stops_on_sigterm(tmp_path):
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\naction = "cms"\ncode = 42\nnth = 2\n')
    arguments = [
        "--modems",
        "2",
        "--dir",
        str(tmp_path / "sim"),
        "--profile",
        "mixed",
        "--faults",
        str(faults),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "pbx_sms.simulator", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == f"ready 2 modems in {tmp_path / 'sim'}\n"
        host = Host(tmp_path / "sim" / "modem0")
        host.set_up()
        assert host.submit(HOLA).startswith("+CMGS")
        assert host.submit(HOLA) == "+CMS ERROR: 42"
        host.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert len((tmp_path / "sim" / "ledger.jsonl").read_text().splitlines()) == 1
    assert {path.name for path in (tmp_path / "sim").iterdir()} == {"ledger.jsonl", "modems.json"}


def test_a_process_killed_leaves_a_folder_that_can_be_used_again(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "pbx_sms.simulator", "--modems", "1", "--dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        before = json.loads((tmp_path / "modems.json").read_text())
        process.kill()
    with running_simulator(tmp_path) as simulator:
        assert json.loads((tmp_path / "modems.json").read_text()) == before
        assert simulator.ports[0].exists()


def test_the_process_refuses_with_a_sentence_and_status_1(tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "pbx_sms.simulator", "--dir", str(tmp_path), "--faults", str(tmp_path / "no")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith("The faults file")


def test_the_manual_shows_every_order():
    manual = MANUAL.read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f'{{"cmd": "{command}"' in manual
