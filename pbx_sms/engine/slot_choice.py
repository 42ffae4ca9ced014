"""A modem with several SIM slots changes to another one when its SIM cannot send for a while, or when
something waits that only the SIM in another slot may send.

Promises: a slot is left only at rest: no part in flight or unanswered, no call, nothing unread from the
modem, and no begun message that only this SIM can complete. From the decision on, the SIM gets no new
message. For what waits for another SIM, a slot is left only once it was active for `slot_dwell_s`; a change
that does not reach that SIM leaves it alone for longer each time. What each slot's SIM is waiting for is
remembered as long as the engine runs, and for a day at most. The decisions themselves are
`core/slot_choice` and `storage/queue/resting_slots`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.core.quota import SimLimits
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.core.slot_choice import Remembered, back_off, next_slot, remembered, way_out
from pbx_sms.drivers.modem import Modem
from pbx_sms.engine.dispatcher import Dispatcher
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import ModemError
from pbx_sms.storage.queue import begun_with, open_probe
from pbx_sms.storage.queue.resting_slots import Seeker, Wanted, probe_wanted, wanted

log = logging.getLogger(__name__)

#: the reasons that `SlotChoice.changes` gives
CHANGED = frozenset({"slot_changed", "slot_changed_rests", "slot_changed_wanted", "slot_changed_probe"})
#: failures to open that are the slot's, not the modem's
_OF_THE_SLOT = frozenset(
    {"sim_missing", "sim_pin_wanted", "sim_puk_wanted", "sim_pin_refused", "no_imsi", "slot_refused"}
)
#: a SIM in these states does not complete what it has begun
_NEVER_COMPLETES = (SimState.DISABLED, SimState.QUARANTINED)
#: seconds between two looks whether something waits for a SIM in another slot
_LOOK_FOR_OTHERS_S = 5.0
#: a SIM that finds no network for so long gives way, and is tried again after an hour
_DEAF_S = 180.0
#: the slot stays for a test and its report for so long at most
_PROBE_STAYS_S = 180.0
_DEAF = "modem_not_registered"
_DEAF_RESTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRules:
    """What the settings and the engine say."""

    #: see `slot_rest_s`, `slot_dwell_s` of the configuration
    rest_s: float
    dwell_s: float
    look_s: float
    modem_id: int
    agent_id: int
    #: an agent that said nothing for so long sends nothing
    silent_s: float
    limits_of: Callable[[str, Mapping[str, Any]], SimLimits]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class _LeftAlone:
    """A SIM that was not reached, for which the slot is not changed for a while."""

    failures: int
    until_at: datetime


class SlotChoice:
    def __init__(
        self, modem: Modem, dispatcher: Dispatcher, storage: StorageThread, rules: SlotRules
    ) -> None:
        self._modem = modem
        self._dispatcher = dispatcher
        self._storage = storage
        self._rules = rules
        self._rest = timedelta(seconds=rules.rest_s)
        self._visits: dict[int, Remembered] = {}
        #: by IMSI
        self._left_alone: dict[str, _LeftAlone] = {}
        #: the IMSI for which the last change was
        self._on_the_way: str | None = None
        #: and whether that was for its test
        self._for_probe = False

    def failed(self, error: ModemError) -> Reason | None:
        """The modem could not be opened. Where the slot is the cause another one is tried next, and this is
        why, for the log."""
        slots = self._modem.slots
        if slots.wished is None or error.code not in _OF_THE_SLOT:
            return None
        now = self._storage.database.now()
        failed_slot = slots.wished
        imsi, self._on_the_way = self._on_the_way, None
        self._visits[failed_slot] = remembered(imsi, None, now)
        slots.select(way_out(slots.count, failed_slot, self._visits))
        if imsi is None:
            return Reason.of(error)
        until_at = self._leave_alone(imsi, now)
        log.warning("modem=%s sim=%s in slot=%s not reached: %s", self._modem.name, imsi, failed_slot, error)
        why = Reason.of(error)
        return Reason(
            "slot_failed",
            {
                "modem": self._modem.name,
                "sim": imsi,
                "slot": failed_slot,
                "why": {"code": why.code, "params": dict(why.params)},
                "until": until_at.isoformat(),
            },
        )

    async def changes(self, sim: SimSlot) -> Reason:
        """Returns, with why, when the modem is to be opened again in another slot; the SIM is then taken
        from the dispatcher. Never returns for a modem with one slot."""
        slots = self._modem.slots
        if slots.wished is None:
            await asyncio.Event().wait()
        current = slots.wished
        assert current is not None
        self._arrived(sim, current)
        is_for_probe, self._for_probe = self._for_probe, False
        loop = asyncio.get_running_loop()
        active_s = heard_s = loop.time()
        looks_s = active_s + self._rules.dwell_s
        while True:
            await asyncio.sleep(self._rules.look_s)
            if sim.registered:
                heard_s = loop.time()
                self._left_alone.pop(sim.imsi, None)
            is_deaf = loop.time() - heard_s > _DEAF_S
            is_for_probe = is_for_probe and loop.time() - active_s < _PROBE_STAYS_S
            if is_for_probe and await self._is_probed(sim):
                continue
            found = self._next(sim, current, is_deaf=is_deaf)
            other = None
            if found is None and (sim.leaving or loop.time() >= looks_s):
                looks_s = loop.time() + _LOOK_FOR_OTHERS_S
                other = await self._wanted(current)
            may_leave = found is not None or other is not None
            if may_leave and sim.state not in _NEVER_COMPLETES and await self._has_begun(sim):
                # it goes on soon, or fails as incomplete: within `resume_parts_s`
                may_leave = False
            # what waits for another SIM would wait for ever behind one that is never idle
            self._set_leaving(sim, leaving=may_leave and other is not None and not other.is_probe)
            if not may_leave or not self._is_at_rest(sim):
                continue
            if other is not None and other.is_probe and sim.not_before_s > loop.time():
                # only its gap keeps it from the next message
                continue
            if other is not None:
                return self._leave_for(sim, current, other)
            # the database was waited for: a message may have come meanwhile
            found = self._next(sim, current, is_deaf=is_deaf)
            if found is not None:
                return self._leave(sim, current, *found)

    def _arrived(self, sim: SimSlot, current: int) -> None:
        before = [visit.imsi for slot, visit in self._visits.items() if slot != current]
        if sim.imsi in before:
            log.warning("modem=%s sim=%s is in two slots: is the command right?", self._modem.name, sim.imsi)
        self._on_the_way = None

    def _leave(
        self, sim: SimSlot, current: int, target: int, why: Reason, until_at: datetime | None
    ) -> Reason:
        self._dispatcher.detach(sim)
        now = self._storage.database.now()
        self._visits[current] = remembered(sim.imsi, until_at, now)
        if why.code == _DEAF:
            self._leave_alone(sim.imsi, now)
        self._modem.slots.select(target)
        self._log_change(sim, current, target, why.code)
        params = {
            "modem": self._modem.name,
            "sim": sim.imsi,
            "from": current,
            "slot": target,
            "why": why.code,
            "until": self._visits[current].rests_until.isoformat(),
        }
        return Reason("slot_changed" if why.code.startswith("quota") else "slot_changed_rests", params)

    def _leave_for(self, sim: SimSlot, current: int, other: Wanted) -> Reason:
        self._dispatcher.detach(sim)
        now = self._storage.database.now()
        # it may send: worth a visit at any time
        self._visits[current] = remembered(sim.imsi, now, now)
        self._modem.slots.select(other.slot)
        self._on_the_way, self._for_probe = other.imsi, other.is_probe
        self._log_change(sim, current, other.slot, f"message={other.message_id} waits for sim={other.imsi}")
        return Reason(
            "slot_changed_probe" if other.is_probe else "slot_changed_wanted",
            {
                "modem": self._modem.name,
                "sim": sim.imsi,
                "from": current,
                "slot": other.slot,
                "wanted": other.name,
                "why": "probe" if other.is_probe else "wanted",
            },
        )

    def _log_change(self, sim: SimSlot, current: int, target: int, why: str) -> None:
        log.info(
            "modem=%s leaves slot=%s sim=%s for slot=%s: %s",
            self._modem.name,
            current,
            sim.imsi,
            target,
            why,
        )

    def _leave_alone(self, imsi: str, now: datetime) -> datetime:
        before = self._left_alone.get(imsi)
        failures = 1 if before is None else before.failures + 1
        until_at = now + back_off(failures)
        self._left_alone[imsi] = _LeftAlone(failures, until_at)
        return until_at

    def _set_leaving(self, sim: SimSlot, *, leaving: bool) -> None:
        if sim.leaving and not leaving:
            sim.leaving = False
            self._dispatcher.look()
        sim.leaving = leaving

    async def _wanted(self, current: int) -> Wanted | None:
        now = self._storage.database.now()
        rules = self._rules
        seeker = Seeker(
            modem_id=rules.modem_id,
            active_slot=current,
            agent_id=rules.agent_id,
            silent_since_at=now - timedelta(seconds=rules.silent_s),
            serving_today=self._dispatcher.serving_today(),
            left_alone=[imsi for imsi, one in self._left_alone.items() if one.until_at > now],
            limits_of=rules.limits_of,
            zone=rules.zone,
        )

        def ask(work: Work) -> Wanted | None:
            found = wanted(work.connection, seeker, work.now)
            return found or probe_wanted(work.connection, seeker, work.now)

        return await self._storage.insist(ask)

    def _next(
        self, sim: SimSlot, current: int, *, is_deaf: bool
    ) -> tuple[int, Reason, datetime | None] | None:
        now = self._storage.database.now()
        rests = _rests(sim, now)
        if rests is None and is_deaf:
            rests = Reason(_DEAF, {"modem": self._modem.name}), now + _DEAF_RESTS
        if rests is None:
            return None
        why, until_at = rests
        target = next_slot(self._modem.slots.count, current, self._visits, until_at, now, self._rest)
        return None if target is None else (target, why, until_at)

    def _is_at_rest(self, sim: SimSlot) -> bool:
        return (
            sim.waiting is not None
            and not sim.waiting.done()
            and not sim.in_call
            and not sim.in_doubt
            and self._modem.events.empty()
        )

    async def _is_probed(self, sim: SimSlot) -> bool:
        """Its test is under way, or the report of it is awaited."""
        return await self._storage.insist(
            lambda work: open_probe(work.connection, sim.sim_id, work.now) is not None
        )

    async def _has_begun(self, sim: SimSlot) -> bool:
        return await self._storage.insist(lambda work: begun_with(work.connection, sim.sim_id))


def _rests(sim: SimSlot, now: datetime) -> tuple[Reason, datetime | None] | None:
    """Why the SIM cannot send what waits, and until when; None while it can, or nothing waits for it."""
    if sim.state is not SimState.READY:
        return sim.state_reason or Reason("waits_for_sim"), sim.until_at
    lacking = [shortage for rank, shortage in sim.blocked.items() if not sim.quota_allows(rank, now)]
    if not lacking:
        return None
    soonest = min(lacking, key=lambda shortage: shortage.until_at or datetime.max.replace(tzinfo=now.tzinfo))
    return soonest.reason, soonest.until_at
