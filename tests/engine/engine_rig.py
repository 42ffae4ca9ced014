"""An engine over in-memory modems in virtual time, with what the tests ask of it."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakSet

from doubles.clock import VirtualClock
from doubles.modem import Accepted, Cell, MemoryModem
from sqlalchemy import Row, func, insert, select, update

from pbx_sms.config import Settings
from pbx_sms.core import segments
from pbx_sms.core.mailing import RANK, MailingKind, MailingState
from pbx_sms.core.message import OPEN_STATES
from pbx_sms.core.route_rules import Route
from pbx_sms.engine.daemon import Engine
from pbx_sms.engine.pace import Pace
from pbx_sms.operations.mailings import orders
from pbx_sms.operations.routing.choice import RouteChooser
from pbx_sms.storage import queue
from pbx_sms.storage.engine import open_database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.routing import routes
from pbx_sms.storage.schema import attempts, events, mailings, messages, modems, parts, sims, stop_list

#: nothing but what a test is about limits the SIMs
UNLIMITED = {
    "per_hour": 0,
    "per_day": 0,
    "per_month": 0,
    "min_gap_s": 0.0,
    "service_reserve_per_day": 0,
}
#: for tests over hours
CALM = Pace(look_s=20.0, lease_s=600.0, round_s=30.0, poll_s=600.0, usage_s=60.0)
#: for tests over many days: what is not told by a wake-up is noticed a little later
SLOW = Pace(look_s=900.0, lease_s=7200.0, round_s=1800.0, poll_s=43200.0, usage_s=1800.0)

_mailing_numbers = itertools.count(1)
#: the engine whose task, or a task of whose task, makes a new one
_OWNER: ContextVar[Rig | None] = ContextVar("owner", default=None)


def _owned_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **more)
    owner = _OWNER.get()
    if owner is not None:
        owner.tasks.add(task)
    return task


def imsi_of(number: int) -> str:
    return f"25001{number:010}"


def number_of(index: int) -> str:
    return f"+7916{index:07}"


def text_of(part_count: int, index: int = 0) -> str:
    """A Cyrillic text of so many parts, different for every index."""
    head = f"Заказ {index} готов. "
    return head if part_count == 1 else (head + "я" * (67 * part_count))[: 67 * (part_count - 1) + 30]


class Rig:
    def __init__(
        self,
        url: str,
        make_settings: Callable[..., Settings],
        modem_count: int,
        *,
        agent: str,
        cell: Cell | None,
        latency_s: float = 1.0,
        limits: dict[str, Any] | None = None,
        pace: Pace | None = None,
        first_modem: int = 0,
        seed: int = 1,
        report_s: float | None = None,
        **sections: Any,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.clock = VirtualClock(loop)
        self.database = open_database(url, clock=self.clock)
        self.settings = make_settings(
            agent={"name": agent}, database={"url": url}, limits=UNLIMITED | (limits or {}), **sections
        )
        self.cell = cell or Cell(now=self.clock.true_now, report_s=report_s)
        self.modems = [
            MemoryModem(f"gsm{number + 1}", self.cell, imsi_of(number), latency_s=latency_s)
            for number in range(first_modem, first_modem + modem_count)
        ]
        self._pace = pace
        self._seed = seed
        self._running: asyncio.Task[None] | None = None
        self.engine: Engine | None = None
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()

    # the engine

    async def start(self) -> None:
        """Starts the engine; returns when every modem that can is registered."""
        self.engine = Engine(
            self.settings,
            self.database,
            self.modems,
            chance=random.Random(self._seed),
            pace=self._pace,
            inline_storage=True,
        )
        asyncio.get_running_loop().set_task_factory(_owned_task)
        owner = _OWNER.set(self)
        try:
            self._running = asyncio.create_task(self.engine.run(), name="engine")
        finally:
            _OWNER.reset(owner)
        await asyncio.sleep(0.5)
        self.check()

    async def stop(self) -> None:
        """As SIGTERM does."""
        if self._running is not None:
            assert self.engine is not None
            running, self._running = self._running, None
            self.engine.request_stop()
            await running

    async def die(self) -> None:
        """The process is gone in the middle; nothing is written any more."""
        assert self._running is not None
        self._running = None
        self.database.close()
        # the engine's and all that it began; other engines in this loop live on
        tasks = [task for task in self.tasks if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def check(self) -> None:
        """Raises what the engine died of."""
        assert self._running is not None
        if self._running.done():
            self._running.result()
            raise AssertionError("the engine ended by itself")

    async def close(self) -> None:
        try:
            await self.stop()
        finally:
            for modem in self.modems:
                await modem.close()
            self.database.close()

    @staticmethod
    async def passes_stopped(seconds: float) -> None:
        """Time in which no engine runs."""
        await asyncio.sleep(seconds)

    async def until(self, holds: Callable[[], bool], *, within_s: float = 3600.0) -> None:
        """Lets virtual time pass until something holds; a second look each virtual tenth of a second."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + within_s
        while not holds():
            self.check()
            assert loop.time() < deadline_s, f"not within {within_s} s"
            await asyncio.sleep(0.1 if within_s <= 3600 else within_s / 5000)

    async def passes(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.check()

    # orders

    def mailing(
        self,
        part_counts: Iterable[int] | int,
        *,
        kind: MailingKind = MailingKind.INFORMATION,
        reroute: bool = False,
        first_index: int | None = None,
        state: MailingState = MailingState.RUNNING,
        validity_s: float | None = None,
        wants_report: bool = False,
        route_of: Callable[[int], Route | None] = lambda index: None,
        by_rules: bool = False,
    ) -> int:
        """A running mailing: a number of one-part messages, or a message for each count of parts.

        `route_of` gives the route of each message, counted from 0; `by_rules`: the office's rules do.
        """
        counts = [1] * part_counts if isinstance(part_counts, int) else list(part_counts)
        first = next(_mailing_numbers) * 10_000 if first_index is None else first_index
        now = self.database.now()
        with self.database.begin() as connection:
            key = connection.execute(
                insert(mailings).values(
                    name="m",
                    kind=kind,
                    rank=RANK[kind],
                    state=state,
                    text="x",
                    reroute=reroute,
                    message_count=len(counts),
                    part_count=sum(counts),
                    created_at=now,
                    started_at=now,
                )
            ).inserted_primary_key
            assert key is not None
            new = []
            for index, count in enumerate(counts, first):
                text = text_of(count, index)
                measured = segments.measure(text)
                route = route_of(index - first)
                assert measured.parts == count
                new.append(
                    queue.NewMessage(
                        msisdn=number_of(index),
                        text=text,
                        encoding=measured.encoding,
                        part_count=count,
                        rank=RANK[kind],
                        wants_report=wants_report,
                        mailing_id=key[0],
                        row=index,
                        route_id=None
                        if route is None
                        else routes.ids_of(connection, [route], now)[routes.fingerprint(route)],
                        expires_at=None if validity_s is None else now + timedelta(seconds=validity_s),
                    )
                )
            if by_rules:
                chooser = RouteChooser(connection, self.settings, kind, now, mailing_id=key[0])
                new = chooser.assign(connection, new)
            queue.insert_messages(connection, new, now)
        self.database.wake()
        return int(key[0])

    def pause(self, mailing_id: int) -> None:
        orders.pause(self.database, mailing_id)

    def resume(self, mailing_id: int) -> None:
        orders.resume(self.database, mailing_id)

    def cancel(self, mailing_id: int) -> None:
        orders.cancel(self.database, mailing_id)

    def stop_number(self, msisdn: str) -> None:
        now = self.database.now()
        new_events: list[NewEvent] = []
        with self.database.begin() as connection:
            connection.execute(insert(stop_list).values(msisdn=msisdn, source="person", created_at=now))
            queue.suppress(connection, [msisdn], now, new_events)
        self.database.wake()

    def set_sim(self, imsi: str, **values: Any) -> None:
        with self.database.begin() as connection:
            connection.execute(update(sims).where(sims.c.imsi == imsi).values(**values))
        self.database.wake()

    # what there is

    def mailing_row(self, mailing_id: int) -> Row[Any]:
        with self.database.read() as connection:
            return connection.execute(select(mailings).where(mailings.c.mailing_id == mailing_id)).one()

    def is_finished(self, *mailing_ids: int) -> bool:
        return all(self.mailing_row(one).state == MailingState.FINISHED for one in mailing_ids)

    def messages_of(self, mailing_id: int) -> list[Row[Any]]:
        with self.database.read() as connection:
            return list(
                connection.execute(
                    select(messages)
                    .where(messages.c.mailing_id == mailing_id)
                    .order_by(messages.c.message_id)
                )
            )

    def states(self, mailing_id: int) -> dict[str, int]:
        return dict(Counter(row.state for row in self.messages_of(mailing_id)))

    def open_count(self) -> int:
        with self.database.read() as connection:
            statement = select(func.count()).where(messages.c.state.in_(tuple(OPEN_STATES)))
            return int(connection.execute(statement).scalar_one())

    def under_way(self) -> int:
        with self.database.read() as connection:
            statement = select(func.count()).where(messages.c.state.in_(("leased", "submitting")))
            return int(connection.execute(statement).scalar_one())

    def rows(self, table: Any) -> list[Row[Any]]:
        with self.database.read() as connection:
            return list(connection.execute(select(table)))

    def sim(self, imsi: str) -> Row[Any]:
        return next(row for row in self.rows(sims) if row.imsi == imsi)

    def modem_row(self, name: str) -> Row[Any]:
        return next(row for row in self.rows(modems) if row.name == name)

    def parts_of(self, message_id: int) -> list[Row[Any]]:
        return [row for row in self.rows(parts) if row.message_id == message_id]

    def attempts(self) -> list[Row[Any]]:
        return self.rows(attempts)

    def mailing_events(self, mailing_id: int) -> list[Row[Any]]:
        found = [row for row in self.rows(events) if row.mailing_id == mailing_id and row.kind == "mailing"]
        return sorted(found, key=lambda row: row.event_id)

    # audits of the network's own ledger

    def by_sim(self) -> dict[str, list[Accepted]]:
        found: dict[str, list[Accepted]] = defaultdict(list)
        for entry in self.cell.ledger:
            found[entry.imsi].append(entry)
        return found

    def accepted_texts(self) -> dict[str, str]:
        """number → what its telephone shows; fails where a part came twice or out of order."""
        texts: dict[str, str] = {}
        for number, entries in self._by_number().items():
            assert [entry.part for entry in entries] == list(range(1, len(entries) + 1)), number
            assert len({(entry.imsi, entry.reference, entry.parts) for entry in entries}) == 1, number
            texts[number] = "".join(entry.text for entry in entries)
        return texts

    def assert_no_part_twice(self) -> None:
        counts = Counter((entry.number, entry.part) for entry in self.cell.ledger)
        assert {key: count for key, count in counts.items() if count > 1} == {}

    def _by_number(self) -> dict[str, list[Accepted]]:
        found: dict[str, list[Accepted]] = defaultdict(list)
        for entry in self.cell.ledger:
            found[entry.number].append(entry)
        return found

    def assert_each_once(self, *mailing_ids: int) -> None:
        """Every submitted message is with the network whole and once; nothing else is."""
        wanted = {
            row.msisdn: row.text
            for mailing_id in mailing_ids
            for row in self.messages_of(mailing_id)
            if row.state in ("submitted", "delivered", "undelivered")
        }
        assert self.accepted_texts() == wanted


def most_within(entries: Iterable[Accepted], window: timedelta) -> int:
    """The largest number of parts in any window of that length, wherever it begins. A part leaves the
    window exactly at its end."""
    instants = sorted(entry.at for entry in entries)
    most = first = 0
    for last, at in enumerate(instants):
        while at - instants[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


def smallest_gap(entries: Iterable[Accepted]) -> timedelta:
    instants: list[datetime] = sorted(entry.at for entry in entries)
    return min(after - before for before, after in itertools.pairwise(instants))
