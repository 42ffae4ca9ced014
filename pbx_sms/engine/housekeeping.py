"""The slow rounds: leases that ran out, messages too old, SIMs that rested, reports that never came."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from pbx_sms.engine.clock_watch import ClockWatch
from pbx_sms.engine.dispatcher import Dispatcher
from pbx_sms.engine.pace import Pace
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.storage import agent_clock, devices, health, incoming, queue
from pbx_sms.storage.incoming_rules import IncomingRules
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
        incoming_rules: IncomingRules,
        pace: Pace,
    ) -> None:
        self._storage = storage
        self._dispatcher = dispatcher
        self._agent_id = agent_id
        self._validity = timedelta(seconds=validity_s)
        self._resume_parts_s = resume_parts_s
        self._incoming_rules = incoming_rules
        self._pace = pace
        self._watch = ClockWatch(storage, agent_id)
        self._delivery_due_at = storage.database.now()
        self._renewed_s = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._storage.insist(self.round)
            self._dispatcher.hold(await self._watch.look())
            loop_s = asyncio.get_running_loop().time()
            if loop_s - self._renewed_s > self._pace.lease_s / 3:
                await self._dispatcher.renew_leases()
                self._renewed_s = loop_s
            await asyncio.sleep(self._pace.round_s)

    def round(self, work: Work) -> None:
        """One round, in one transaction."""
        connection, now = work.connection, work.now
        agent_clock.keep(connection, self._agent_id, self._storage.database)
        queue.abandon_overdue(connection, now, work.events)
        queue.expire(connection, now, self._resume_parts_s, work.events)
        queue.fail_by_policy(connection, now, work.events)
        devices.rest_is_over(connection, now, work.events)
        report.close_overdue(connection, now - self._validity - _REPORT_GRACE)
        queue.probes_overdue(connection, now, work.events)
        incoming.close_incomplete(connection, now, self._incoming_rules, work.events)
        self._watch_delivery(work)
        queue.finish_mailings(connection, now, work.events)

    def _watch_delivery(self, work: Work) -> None:
        if work.now >= self._delivery_due_at:
            health.watch_delivery(work.connection, work.now, work.events)
            self._delivery_due_at = work.now + _DELIVERY_ROUND
