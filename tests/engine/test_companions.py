"""What runs beside the sending: it may fail, it begins again, and it ends with the engine."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from pbx_sms.engine.companions import accompany


class Frail:
    name = "frail"

    def __init__(self) -> None:
        self.runs = 0
        self.is_well = asyncio.Event()
        self.is_closed = False

    async def run(self) -> None:
        self.runs += 1
        if self.runs < 3:
            raise RuntimeError("as in a bug")
        self.is_well.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.is_closed = True


async def test_one_that_fails_begins_again_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    frail = Frail()
    running = asyncio.create_task(accompany(frail, rest_s=(0.0, 0.01)))
    await frail.is_well.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert frail.runs == 3
    assert frail.is_closed
    said = "frail failed; the sending goes on without it meanwhile"
    assert caplog.messages == [said, said]
