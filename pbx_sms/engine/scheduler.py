"""What happens at a time of the day: the round of tests over this engine's SIMs.

The plan is kept in memory and begins anew with the engine: a round whose time passed while nothing ran does
not fire by itself, nor one that is more than a few minutes late because the machine slept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import Refused
from pbx_sms.storage import health, probes
from pbx_sms.storage.events import NewEvent

log = logging.getLogger(__name__)

PROBE_ROUND = "probe round"
#: a round that is later than this is left out
_LATE_S = 300


class Scheduler:
    def __init__(
        self, settings: Settings, storage: StorageThread, agent_id: int, ordered: Callable[[], None]
    ) -> None:
        """`ordered` is called when there is something to send."""
        self._settings = settings
        self._storage = storage
        self._agent_id = agent_id
        self._ordered = ordered
        self.plan = AsyncIOScheduler(timezone=settings.sending.time_zone)

    def start(self) -> None:
        """Begins to watch the clock, where there is anything to do."""
        at = self._settings.health.probe_time
        if not at:
            return
        hour, minute = at.split(":")
        self.plan.add_job(
            self.probe_round,
            CronTrigger(hour=hour, minute=minute, timezone=self._settings.sending.time_zone),
            id=PROBE_ROUND,
            misfire_grace_time=_LATE_S,
            coalesce=True,
            max_instances=1,
        )
        self.plan.start()

    def stop(self) -> None:
        if self.plan.running:
            self.plan.shutdown(wait=False)

    async def probe_round(self) -> None:
        """Orders a test of every SIM in this engine's modems. What cannot be tested is left out and told."""
        count = await self._storage.insist(self._order)
        log.info("probe round: tests ordered: %s", count)
        self._ordered()

    def _order(self, work: Work) -> int:
        count = 0
        for sim_id in probes.round_of(work.connection, self._agent_id):
            try:
                probes.order(work.connection, self._settings, sim_id, work.now, work.events)
                count += 1
            except Refused as refused:
                work.events.append(
                    NewEvent(
                        at=work.now,
                        kind="sim",
                        state=str(health.state_of(work.connection, sim_id)),
                        sim_id=sim_id,
                        reason=Reason("probe_left_out", {"why": refused.code}),
                    )
                )
        return count
