"""Who sends what next: pairs SIMs that are free with messages that are due.

Promises: a higher kind goes first; mailings of one kind share by parts; a message goes to the free SIM with
the smallest used share; one dead number or one dead SIM holds up nobody else. What is leased and cannot go
is given back. What waits as a whole is explained on its mailing.

A short stock of leased messages (`engine/stock`) is filled while the SIMs are busy. Everything here is on
the event loop; only `_fill` and `_explain` speak to the database.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core.cutting import OWN
from pbx_sms.core.reason import Reason
from pbx_sms.engine import free_for_calls, room, waits
from pbx_sms.engine.explanations import Explanations
from pbx_sms.engine.fill import FillPlan
from pbx_sms.engine.pace import Pace
from pbx_sms.engine.route_book import RouteBook
from pbx_sms.engine.sim_slot import NEVER_AGAIN_FOR, Never, SimSlot
from pbx_sms.engine.stock import Stock, queue_of
from pbx_sms.engine.storage_thread import StorageThread
from pbx_sms.engine.ways import Ways
from pbx_sms.storage import queue
from pbx_sms.storage.queue import Denied, Leased
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.sim_limits import limits_of

log = logging.getLogger(__name__)


class Dispatcher:
    def __init__(
        self, storage: StorageThread, agent_id: int, *, settings: Settings, zone: ZoneInfo, pace: Pace
    ) -> None:
        self._storage = storage
        self._agent_id = agent_id
        self._settings = settings
        self._zone = zone
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._slots: dict[int, SimSlot] = {}
        #: of the devices behind Asterisk, for calls
        self._kept_free = 0 if settings.asterisk is None else settings.asterisk.devices_free_for_calls
        self._book = RouteBook(self._slots)
        self._stock = Stock(quantum=settings.sending.max_parts, book=self._book)
        self._look = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._hold: Reason | None = None
        self._explanations = Explanations(agent_id)
        #: queues that had nothing more to lease when they were last looked at
        self._exhausted: frozenset[Queue] = frozenset()
        #: the same of all queues together
        self._drained = False
        #: a mailing may have nothing left to send
        self._ending = False
        #: other PBXs share the queue
        self._has_company = False
        #: monotonic seconds at which that was asked
        self._company_read_s = float("-inf")

    # what the rest of the engine tells

    def attach(self, slot: SimSlot) -> bool:
        """Takes a SIM in; False when it is here already, in another modem."""
        if slot.sim_id in self._slots:
            return False
        self._slots[slot.sim_id] = slot
        slot.usage_read_s = self._loop.time()
        slot.idle_since_s = self._loop.time()
        self.look()
        return True

    def detach(self, slot: SimSlot) -> None:
        """The SIM is gone: what only it could send is given back with the next look."""
        if self._slots.get(slot.sim_id) is slot:
            del self._slots[slot.sim_id]
            self._stock.tried.pop(slot.sim_id, None)
        if slot.waiting is not None and not slot.waiting.done():
            slot.waiting.set_result(None)
        self.look()

    def look(self) -> None:
        """Something changed: look at the database again."""
        self._drained, self._exhausted = False, frozenset()
        self._look.set()

    def holds(self, imsi: str) -> bool:
        """The SIM is at work here, in whichever modem."""
        return any(slot.imsi == imsi for slot in self._slots.values())

    def serving_today(self) -> dict[int, frozenset[int]]:
        """By rank, the SIMs at work here that have room left today."""
        now = self._storage.database.now()
        return {rank: self._book.serving_today(rank, now) for rank in room.RANKS}

    def hold(self, reason: Reason | None) -> None:
        """Begins nothing new while there is a reason."""
        self._hold = reason
        self.look()

    async def next_message(self, slot: SimSlot) -> Leased | None:
        """The next message for the SIM; None when it is to stop."""
        if self._stopping or slot.sim_id not in self._slots:
            return None
        waiting: asyncio.Future[Leased | None] = self._loop.create_future()
        slot.waiting = waiting
        slot.idle_since_s = self._loop.time()
        self.dispatch()
        try:
            return await waiting
        finally:
            slot.waiting = None

    def take(self, slot: SimSlot) -> Leased | None:
        """A message for a SIM that is just done with one, if it may send and there is one for it now.

        SIMs that wait were served first, so whatever is in stock is for those that become free.
        """
        if self._stopping or self._hold is not None or slot.sim_id not in self._slots:
            return None
        if not slot.up or slot.not_before_s > self._loop.time():
            return None
        if self._kept_free and slot.takes_whole_messages:
            # the one that was kept free has its turn as well
            return None
        pair = self._pair([slot], self._storage.database.now())
        self._ask_for_more()
        return None if pair is None else pair[1]

    def why_this_sim(self, slot: SimSlot, message: Leased) -> Reason | None:
        """The rule that chose the SIM for the message; None for the default spread."""
        return self._book.reason(slot, message)

    def granted(self, slot: SimSlot) -> None:
        """The intent of what the SIM was given is written: it goes nowhere else."""
        if self._stock.tried.pop(slot.sim_id, None) is not None:
            self.dispatch()

    def denied(self, slot: SimSlot, message: Leased, denied: Denied) -> None:
        """An intent was not granted. What is still leased goes back to the head of the stock."""
        if self._stock.tried.pop(slot.sim_id, None) is not None:
            self.look()
        shortage = denied.shortage
        if shortage is None:
            return
        now = self._storage.database.now()
        if slot.cutting.obstacle(message.text) is not None:
            # another SIM may take it, and this one is not asked again
            self._stock.put_back(message)
            self.look()
            return
        if shortage.reason.code == "quota_never":
            slot.never[message.rank > 0] = Never(message.part_count, shortage.reason, now + NEVER_AGAIN_FOR)
        elif shortage.until_at is not None:
            slot.block(message, shortage)
        else:
            # the database knows better than the slot does: wait until it was read again
            slot.not_before_s = max(slot.not_before_s, self._loop.time() + self._pace.look_s)
        self._stock.put_back(message)
        self.look()

    def settled(self, message: Leased) -> None:
        """A message left this engine's hands: its mailing may be finished."""
        if message.mailing_id is not None and not self._stock.count(queue_of(message)):
            self._ending = True
            self._look.set()
        for slot in self._slots.values():
            lacked = slot.blocked_for.get(message.rank)
            if lacked is not None and lacked.message_id == message.message_id:
                # it lacked room there and found it elsewhere: shorter ones may fit
                slot.unblock(message.rank)
                self.look()

    async def run(self) -> None:
        """Fills the stock when it is told to look, when a quota ends, and at least every `look_s`. Ends with
        `stop`."""
        while not self._stopping:
            self._look.clear()
            await self._fill()
            self.dispatch()
            try:
                async with asyncio.timeout(self._rest_s()):
                    await self._look.wait()
            except TimeoutError:
                self._drained, self._exhausted = False, frozenset()

    def _rest_s(self) -> float:
        """Until the next look by itself."""
        now = self._storage.database.now()
        ends = (
            shortage.until_at
            for slot in self._slots.values()
            for shortage in slot.blocked.values()
            if shortage.until_at is not None and shortage.until_at > now
        )
        held_s = (
            [room.SOON_S] if self._stock.held and any(slot.waiting for slot in self._slots.values()) else []
        )
        return min([self._pace.look_s, *held_s, *((end - now).total_seconds() for end in ends)])

    async def stop(self) -> None:
        """Nothing new begins; what was leased goes back."""
        self._stopping = True
        self._look.set()
        if self._timer is not None:
            self._timer.cancel()
        for slot in self._slots.values():
            if slot.waiting is not None and not slot.waiting.done():
                slot.waiting.set_result(None)

    # matching

    def dispatch(self) -> None:
        """Gives out as much of the stock as the free SIMs may take."""
        if self._stopping or self._hold is not None:
            return
        now_s = self._loop.time()
        now = self._storage.database.now()
        idle = [slot for slot in self._slots.values() if slot.idle(now_s)]
        # asked before each: whoever is given a message is no longer free for a call
        while idle := [slot for slot in idle if self._may_begin(slot)]:
            pair = self._pair(idle, now)
            if pair is None:
                break
            slot, message = pair
            idle.remove(slot)
            assert slot.waiting is not None
            slot.waiting.set_result(message)
            slot.waiting = None
        self._set_timer(now_s, now)
        if any(self._stock.would_take(slot, now) for slot in idle):
            self._look.set()
        self._ask_for_more()

    def _may_begin(self, slot: SimSlot) -> bool:
        return free_for_calls.may_begin(slot, self._slots.values(), self._kept_free)

    def _pair(self, idle: list[SimSlot], now: datetime) -> tuple[SimSlot, Leased] | None:
        pair = self._stock.pair(idle, now)
        if pair is not None:
            slot, message = pair
            slot.given_s = self._loop.time()
            if message.rank and not message.begun:
                self._stock.tried[slot.sim_id] = message
            key = queue_of(message)
            if key not in self._exhausted and (
                self._stock.count(key) < len(self._slots)
                or (message.route_id is not None and not self._stock.has_for(slot, key, now))
            ):
                # a queue that runs dry loses its turn
                self._look.set()
        return pair

    def _set_timer(self, now_s: float, now: datetime) -> None:
        """Looks again when the next gap ends; `run` covers the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        coming = [
            slot.not_before_s for slot in self._slots.values() if slot.waiting and slot.not_before_s > now_s
        ]
        if coming and (self._stock or self._stock.waiting):
            self._timer = self._loop.call_at(min(coming), self.dispatch)

    def _ask_for_more(self) -> None:
        if not self._drained and len(self._stock) < len(self._slots):
            self._look.set()

    # the database

    async def _fill(self) -> None:
        now_s = self._loop.time()
        now = self._storage.database.now()
        able = [
            slot
            for slot in self._slots.values()
            if slot.up
            and slot.not_before_s <= now_s + max(room.SOON_S, slot.limits.min_gap_s)
            and any(slot.quota_allows(rank, now) for rank in room.RANKS)
        ]
        free = [slot for slot in self._slots.values() if slot.idle(now_s + room.SOON_S)]
        offered = {
            rank: frozenset(slot.sim_id for slot in free if slot.quota_allows(rank, now))
            for rank in room.RANKS
        }
        lacked = [one.message_id for slot in self._slots.values() for one in slot.blocked_for.values()]
        plan = FillPlan(
            agent_id=self._agent_id,
            lease_s=self._pace.lease_s,
            sim_ids=frozenset(slot.sim_id for slot in able),
            begun_sim_ids=frozenset(
                slot.sim_id for slot in self._slots.values() if slot.up and self._hold is None
            ),
            probe_sim_ids=frozenset(
                slot.sim_id
                for slot in self._slots.values()
                if slot.may_be_probed and slot.waiting is not None and self._hold is None
            ),
            known_sim_ids=tuple(self._slots),
            want=0 if self._hold else 2 * len(able),
            ordinary_allowed=any(slot.quota_allows(0, now) for slot in able),
            stock=self._stock.snapshot(),
            never=self._stock.never(list(self._slots.values()), now),
            may_finish=self._ending,
            count_usage=tuple(
                (slot.sim_id, slot.limits)
                for slot in self._slots.values()
                if now_s - slot.usage_read_s >= self._pace.usage_s
            ),
            zone=self._zone,
            ways=self._ways(able, now_s),
            room=room.room(self._stock, self._book, able, now, now_s) if self._has_company else None,
            lacked=frozenset(lacked),
            ask_company=now_s - self._company_read_s >= self._pace.look_elsewhere_s,
        )
        self._ending = False
        filled = await self._storage.insist(plan.carry_out)
        for sim_id, snapshot in filled.snapshots.items():
            slot = self._slots.get(sim_id)
            if slot is not None:
                slot.state, slot.state_reason = snapshot.state, snapshot.reason
                slot.until_at = snapshot.until_at
                if snapshot.balance_wanted:
                    slot.balance_wanted.set()
                if slot.take_limits(limits_of(self._settings, slot.imsi, snapshot.settings)):
                    self._look.set()
                if snapshot.modem_id != slot.modem_id:
                    log.warning("sim=%s is not modem=%s's any more", slot.imsi, slot.modem_name)
                    slot.taken.set()
        for sim_id, used in filled.usage.items():
            slot = self._slots.get(sim_id)
            if slot is not None:
                slot.usage, slot.usage_read_s = used, now_s
        self._book.learn(filled.ways, now_s)
        if filled.has_company is not None:
            self._has_company, self._company_read_s = filled.has_company, now_s
        self._stock.waiting, self._stock.offered = tuple(filled.waiting), offered
        self._stock.held = tuple(filled.held)
        if room.unblock(self._slots.values(), filled.gone, filled.waiting):
            self._look.set()
        self._stock.remove(filled.returned)
        for key, messages in filled.leased.items():
            self._stock.add(key, messages)
        self._drained, self._exhausted = not filled.leased, frozenset(filled.exhausted)
        await self._explain(filled, now)

    def _ways(self, able: list[SimSlot], now_s: float) -> Ways:
        return Ways(
            agent_id=self._agent_id,
            lease_s=self._pace.lease_s,
            sim_ids=frozenset(slot.sim_id for slot in able),
            known_sim_ids=tuple(self._slots),
            routes=self._book.routes,
            serving_today=self.serving_today(),
            ready_elsewhere=self._book.ready_elsewhere,
            ask_elsewhere=self._book.is_old(now_s, self._pace.look_elsewhere_s),
            limits_of=lambda imsi, stored: limits_of(self._settings, imsi, stored),
            zone=self._zone,
            cuttings={slot.sim_id: slot.cutting for slot in self._slots.values() if slot.cutting is not OWN},
        )

    async def _explain(self, filled: FillPlan, now: datetime) -> None:
        """Writes on each running mailing why it does not go on, where that changed."""
        slots = list(self._slots.values())
        held_up = self._book.why_held_up(filled.held_up, now)
        first_rank = self._stock.first_rank()
        reasons = waits.explain(filled.queues, slots, first_rank, self._hold, now, held_up, filled.closed)
        goes_on = {key.mailing_id for key in filled.queues if self._stock.count(key)}
        order = self._explanations.new(reasons, filled.standing, goes_on, now)
        if order is not None:
            await self._storage.insist(order)

    async def renew_leases(self) -> None:
        """Keeps the stock ours; to be called well within `lease_s`."""
        ids = self._stock.ids()
        if ids:
            until = timedelta(seconds=self._pace.lease_s)
            held = await self._storage.insist(
                lambda work: queue.renew(work.connection, ids, self._agent_id, work.now + until)
            )
            # what ran out while the database was away is somebody else's by now
            self._stock.remove(set(ids) - held)
