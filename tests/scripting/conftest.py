"""One Asterisk for a file of tests, one of its own for a test that kills it, and a script for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from asterisk_server import AsteriskServer
from script_client import ScriptClient
from script_rig import Rig, real_asterisk

from pbx_sms.config import Settings


@pytest.fixture(scope="module")
def asterisk() -> Iterator[AsteriskServer]:
    server = real_asterisk()
    yield server
    server.remove()


@pytest.fixture
def own_asterisk() -> Iterator[AsteriskServer]:
    """One that a test may kill."""
    server = real_asterisk()
    yield server
    server.remove()


@pytest.fixture
async def rig(sqlite_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Rig]:
    made = Rig(sqlite_url, settings)
    yield made
    await made.stop()


@pytest.fixture
async def script(asterisk: AsteriskServer) -> AsyncIterator[ScriptClient]:
    async with ScriptClient(asterisk.port) as client:
        yield client
