"""install.sh in a scratch root, and the demo as a process: it sends everything and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pbx_sms import config
from pbx_sms.storage import engine

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, str(ROOT / "examples" / "demo.py")]


def install(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "install.sh"), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_help_is_the_head_of_the_script() -> None:
    done = install("--help")
    assert done.returncode == 0
    assert "--demo --once" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["--port", "eighty"], ["--demo", "--port"], ["--nonsense"], ["--once"]]
)
def test_wrong_usage_is_refused_before_anything_is_done(arguments: list[str]) -> None:
    done = install(*arguments)
    assert done.returncode == 2
    assert "--demo" in done.stderr


@pytest.mark.timeout(600)
def test_the_service_is_installed_below_a_root_and_again_without_harm(tmp_path: Path) -> None:
    first = install("--root", str(tmp_path))
    assert first.returncode == 0, first.stderr
    settings_file = tmp_path / "etc/pbx-sms/pbx-sms.toml"
    settings = config.parse(settings_file.read_text(encoding="utf-8"))
    database = engine.open_database(settings.database.url)
    database.close()
    assert settings.database.url == f"sqlite:///{tmp_path}/var/lib/pbx-sms/pbx-sms.db"

    settings_file.write_text(settings_file.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    again = install("--root", str(tmp_path))
    assert again.returncode == 0, again.stderr
    assert settings_file.read_text(encoding="utf-8").endswith("# mine\n")


@pytest.mark.timeout(600)
def test_the_units_are_ones_that_systemd_would_take(tmp_path: Path) -> None:
    assert install("--root", str(tmp_path)).returncode == 0
    units = sorted((tmp_path / "etc/systemd/system").glob("*.service"))
    assert [unit.name for unit in units] == ["pbx-sms-engine.service", "pbx-sms-web.service"]
    for unit in units:
        # name=value is close enough to TOML once the values are quoted
        lines = [line for line in unit.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        quoted = [
            f"{line.partition('=')[0]}='{line.partition('=')[2]}'" if "=" in line else line for line in lines
        ]
        service = tomllib.loads("\n".join(quoted))["Service"]
        program = service["ExecStart"].split('"')[1]
        assert os.access(program, os.X_OK)
        assert service["SupplementaryGroups"] == "dialout"
        assert service["User"] == "pbx-sms"


@pytest.mark.timeout(600)
def test_the_demo_sends_the_whole_sample_list(tmp_path: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--once", "--folder", str(tmp_path), "--latency", "0.05"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every row ended as it should." in done.stdout
    assert "delivered 54, rejected 5, left out 1" in done.stdout
    assert programs_of(tmp_path) == []


@contextmanager
def running_demo(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*DEMO, "--folder", str(folder), "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        printed = ""
        for line in process.stdout:
            printed += line
            if "Ctrl-C" in line:
                break
        else:
            pytest.fail(f"the demo did not come up:\n{printed}")
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.stdout.read()
        process.stdout.close()
        process.wait()


def programs_of(folder: Path) -> list[str]:
    """Processes that were started with settings of this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in environment and words and b"demo.py" not in words:
            found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["ctrl-c", "term", "kill"]
)
def test_the_demo_takes_its_programs_with_it(tmp_path: Path, free_port: int, how: signal.Signals) -> None:
    with running_demo(tmp_path, free_port) as demo:
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/sms/", timeout=30) as page:
            assert page.status == 200
        assert len(programs_of(tmp_path)) >= 3
        demo.send_signal(how)
        demo.wait()
        if how is not signal.SIGKILL:
            assert demo.returncode == 0
            assert programs_of(tmp_path) == []
    # killed, it cannot wait for them; the kernel tells them, and they end by themselves
    while programs_of(tmp_path):
        time.sleep(0.1)


@pytest.mark.timeout(300)
def test_a_busy_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = subprocess.run(
            [*DEMO, "--folder", str(tmp_path), "--port", str(port)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "--port" in done.stderr
    assert programs_of(tmp_path) == []
