"""One look at the database: which SIMs may send, and as many messages as they soon need.

The dispatcher makes the plan on the event loop; the storage thread carries it out in one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from pbx_sms.core.quota import SimLimits, Usage
from pbx_sms.core.reason import Reason
from pbx_sms.engine.sim_slot import NEVER_AGAIN_FOR
from pbx_sms.engine.storage_thread import Work
from pbx_sms.storage import devices, queue, standing_still, usage
from pbx_sms.storage.devices import SimSnapshot
from pbx_sms.storage.queue import Leased
from pbx_sms.storage.queue.leases import Queue

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
    # results
    snapshots: dict[int, SimSnapshot] = field(default_factory=dict)
    queues: list[Queue] = field(default_factory=list)
    #: why the running mailings do not go on, as everybody sees it now
    standing: dict[int, Reason | None] = field(default_factory=dict)
    leased: dict[Queue, list[Leased]] = field(default_factory=dict)
    #: queues that had fewer messages than were wanted of them
    exhausted: set[Queue] = field(default_factory=set)
    returned: set[int] = field(default_factory=set)
    usage: dict[int, Usage] = field(default_factory=dict)

    def carry_out(self, work: Work) -> FillPlan:
        # an order may be carried out twice when its transaction failed: begin anew
        self.leased, self.returned, self.exhausted = {}, set(), set()
        self.snapshots = devices.snapshots(work.connection, self.known_sim_ids)
        if self.may_finish:
            queue.finish_mailings(work.connection, work.now, work.events)
        self.queues = queue.waiting_queues(work.connection)
        self.standing = standing_still.reasons(work.connection)
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
            stocked_count = self._stocked(key)
            # every queue of a rank needs enough for all SIMs, or it could not have its share
            ready_count += stocked_count + self._lease_queue(work, key, self.want - stocked_count)
        return self

    def _stocked(self, key: Queue) -> int:
        return sum(
            1
            for message in self.stock.get(key, ())
            if message.message_id not in self.returned and not self._waits_for_test(message)
        )

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

    def _lease_queue(self, work: Work, key: Queue, wanted: int) -> int:
        taken: list[Leased] = []
        bound = Counter(
            message.bound_sim_id
            for messages in self.stock.values()
            for message in messages
            if message.message_id not in self.returned
        )
        while wanted > 0:
            found = queue.lease(
                work.connection,
                key,
                agent_id=self.agent_id,
                limit=wanted,
                sim_ids=[sim_id for sim_id in self.sim_ids if bound[sim_id] < _BOUND_TO_ONE],
                now=work.now,
                until_at=work.now + timedelta(seconds=self.lease_s),
            )
            if not found:
                self.exhausted.add(key)
                break
            taken += found
            bound.update(message.bound_sim_id for message in found)
            # many for one SIM are worth one: the others still need theirs
            free_count = sum(1 for message in found if message.bound_sim_id is None)
            wanted -= free_count + len({message.bound_sim_id for message in found} - {None})
        if taken:
            self.leased.setdefault(key, []).extend(taken)
        return len(taken)

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
                    or (message.bound_sim_id is not None and message.bound_sim_id not in self.sim_ids)
                )
            ]
            queue.release(work.connection, ids, self.agent_id)
            self.returned.update(ids)
        for message_id, reason in self.never.items():
            if message_id not in self.returned:
                queue.hold_back(
                    work.connection, message_id, self.agent_id, reason, work.now + NEVER_AGAIN_FOR
                )
                self.returned.add(message_id)
