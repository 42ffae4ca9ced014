"""The engine's one way to the database: orders of all SIMs, joined into one commit.

An order is a function of one write transaction. The thread takes all orders that wait and carries them out
in one transaction; what one commit costs is shared by all of them. If one of them fails, each is tried
again alone, so that it fails alone. When `run` returns, the order is committed.

Each order takes its locks in the order of `storage.queue.locking`; joined, they do not. On PostgreSQL a
joined transaction therefore steps aside, for its orders to be carried out one by one, before the server would
look for two that wait for each other and break one, which may be a person's.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from pbx_sms.storage import events
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import locking

log = logging.getLogger(__name__)

Result = TypeVar("Result")

#: what may be joined into one transaction: with more, SIMs that work in step wait for each other
_MAX_JOINED = 16
#: between two tries of an order that must not be lost
_RETRY_AT_MOST_S = 5.0


class Work:
    """What an order is given: the transaction, its instant, and where its events go."""

    __slots__ = ("connection", "events", "now")

    def __init__(self, connection: Connection, now: datetime, new_events: list[NewEvent]) -> None:
        self.connection = connection
        self.now = now
        self.events = new_events


@dataclass(slots=True)
class _Order:
    work: Callable[[Work], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class StorageThread:
    """Owns the thread. `inline` carries orders out at once in the caller, for virtual time."""

    def __init__(self, database: Database, *, inline: bool = False) -> None:
        self.database = database
        self.is_inline = inline
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread: threading.Thread | None = None
        #: transactions and the orders they carried, for the benchmark
        self.commit_count = 0
        self.order_count = 0

    def start(self) -> None:
        if not self.is_inline:
            self._thread = threading.Thread(target=self._serve, name="storage", daemon=True)
            self._thread.start()

    async def stop(self) -> None:
        """Carries out what waits, then ends. No order may follow."""
        if self._thread is not None:
            self._orders.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def submit(self, work: Callable[[Work], Result]) -> asyncio.Future[Result]:
        """Hands an order over at once; orders are carried out in this order. See `run`."""
        order = _Order(work, self._loop.create_future())
        if self.is_inline:
            self._carry_out([order])
            self._resolve([order])
        else:
            self._orders.put(order)
        return order.future

    async def run(self, work: Callable[[Work], Result]) -> Result:
        """The order's result, once it is committed. Raises what the order raised; nothing is stored then.

        A cancelled caller does not cancel its order.
        """
        return await self.submit(work)

    async def insist(
        self,
        work: Callable[[Work], Result],
        *,
        submitted: asyncio.Future[Result] | None = None,
        retry_s: float = 0.5,
    ) -> Result:
        """`run`, tried again until the database takes it: for outcomes, which must not be lost.

        A full disk or a locked database ends some time; what the network said cannot be asked again.
        `submitted`: the first try, where it was handed over already.
        """
        while True:
            try:
                return await (submitted or self.submit(work))
            except (OperationalError, InterfaceError) as error:
                log.error("the database does not take an order, trying again: %s", error.orig)
                submitted = None
                await asyncio.sleep(retry_s)
                retry_s = min(retry_s * 2, _RETRY_AT_MOST_S)

    def _serve(self) -> None:
        while True:
            first = self._orders.get()
            if first is None:
                return
            joined = [first]
            last = False
            while len(joined) < _MAX_JOINED:
                try:
                    order = self._orders.get_nowait()
                except queue.Empty:
                    break
                if order is None:
                    last = True
                    break
                joined.append(order)
            self._carry_out(joined)
            self._loop.call_soon_threadsafe(self._resolve, joined)
            if last:
                return

    def _carry_out(self, orders: list[_Order]) -> None:
        began, error = self._transaction(orders)
        if error is None:
            return
        if len(orders) == 1:
            orders[0].error = error
            return
        for order in orders:
            if began:
                began, error = self._transaction([order])
            # a database that does not answer would let each of the others wait as long once more
            order.error = error

    def _transaction(self, orders: list[_Order]) -> tuple[bool, Exception | None]:
        """Whether the database began it at all, and what went wrong."""
        new_events: list[NewEvent] = []
        began = False
        try:
            with self.database.begin() as connection:
                began = True
                now = self.database.keep_time(connection)
                if len(orders) > 1:
                    locking.step_aside(connection)
                for order in orders:
                    order.result = order.work(Work(connection, now, new_events))
                events.append(connection, new_events)
        except Exception as error:  # noqa: BLE001 - handed to whoever gave the order
            return began, error
        self.commit_count += 1
        self.order_count += len(orders)
        if new_events:
            self.database.wake(own=False)
        return began, None

    @staticmethod
    def _resolve(orders: list[_Order]) -> None:
        for order in orders:
            if order.future.done():
                continue
            if order.error is not None:
                order.future.set_exception(order.error)
            else:
                order.future.set_result(order.result)
