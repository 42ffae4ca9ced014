"""The nudges of other processes, as long as the engine runs; and the agent's name, which it must keep.

Both hang on connections of their own to a PostgreSQL server, which end with it: they are made again when it
is back. Meanwhile the periodic looks have to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pbx_sms.storage.agent_lock import AgentLock
from pbx_sms.storage.engine import Database
from pbx_sms.storage.wakeup import Wakeup

log = logging.getLogger(__name__)

#: between two tries to reach the server
_AGAIN_S = 1.0


async def follow(database: Database, look: Callable[[], None]) -> None:
    """Calls `look` at every nudge, until cancelled."""
    loop = asyncio.get_running_loop()
    try:
        wakeup = database.listen()
    except ConnectionError:
        wakeup = await _listen_again(database)
    while True:
        lost = asyncio.Event()
        descriptor = wakeup.fileno()
        loop.add_reader(descriptor, _woken, wakeup, look, lost)
        try:
            await lost.wait()
        finally:
            loop.remove_reader(descriptor)
            wakeup.close()
        wakeup = await _listen_again(database)
        # whatever was committed meanwhile nudged nobody
        look()


def _woken(wakeup: Wakeup, look: Callable[[], None], lost: asyncio.Event) -> None:
    try:
        wakeup.drain()
    except ConnectionError as error:
        log.warning("no nudges any more: %s", error)
        lost.set()
    look()


async def _listen_again(database: Database) -> Wakeup:
    while True:
        try:
            return await asyncio.to_thread(database.listen)
        except ConnectionError:
            await asyncio.sleep(_AGAIN_S)


async def keep_name(lock: AgentLock, every_s: float) -> None:
    """Until cancelled. Raises `Conflict("agent_runs_already")` when another engine has taken the name while
    the server was away: this one has to end, or two would act as one agent."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await asyncio.to_thread(lock.keep)
        except ConnectionError as error:
            log.warning("the database does not answer: %s", error)
