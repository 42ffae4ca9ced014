"""The slow rounds: leases that ran out, messages too old, SIMs that rested, reports that never came.

Also watches the clock: one that jumps ahead would free quotas that are not free.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from pbx_sms.clock import DISTRUST_S, JUMP, Clock
from pbx_sms.core.reason import Reason
from pbx_sms.engine.dispatcher import Dispatcher
from pbx_sms.engine.pace import Pace
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.storage import devices, health, incoming, queue
from pbx_sms.storage.queue import report

log = logging.getLogger(__name__)

#: after a message's validity, until its reports are given up
_REPORT_GRACE = timedelta(hours=1)
#: between two looks at what share of their parts the SIMs deliver
_DELIVERY_ROUND = timedelta(minutes=10)


class Housekeeping:
    def __init__(
        self,
        storage: StorageThread,
        dispatcher: Dispatcher,
        agent_id: int,
        *,
        validity_s: float,
        resume_parts_s: float,
        pace: Pace,
    ) -> None:
        self._storage = storage
        self._dispatcher = dispatcher
        self._agent_id = agent_id
        self._validity = timedelta(seconds=validity_s)
        self._resume_parts_s = resume_parts_s
        self._pace = pace
        self._watch = ClockWatch(storage.database.source_clock)
        self._delivery_due_at = storage.database.now()
        self._renewed_s = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._storage.insist(self.round)
            if storage_is_local(self._storage):
                self._dispatcher.hold(self._watch.check())
            loop_s = asyncio.get_running_loop().time()
            if loop_s - self._renewed_s > self._pace.lease_s / 3:
                await self._dispatcher.renew_leases()
                self._renewed_s = loop_s
            await asyncio.sleep(self._pace.round_s)

    def round(self, work: Work) -> None:
        """One round, in one transaction."""
        connection, now = work.connection, work.now
        devices.agent_alive(connection, self._agent_id, now)
        queue.abandon_overdue(connection, now, work.events)
        queue.expire(connection, now, self._resume_parts_s, work.events)
        queue.fail_by_policy(connection, now, work.events)
        devices.rest_is_over(connection, now, work.events)
        report.close_overdue(connection, now - self._validity - _REPORT_GRACE)
        queue.probes_overdue(connection, now, work.events)
        incoming.close_incomplete(connection, now, work.events)
        self._watch_delivery(work)
        queue.finish_mailings(connection, now, work.events)

    def _watch_delivery(self, work: Work) -> None:
        if work.now >= self._delivery_due_at:
            health.watch_delivery(work.connection, work.now, work.events)
            self._delivery_due_at = work.now + _DELIVERY_ROUND


def storage_is_local(storage: StorageThread) -> bool:
    """PostgreSQL tells its own time; on SQLite this machine's clock is the clock."""
    return storage.database.is_sqlite


class ClockWatch:
    """Notices a wall clock that is set forward while the engine runs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expected_at: datetime = clock.now()
        self._checked_s = clock.monotonic()
        self._distrusted_until_s: float | None = None
        self._jump = timedelta(0)

    def check(self) -> Reason | None:
        """The reason to hold while a jump is distrusted. The jump is forgotten when it is taken back."""
        now, now_s = self._clock.now(), self._clock.monotonic()
        expected_at = self._expected_at + timedelta(seconds=now_s - self._checked_s)
        ahead = now - expected_at
        if self._distrusted_until_s is not None:
            taken_back = ahead < JUMP
            if taken_back or now_s >= self._distrusted_until_s:
                self._distrusted_until_s = None
                self._expected_at, self._checked_s = now, now_s
                return None
            return Reason("clock_jumped", {"seconds": round(self._jump.total_seconds())})
        if ahead > JUMP:
            log.error("the clock jumped %s ahead; nothing new is begun for a while", ahead)
            self._distrusted_until_s = now_s + DISTRUST_S
            self._jump = ahead
            return Reason("clock_jumped", {"seconds": round(ahead.total_seconds())})
        self._expected_at, self._checked_s = now, now_s
        return None
