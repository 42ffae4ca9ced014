"""One look at the database: which SIMs may send, and as many messages as they soon need.

The dispatcher makes the plan on the event loop; the storage thread carries it out in one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from pbx_sms.core.quota import SimLimits, Usage
from pbx_sms.core.reason import Reason
from pbx_sms.engine import closed
from pbx_sms.engine.sim_slot import NEVER_AGAIN_FOR
from pbx_sms.engine.storage_thread import Work
from pbx_sms.engine.supply import EACH, Room, Supply
from pbx_sms.engine.ways import Ways
from pbx_sms.storage import agents, devices, queue, standing_still, usage, windows
from pbx_sms.storage.devices import SimSnapshot
from pbx_sms.storage.queue import Leased
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.routing import revision
from pbx_sms.storage.windows import Window

#: messages in stock that only one SIM may send: more of a SIM that hangs would keep others' out
_BOUND_TO_ONE = 2


@dataclass(slots=True, kw_only=True)
class FillPlan:
    agent_id: int
    lease_s: float
    #: SIMs that can send soon
    sim_ids: frozenset[int]
    #: SIMs that may go on with what they have begun, be their quota used up
    begun_sim_ids: frozenset[int]
    #: SIMs that nothing but a test may go through
    probe_sim_ids: frozenset[int]
    #: all SIMs of this agent
    known_sim_ids: tuple[int, ...]
    #: messages that the stock should hold of each queue
    want: int
    #: whether any of the SIMs may send an ordinary message
    ordinary_allowed: bool
    stock: Mapping[Queue, tuple[Leased, ...]]
    never: Mapping[int, Reason]
    #: a mailing may have nothing left to send
    may_finish: bool
    #: SIMs whose used parts are to be counted again
    count_usage: tuple[tuple[int, SimLimits], ...]
    zone: ZoneInfo
    #: which of the SIMs each message may take
    ways: Ways
    #: what the SIMs can send soon; None where no other PBX shares the queue, and all they need is leased
    room: Room | None
    #: messages that lacked room here
    lacked: frozenset[int]
    #: whether another PBX shares the queue was asked long ago
    ask_company: bool
    # results
    #: None: not asked
    has_company: bool | None = None
    #: messages of higher kinds that wait for room
    waiting: list[Leased] = field(default_factory=list)
    #: messages of higher kinds that another PBX holds: it sends them, or gives them back
    held: list[Leased] = field(default_factory=list)
    #: those of `lacked` that went another way
    gone: set[int] = field(default_factory=set)
    #: queues of which nothing can be sent now because of its route, with the first such route
    held_up: dict[Queue, int] = field(default_factory=dict)
    snapshots: dict[int, SimSnapshot] = field(default_factory=dict)
    queues: list[Queue] = field(default_factory=list)
    #: why the running mailings do not go on, as everybody sees it now
    standing: dict[int, Reason | None] = field(default_factory=dict)
    leased: dict[Queue, list[Leased]] = field(default_factory=dict)
    #: queues that had fewer messages than were wanted of them
    exhausted: set[Queue] = field(default_factory=set)
    returned: set[int] = field(default_factory=set)
    usage: dict[int, Usage] = field(default_factory=dict)
    #: running mailings of which everything that waits waits for its window
    closed: dict[int, Reason] = field(default_factory=dict)
    _windows: dict[int, list[Window]] = field(default_factory=dict)
    #: of the rules, while messages wait for a route under it; None: none do
    _revision: int | None = None

    def carry_out(self, work: Work) -> FillPlan:
        # an order may be carried out twice when its transaction failed: begin anew
        self.leased, self.returned, self.exhausted, self.held_up = {}, set(), set(), {}
        self.waiting, self.held = [], []
        self.ways.read_routes(work)
        state = revision.read(work.connection)
        self._revision = state.revision if state.pending else None
        if self.ask_company:
            silent_since_at = work.now - timedelta(seconds=self.lease_s)
            self.has_company = agents.has_company(work.connection, self.agent_id, silent_since_at)
        if self.room is not None:
            self.gone = queue.gone(work.connection, self.lacked)
        self.snapshots = devices.snapshots(work.connection, self.known_sim_ids)
        if self.may_finish:
            queue.finish_mailings(work.connection, work.now, work.events)
        self.queues = queue.waiting_queues(work.connection)
        self.standing = standing_still.reasons(work.connection)
        self._windows = windows.of_running(work.connection)
        self._give_back(work)
        self.usage = {
            sim_id: usage.usage(work.connection, sim_id, limits, work.now, self.zone)
            for sim_id, limits in self.count_usage
        }
        self._lease_begun(work)
        self._lease_probes(work)
        ready_count, last_rank = 0, 0
        for key in self.queues:
            # what is in stock of a lower rank must not keep a higher one out
            if key.rank == 0 and not self.ordinary_allowed:
                break
            if ready_count >= self.want and key.rank < last_rank:
                break
            last_rank = key.rank
            # every queue of a rank needs enough for all SIMs, or it could not have its share
            ready_count += self._lease_queue(work, key)
        idle = [
            (self._windows.get(key.mailing_id or 0, ()), key in self.exhausted)
            for key in self.queues
            if not self.leased.get(key)
            and all(one.message_id in self.returned for one in self.stock.get(key, ()))
        ]
        self.closed = closed.by_hours(work.connection, work.now, idle)
        self.closed |= closed.by_rules(work.connection, self._revision, self.queues, self.leased)
        return self

    def _waits_for_test(self, message: Leased) -> bool:
        """It is the test of a SIM that takes nothing else."""
        return message.probe and message.bound_sim_id in self.probe_sim_ids

    def _goes_on(self, message: Leased) -> bool:
        """A part of it was accepted, and its SIM may send the rest."""
        return message.begun and message.bound_sim_id in self.begun_sim_ids

    def _lease_begun(self, work: Work) -> None:
        stocked = {
            message.bound_sim_id for messages in self.stock.values() for message in messages if message.begun
        }
        for begun in queue.lease_begun(
            work.connection,
            agent_id=self.agent_id,
            sim_ids=self.begun_sim_ids - stocked,
            now=work.now,
            until_at=work.now + timedelta(seconds=self.lease_s),
        ):
            self.leased.setdefault(Queue(begun.mailing_id, begun.rank), []).append(begun)

    def _lease_probes(self, work: Work) -> None:
        stocked = {
            message.bound_sim_id for messages in self.stock.values() for message in messages if message.probe
        }
        for probe in queue.lease_probes(
            work.connection,
            agent_id=self.agent_id,
            sim_ids=self.probe_sim_ids - stocked,
            now=work.now,
            until_at=work.now + timedelta(seconds=self.lease_s),
        ):
            self.leased.setdefault(Queue(None, probe.rank), []).append(probe)

    def _lease_queue(self, work: Work, key: Queue) -> int:
        """Leases what the stock lacks of a queue; returns how many of it there are then."""
        stocked = [
            message
            for message in self.stock.get(key, ())
            if message.message_id not in self.returned and not self._waits_for_test(message)
        ]
        # the stock may be more than all SIMs lack: a hold, SIMs that are gone
        able = self.sim_ids if self.room is None else self.room.sim_ids[key.rank]
        # of a higher kind each PBX takes what it sends at once: the rest is for whoever is free first
        each = EACH if self.room is None or key.rank == 0 else 1.0
        supply = Supply(able if self.want else (), each)
        for message in stocked:
            supply.add(self.ways.of(message))
        unserved, full = self._closed(key.rank, supply)
        bound = Counter(
            message.bound_sim_id
            for messages in self.stock.values()
            for message in messages
            if message.message_id not in self.returned
        )
        seen: list[int] = [0]

        def admit(message: Leased) -> bool:
            seen.append(message.message_id)
            if message.bound_sim_id is not None:
                if bound[message.bound_sim_id] >= _BOUND_TO_ONE:
                    # more for one SIM are worth nothing: the others still need theirs
                    return False
                bound[message.bound_sim_id] += 1
            ways = self.ways.read_of(work, message)
            if ways is not None and message.bound_sim_id is None and not supply.lacks(ways):
                if self.ways.unfit(message):
                    # where no SIM at all takes its text it is taken: the stock says so on it
                    return not ways and self.room is None
                assert message.route_id is not None
                (full if ways else unserved).add(message.route_id)
                return False
            supply.add(ways)
            return True

        taken: list[Leased] = []
        turns = self._turns(work, key)
        while (wanted := supply.wanted) > 0:
            if not turns:
                if not full:
                    self.exhausted.add(key)
                break
            zones = turns[0]
            seen = seen[-1:]
            taken += queue.lease(
                work.connection,
                key,
                agent_id=self.agent_id,
                limit=wanted,
                sim_ids=[sim_id for sim_id in self.sim_ids if bound[sim_id] < _BOUND_TO_ONE],
                now=work.now,
                until_at=work.now + timedelta(seconds=self.lease_s),
                after_id=seen[-1],
                closed_route_ids=unserved | full,
                admit=admit,
                zones=zones,
                revision=self._revision,
            )
            if len(seen) == 1:
                # of these zones there is nothing more
                turns.pop(0)
                seen = [0]
        if taken:
            self.leased.setdefault(key, []).extend(taken)
        elif not stocked and unserved and key in self.exhausted:
            self._find_held_up(work, key, unserved)
        lacking = self.sim_ids - able
        if supply.wanted:
            lacking |= {sim_id for sim_id in able if supply.lacks([sim_id])}
        return len(stocked) + len(taken) + self._look_at_waiting(work, key, lacking, unserved)

    def _look_at_waiting(
        self, work: Work, key: Queue, lacking: frozenset[int], unserved: Collection[int]
    ) -> int:
        """Notes what of a higher kind waits while SIMs here lack room for it or found nothing: they are kept
        for it. Returns how many messages those SIMs would need."""
        if self.room is None or not (lacking and key.rank and self.want):
            return 0
        need = Supply(lacking)
        noted = 0
        for seen in queue.waiting(
            work.connection,
            key,
            agent_id=self.agent_id,
            limit=need.wanted,
            sim_ids=self.sim_ids,
            now=work.now,
            closed_route_ids=unserved,
            revision=self._revision,
        ):
            message = seen.message
            ways = self.ways.read_of(work, message)
            if ways is None or need.lacks(ways):
                need.add(ways)
                (self.held if seen.is_held else self.waiting).append(message)
                noted += 1
        return noted

    def _turns(self, work: Work, key: Queue) -> list[Sequence[str]]:
        """The zones to lease from, one after the other: first the one whose window closes first."""
        zones = windows.open_zones(self._windows.get(key.mailing_id or 0, ()), work.now)
        return [zones] if zones is windows.ANYWHERE else [[zone] for zone in zones]

    def _closed(self, rank: int, supply: Supply) -> tuple[set[int], set[int]]:
        """Routes that no SIM here can serve now, and routes whose SIMs have enough in stock."""
        unserved, full = set(), set()
        for route_id, ways in self.ways.of_routes(rank):
            if not ways:
                unserved.add(route_id)
            elif not supply.lacks(ways):
                full.add(route_id)
        return unserved, full

    def _find_held_up(self, work: Work, key: Queue, unserved: set[int]) -> None:
        route_id = queue.one_of_routes(work.connection, key, unserved)
        if route_id is not None:
            self.held_up[key] = route_id

    def _give_back(self, work: Work) -> None:
        """Stock of mailings that no longer run, of kinds that no SIM may send, or for SIMs that cannot."""
        running = {key for key in self.queues if key.mailing_id is not None}
        for key, messages in self.stock.items():
            stopped = key.mailing_id is not None and key not in running
            blocked = self.want == 0 or (key.rank == 0 and not self.ordinary_allowed)
            ids = [
                message.message_id
                for message in messages
                if not self._waits_for_test(message)
                and not self._goes_on(message)
                and (
                    stopped
                    or blocked
                    or (self.room is not None and message.message_id in self.room.stuck)
                    or (message.bound_sim_id is not None and message.bound_sim_id not in self.sim_ids)
                    or (message.bound_sim_id is None and self.ways.of(message) == frozenset())
                )
                and message.message_id not in self.never
            ]
            queue.release(work.connection, ids, self.agent_id)
            self.returned.update(ids)
        for message_id, reason in self.never.items():
            if message_id not in self.returned:
                queue.hold_back(
                    work.connection, message_id, self.agent_id, reason, work.now + NEVER_AGAIN_FOR
                )
                self.returned.add(message_id)
