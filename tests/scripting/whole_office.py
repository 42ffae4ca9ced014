"""A whole PBX: a real Asterisk, a simulated modem, and `pbx-sms run` as a process with its scripting on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from asterisk_server import AsteriskServer
from script_rig import real_asterisk

from pbx_sms import config
from pbx_sms.simulator.simulator import ThreadedSimulator, running_simulator
from pbx_sms.storage.engine import Database, open_database

ROOT = Path(__file__).resolve().parents[2]
_SETTINGS = """\
[database]
url = "{url}"
[agent]
name = "pbx1"
[asterisk]
port = {asterisk}
secret = "s3cret"
[scripting]
enabled = true
per_minute = 1000
[limits]
per_hour = 0
per_day = 0
per_month = 0
min_gap_s = 0.0
service_reserve_per_day = 0
[planner]
information_window = "always"
quiet_hours = ""
[sending]
submit_timeout_s = 2
[[modem]]
name = "gsm1"
port = "{modem}"
"""


class WholeOffice:
    """Started with `with`; the engine by `start_engine`, when everything else is there."""

    def __init__(
        self, folder: Path, url: str, *, asterisk: AsteriskServer | None = None, more: str = ""
    ) -> None:
        """`asterisk`: one that runs already and is not this office's to remove; `more`: further settings."""
        self._given = asterisk
        self._more = more
        self._folder = folder
        self._url = url
        self._stack = ExitStack()
        self._engine: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> WholeOffice:
        self.simulator: ThreadedSimulator = self._stack.enter_context(
            running_simulator(
                self._folder / "sim",
                latency_s=0.05,
                report_delay_s=0.2,
                boot_scale=0.0,
                seed="office",
            )
        )
        self.asterisk = self._given or real_asterisk()
        if self._given is None:
            self._stack.callback(self.asterisk.remove)
        self.database: Database = open_database(self._url)
        self._stack.callback(self.database.close)
        self._settings_path = self._folder / "office.toml"
        self._settings_path.write_text(
            _SETTINGS.format(url=self._url, asterisk=self.asterisk.port, modem=self.simulator.ports[0])
            + self._more,
            encoding="utf-8",
        )
        self.settings = config.load(str(self._settings_path))
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_engine()
        self._stack.close()

    def start_engine(self) -> None:
        """Returns once it is logged in with Asterisk."""
        before = self.log().count("scripting: logged in")
        with (self._folder / "engine.log").open("ab") as log:
            self._engine = subprocess.Popen(
                [sys.executable, "-m", "pbx_sms", "--config", str(self._settings_path), "run"],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.until(lambda: self.log().count("scripting: logged in") > before)

    def kill_engine(self) -> None:
        if self._engine is not None:
            self._engine.kill()
            self._engine.wait()
            self._engine = None

    def stop_engine(self) -> int:
        assert self._engine is not None
        self._engine.send_signal(signal.SIGTERM)
        status = self._engine.wait()
        self._engine = None
        return status

    def doctor(self) -> tuple[int, dict[str, tuple[str, str | None]]]:
        """Exit status, and of each check its state and reason."""
        asked = [sys.executable, "-m", "pbx_sms", "--config", str(self._settings_path), "--json", "doctor"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {row["check"]: (row["state"], row["reason"]) for row in rows}

    def log(self) -> str:
        path = self._folder / "engine.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            if self._engine is not None and self._engine.poll() is not None:
                raise AssertionError(self.log())
            time.sleep(0.02)
