"""The life of one configured modem: opened, identified, at work, lost, opened again. For ever.

Failure never spreads: whatever one modem does, its keeper notes why, waits longer each time, and tries
again; the other modems do not notice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from dataclasses import dataclass
from datetime import timedelta

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.drivers.modem import Identity, Modem, ModemState
from pbx_sms.engine.dispatcher import Dispatcher
from pbx_sms.engine.keep_alive import KeepAlive
from pbx_sms.engine.modem_recovery import ModemRecovery
from pbx_sms.engine.pace import Pace
from pbx_sms.engine.receiver import Receiver
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.sim_worker import Rules, SimWorker
from pbx_sms.engine.slot_choice import CHANGED, SlotChoice, SlotRules
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import ModemError
from pbx_sms.storage import devices, sim_limits, sim_owner, usage
from pbx_sms.storage.devices import SimSnapshot
from pbx_sms.storage.incoming_rules import IncomingRules

log = logging.getLogger(__name__)

#: seconds between tries to open, the last for all that follow
_REOPEN_S = (1.0, 2.0, 5.0, 10.0, 30.0)
#: what a person has to mend first is looked at less often
_LOCKED_S = 60.0
#: what a modem that hangs is known by
_SILENT = "modem_silent"
#: see `slot_rest_s`, `slot_dwell_s` of the configuration
_SLOT_REST_S = 600.0
_SLOT_DWELL_S = 300.0
_LOCKED = {"sim_pin_wanted", "sim_puk_wanted", "sim_pin_refused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all keepers of an engine share."""

    settings: Settings
    storage: StorageThread
    dispatcher: Dispatcher
    agent_id: int
    rules: Rules
    chance: random.Random
    pace: Pace


class ModemKeeper:
    def __init__(self, modem: Modem, modem_id: int, around: Surroundings) -> None:
        self._modem = modem
        self._modem_id = modem_id
        self._around = around
        self._storage = around.storage
        self._stopping = asyncio.Event()
        self._worker: SimWorker | None = None
        self._doubt = asyncio.Event()
        configured = around.settings.modem_settings(modem.name)
        self._recovery = ModemRecovery(
            modem,
            modem_id,
            around.storage,
            power_switch=configured.power_switch if configured is not None else None,
            command_s=around.settings.health.recovery_command_s,
        )
        self._slot_choice = SlotChoice(
            modem,
            around.dispatcher,
            around.storage,
            SlotRules(
                rest_s=configured.slot_rest_s if configured is not None else _SLOT_REST_S,
                dwell_s=configured.slot_dwell_s if configured is not None else _SLOT_DWELL_S,
                look_s=around.pace.look_s,
                modem_id=modem_id,
                agent_id=around.agent_id,
                silent_s=around.pace.lease_s,
                limits_of=lambda imsi, stored: sim_limits.limits_of(around.settings, imsi, stored),
                zone=around.rules.zone,
            ),
        )

    async def run(self) -> None:
        failures = 0
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            try:
                identity = await self._open()
            except ModemError as error:
                wait_s = _LOCKED_S if error.code in _LOCKED else _REOPEN_S[min(failures, len(_REOPEN_S) - 1)]
                failures += 1
                of_the_slot = self._slot_choice.failed(error)
                await self._note_failure(error, of_the_slot)
                if of_the_slot is not None:
                    wait_s = _REOPEN_S[min(failures - 1, len(_REOPEN_S) - 1)]
                if error.code == _SILENT:
                    await self._recover()
                await self._rest(wait_s)
                continue
            failures = 0
            self._recovery.works()
            opened_s = loop.time()
            try:
                reason = await self._serve(identity)
            finally:
                self._recovery.worked(loop.time() - opened_s)
                await self._modem.close()
                await self._storage.insist(lambda work: devices.sim_gone(work.connection, self._modem_id))
            if reason is not None and reason.code == "sim_elsewhere":
                await self._change(ModemState.FAILED, reason)
                await self._rest(self._around.pace.elsewhere_s)
            elif reason is not None and reason.code in CHANGED:
                await self._change(ModemState.OPENING, reason)
            elif reason is not None:
                await self._change(ModemState.ABSENT, reason)
                if reason.code == _SILENT:
                    await self._recover()
                await self._rest(_REOPEN_S[0])

    async def stop(self) -> None:
        """Finishes the part in flight, closes the modem; `run` then returns."""
        self._stopping.set()
        if self._worker is not None:
            self._worker.stop()

    async def _recover(self) -> None:
        """The next step to bring a hanging modem back; a stop of the engine breaks it off."""
        recovering = asyncio.create_task(self._recovery.hangs(), name=f"recover {self._modem.name}")
        stopping = asyncio.create_task(self._stopping.wait(), name=f"stop {self._modem.name}")
        try:
            await asyncio.wait((recovering, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            recovering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await recovering

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _change(self, state: ModemState, reason: Reason | None = None) -> None:
        await self._storage.insist(
            lambda work: devices.modem_changed(
                work.connection, self._modem_id, str(state), reason, work.now, work.events
            )
        )

    async def _note_failure(self, error: ModemError, of_the_slot: Reason | None) -> None:
        state = ModemState.FAILED
        if error.code == "port_missing":
            state = ModemState.ABSENT
        elif error.code in _LOCKED:
            state = ModemState.LOCKED
        log.warning("modem=%s cannot be used: %s", self._modem.name, error)
        await self._change(state, of_the_slot or Reason.of(error))

    async def _open(self) -> Identity:
        await self._change(ModemState.OPENING)
        opening = asyncio.create_task(self._modem.open(), name=f"open {self._modem.name}")
        stopping = asyncio.create_task(self._stopping.wait(), name=f"stop {self._modem.name}")
        try:
            await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                opening.cancel()
                with contextlib.suppress(asyncio.CancelledError, ModemError):
                    await opening
                raise ModemError("engine_stopped")
            return opening.result()
        finally:
            stopping.cancel()
            if not opening.done():
                opening.cancel()

    async def _serve(self, identity: Identity) -> Reason | None:
        """The modem at work, until it is lost (its reason) or the engine stops (None)."""
        around = self._around
        if around.dispatcher.holds(identity.imsi):
            # the modem that had it has not noticed yet
            return self._elsewhere(identity, around.settings.agent.name)
        found = await self._storage.insist(lambda work: self._register(work, identity))
        if isinstance(found, str):
            return self._elsewhere(identity, found)
        slot = found
        log.info("modem=%s holds sim=%s", self._modem.name, slot.imsi)
        if not around.dispatcher.attach(slot):
            return self._elsewhere(identity, around.settings.agent.name)
        slot.not_before_s += asyncio.get_running_loop().time()
        receiver = Receiver(
            self._modem,
            slot,
            self._storage,
            incoming_rules=IncomingRules.of(around.settings),
            validity_s=around.rules.validity_s,
            chance=around.chance,
            changed=around.dispatcher.look,
        )
        worker = SimWorker(
            self._modem,
            slot,
            around.dispatcher,
            self._storage,
            around.agent_id,
            around.rules,
            around.chance,
            self._doubt.set,
        )
        self._worker = worker
        if self._stopping.is_set():
            worker.stop()
        working = asyncio.create_task(worker.run(), name=f"worker {self._modem.name}")
        helpers = [
            asyncio.create_task(receiver.run(), name=f"receiver {self._modem.name}"),
            asyncio.create_task(self._poll(slot), name=f"poll {self._modem.name}"),
            asyncio.create_task(
                KeepAlive(self._modem, slot, self._storage, around.settings).run(),
                name=f"keep alive {self._modem.name}",
            ),
        ]
        losing = asyncio.create_task(self._modem.lost(), name=f"lost {self._modem.name}")
        # taken by another PBX: it is registered anew, which tells by whom
        taking = asyncio.create_task(slot.taken.wait(), name=f"taken {self._modem.name}")
        changing = asyncio.create_task(self._slot_choice.changes(slot), name=f"slot {self._modem.name}")
        try:
            await asyncio.wait(
                (working, losing, taking, changing, *helpers), return_when=asyncio.FIRST_COMPLETED
            )
            reason = await self._why_ended(working, losing, helpers)
            if reason is None and changing.done():
                reason = changing.result()
            return reason
        finally:
            self._worker = None
            around.dispatcher.detach(slot)
            worker.stop()
            # a part in flight ends by its own deadline, at once when the link is gone
            await asyncio.shield(working)
            for task in (*helpers, losing, taking, changing):
                task.cancel()
            await asyncio.gather(*helpers, losing, taking, changing, return_exceptions=True)
            await receiver.drain()

    async def _why_ended(
        self,
        working: asyncio.Task[None],
        losing: asyncio.Task[Reason],
        helpers: list[asyncio.Task[None]],
    ) -> Reason | None:
        if losing.done():
            return losing.result()
        for task in (working, *helpers):
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                if isinstance(error, ModemError):
                    return Reason.of(error)
                raise error
        return None

    @staticmethod
    def _elsewhere(identity: Identity, agent: str) -> Reason:
        return Reason("sim_elsewhere", {"sim": identity.imsi, "agent": agent})

    def _register(self, work: Work, identity: Identity) -> SimSlot | str:
        """The SIM as this engine's own; the name of the agent that uses it where that is another one."""
        silent_since_at = work.now - timedelta(seconds=self._around.pace.lease_s)
        owner = sim_owner.owner_elsewhere(
            work.connection, identity.imsi, self._around.agent_id, silent_since_at
        )
        if owner is not None:
            return owner
        sim_id = devices.sim_found(
            work.connection,
            self._modem_id,
            identity.imsi,
            work.now,
            work.events,
            iccid=identity.iccid,
            own_number=identity.own_number,
            slot=self._modem.slots.wished,
        )
        own = self._around.settings.sim_settings(identity.imsi)
        if own is not None and own.label:
            devices.label_sim(work.connection, sim_id, own.label)
        devices.modem_changed(
            work.connection,
            self._modem_id,
            str(ModemState.SEARCHING),
            None,
            work.now,
            work.events,
            imei=identity.imei,
            manufacturer=identity.manufacturer,
            model=identity.model,
        )
        snapshot = devices.snapshots(work.connection, [sim_id])[sim_id]
        return self._slot(work, snapshot)

    def _slot(self, work: Work, snapshot: SimSnapshot) -> SimSlot:
        limits = sim_limits.limits_of(self._around.settings, snapshot.imsi, snapshot.settings)
        gap_s = 0.0
        if snapshot.last_submit_at is not None:
            gap_s = max(0.0, limits.min_gap_s - (work.now - snapshot.last_submit_at).total_seconds())
        return SimSlot(
            sim_id=snapshot.sim_id,
            imsi=snapshot.imsi,
            modem_id=self._modem_id,
            modem_name=self._modem.name,
            limits=limits,
            first_seen_at=snapshot.first_seen_at,
            usage=usage.usage(work.connection, snapshot.sim_id, limits, work.now, self._around.rules.zone),
            takes_whole_messages=self._modem.takes_whole_messages,
            cutting=self._modem.cutting,
            state=snapshot.state,
            state_reason=snapshot.reason,
            until_at=snapshot.until_at,
            not_before_s=gap_s,
        )

    async def _poll(self, slot: SimSlot) -> None:
        """The periodic look, sooner when a part's outcome casts doubt. Raises `ModemError` when it hangs."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._around.pace.poll_s):
                    await self._doubt.wait()
            self._doubt.clear()
            await self._modem.poll()
            if slot.in_doubt and not self._doubt.is_set():
                slot.in_doubt = False
                self._around.dispatcher.look()
