"""`pbx-sms simulate`: the simulator as a process of its own, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from pbx_sms.simulator import fault_rule
from pbx_sms.simulator.simulator import Simulator

logger = logging.getLogger(__name__)


def main(
    modems: int,
    directory: Path,
    latency_s: float = 0.0,
    profile: str = "mixed",
    faults_path: Path | None = None,
    *,
    report_delay_s: float = 1.0,
    boot_scale: float = 1.0,
    seed: int | str | None = None,
    asterisk: str | None = None,
    asterisk_port: int = 0,
) -> int:
    """Runs until SIGTERM or SIGINT; 0. Writes one line to standard output when all ports are there.
    Raises `Refused` before anything is made."""
    rules = fault_rule.read_file(faults_path) if faults_path is not None else ()
    fault_rule.check_asterisk(rules, is_there=asterisk is not None)
    simulator = Simulator(
        directory,
        modems=modems,
        latency_s=latency_s,
        profile=profile,
        faults=rules,
        report_delay_s=report_delay_s,
        boot_scale=boot_scale,
        seed=seed,
        asterisk=asterisk,
        asterisk_port=asterisk_port,
    )
    asyncio.run(_serve(simulator, modems, directory))
    return 0


async def _serve(simulator: Simulator, modems: int, directory: Path) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with simulator:
        logger.info("simulating modems=%s directory=%s", modems, directory)
        # Straight to the descriptor: whoever started this process waits for the line.
        sys.stdout.flush()
        os.write(sys.stdout.fileno(), f"ready {modems} modems in {directory}\n".encode())
        await stopped.wait()
