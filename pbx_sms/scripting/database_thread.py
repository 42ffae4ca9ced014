"""The one thread in which desks give their orders, with a database connection of its own.

Orders are carried out one after the other, each in its own transactions. The engine's orders go elsewhere
and wait for none of these.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pbx_sms.storage.engine import Database, open_database

Result = TypeVar("Result")


class DatabaseThread:
    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scripting")
        self._database: Database | None = None

    async def run(self, work: Callable[[Database], Result]) -> Result:
        """What `work` returns or raises. A caller that is cancelled takes an order back only if it has not
        begun."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._carry_out, work)

    def _carry_out(self, work: Callable[[Database], Result]) -> Result:
        if self._database is None:
            self._database = open_database(self._url)
        return work(self._database)

    async def close(self) -> None:
        """Once what has begun has ended; what waits is left."""
        await asyncio.shield(asyncio.to_thread(self._close))

    def _close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._database is not None:
            self._database.close()
            self._database = None
