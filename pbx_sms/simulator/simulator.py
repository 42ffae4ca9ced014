"""A folder of simulated modems, their network and their control socket.

    async with Simulator(directory, modems=4, profile="mixed") as simulator:
        port = simulator.ports[0]
        await simulator.control({"cmd": "inbound", "modem": 0, "from": "+79161234567", "text": "Привет"})
        simulator.ledger()

Runs on the caller's event loop; `running_simulator` gives it a thread and a loop of its own, for hosts that
block. Starting again in the same folder keeps the SIMs, the modems and the ledger.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from pbx_sms.errors import NotFound, Refused
from pbx_sms.simulator import control, identity
from pbx_sms.simulator.ami.device import Pace
from pbx_sms.simulator.ami.dialect import DIALECTS
from pbx_sms.simulator.ami.server import AmiPeer
from pbx_sms.simulator.control import ControlServer
from pbx_sms.simulator.fault_rule import FaultRule, read_rules
from pbx_sms.simulator.faults import Faults
from pbx_sms.simulator.ledger import Ledger
from pbx_sms.simulator.modem import SimulatedModem
from pbx_sms.simulator.network import Network
from pbx_sms.simulator.operator import Operator
from pbx_sms.simulator.profile import Profile
from pbx_sms.simulator.profiles import PROFILE_NAMES, profile_of
from pbx_sms.simulator.sim_card import SimCard

_FREE_PORTS_EVERY_S = 0.5
_MAX_MODEMS = 512
_FIRST_BALANCE = 300.0


class Simulator:
    """`profile` is a name of `PROFILE_NAMES`, or a make of one's own; `faults` the structure of a faults
    file, or its rules; `seed` decides who the SIMs are and when there is noise; `asterisk` is the driver of
    an Asterisk that holds all the modems (`simulator.ami`), at a port of its own choice or `asterisk_port`.
    Raises `Refused` for a mistake in the faults, an unknown profile or driver, a port that is taken, a
    negative time and a count of modems out of 1 to 512."""

    def __init__(
        self,
        directory: Path,
        *,
        modems: int = 1,
        latency_s: float = 0.0,
        profile: str | Profile = "huawei_e1550",
        faults: Mapping[str, Any] | Sequence[FaultRule] = (),
        report_delay_s: float = 1.0,
        boot_scale: float = 1.0,
        seed: int | str | None = None,
        asterisk: str | None = None,
        asterisk_port: int = 0,
        asterisk_pace: Pace | None = None,
    ) -> None:
        if isinstance(profile, str) and profile not in PROFILE_NAMES:
            raise Refused("simulator_unknown_profile", profile=profile, known=", ".join(PROFILE_NAMES))
        if not 1 <= modems <= _MAX_MODEMS:
            raise Refused("simulator_wrong_modem_count", count=modems, maximum=_MAX_MODEMS)
        if min(latency_s, report_delay_s, boot_scale) < 0:
            raise Refused("simulator_negative_time")
        if asterisk is not None and asterisk not in DIALECTS:
            raise Refused("simulator_unknown_driver", driver=asterisk, known=", ".join(DIALECTS))
        self.directory = directory
        self._driver = asterisk
        self._asterisk_port = asterisk_port
        self._asterisk_pace = asterisk_pace
        #: what holds the modems, where they are behind an Asterisk
        self.asterisk: AmiPeer | None = None
        self._modem_count = modems
        self._latency_s = latency_s
        self._profile = profile
        rules = read_rules(faults) if isinstance(faults, Mapping) else tuple(faults)
        self.faults = Faults(rules)
        self._report_delay_s = report_delay_s
        self._boot_scale = boot_scale
        # Folders differ in their SIMs, so that two simulators can serve one host.
        self._seed = str(seed) if seed is not None else f"folder {directory.resolve()}"
        self._sims_made = 0
        self.modems: list[SimulatedModem] = []
        self._is_ready = False
        self._server: ControlServer | None = None
        self._ticker: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """All files exist when this returns. Leaves nothing open when it raises."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._loop = asyncio.get_running_loop()
        ledger = Ledger(self.directory / "ledger.jsonl")
        self.network = Network(
            self._loop, ledger, latency_s=self._latency_s, report_delay_s=self._report_delay_s
        )
        try:
            self._make_modems()
            self._server = await control.serve(self, self.directory / "control")
            self._remove_old_links()
            for modem in self.modems:
                modem.plug(warm=True)
            if self._driver is not None:
                await self._start_asterisk(self._driver)
            self._is_ready = True
            self._write_known()
        except BaseException:
            await self.stop()
            raise
        self._tick()

    async def stop(self) -> None:
        """Takes all ports away; the ledger and `modems.json` stay. May be called any number of times."""
        self._is_ready = False
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None
        if self._server is not None:
            server, self._server = self._server, None
            await server.close()
        if self.asterisk is not None:
            await self.asterisk.die()
        for modem in self.modems:
            modem.unplug()
        self.network.close()

    async def _start_asterisk(self, driver: str) -> None:
        """Raises `Refused` where its port is taken."""
        self.asterisk = AmiPeer(
            self.ports, dialect=driver, pace=self._asterisk_pace, faults=self.at_hand_over
        )
        self.asterisk.port = self._asterisk_port
        try:
            await self.asterisk.start()
        except OSError as error:
            raise Refused(
                "simulator_port_taken", port=self._asterisk_port, problem=error.strerror or str(error)
            ) from error
        known = json.dumps(self.asterisk.known(), ensure_ascii=False)
        (self.directory / "asterisk.json").write_text(f"{known}\n", encoding="utf-8")

    def at_hand_over(self, port: Path, number: str) -> tuple[FaultRule, ...]:
        """For an Asterisk in front of the modems: what strikes a message for this number there."""
        for modem in self.modems:
            if self.directory / modem.port_name == port:
                return self.faults.at_hand_over(modem.key, modem.names, number)
        return ()

    def _remove_old_links(self) -> None:
        """A simulator that was killed left links, which by now may lead to a stranger's terminal."""
        for path in self.directory.iterdir():
            if path.is_symlink() and str(path.readlink()).startswith("/dev/pts/"):
                path.unlink()

    def _make_modems(self) -> None:
        known = identity.read_known(self.directory / "modems.json")
        self._sims_made = max(self._modem_count, len(known))
        for index in range(self._modem_count):
            profile = (
                self._profile if isinstance(self._profile, Profile) else profile_of(self._profile, index)
            )
            if index < len(known):
                sim_identity, imei = known[index]
            else:
                sim_identity = identity.make_sim(self._seed, index)
                imei = identity.make_imei(self._seed, index, profile.type_code)
            self.modems.append(
                SimulatedModem(
                    index=index,
                    profile=profile,
                    imei=imei,
                    sim=self._sim_card(sim_identity) if sim_identity is not None else None,
                    directory=self.directory,
                    network=self.network,
                    faults=self.faults,
                    boot_scale=self._boot_scale,
                    chance=random.Random(f"{self._seed}/{index}"),
                    moved=self._write_known,
                )
            )

    def _sim_card(self, sim_identity: identity.SimIdentity) -> SimCard:
        first_reference = hashlib.sha256(sim_identity.imsi.encode()).digest()[0]
        sim = SimCard(
            identity=sim_identity,
            smsc=sim_identity.operator.smsc,
            next_reference=first_reference,
            balance=_FIRST_BALANCE,
        )
        self.network.add_sim(sim)
        return sim

    def make_sim(self, operator: Operator | None = None) -> SimCard:
        """A SIM that was in no modem yet."""
        index = self._sims_made
        self._sims_made += 1
        return self._sim_card(identity.make_sim(self._seed, index, operator))

    def _tick(self) -> None:
        for modem in self.modems:
            if modem.port is not None:
                modem.port.free_when_abandoned()
        self._ticker = self._loop.call_later(_FREE_PORTS_EVERY_S, self._tick)

    def known(self) -> list[dict[str, Any]]:
        """What `modems.json` holds; the SIM's fields are null for an empty slot."""
        entries: list[dict[str, Any]] = []
        for modem in self.modems:
            sim = modem.sim.identity if modem.sim is not None else None
            entries.append(
                {
                    "port": str(self.directory / modem.port_name),
                    "imsi": sim.imsi if sim else None,
                    "iccid": sim.iccid if sim else None,
                    "imei": modem.imei,
                    "own_number": sim.own_number if sim else None,
                    "operator": sim.operator.name if sim else None,
                }
            )
        return entries

    def _write_known(self) -> None:
        if self._is_ready:
            identity.write_known(self.directory / "modems.json", self.known())

    @property
    def ports(self) -> list[Path]:
        """By modem index, also of a modem that is unplugged now."""
        return [self.directory / modem.port_name for modem in self.modems]

    def ledger(self) -> list[dict[str, Any]]:
        """Every part accepted in this folder, oldest first."""
        return self.network.ledger.entries()

    def modem(self, name: object) -> SimulatedModem:
        """The modem of this index, name or IMSI. Raises `NotFound`."""
        for modem in self.modems:
            if str(name) in modem.names:
                return modem
        raise NotFound("simulator_no_such_modem", modem=str(name), count=len(self.modems))

    def replace_faults(self, rules: tuple[FaultRule, ...]) -> None:
        """Puts other faults in force. Conditions that earlier ones brought about stay."""
        self.faults.replace(rules)
        for modem in self.modems:
            if modem.port is not None:
                for rule in self.faults.at_once(modem.names):
                    modem.apply_state(rule)

    async def control(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Carries out what the control socket would, and returns its answer."""
        return control.answer(self, json.loads(json.dumps(order)))


class ThreadedSimulator:
    """A simulator in a thread of its own, with blocking methods."""

    def __init__(self, simulator: Simulator, loop: asyncio.AbstractEventLoop) -> None:
        self.simulator = simulator
        self._loop = loop

    @property
    def ports(self) -> list[Path]:
        return self.simulator.ports

    def ledger(self) -> list[dict[str, Any]]:
        return self.simulator.ledger()

    def control(self, order: Mapping[str, Any]) -> dict[str, Any]:
        return asyncio.run_coroutine_threadsafe(self.simulator.control(order), self._loop).result()


@contextmanager
def running_simulator(directory: Path, **options: Any) -> Iterator[ThreadedSimulator]:
    """`options` are those of `Simulator`."""
    simulator = Simulator(directory, **options)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulator", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result()
        try:
            yield ThreadedSimulator(simulator, loop)
        finally:
            asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
