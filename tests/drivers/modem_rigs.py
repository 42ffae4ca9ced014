"""The surroundings in which `test_modem_contract` examines each implementation of `drivers/modem.Modem`.

A rig is a modem with its network: what can happen to it is a method. `RIGS` maps a name to a factory; an
implementation joins the suite by adding its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from at_cases import SETTINGS
from doubles.modem import Cell, MemoryModem, Rule

from pbx_sms.drivers.ami_dialects import DIALECTS
from pbx_sms.drivers.ami_link import AmiLink, LinkSettings
from pbx_sms.drivers.ami_modem import AmiModem, AmiModemSettings
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.modem import Modem
from pbx_sms.simulator.ami.device import Pace
from pbx_sms.simulator.ami.server import AmiPeer
from pbx_sms.simulator.simulator import Simulator

#: the driver's times behind the simulated Asterisk
DRIVER = Pace(command_s=1.0, prompt_s=0.5, pdu_s=0.8, retry_s=0.05, poll_s=0.05)
AMI_SETTINGS = AmiModemSettings(look_s=0.02, quiet_s=0.1, part_s=3.0, margin_s=0.5, ussd_s=5.0, link_s=5.0)
#: of the driver that takes silence for an error: an error of the modem comes well before
MOBILE_DRIVER = dataclasses.replace(DRIVER, pdu_s=1.8)
MOBILE_SETTINGS = dataclasses.replace(AMI_SETTINGS, certain_s=1.7, watch_s=0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What an implementation can do, and the words of its losses. What it cannot is declared here, and the
    suite then examines what it does instead."""

    #: a long message goes part by part; else whole, and the driver cuts it
    takes_parts: bool = True
    #: a text of several parts goes at all
    joins: bool = True
    #: the network's code of a refusal reaches us; else every refusal of the only part is one of the SIM
    tells_codes: bool = True
    #: the answer of an attempt that was given up is told when it comes
    tells_late_answers: bool = True
    #: delivery reports: of each part by its reference, of the whole message, or none at all
    reports: Literal["parts", "message", "none"] = "parts"
    #: an inbound message is told again until it is forgotten
    keeps_inbound: bool = True
    #: a reset brings back a modem that hangs
    reset_revives: bool = True
    lost: str = "port_lost"
    missing: str = "port_missing"
    silent: str = "modem_silent"


class Rig(Protocol):
    """`modem` is not open yet. Conditions hold for the following submissions, `times` of them."""

    modem: Modem
    traits: Traits

    @property
    def imsi(self) -> str: ...

    def accepted(self) -> list[tuple[str, str]]:
        """(number, text) of every part that the network took, in order."""
        ...

    async def refuse(self, code: int, times: int = 1) -> None: ...

    async def never_answer(self, *, taken: bool) -> None: ...

    async def answer_late(self, seconds: float) -> None: ...

    async def vanish(self, *, taken: bool) -> None:
        """The modem goes when a part was handed over, and comes back at once."""
        ...

    async def inbound(self, sender: str, text: str) -> None: ...

    async def ring(self) -> None:
        """Somebody calls, and gives up soon."""
        ...

    async def unplug(self) -> None: ...

    async def plug(self) -> None: ...

    async def hang(self) -> None:
        """It stops answering anything, and still carries out a reset."""
        ...

    async def swap_sim(self) -> None: ...


RigFactory = Callable[[Path], AbstractAsyncContextManager[Rig]]


class SimulatedRig:
    """`AtModem` on the simulator: real pyserial on a pseudo terminal, another codec at the other end."""

    traits = Traits()

    def __init__(self, simulator: Simulator, *, slots: int = 1) -> None:
        self._simulator = simulator
        settings = dataclasses.replace(
            SETTINGS,
            slots=slots,
            prompt_pause_s=None,
            submit_timeout_s=2.0,
            late_answer_s=10.0,
            command_timeout_s=1.5,
            answer_timeout_s=0.5,
            ring_silence_s=1.0,
            read_pause_s=0.2,
        )
        self.modem: Modem = AtModem("gsm1", str(simulator.ports[0]), settings)

    @property
    def imsi(self) -> str:
        imsi: str = self._simulator.known()[0]["imsi"]
        return imsi

    def accepted(self) -> list[tuple[str, str]]:
        return [(entry["number"], entry["text"]) for entry in self._simulator.ledger()]

    async def refuse(self, code: int, times: int = 1) -> None:
        await self._fault(action="cms", code=code, times=times)

    async def never_answer(self, *, taken: bool) -> None:
        await self._fault(action="no_answer" if taken else "no_answer_not_accepted", times=1)

    async def answer_late(self, seconds: float) -> None:
        await self._fault(action="late", seconds=seconds, times=1)

    async def vanish(self, *, taken: bool) -> None:
        await self._fault(action="vanish_after" if taken else "vanish_before", back_after_s=0.0, times=1)

    async def inbound(self, sender: str, text: str) -> None:
        await self._order(cmd="inbound", modem=0, **{"from": sender}, text=text)

    async def ring(self) -> None:
        await self._order(cmd="ring", modem=0, times=2, interval_s=0.2)

    async def unplug(self) -> None:
        await self._order(cmd="unplug", modem=0)

    async def plug(self) -> None:
        await self._order(cmd="plug", modem=0)

    async def hang(self) -> None:
        await self._order(cmd="hang", modem=0, obeys_reset=True)

    async def swap_sim(self) -> None:
        await self._order(cmd="swap_sim", modem=0)

    async def _fault(self, **fault: Any) -> None:
        await self._order(cmd="faults", fault=[fault])

    async def _order(self, **order: Any) -> None:
        answer = await self._simulator.control(order)
        assert answer.get("ok"), answer


class AsteriskRig(SimulatedRig):
    """`AmiModem` on the simulated Asterisk, whose driver holds a modem of the simulator."""

    def __init__(self, simulator: Simulator, peer: AmiPeer, link: AmiLink, dialect: str) -> None:
        super().__init__(simulator)
        self._peer = peer
        own = Traits(
            takes_parts=False,
            joins=dialect != "chan_dongle_bg111",
            tells_codes=False,
            tells_late_answers=False,
            reports="message" if dialect in ("chan_dongle", "chan_quectel") else "none",
            keeps_inbound=False,
            reset_revives=False,
            lost="ami_device_down",
            missing="ami_device_down",
            silent="ami_device_down",
        )
        self.traits = own
        settings = MOBILE_SETTINGS if DIALECTS[dialect].through_dialplan else AMI_SETTINGS
        self.modem = AmiModem("gsm1", peer.devices[0].name, DIALECTS[dialect], link, settings)

    async def until(self, *, initialized: bool) -> None:
        """As soon as the driver has the device, or has lost it."""
        device = self._peer.devices[0]
        while device.is_initialized is not initialized:
            await device.changed()

    async def vanish(self, *, taken: bool) -> None:
        # long enough for the driver to see it go
        await self._fault(action="vanish_after" if taken else "vanish_before", back_after_s=0.3, times=1)

    async def unplug(self) -> None:
        await super().unplug()
        await self.until(initialized=False)

    async def plug(self) -> None:
        await super().plug()
        await self.until(initialized=True)

    async def hang(self) -> None:
        await super().hang()
        await self.until(initialized=False)

    async def swap_sim(self) -> None:
        # a SIM that is changed while the modem runs is the driver's to notice: it does when it opens anew
        await self._order(cmd="swap_sim", modem=0, replug=True)
        await self.until(initialized=False)
        await self.until(initialized=True)


class MemoryRig:
    """The in-memory modem of the engine's tests, in real time here."""

    traits = Traits()

    def __init__(self) -> None:
        self.cell = Cell(report_s=0.05)
        self.memory = MemoryModem("gsm1", self.cell, "250011234567890", latency_s=0.0, submit_timeout_s=1.0)
        self.modem: Modem = self.memory

    @property
    def imsi(self) -> str:
        return self.memory.imsi

    def accepted(self) -> list[tuple[str, str]]:
        return [(entry.number, entry.text) for entry in self.cell.ledger]

    async def refuse(self, code: int, times: int = 1) -> None:
        self.cell.rules = [Rule(code=f"+CMS ERROR: {code}", times=times)]

    async def never_answer(self, *, taken: bool) -> None:
        self.cell.rules = [Rule(silent=True, taken=taken, times=1)]

    async def answer_late(self, seconds: float) -> None:
        self.cell.rules = [Rule(late_s=seconds, times=1)]

    async def vanish(self, *, taken: bool) -> None:
        self.cell.rules = [Rule(vanish=True, taken=taken, times=1)]

    async def inbound(self, sender: str, text: str) -> None:
        self.memory.receive(sender, text)

    async def ring(self) -> None:
        self.memory.ring()
        asyncio.get_running_loop().call_later(0.4, self.memory.hang_up)

    async def unplug(self) -> None:
        self.memory.unplug()

    async def plug(self) -> None:
        self.memory.plug()

    async def hang(self) -> None:
        self.memory.hung = True

    async def swap_sim(self) -> None:
        self.memory.imsi = "250029876543210"


@asynccontextmanager
async def in_memory(folder: Path) -> AsyncIterator[Rig]:
    rig = MemoryRig()
    yield rig
    await rig.modem.close()


def simulated(profile: str) -> RigFactory:
    @asynccontextmanager
    async def make(folder: Path) -> AsyncIterator[Rig]:
        async with Simulator(
            folder, modems=1, profile=profile, report_delay_s=0.05, boot_scale=0.02
        ) as simulator:
            rig = SimulatedRig(simulator)
            try:
                yield rig
            finally:
                await rig.modem.close()

    return make


def behind_asterisk(dialect: str) -> RigFactory:
    @asynccontextmanager
    async def make(folder: Path) -> AsyncIterator[Rig]:
        async with Simulator(folder, modems=1, report_delay_s=0.05, boot_scale=0.02) as simulator:
            pace = MOBILE_DRIVER if DIALECTS[dialect].through_dialplan else DRIVER
            peer = AmiPeer(simulator.ports, dialect=dialect, pace=pace)
            await peer.start()
            settings = LinkSettings(
                host="127.0.0.1", port=peer.port, username="pbx-sms", secret="s3cret", rest_s=0.01
            )
            link = AmiLink(settings, DIALECTS[dialect].events)
            running = asyncio.create_task(link.run())
            rig = AsteriskRig(simulator, peer, link, dialect)
            try:
                await rig.until(initialized=True)
                yield rig
            finally:
                await rig.modem.close()
                await link.close()
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
                await peer.die()

    return make


@asynccontextmanager
async def with_two_slots(folder: Path) -> AsyncIterator[Rig]:
    async with Simulator(
        folder, modems=1, profile="quectel_ec25", report_delay_s=0.05, boot_scale=0.02
    ) as simulator:
        await simulator.control({"cmd": "add_slot", "modem": 0})
        rig = SimulatedRig(simulator, slots=2)
        rig.modem.slots.select(2)
        try:
            yield rig
        finally:
            await rig.modem.close()


RIGS: dict[str, RigFactory] = {
    f"serial {profile}": simulated(profile)
    for profile in ("huawei_e1550", "huawei_e173", "zte_mf180", "sim800", "quectel_ec25")
} | {"in memory": in_memory, "serial, the second of two slots": with_two_slots}
RIGS |= {f"behind Asterisk {dialect}": behind_asterisk(dialect) for dialect in DIALECTS}
