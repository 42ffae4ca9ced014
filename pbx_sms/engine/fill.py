"""One look at the database: which SIMs may send, and as many messages as they soon need.

The dispatcher makes the plan on the event loop; the storage thread carries it out in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pbx_sms.core.reason import Reason
from pbx_sms.engine.storage_thread import Work
from pbx_sms.storage import devices, queue
from pbx_sms.storage.devices import SimSnapshot
from pbx_sms.storage.queue import Leased
from pbx_sms.storage.queue.leases import Queue

#: a message that no SIM can ever take is looked at again after this: limits may have been raised
_NEVER_AGAIN_FOR = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class FillPlan:
    agent_id: int
    lease_s: float
    #: SIMs that can send soon
    sim_ids: frozenset[int]
    #: all SIMs of this agent
    known_sim_ids: tuple[int, ...]
    #: messages that the stock should hold
    want: int
    #: whether any of the SIMs may send an ordinary message
    ordinary_allowed: bool
    stock: Mapping[Queue, tuple[Leased, ...]]
    never: Mapping[int, Reason]
    #: a mailing may have nothing left to send
    may_finish: bool
    # results
    snapshots: dict[int, SimSnapshot] = field(default_factory=dict)
    queues: list[Queue] = field(default_factory=list)
    leased: dict[Queue, list[Leased]] = field(default_factory=dict)
    returned: set[int] = field(default_factory=set)

    def carry_out(self, work: Work) -> FillPlan:
        # an order may be carried out twice when its transaction failed: begin anew
        self.leased, self.returned = {}, set()
        self.snapshots = devices.snapshots(work.connection, self.known_sim_ids)
        if self.may_finish:
            queue.finish_mailings(work.connection, work.now, work.events)
        self.queues = queue.waiting_queues(work.connection)
        self._give_back(work)
        room = self.want - sum(len(messages) for messages in self.stock.values()) + len(self.returned)
        for rank in sorted({key.rank for key in self.queues}, reverse=True):
            if room <= 0 or (rank == 0 and not self.ordinary_allowed):
                break
            room -= self._lease_rank(work, [key for key in self.queues if key.rank == rank])
        return self

    def _lease_rank(self, work: Work, same_rank: list[Queue]) -> int:
        """Each queue of the rank needs a head in the stock, or it could not have its share."""
        for_each = -(-self.want // len(same_rank))
        taken_count = 0
        for key in same_rank:
            stocked = sum(1 for m in self.stock.get(key, ()) if m.message_id not in self.returned)
            if stocked >= for_each:
                continue
            taken = queue.lease(
                work.connection,
                key,
                agent_id=self.agent_id,
                limit=for_each - stocked,
                sim_ids=self.sim_ids,
                now=work.now,
                until_at=work.now + timedelta(seconds=self.lease_s),
            )
            if taken:
                self.leased[key] = taken
                taken_count += len(taken)
        return taken_count

    def _give_back(self, work: Work) -> None:
        """Stock of mailings that no longer run, of kinds that no SIM may send, or for SIMs that cannot."""
        running = {key for key in self.queues if key.mailing_id is not None}
        for key, messages in self.stock.items():
            stopped = key.mailing_id is not None and key not in running
            blocked = self.want == 0 or (key.rank == 0 and not self.ordinary_allowed)
            ids = [
                message.message_id
                for message in messages
                if stopped
                or blocked
                or (message.bound_sim_id is not None and message.bound_sim_id not in self.sim_ids)
            ]
            queue.release(work.connection, ids, self.agent_id)
            self.returned.update(ids)
        for message_id, reason in self.never.items():
            if message_id not in self.returned:
                queue.hold_back(
                    work.connection, message_id, self.agent_id, reason, work.now + _NEVER_AGAIN_FOR
                )
                self.returned.add(message_id)
