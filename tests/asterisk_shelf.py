"""Every fault of `fault_asterisk_rows` at once: each has a modem and an Asterisk of its own in front of it.

The engine, the drivers and the simulator are the real ones; so is the wire between them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fault_asterisk_rows import ASTERISK_FAULTS
from fault_record import Seen
from fault_shelf import Shelf
from fault_strikes import strikes_of
from fault_surroundings import PACE, NoSpread
from sqlalchemy import select

from pbx_sms.drivers.ami_dialects import DIALECTS
from pbx_sms.drivers.ami_link import AmiLink, LinkSettings
from pbx_sms.drivers.ami_modem import AmiModem, AmiModemSettings
from pbx_sms.engine.daemon import Engine
from pbx_sms.simulator.ami.pace import Pace
from pbx_sms.simulator.ami.server import AmiPeer
from pbx_sms.simulator.simulator import Simulator
from pbx_sms.storage.schema import modems

DRIVER = Pace(command_s=10.0, prompt_s=6.0, pdu_s=6.0, retry_s=0.2, poll_s=0.2)
SETTINGS = AmiModemSettings(look_s=0.05, quiet_s=0.3, part_s=14.0, margin_s=1.0, ussd_s=5.0, link_s=1.0)


class AsteriskShelf(Shelf):
    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self.simulator = Simulator(
            folder,
            modems=len(ASTERISK_FAULTS),
            profile="huawei_e1550",
            latency_s=0.02,
            report_delay_s=0.3,
            boot_scale=0.02,
            faults={
                "fault": [
                    strike
                    for index, fault in enumerate(ASTERISK_FAULTS)
                    for strike in strikes_of(index, fault)
                ]
            },
            seed="asterisk",
        )
        self.faults = list(ASTERISK_FAULTS)
        self.modem_step = {}

    async def spend_an_hour(self) -> dict[str, Seen]:
        """What became of each fault's message, once all have taken their course or nothing moves any more."""
        async with self._laid_out(), self._asterisks() as links:
            behind = [
                AmiModem(f"gsm{index}", "dongle0", DIALECTS["chan_dongle"], link, SETTINGS)
                for index, link in enumerate(links)
            ]
            engine = Engine(self._settings(), self.database, behind, chance=NoSpread(), pace=PACE)
            running = asyncio.create_task(engine.run(), name="engine")
            try:
                await self.until(lambda: running.done() or self._all_known())
                await self._go_through()
            finally:
                engine.request_stop()
                await running
            return self.record.seen(self.faults, {})

    def _all_known(self) -> bool:
        with self.database.read() as connection:
            states = list(connection.execute(select(modems.c.state)).scalars())
        return states == ["registered"] * len(self.faults)

    @asynccontextmanager
    async def _asterisks(self) -> AsyncIterator[list[AmiLink]]:
        async with contextlib.AsyncExitStack() as stack:
            links = []
            for port in self.simulator.ports:
                peer = AmiPeer([port], pace=DRIVER, faults=self.simulator.at_hand_over)
                await peer.start()
                stack.push_async_callback(peer.die)
                link = AmiLink(
                    LinkSettings(
                        host="127.0.0.1",
                        port=peer.port,
                        username="pbx-sms",
                        secret="s3cret",
                        rest_s=0.05,
                        answer_s=2.0,
                    ),
                    DIALECTS["chan_dongle"].events,
                )
                stack.push_async_callback(_ended, link, asyncio.create_task(link.run()))
                links.append(link)
            yield links


async def _ended(link: AmiLink, running: asyncio.Task[None]) -> None:
    await link.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
