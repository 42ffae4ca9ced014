"""A small storm of `bench/kill_storm.py`: real processes, SIGKILL at moments that the seed chooses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_an_engine_that_is_killed_again_and_again_sends_nothing_twice_and_loses_nothing() -> None:
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "bench" / "kill_storm.py")),
            *("--messages", "120", "--modems", "4", "--kills", "6", "--latency", "0.1", "--seed", "3"),
            *("--report-delay", "1"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    figures = {line[:42].strip(): line[42:].split() for line in done.stdout.splitlines()[1:]}
    assert figures["kills"][0] == "6,"
    assert figures["parts accepted twice"] == ["0"]
    assert figures["rows not ended"] == ["0"]
