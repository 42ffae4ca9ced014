"""Fixtures of the drivers' tests: scripted modems, fast settings, and nothing left running."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from at_cases import SETTINGS
from scripted_modem import ScriptedModem

from pbx_sms.drivers.at_modem import AtModem


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert {task.get_name() for task in left if not task.done()} == set()


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[..., ScriptedModem]]:
    """Makes scripted modems that are hung up after the test."""
    made: list[ScriptedModem] = []

    def make(name: str = "huawei_e1550", **options: Any) -> ScriptedModem:
        made.append(ScriptedModem(name, **options))
        return made[-1]

    yield make
    for modem in made:
        await modem.close()


@pytest.fixture
async def connect(
    scripted: Callable[..., ScriptedModem],
) -> AsyncIterator[Callable[..., Awaitable[tuple[AtModem, ScriptedModem]]]]:
    """Opens the driver on a scripted modem: `await connect("sim800l", pin="0000")` → (driver, modem)."""
    opened: list[AtModem] = []

    async def make(
        peer: str | ScriptedModem = "huawei_e1550", **settings: Any
    ) -> tuple[AtModem, ScriptedModem]:
        scripted_modem = scripted(peer) if isinstance(peer, str) else peer
        modem = AtModem("gsm1", scripted_modem.port, dataclasses.replace(SETTINGS, **settings))
        opened.append(modem)
        await modem.open()
        return modem, scripted_modem

    yield make
    for modem in opened:
        await modem.close()
