"""A report that comes while nobody listens is found when the port is opened again, where the make can."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from at_cases import SETTINGS, next_of, submission, told

from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.modem import ReportReceived
from pbx_sms.simulator import Simulator

#: makes that list <ds>=2; the other two have direct reports or none
KEEPERS = ("huawei_e1550", "zte_mf180", "quectel_ec25")
LOSERS = ("huawei_e173", "sim800")
#: the network is lost after each part, so that the report waits until it is back
_OUT_OF_REACH = {"fault": [{"action": "no_network", "every": 1}]}


@asynccontextmanager
async def shelf(folder: Path, make: str, **settings: object) -> AsyncIterator[tuple[Simulator, AtModem]]:
    async with Simulator(
        folder, profile=make, boot_scale=0.0, report_delay_s=0.0, faults=_OUT_OF_REACH
    ) as simulator:
        modem = AtModem(
            "gsm1",
            str(simulator.ports[0]),
            dataclasses.replace(SETTINGS, prompt_pause_s=None, read_pause_s=0.2, **settings),  # type: ignore[arg-type]
        )
        await modem.open()
        try:
            yield simulator, modem
        finally:
            await modem.close()


async def report_comes(simulator: Simulator) -> None:
    assert len(simulator.modems[0].sim.waiting) == 1  # type: ignore[union-attr]
    await simulator.control({"cmd": "network", "modem": 0, "registered": True})
    assert len(simulator.modems[0].sim.waiting) == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("make", KEEPERS)
async def test_a_report_that_comes_while_the_port_is_closed_is_read_at_the_next_start(
    tmp_path: Path, make: str
) -> None:
    async with shelf(tmp_path / "m", make) as (simulator, modem):
        outcome = await modem.submit(submission())
        await modem.close()
        await report_comes(simulator)
        await modem.open()
        event = await next_of(modem, ReportReceived)
        assert event.report.reference == outcome.references[0]
        assert event.token is not None
        # it is told once: what was committed is not there any more
        await modem.forget(event.token)
        await modem.close()
        await modem.open()
        assert not [again for again in told(modem) if isinstance(again, ReportReceived)]


@pytest.mark.parametrize("make", LOSERS)
async def test_a_make_without_stored_reports_loses_it(tmp_path: Path, make: str) -> None:
    async with shelf(tmp_path / "m", make) as (simulator, modem):
        await modem.submit(submission())
        await modem.close()
        await report_comes(simulator)
        await modem.open()
        assert not [event for event in told(modem) if isinstance(event, ReportReceived)]


async def test_reports_are_direct_again_once_the_port_is_open(tmp_path: Path) -> None:
    async with shelf(tmp_path / "m", "huawei_e1550") as (simulator, modem):
        await modem.close()
        assert simulator.modems[0].settings.cnmi == [2, 1, 0, 2, 0]
        await modem.open()
        assert simulator.modems[0].settings.cnmi == [2, 1, 0, 1, 0]


async def test_nothing_is_kept_when_reports_are_switched_off(tmp_path: Path) -> None:
    async with shelf(tmp_path / "m", "huawei_e1550", delivery_reports=False) as (simulator, modem):
        await modem.close()
        assert simulator.modems[0].settings.cnmi == [2, 1, 0, 0, 0]


async def test_a_modem_that_hangs_is_closed_all_the_same(tmp_path: Path) -> None:
    async with shelf(tmp_path / "m", "huawei_e1550", answer_timeout_s=0.1) as (simulator, modem):
        await simulator.control({"cmd": "hang", "modem": 0})
        await modem.close()
        assert simulator.modems[0].settings.cnmi == [2, 1, 0, 1, 0]


async def test_two_who_close_at_once_close_once(tmp_path: Path) -> None:
    async with shelf(tmp_path / "m", "huawei_e1550") as (simulator, modem):
        await asyncio.gather(modem.close(), modem.close())
        await modem.open()
        assert simulator.modems[0].settings.cnmi == [2, 1, 0, 1, 0]
