"""A SIM whose service centre is empty, for good or until the modem is registered, on simulated makes."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from at_cases import SETTINGS, submission, told

from pbx_sms.core.verdict import ACCEPTED, Kind, Scope
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.modem import ModemState, StateChanged
from pbx_sms.simulator import Simulator
from pbx_sms.simulator.profiles import PROFILES

CONFIGURED = "+79043490000"


@asynccontextmanager
async def plugged_in(
    folder: Path, make: str, fault: dict[str, Any], **settings: Any
) -> AsyncIterator[tuple[Simulator, AtModem]]:
    """A modem that was plugged in just now, and its driver, which is not open yet."""
    async with Simulator(
        folder,
        profile=make,
        boot_scale=0.1,
        seed="centre",
        faults={"fault": [{"action": "csca_empty"} | fault]},
    ) as simulator:
        await simulator.control({"cmd": "unplug", "modem": 0})
        await simulator.control({"cmd": "plug", "modem": 0})
        port = str(simulator.ports[0])
        known = dataclasses.replace(SETTINGS, prompt_pause_s=None, **settings)
        modem = AtModem("gsm1", port, known)
        try:
            yield simulator, modem
        finally:
            await modem.close()


async def _registered(modem: AtModem) -> None:
    """Asks until the modem is registered."""
    while StateChanged(state=ModemState.REGISTERED) not in told(modem):
        await modem.poll()


def _centre(simulator: Simulator) -> str:
    sim = simulator.modems[0].sim
    assert sim is not None
    return sim.smsc


@pytest.mark.parametrize("make", PROFILES)
async def test_the_configured_centre_is_set_where_the_sim_has_none(tmp_path: Path, make: str) -> None:
    async with plugged_in(tmp_path / "m", make, {}, smsc=CONFIGURED) as (simulator, modem):
        await modem.open()
        assert _centre(simulator) == CONFIGURED
        await _registered(modem)
        assert (await modem.submit(submission())).verdict == ACCEPTED
        assert len(simulator.ledger()) == 1


@pytest.mark.parametrize("make", PROFILES)
async def test_without_one_the_sim_is_told_to_lack_it(tmp_path: Path, make: str) -> None:
    async with plugged_in(tmp_path / "m", make, {}) as (simulator, modem):
        await modem.open()
        await _registered(modem)
        verdict = (await modem.submit(submission())).verdict
        assert (verdict.kind, verdict.scope) == (Kind.PERMANENT, Scope.SIM)
        assert (verdict.reason.code, verdict.reason.params) == (
            "service_centre_wrong",
            {"code": "+CMS ERROR: 330"},
        )
        assert simulator.ledger() == []


@pytest.mark.parametrize("make", PROFILES)
@pytest.mark.parametrize("smsc", [None, CONFIGURED])
async def test_a_centre_that_is_read_late_is_the_sims_own(
    tmp_path: Path, make: str, smsc: str | None
) -> None:
    """It is asked for again before the configured one would be written over it."""
    async with plugged_in(tmp_path / "m", make, {"until": "registered"}, smsc=smsc, sim_pause_s=0.4) as (
        simulator,
        modem,
    ):
        own = _centre(simulator)
        assert own not in ("", CONFIGURED)
        await modem.open()
        await _registered(modem)
        assert _centre(simulator) == own
        assert (await modem.submit(submission())).verdict == ACCEPTED
