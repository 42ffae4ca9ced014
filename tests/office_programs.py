"""The programs of one office, each a process of its own: simulated modems, the engine, the pages."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from pbx_sms import config
from pbx_sms.operations import users
from pbx_sms.storage.engine import open_database
from pbx_sms.storage.migrations import upgrade
from pbx_sms.storage.users import Role

ROOT = Path(__file__).resolve().parents[1]
#: between two looks at something that another process changes
_LOOK_S = 0.05

_SETTINGS = """\
[database]
url = "sqlite:///{folder}/pbx-sms.db"
[agent]
name = "pbx1"
[limits]
min_gap_s = 0.0
[planner]
information_window = "always"
quiet_hours = ""
[web]
listen = "127.0.0.1:{port}"
"""


class OfficePrograms:
    """Started with `with`; what still runs at the end is asked to leave."""

    def __init__(self, folder: Path, *, modems: int, latency_s: float) -> None:
        self._folder = folder
        self._modem_count = modems
        self._latency_s = latency_s
        self.modems_folder = folder / "modems"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/sms"
        self._settings_path = folder / "office.toml"
        blocks = [_SETTINGS.format(folder=folder, port=port)]
        for number in range(modems):
            path = self.modems_folder / f"modem{number}"
            blocks.append(f'[[modem]]\nname = "gsm{number + 1}"\nport = "{path}"\n')
        self._settings_path.write_text("".join(blocks))
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> OfficePrograms:
        settings = config.load(self._settings_path)
        upgrade(settings.database.url)
        self.database = open_database(settings.database.url)
        self.settings = settings
        try:
            self._start(
                "simulator",
                *("-m", "pbx_sms.simulator", "--modems", str(self._modem_count), "--profile", "mixed"),
                *("--dir", str(self.modems_folder), "--latency", str(self._latency_s)),
                *("--report-delay", "0.3", "--boot-scale", "0"),
            )
            self._until("simulator", (self.modems_folder / "modems.json").exists)
            self.start_engine()
            self._start("pages", "-m", "pbx_sms", "web")
            self._until("pages", self._pages_answer)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, process in reversed(self._running.items()):
            process.terminate()
            if process.wait() != 0 and kind is None:
                raise RuntimeError(f"{name}: {self.log(name)}")
        self.database.close()

    def start_engine(self) -> None:
        self._start("engine", "-m", "pbx_sms", "run")

    def kill_engine(self) -> None:
        process = self._running.pop("engine")
        process.kill()
        process.wait()

    def add_user(self, role: Role, name: str, password: str) -> None:
        users.add(self.database, self.settings, name=name, role=role, password=password)

    def order(self, **keys: Any) -> dict[str, Any]:
        """An order to the simulator."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.modems_folder / "control"))
            with control.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps(keys) + "\n")
                stream.flush()
                answer: dict[str, Any] = json.loads(stream.readline())
        assert answer.get("ok"), answer
        return answer

    def ledger(self) -> list[dict[str, Any]]:
        """The parts that the simulated network has accepted, in order."""
        lines = (self.modems_folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(encoding="utf-8")

    def _start(self, name: str, *arguments: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=os.environ | {"PBX_SMS_CONFIG": str(self._settings_path), "PYTHONWARNINGS": "error"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _until(self, name: str, holds: Callable[[], bool]) -> None:
        while not holds():
            if self._running[name].poll() is not None:
                raise RuntimeError(self.log(name))
            time.sleep(_LOOK_S)

    def _pages_answer(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health") as answer:
                return bool(answer.read() == b"ok\n")
        except OSError:
            return False
