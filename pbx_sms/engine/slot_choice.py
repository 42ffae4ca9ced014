"""A modem with several SIM slots changes to the next one when its SIM cannot send for a while.

Promises: a slot is left only at rest: no part in flight or unanswered, no call, nothing unread from the
modem, and no begun message that only this SIM can complete. From the decision on, the SIM gets no new
message. What each slot's SIM is waiting for is remembered as long as the engine runs, and for a day at most.
The decision itself is `core/slot_choice`.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.core.slot_choice import Remembered, next_slot, remembered, way_out
from pbx_sms.drivers.modem import Modem
from pbx_sms.engine.dispatcher import Dispatcher
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.storage_thread import StorageThread
from pbx_sms.storage.queue import begun_with

log = logging.getLogger(__name__)

#: the reasons that `SlotChoice.changes` gives
CHANGED = frozenset({"slot_changed", "slot_changed_rests"})
#: failures to open that are the slot's, not the modem's
_OF_THE_SLOT = frozenset(
    {"sim_missing", "sim_pin_wanted", "sim_puk_wanted", "sim_pin_refused", "no_imsi", "slot_refused"}
)


class SlotChoice:
    def __init__(
        self,
        modem: Modem,
        dispatcher: Dispatcher,
        storage: StorageThread,
        *,
        rest_s: float,
        look_s: float,
    ) -> None:
        self._modem = modem
        self._dispatcher = dispatcher
        self._storage = storage
        self._rest = timedelta(seconds=rest_s)
        self._look_s = look_s
        self._visits: dict[int, Remembered] = {}

    def failed(self, code: str) -> bool:
        """The modem could not be opened. True if the slot is the cause and another one is tried next."""
        slots = self._modem.slots
        if slots.wished is None or code not in _OF_THE_SLOT:
            return False
        self._visits[slots.wished] = remembered(None, None, self._storage.database.now())
        slots.select(way_out(slots.count, slots.wished, self._visits))
        return True

    async def changes(self, sim: SimSlot) -> Reason:
        """Returns, with why, when the modem is to be opened again in another slot; the SIM is then taken
        from the dispatcher. Never returns for a modem with one slot."""
        slots = self._modem.slots
        if slots.wished is None:
            await asyncio.Event().wait()
        current = slots.wished
        assert current is not None
        now = self._storage.database.now()
        before = [visit.imsi for slot, visit in self._visits.items() if slot != current]
        if sim.imsi in before:
            log.warning("modem=%s sim=%s is in two slots: is the command right?", self._modem.name, sim.imsi)
        while True:
            await asyncio.sleep(self._look_s)
            found = self._next(sim, current)
            if found is None or not self._is_at_rest(sim):
                continue
            if sim.state is SimState.READY and await self._has_begun(sim):
                continue
            # the database was waited for: a message may have come meanwhile
            found = self._next(sim, current)
            if found is None or not self._is_at_rest(sim):
                continue
            self._dispatcher.detach(sim)
            now = self._storage.database.now()
            target, why, until_at = found
            self._visits[current] = remembered(sim.imsi, until_at, now)
            slots.select(target)
            log.info(
                "modem=%s leaves slot=%s sim=%s for slot=%s: %s",
                self._modem.name,
                current,
                sim.imsi,
                target,
                why.code,
            )
            params = {
                "modem": self._modem.name,
                "sim": sim.imsi,
                "from": current,
                "slot": target,
                "why": why.code,
                "until": self._visits[current].rests_until.isoformat(),
            }
            if sim.state is SimState.READY:
                return Reason("slot_changed", params)
            return Reason("slot_changed_rests", params)

    def _next(self, sim: SimSlot, current: int) -> tuple[int, Reason, datetime | None] | None:
        now = self._storage.database.now()
        rests = _rests(sim, now)
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
