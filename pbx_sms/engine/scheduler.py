"""What happens at a time of the day, and what happens every few seconds beside the sending.

* The round of tests over this engine's SIMs. Its plan is kept in memory and begins anew with the engine: a
  round whose time passed while nothing ran does not fire by itself, nor one that is more than a few minutes
  late because the machine slept.
* Duties: orders that nobody gives by hand, such as a mailing whose time has come. What is due stands in the
  database; a duty only looks, so that one that is late or done by several engines at once does no harm. They
  are handed in from above (`cli/processes`), because the engine does not know `operations`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.errors import PbxSmsError, Refused
from pbx_sms.storage import health, probes
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent

log = logging.getLogger(__name__)

PROBE_ROUND = "probe round"
#: a round that is later than this is left out
_LATE_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something to look after every `every_s` seconds, in a thread of its own; never twice at once.

    `carry_out` opens its own transactions, each short: the engine's SIMs wait for none of it. It returns
    whether there is something new to send. What it raises is logged, and it is called again in its time.
    """

    name: str
    every_s: float
    carry_out: Callable[[Database], bool]


class Scheduler:
    def __init__(
        self,
        settings: Settings,
        storage: StorageThread,
        agent_id: int,
        ordered: Callable[[], None],
        duties: Sequence[Duty] = (),
    ) -> None:
        """`ordered` is called when there is something to send."""
        self._duties = tuple(duties)
        self._settings = settings
        self._storage = storage
        self._agent_id = agent_id
        self._ordered = ordered
        self.plan = AsyncIOScheduler(timezone=settings.sending.time_zone)

    def start(self) -> None:
        """Begins to watch the clock, where there is anything to do."""
        zone = self._settings.sending.time_zone
        if at := self._settings.health.probe_time:
            hour, minute = at.split(":")
            self.plan.add_job(
                self.probe_round,
                CronTrigger(hour=hour, minute=minute, timezone=zone),
                id=PROBE_ROUND,
                misfire_grace_time=_LATE_S,
                coalesce=True,
                max_instances=1,
            )
        for duty in self._duties:
            self.plan.add_job(
                self.carry_out,
                IntervalTrigger(seconds=duty.every_s, timezone=zone),
                args=[duty],
                id=duty.name,
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        if self.plan.get_jobs():
            self.plan.start()

    def stop(self) -> None:
        if self.plan.running:
            self.plan.shutdown(wait=False)

    async def carry_out(self, duty: Duty) -> None:
        """Does it once. A refusal or a database that is away for a while leaves it for its next time."""
        try:
            database = self._storage.database
            if self._storage.is_inline:
                is_ordered = duty.carry_out(database)
            else:
                is_ordered = await asyncio.to_thread(duty.carry_out, database)
        except (PbxSmsError, SQLAlchemyError) as error:
            log.warning("%s: %s", duty.name, error)
            return
        if is_ordered:
            self._ordered()

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
