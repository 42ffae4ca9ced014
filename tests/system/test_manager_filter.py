"""The event filters of the shipped account on a real Asterisk: what passes, and that nothing else does."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from asterisk_server import MODULES, AsteriskServer

ACCOUNT = Path(__file__).resolve().parents[2] / "asterisk_conf" / "manager_pbx-sms.conf"
GENERAL = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = PORT\n"
#: hears all that there is
OTHER = "[other]\nsecret = other\npermit = 127.0.0.1/255.255.255.255\nread = all\nwrite = all\n"
DIALPLAN = """
[general]
[office]
exten => rings,1,Set(CALLERID(num)=+79161234567)
 same => n,Set(ORDER=84315)
 same => n,Answer()
 same => n,UserEvent(PbxSmsSend,To: ${CALLERID(num)},Text: Event: Newexten)
 same => n,NoOp(a call)
 same => n,Hangup()
exten => waits,1,Answer()
 same => n,Queue(sales)
 same => n,Hangup()
exten => talks,1,Answer()
 same => n,Wait(0.2)
"""
QUEUES = "[general]\n[sales]\njoinempty = yes\nmember => Local/talks@office/n\n"
#: what `[[missed_call]]`, scripts and modems need of a PBX without modems
NEEDED = {"Newchannel", "QueueCallerJoin", "BridgeEnter", "Hangup", "UserEvent"}


@pytest.fixture
def asterisk() -> Iterator[AsteriskServer]:
    account = ACCOUNT.read_text(encoding="utf-8").replace("CHANGE-ME", "s3cret")
    server = AsteriskServer(
        {"manager.conf": GENERAL + account + OTHER, "extensions.conf": DIALPLAN, "queues.conf": QUEUES},
        (*MODULES, "app_queue", "bridge_simple", "bridge_holding", "res_timing_timerfd", "res_musiconhold"),
    )
    server.start()
    yield server
    server.remove()


class Listener:
    """A session that counts the events by their names, all that Asterisk writes to it."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.answered: set[str] = set()
        self._came = asyncio.Condition()

    async def begin(self, port: int, username: str, secret: str) -> None:
        self._reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        await self._reader.readline()
        self.act("Login", Username=username, Secret=secret, Events="on")
        self.reading = asyncio.create_task(self._read())
        await self.until(lambda: "Login" in self.answered)

    def act(self, action: str, **headers: str) -> None:
        lines = [
            f"{name}: {value}" for name, value in {"Action": action, "ActionID": action, **headers}.items()
        ]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())

    async def until(self, holds: Callable[[], bool]) -> None:
        async with self._came:
            await self._came.wait_for(holds)

    async def _read(self) -> None:
        while True:
            raw = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            async with self._came:
                if found := re.match(r"\s*Event: (\S+)", raw):
                    self.seen[found.group(1)] += 1
                elif found := re.search(r"^ActionID: (\S+)", raw, re.MULTILINE):
                    self.answered.add(found.group(1))
                self._came.notify_all()

    async def end(self) -> None:
        self.reading.cancel()
        await asyncio.gather(self.reading, return_exceptions=True)
        self.writer.transport.abort()


def _are_over(listener: Listener, halves: int) -> bool:
    return listener.seen["Hangup"] == listener.seen["Newchannel"] >= halves


async def test_of_a_thousand_call_events_only_those_that_are_needed_arrive(asterisk: AsteriskServer) -> None:
    ours, other = Listener(), Listener()
    await ours.begin(asterisk.port, "pbx-sms", "s3cret")
    await other.begin(asterisk.port, "other", "other")
    try:
        halves = 0
        while other.seen.total() < 1000:
            halves += 4
            for extension in ("rings", "waits"):
                other.act(
                    "Originate",
                    Channel=f"Local/{extension}@office",
                    Application="Wait",
                    Data="30",
                    Async="true",
                    Timeout="5000",
                )
            await other.until(partial(_are_over, other, halves))
        # what Asterisk writes to one session comes in order: behind this there is nothing more
        for listener in (other, ours):
            listener.act("Ping")
            await listener.until(partial(listener.answered.__contains__, "Ping"))
        assert other.seen.total() >= 1000
        assert other.seen.total() > 2 * ours.seen.total()
        assert set(ours.seen) == NEEDED, ours.seen
        assert {name: ours.seen[name] for name in NEEDED} == {name: other.seen[name] for name in NEEDED}
    finally:
        await ours.end()
        await other.end()
