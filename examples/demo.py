"""The demo of `install.sh --demo`: four simulated modems, the engine and the page, all on this machine.

Everything lies in `.demo/` of the project's folder (or in `--folder`) and is made anew each time. The three
programs end with this one: at Ctrl-C, when one of them dies, and (the kernel sees to it) when this one is
killed. With `--once` the sample list is sent to its end through the command line instead; see `once.py`.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import make_clients
import once

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = (sys.executable, "-P", "-m", "pbx_sms")
USER = "demo"
#: what a program may take to appear before the demo gives up on it
START_S = 60.0
#: what a program may take to end by itself: a part in flight is finished first
STOP_S = 30.0

CONFIG = """\
[database]
url = "sqlite:///{folder}/pbx-sms.db"

[agent]
name = "demo"

[limits]
per_hour = 60
per_day = 100
per_month = 3000
min_gap_s = 0.5

[sending]
country = "RU"
time_zone = "Europe/Moscow"

# the demo sends at any hour; an office leaves this out
[planner]
information_window = "always"
advertising_window = "always"
quiet_hours = ""

[web]
listen = "127.0.0.1:{port}"
"""


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


def say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


class Demo:
    """The programs of one demo and their folder."""

    def __init__(self, folder: Path, *, port: int, latency_s: float) -> None:
        self.folder = folder
        self.port = port
        self.latency_s = latency_s
        self.environment = os.environ | {
            "PBX_SMS_CONFIG": str(folder / "pbx-sms.toml"),
            "PYTHONPATH": str(ROOT),
        }
        self._programs: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a program in a process group of its own: a Ctrl-C is for the demo, which then ends its
        programs in order."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *PROGRAM, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._programs.append((name, process))
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def run(self, *arguments: str, given: str | None = None) -> str:
        """Runs a command to its end and returns what it printed."""
        done = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DemoError(
                f"pbx-sms {' '.join(arguments)} failed:\n{done.stderr.strip() or done.stdout.strip()}"
            )
        return done.stdout

    def json_lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("--json", *arguments).splitlines() if line.strip()]

    def check_alive(self) -> None:
        """Raises `DemoError` with the end of its log when a program has died."""
        for name, process in self._programs:
            if process.poll() is not None:
                log = self.log(name).read_text(errors="replace").strip().splitlines()[-20:]
                raise DemoError(f"{name} ended by itself (status {process.returncode}):\n" + "\n".join(log))

    def wait_for(self, what: str, condition: Any) -> None:
        """Returns when `condition()` is true; raises when a program died or it took too long."""
        give_up_at = time.monotonic() + START_S
        while not condition():
            self.check_alive()
            if time.monotonic() > give_up_at:
                raise DemoError(f"{what}: not after {START_S:.0f} s; see the logs in {self.folder}")
            self.pause(0.1)

    def pause(self, seconds: float) -> None:
        """Waits, but not longer than the newest program lives."""
        if self._programs:
            try:
                self._programs[-1][1].wait(seconds)
            except subprocess.TimeoutExpired:
                return

    def stop(self) -> None:
        """Ends the programs, the newest first, and waits until they are gone."""
        for name, process in reversed(self._programs):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    say(f"{name} does not end; killing it.")
                    process.kill()
                    process.wait()
        self._programs.clear()

    def prepare(self) -> list[dict[str, Any]]:
        """Modems, settings, database, user. Returns the modems."""
        modems_folder = self.folder / "modems"
        self.start(
            "simulator",
            *(
                "simulate",
                "--modems",
                "4",
                "--profile",
                "mixed",
                "--latency",
                "1",
                "--dir",
                str(modems_folder),
            ),
        )
        description = modems_folder / "modems.json"
        self.wait_for("the simulated modems", description.exists)
        modems: list[dict[str, Any]] = json.loads(description.read_text())
        self.wait_for("their ports", lambda: all(Path(modem["port"]).exists() for modem in modems))
        config = [CONFIG.format(folder=self.folder, port=self.port)]
        for number, modem in enumerate(modems, 1):
            config.append(f'[[modem]]\nname = "gsm{number}"\nport = {json.dumps(modem["port"])}\n')
            label = f"{modem['operator']} {number}"
            config.append(
                f'[[sim]]\nimsi = "{modem["imsi"]}"\nlabel = {json.dumps(label, ensure_ascii=False)}\n'
                "price_per_part = 0.06\n"
            )
        (self.folder / "pbx-sms.toml").write_text("\n".join(config), encoding="utf-8")
        self.run("db", "upgrade")
        return modems


def empty_folder(path: Path) -> Any:
    """Makes the folder anew and returns its lock. Raises when a running demo has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_suffix(".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise DemoError("A demo is running in this folder already. End it with Ctrl-C first.") from None
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return lock


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DemoError(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror})."
                f" Take another one: ./install.sh --demo --port {port + 1}"
            ) from None


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def stay_up(demo: Demo) -> None:
    """Engine and page until a signal comes or a program dies."""
    password = secrets.token_urlsafe(9)
    demo.run("user", "add", USER, "--role", "admin", "--password-stdin", given=password + "\n")
    demo.start("engine", "run")
    demo.start("web", "web")
    address = f"http://127.0.0.1:{demo.port}/sms/"
    demo.wait_for("the page", lambda: answers(address))
    say(
        "",
        f"  The page      {address}",
        f"  Name          {USER}",
        f"  Password      {password}",
        f"  Sample list   {make_clients.WORKBOOK}",
        "",
        "  Sign in, upload the sample list, write a text, press Start, and watch the log.",
        f"  Four simulated modems send it; what they sent: {demo.folder}/modems/ledger.jsonl",
        "  The command line on the same data:",
        f"    PBX_SMS_CONFIG={demo.folder}/pbx-sms.toml {ROOT}/.venv/bin/pbx-sms sim list",
        "",
        "  Ctrl-C ends everything.",
    )
    while True:
        demo.check_alive()
        demo.pause(1.0)


class _StoppedError(Exception):
    """A person or the system asked the demo to end."""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _StoppedError


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="install.sh --demo")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds a modem takes for a part")
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    folder = options.folder.absolute() / ("once" if options.once else "page")
    demo = Demo(folder, port=options.port, latency_s=options.latency)
    try:
        with empty_folder(demo.folder):
            try:
                if not options.once:
                    check_port(options.port)
                say("Starting; the first time takes a little longer.")
                modems = demo.prepare()
                if options.once:
                    return once.send_everything(demo, modems)
                stay_up(demo)
            finally:
                # a second Ctrl-C must not leave programs behind
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
                demo.stop()
    except _StoppedError:
        say("", "Ended.")
        return 0 if not options.once else 130
    except DemoError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
