"""The engine as a process: wiring, start, and an orderly end. The one place that names concrete drivers.

Start: takes the agent's name for itself, recovers what a dead predecessor left, opens the modems.
SIGTERM or SIGINT: nothing new begins, parts in flight end under a deadline, leases go back, exit 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.exc import InterfaceError, OperationalError

from pbx_sms.config import ModemSettings, Settings
from pbx_sms.drivers.ami_account import link_settings
from pbx_sms.drivers.ami_dialects import DIALECTS
from pbx_sms.drivers.ami_link import AmiLink
from pbx_sms.drivers.ami_modem import AmiModem, AmiModemSettings
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.modem import Modem
from pbx_sms.engine import clock_watch, nudges
from pbx_sms.engine.companions import Companion, accompany
from pbx_sms.engine.dispatcher import Dispatcher
from pbx_sms.engine.housekeeping import Housekeeping
from pbx_sms.engine.modem_keeper import ModemKeeper, Surroundings
from pbx_sms.engine.pace import Pace
from pbx_sms.engine.scheduler import Duty, Scheduler
from pbx_sms.engine.sim_worker import Rules
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import Refused
from pbx_sms.storage import agent_clock, agent_lock, devices, person_caps, queue
from pbx_sms.storage.agent_lock import AgentLock
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.incoming_rules import IncomingRules

log = logging.getLogger(__name__)

#: how long a stop waits for parts in flight beyond the longest answer of a modem
_DRAIN_S = 200.0
#: and how long closing a modem may then take
_CLOSING_S = 10.0


def make_modems(settings: Settings) -> tuple[list[Modem], AmiLink | None]:
    """The driver for each `[[modem]]`, and the session with Asterisk where one of them is behind it.

    Raises `Refused`: asterisk_not_configured, asterisk_secret_unreadable, asterisk_ca_unreadable.
    """
    behind = [configured for configured in settings.modem if configured.driver != "serial"]
    link = _make_link(settings, behind) if behind else None
    return [_make_modem(configured, settings, link) for configured in settings.modem], link


def _make_modem(configured: ModemSettings, settings: Settings, link: AmiLink | None) -> Modem:
    if link is not None and configured.device is not None and configured.driver != "serial":
        return AmiModem(
            configured.name,
            configured.device,
            DIALECTS[configured.driver],
            link,
            AmiModemSettings(delivery_reports=settings.sending.delivery_reports),
        )
    assert configured.port is not None, "the configuration says so"
    return AtModem(
        configured.name,
        configured.port,
        AtSettings(
            pin=configured.pin,
            smsc=configured.smsc,
            vendor=configured.vendor,
            slots=configured.slots,
            slot_command=configured.slot_command,
            delivery_reports=settings.sending.delivery_reports,
            submit_timeout_s=settings.sending.submit_timeout_s,
        ),
    )


def _make_link(settings: Settings, behind: Sequence[ModemSettings]) -> AmiLink:
    asterisk = settings.asterisk
    if asterisk is None:
        raise Refused("asterisk_not_configured", modem=behind[0].name, driver=behind[0].driver)
    wanted = {event for modem in behind for event in DIALECTS[modem.driver].events}
    return AmiLink(link_settings(asterisk), wanted)


class Engine:
    """Everything that runs; `start`, then `run`, then `stop`."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        modems: Sequence[Modem],
        *,
        chance: random.Random | None = None,
        pace: Pace | None = None,
        inline_storage: bool = False,
        lock: AgentLock | None = None,
        duties: Sequence[Duty] = (),
        link: AmiLink | None = None,
        companions: Sequence[Companion] = (),
    ) -> None:
        """`chance` spreads retries; `inline_storage` is for virtual time, see `StorageThread`; `lock` holds
        the agent's name, where it is to be watched; `duties` are looked after beside the sending;
        `link` is the session that modems behind Asterisk share; `companions` run beside the sending."""
        self._settings = settings
        self._database = database
        self._modems = tuple(modems)
        self._chance = chance or random.Random()
        self._pace = pace or Pace()
        self._inline_storage = inline_storage
        self._lock = lock
        self._duties = tuple(duties)
        self._link = link
        self._companions = tuple(companions)
        self._stopping = asyncio.Event()
        self._keepers: list[ModemKeeper] = []
        #: while it runs
        self.scheduler: Scheduler | None = None

    def request_stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until `request_stop`; then drains. Raises when a part of the engine died of a bug."""
        settings = self._settings
        storage = StorageThread(self._database, inline=self._inline_storage)
        storage.start()
        try:
            registered = await self._registered(storage)
            if registered is None:
                return
            agent_id, modem_ids = registered
            zone = ZoneInfo(settings.sending.time_zone)
            dispatcher = Dispatcher(storage, agent_id, settings=settings, zone=zone, pace=self._pace)
            rules = Rules(
                zone=zone,
                validity_s=round(settings.sending.validity_h * 3600),
                resume_parts_s=settings.sending.resume_parts_s,
                per_person_per_day=settings.people.per_person_per_day,
                per_person_per_week=settings.people.per_person_per_week,
                intent_s=self._pace.intent_s,
            )
            around = Surroundings(
                settings=settings,
                storage=storage,
                dispatcher=dispatcher,
                agent_id=agent_id,
                rules=rules,
                chance=self._chance,
                pace=self._pace,
            )
            self._keepers = [
                ModemKeeper(modem, modem_id, around)
                for modem, modem_id in zip(self._modems, modem_ids, strict=True)
            ]
            await self._work(storage, dispatcher, around)
            try:
                await storage.run(lambda work: self._leave(work, agent_id))
            except (OperationalError, InterfaceError) as error:
                log.warning("the database does not answer; the next start tidies up: %s", error.orig)
        finally:
            await storage.stop()

    async def _work(self, storage: StorageThread, dispatcher: Dispatcher, around: Surroundings) -> None:
        house = Housekeeping(
            storage,
            dispatcher,
            around.agent_id,
            validity_s=around.rules.validity_s,
            resume_parts_s=around.rules.resume_parts_s,
            incoming_rules=IncomingRules.of(self._settings),
            pace=self._pace,
        )
        keeping = [
            asyncio.create_task(keeper.run(), name=f"keeper {number}")
            for number, keeper in enumerate(self._keepers)
        ]
        others = [
            asyncio.create_task(dispatcher.run(), name="dispatcher"),
            asyncio.create_task(house.run(), name="housekeeping"),
            asyncio.create_task(nudges.follow(self._database, dispatcher.look), name="nudges"),
        ]
        if self._link is not None:
            others.append(asyncio.create_task(self._link.run(), name="asterisk"))
        self.scheduler = scheduler = Scheduler(
            self._settings, storage, around.agent_id, dispatcher.look, self._duties
        )
        scheduler.start()
        beside = [
            asyncio.create_task(accompany(companion), name=companion.name) for companion in self._companions
        ]
        naming = asyncio.create_task(self._keep_name(), name="name")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        try:
            done, _ = await asyncio.wait(
                (stopping, naming, *keeping, *others), return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopping, naming}:
                # a part of the engine that ends before it is told to has died: better none than half of it
                task.result()
            await self._drain(dispatcher, keeping)
            if naming in done:
                naming.result()
        finally:
            scheduler.stop()
            if self._link is not None:
                await self._link.close()
            for task in (stopping, naming, *beside, *keeping, *others):
                task.cancel()
            await asyncio.gather(stopping, naming, *beside, *keeping, *others, return_exceptions=True)

    async def _keep_name(self) -> None:
        if self._lock is None or self._database.is_sqlite:
            await self._stopping.wait()
        else:
            await nudges.keep_name(self._lock, self._pace.round_s)

    async def _drain(self, dispatcher: Dispatcher, keeping: list[asyncio.Task[None]]) -> None:
        log.info("stopping: parts in flight are awaited")
        await dispatcher.stop()
        for keeper in self._keepers:
            await keeper.stop()
        if keeping:
            _, late = await asyncio.wait(keeping, timeout=_DRAIN_S)
            for task in late:
                log.error("%s did not end in time; what it had in flight is unknown", task.get_name())
            if late:
                # a modem that is closed ends what it was doing
                await asyncio.gather(*(modem.close() for modem in self._modems), return_exceptions=True)
                await asyncio.wait(late, timeout=_CLOSING_S)

    async def _registered(self, storage: StorageThread) -> tuple[int, list[int]] | None:
        """`_register`, as soon as the database takes it: a disk that is full is so for a while. None when
        the engine is told to stop before."""
        registering = asyncio.create_task(storage.insist(self._register), name="register")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        try:
            await asyncio.wait((registering, stopping), return_when=asyncio.FIRST_COMPLETED)
            return registering.result() if registering.done() else None
        finally:
            for task in (registering, stopping):
                task.cancel()
            await asyncio.gather(registering, stopping, return_exceptions=True)

    def _register(self, work: Work) -> tuple[int, list[int]]:
        """Who we are, what we hold, and what a dead predecessor left behind."""
        name = self._settings.agent.name
        if self._database.is_sqlite:
            # somebody may have set the clock while no engine noticed
            clock_watch.make_good(work, agent_clock.set_ahead(work.connection, name, self._database))
        agent_id = devices.register_agent(work.connection, name, work.now)
        agent_clock.keep(work.connection, agent_id, self._database)
        recovery = queue.recover(work.connection, agent_id, work.now, work.events)
        log.info("agent=%s recovered: %s", name, recovery)
        caps = person_caps.caps_of(self._settings, person_caps.stored(work.connection))
        queue.release_changed(work.connection, caps)
        ports = {
            configured.name: (configured.port or configured.device, configured.driver)
            for configured in self._settings.modem
        }
        modem_ids = []
        for modem in self._modems:
            port, driver = ports.get(modem.name, (None, "serial"))
            modem_ids.append(
                devices.register_modem(work.connection, agent_id, modem.name, port, work.now, driver)
            )
        devices.keep_modems(work.connection, agent_id, [modem.name for modem in self._modems])
        return agent_id, modem_ids

    @staticmethod
    def _leave(work: Work, agent_id: int) -> None:
        queue.recover(work.connection, agent_id, work.now, work.events)
        devices.agent_stopped(work.connection, agent_id, work.now)


async def _serve(
    settings: Settings,
    database: Database,
    lock: AgentLock,
    pace: Pace,
    duties: Sequence[Duty],
    companions: Sequence[Companion],
) -> None:
    modems, link = make_modems(settings)
    engine = Engine(
        settings,
        database,
        modems,
        pace=pace,
        lock=lock,
        duties=duties,
        link=link,
        companions=companions,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.request_stop)
    await engine.run()


def main(
    settings: Settings,
    pace: Pace | None = None,
    duties: Sequence[Duty] = (),
    companions: Sequence[Companion] = (),
) -> int:
    """`pbx-sms run`: serves until a signal. Raises `Refused` when it cannot begin, or has to end because
    another engine took its name."""
    with contextlib.closing(open_database(settings.database.url)) as database:
        lock = agent_lock.take(settings.database.url, settings.agent.name)
        try:
            asyncio.run(_serve(settings, database, lock, pace or Pace(), duties, companions))
        finally:
            lock.release()
    return 0
