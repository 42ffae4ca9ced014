"""Delivery reports that come while no engine runs: the next start reads them, where the make keeps them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sending_run import SendingRun

#: the network is lost after a part, so that its report waits until the test brings the network back
_OUT_OF_REACH = {"fault": [{"action": "no_network", "every": 1}]}


def _sent_by(folder: Path, make: str) -> SendingRun:
    return SendingRun(folder, folder, modems=1, latency_s=0.0, profile=make, faults=_OUT_OF_REACH)


def _send(run: SendingRun) -> None:
    run.start_engine()
    run.start_mailing(1, wants_report=True)
    run.until(lambda: run.states() == Counter(submitted=1))


def _waiting(run: SendingRun) -> int:
    """Reports that the network could not bring yet."""
    return int(run.simulator.control({"cmd": "stats"})["modems"][0]["waiting"])


def _bring_report(run: SendingRun) -> None:
    run.until(lambda: _waiting(run) == 1)
    run.simulator.control({"cmd": "network", "modem": 0, "registered": True})
    assert _waiting(run) == 0
    assert run.states() == Counter(submitted=1)


@pytest.mark.parametrize("make", ["huawei_e1550", "zte_mf180", "quectel_ec25"])
def test_a_report_that_comes_between_stop_and_start_makes_the_message_delivered(
    tmp_path: Path, make: str
) -> None:
    with _sent_by(tmp_path, make) as run:
        _send(run)
        assert run.stop_engine() == 0
        _bring_report(run)
        run.start_engine()
        run.until(lambda: run.states() == Counter(delivered=1))


def test_a_make_that_always_stores_reports_keeps_them_over_a_crash(tmp_path: Path) -> None:
    with _sent_by(tmp_path, "zte_mf180") as run:
        _send(run)
        run.kill_engine()
        _bring_report(run)
        run.start_engine()
        run.until(lambda: run.states() == Counter(delivered=1))
