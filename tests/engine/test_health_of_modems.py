"""Modems that hang: what is tried, in which order, and how seldom; the real engine in virtual time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from engine_rig import Rig

from pbx_sms.engine.pace import Pace
from pbx_sms.storage.schema import events

MakeRig = Callable[..., Rig]
#: for hours in which nothing is sent
WATCHFUL = Pace(look_s=300.0, lease_s=3600.0, round_s=300.0, poll_s=60.0)


def steps(rig: Rig) -> list[str]:
    rows = sorted(rig.rows(events), key=lambda row: row.event_id)
    return [row.reason_params["step"] for row in rows if row.reason_code == "recovery_step"]


def step_times(rig: Rig, step: str) -> list[Any]:
    return [
        row.at
        for row in sorted(rig.rows(events), key=lambda row: row.event_id)
        if row.reason_code == "recovery_step" and row.reason_params["step"] == step
    ]


async def test_a_modem_that_hangs_is_opened_again_then_restarted(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    modem = rig.modems[0]
    await rig.start()
    modem.hung = True
    mailing = rig.mailing(100)
    await rig.until(lambda: not modem.hung and modem.is_open, within_s=600)
    assert steps(rig) == ["reopen", "reset"]
    assert modem.reset_count == 1
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)


async def test_a_restart_that_does_not_help_is_tried_less_and_less_often(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=WATCHFUL)
    modem = rig.modems[0]
    modem.obeys_reset = False
    await rig.start()
    modem.hung = True
    await rig.passes(8 * 3600)
    times = step_times(rig, "reset")
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert len(gaps) >= 4
    for number, gap in enumerate(gaps):
        assert gap >= timedelta(minutes=10) * 2**number
    assert modem.reset_count == len(times)


async def test_what_was_unplugged_is_no_hanging(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=WATCHFUL)
    await rig.start()
    rig.modems[0].unplug()
    await rig.passes(3600)
    assert steps(rig) == []


def power_switch(path: Path) -> dict[str, Any]:
    """Settings of a modem whose power is switched by a real process."""
    command = f"{sys.executable} -c \"open('{path}', 'a').write('x')\""
    return {"name": "gsm1", "port": "/dev/null", "power_switch": command}


async def test_the_power_is_switched_when_a_restart_did_not_help(make_rig: MakeRig, tmp_path: Path) -> None:
    switched = tmp_path / "switched"
    rig = make_rig(modems=1, modem=[power_switch(switched)])
    modem = rig.modems[0]
    modem.obeys_reset = False
    await rig.start()
    modem.hung = True
    await rig.until(lambda: switched.exists(), within_s=86_400)
    assert steps(rig)[:3] == ["reopen", "reset", "power"]
    modem.hung = False
    await rig.until(lambda: modem.is_open)


@pytest.mark.parametrize("command", ["/no/such/program", "false"])
async def test_a_power_switch_that_fails_ends_nothing(make_rig: MakeRig, command: str) -> None:
    rig = make_rig(modems=1, modem=[{"name": "gsm1", "port": "/dev/null", "power_switch": command}])
    modem = rig.modems[0]
    modem.obeys_reset = False
    await rig.start()
    modem.hung = True
    await rig.until(lambda: "power" in steps(rig), within_s=86_400)
    modem.hung = False
    await rig.until(lambda: modem.is_open)
