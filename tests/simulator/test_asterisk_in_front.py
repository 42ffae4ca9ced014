"""`pbx-sms simulate --asterisk`: the Asterisk in front of the modems, its faults and its orders."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pbx_sms.errors import Refused
from pbx_sms.simulator.fault_rule import read_rules

NUMBER = "+79430000001"
FAULTS = """
[[fault]]
action = "answer_never"
number = "+79439*"

[[fault]]
action = "event_twice"
number = "+79430*"
"""


class Folder:
    """A simulator that runs as a process, as whoever uses it sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asterisk: dict[str, Any] = json.loads((path / "asterisk.json").read_text(encoding="utf-8"))

    def order(self, **order: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.path / "control"))
            control.sendall(json.dumps(order).encode() + b"\n")
            answer: dict[str, Any] = json.loads(control.makefile().readline())
            return answer

    def connect(self) -> Manager:
        while True:
            try:
                return Manager(self.asterisk)
            except (ConnectionError, EOFError):
                # it is on its way back
                continue


class Manager:
    """A session that has logged in."""

    def __init__(self, asterisk: dict[str, Any]) -> None:
        self._socket = socket.create_connection((asterisk["host"], asterisk["port"]))
        self._file = self._socket.makefile("rwb")
        try:
            self._file.readline()
            login = {"Username": asterisk["username"], "Secret": asterisk["secret"]}
            assert self.act("Login", **login)["Message"] == "Authentication accepted"
        except BaseException:
            self.close()
            raise

    def act(self, action: str, **headers: str) -> dict[str, str]:
        self.write(action, **headers)
        while "Response" not in (block := self.block()):
            pass
        return block

    def write(self, action: str, **headers: str) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"Action": action, **headers}.items())
        self._file.write(f"{lines}\r\n".encode())
        self._file.flush()

    def block(self) -> dict[str, str]:
        """The next answer or event. EOFError when the session is over."""
        block: dict[str, str] = {}
        while (line := self._file.readline()) != b"\r\n" or not block:
            if not line:
                raise EOFError
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            if name:
                block[name] = value
        return block

    def heard(self, event: str) -> dict[str, str]:
        while (block := self.block()).get("Event") != event:
            pass
        return block

    def until_free(self, device: str) -> None:
        state = ""
        while state != "Free":
            self.write("DongleShowDevices", Device=device)
            state = self.heard("DongleDeviceEntry")["State"]
            self.heard("DongleShowDevicesComplete")

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def running(path: Path, *options: str) -> Iterator[Folder]:
    words = [sys.executable, "-m", "pbx_sms", "simulate", "--modems", "2", "--dir", str(path)]
    words += ["--boot-scale", "0", "--report-delay", "0.05", "--profile", "huawei_e1550", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready 2 modems")
        try:
            yield Folder(path)
        finally:
            process.terminate()
            process.wait()


def test_it_holds_the_modems_and_does_wrong_what_the_file_says(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text(FAULTS, encoding="utf-8")
    with running(tmp_path / "sim", "--asterisk", "chan_dongle", "--faults", str(faults)) as folder:
        assert folder.asterisk["driver"] == "chan_dongle"
        assert folder.asterisk["devices"] == ["dongle0", "dongle1"]
        manager = folder.connect()
        manager.until_free("dongle1")
        send = {"Device": "dongle1", "Message": "Ваш заказ готов", "Report": "yes"}
        answer = manager.act("DongleSendSMS", Number=NUMBER, Payload="a", **send)
        assert answer["Message"] == "[dongle1] SMS queued for send"
        assert [manager.heard("DongleReport")["Payload"] for _ in range(2)] == ["a", "a"]
        # never answered, and sent all the same: the report is the next that is heard of it
        manager.write("DongleSendSMS", Number="+79439000001", Payload="b", **send)
        while (block := manager.block()).get("Event") != "DongleReport":
            assert "Response" not in block
        assert block["Payload"] == "b"
        manager.close()


def test_it_dies_comes_back_and_drops_its_sessions_by_order(tmp_path: Path) -> None:
    with running(tmp_path / "sim", "--asterisk", "chan_quectel") as folder:
        for orders in (
            [{"cmd": "link_drops"}],
            [{"cmd": "asterisk_dies", "back_after_s": 0.1}],
            [{"cmd": "asterisk_dies"}, {"cmd": "asterisk_starts"}],
        ):
            manager = folder.connect()
            for order in orders:
                assert folder.order(**order) == {"ok": True}
            with pytest.raises((EOFError, ConnectionError)):
                manager.heard("nothing that there is")
            manager.close()
        again = folder.connect()
        assert again.act("Ping")["Ping"] == "Pong"
        again.close()
        taken = [sys.executable, "-m", "pbx_sms", "simulate", "--modems", "1", "--dir", str(tmp_path / "b")]
        taken += ["--asterisk", "chan_dongle", "--asterisk-port", str(folder.asterisk["port"])]
        refused = subprocess.run(taken, capture_output=True, text=True, check=False)
        assert (refused.returncode, "cannot listen on port" in refused.stderr) == (1, True)


def test_a_fault_of_asterisk_without_one_is_refused(tmp_path: Path, simulate: Any) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text(FAULTS, encoding="utf-8")
    words = [sys.executable, "-m", "pbx_sms", "simulate", "--modems", "1", "--dir", str(tmp_path / "b")]
    refused = subprocess.run([*words, "--faults", str(faults)], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "answer_never is a fault of an Asterisk in front of the modems" in refused.stderr
    simulator = simulate()
    for order, code in (
        ({"cmd": "faults", "fault": [{"action": "link_drops"}]}, "simulator_fault_needs_asterisk"),
        ({"cmd": "asterisk_dies"}, "simulator_no_asterisk"),
    ):
        assert simulator.control(order)["code"] == code
    with pytest.raises(Refused, match="simulator_fault_whole_message"):
        read_rules({"fault": [{"action": "event_never", "part": 2}]})
