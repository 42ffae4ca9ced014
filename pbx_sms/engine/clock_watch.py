"""A wall clock that is set ahead while the engine runs: whether it is believed, and that it frees nothing.

On SQLite this machine's clock is the clock. The engine's time follows it only from here: at once where it
was set by a little, after `DISTRUST_S` where it jumped, because what was followed cannot be taken back. Until
then nothing new begins. What counts for the quotas is moved along. PostgreSQL tells its own time.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from pbx_sms.clock import DISTRUST_S, JUMP
from pbx_sms.core.reason import Reason
from pbx_sms.engine.storage_thread import StorageThread, Work
from pbx_sms.storage import agent_clock
from pbx_sms.storage.queue import clock_shift

log = logging.getLogger(__name__)

#: less is not followed yet, and not forgotten: it adds up
_STEP = timedelta(seconds=0.05)


def make_good(work: Work, set_ahead: timedelta) -> None:
    """At a start: the clock is ahead by so much already, and what counts is not."""
    if set_ahead > _STEP:
        log.warning("the clock was set ahead by %s while no engine ran", set_ahead)
        clock_shift.shift(work.connection, set_ahead, work.now - set_ahead)


class ClockWatch:
    def __init__(self, storage: StorageThread, agent_id: int) -> None:
        self._storage = storage
        self._agent_id = agent_id
        self._database = storage.database
        self._jumped_s: float | None = None

    async def look(self) -> Reason | None:
        """The reason to begin nothing new, while a jump is not believed. It is forgotten when it is taken
        back."""
        ahead = self._database.clock_ahead()
        if ahead <= JUMP:
            self._jumped_s = None
        elif not self._is_believed(ahead):
            return Reason("clock_jumped", {"seconds": round(ahead.total_seconds())})
        if ahead > _STEP:
            await self._follow(ahead)
        return None

    def _is_believed(self, ahead: timedelta) -> bool:
        now_s = self._database.source_clock.monotonic()
        if self._jumped_s is None:
            log.error("the clock jumped %s ahead; nothing new is begun for a while", ahead)
            self._jumped_s = now_s
        if now_s - self._jumped_s < DISTRUST_S:
            return False
        self._jumped_s = None
        return True

    async def _follow(self, by: timedelta) -> None:
        is_followed = False

        def work(given: Work) -> None:
            nonlocal is_followed
            clock_shift.shift(given.connection, by, given.now)
            # before the commit: what is settled after it must find the clock where its neighbours are
            if not is_followed:
                self._database.follow_clock(by)
                is_followed = True
            agent_clock.keep(given.connection, self._agent_id, self._database)

        await self._storage.insist(work)
        log.info("the clock was set ahead by %s; quotas are counted as before", by)
