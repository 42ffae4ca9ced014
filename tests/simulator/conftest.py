"""Simulators and hosts for a test, closed after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from wire_host import Host

from pbx_sms.simulator import ThreadedSimulator, running_simulator

#: lies beside the repository, and not everywhere
TRANSCRIPTS = Path(__file__).resolve().parents[3] / "shared" / "facts" / "transcripts"
collect_ignore = [] if TRANSCRIPTS.is_dir() else ["test_ami_transcript.py"]


@pytest.fixture
def hosts() -> Iterator[Callable[[Path], Host]]:
    opened: list[Host] = []

    def open_port(port: Path) -> Host:
        host = Host(port)
        opened.append(host)
        return host

    yield open_port
    for host in opened:
        host.close()


@pytest.fixture
def simulate(tmp_path: Path) -> Iterator[Callable[..., ThreadedSimulator]]:
    """Starts a simulator in `tmp_path/sim`, without delays unless they are asked for."""
    with ExitStack() as stack:

        def start(**options: Any) -> ThreadedSimulator:
            options = {"report_delay_s": 0.0, "boot_scale": 0.0, **options}
            return stack.enter_context(running_simulator(tmp_path / "sim", **options))

        yield start
