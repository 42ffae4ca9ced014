"""The short stock of leased messages, and which of them goes next through which of the free SIMs.

A SIM that becomes free need not wait for a lease. A higher kind goes first, mailings of one kind share by
parts, a message goes to the free SIM with the smallest used share, and what no free SIM can take holds up
nothing behind it. Lives on the event loop and speaks to nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from pbx_sms.core.reason import Reason
from pbx_sms.core.routing import FairShare, choose_sim
from pbx_sms.engine.route_book import RouteBook
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.storage.queue import Leased
from pbx_sms.storage.queue.leases import Queue


def queue_of(message: Leased) -> Queue:
    return Queue(message.mailing_id, message.rank)


class Stock:
    def __init__(self, *, quantum: int, book: RouteBook) -> None:
        self._queues: dict[Queue, deque[Leased]] = {}
        self._fair: dict[int, FairShare[Queue]] = {}
        self._quantum = quantum
        self._book = book
        #: messages of higher kinds that wait in the queue, for whichever PBX has room first
        self.waiting: tuple[Leased, ...] = ()
        #: messages of higher kinds that another PBX holds: it sends them, or lacks room and gives them back
        self.held: tuple[Leased, ...] = ()
        #: rank → SIMs that were free and had room when that was seen: they were given what they can take
        self.offered: Mapping[int, frozenset[int]] = {}
        #: SIM → the message of a higher kind that it was given and may yet be denied
        self.tried: dict[int, Leased] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def count(self, key: Queue) -> int:
        return len(self._queues.get(key, ()))

    def ids(self) -> list[int]:
        return [message.message_id for stock in self._queues.values() for message in stock]

    def snapshot(self) -> dict[Queue, tuple[Leased, ...]]:
        return {key: tuple(stock) for key, stock in self._queues.items()}

    def first_rank(self) -> int:
        """The highest rank of which a message is ready for any SIM."""
        ready = (
            key.rank
            for key, stock in self._queues.items()
            if any(self._book.is_free(message) for message in stock)
        )
        waiting = (message.rank for message in self.waiting if self._book.is_free(message))
        return max(*ready, *waiting, 0, 0)

    def never(self, slots: Collection[SimSlot], now: datetime) -> dict[int, Reason]:
        """Messages that none of the SIMs can take as its limits are, with the reason of one."""
        refused: dict[int, Reason] = {}
        for stock in self._queues.values():
            for message in stock:
                reasons = [
                    slot.too_large(message, now) for slot in slots if self._book.may_ever(slot, message)
                ]
                found = [reason for reason in reasons if reason is not None]
                if found and len(found) == len(reasons):
                    refused[message.message_id] = found[0]
        return refused

    def has_for(self, slot: SimSlot, key: Queue, now: datetime) -> bool:
        """The queue has something in stock that the SIM may send."""
        return self._book.choose(self._queues.get(key, ()), [slot], now) is not None

    # what changes it

    def add(self, key: Queue, messages: Iterable[Leased]) -> None:
        messages = list(messages)
        # a lease that ran out here, and was taken again, is one message all the same
        self.remove({message.message_id for message in messages})
        if messages:
            stock = self._queues.setdefault(key, deque())
            stock.extend(message for message in messages if not message.begun)
            stock.extendleft(message for message in messages if message.begun)

    def put_back(self, message: Leased) -> None:
        """It was given out and did not go: it is the first again, and its queue's turn is not spent."""
        key = queue_of(message)
        self._queues.setdefault(key, deque()).appendleft(message)
        if message.rank in self._fair:
            self._fair[message.rank].give_back(key, message.part_count)

    def remove(self, message_ids: Collection[int]) -> None:
        if not message_ids:
            return
        for key in list(self._queues):
            kept = deque(m for m in self._queues[key] if m.message_id not in message_ids)
            if kept:
                self._queues[key] = kept
            else:
                del self._queues[key]

    def pair(self, free: list[SimSlot], now: datetime) -> tuple[SimSlot, Leased] | None:
        """Takes out the next message that one of the SIMs may send, with that SIM."""
        for rank in sorted({key.rank for key in self._queues}, reverse=True):
            open_to_rank = self.not_kept(free, rank, now)
            if self.waiting:
                open_to_rank = [slot for slot in open_to_rank if not self.would_take(slot, now, rank)]
            takers: dict[Queue, tuple[int, list[SimSlot]]] = {}

            def next_parts(
                key: Queue,
                found: dict[Queue, tuple[int, list[SimSlot]]] = takers,
                slots: list[SimSlot] = open_to_rank,
            ) -> int | None:
                choice = self._book.choose(self._queues[key], slots, now)
                if choice is None:
                    return None
                found[key] = choice
                return self._queues[key][choice[0]].part_count

            share = self._fair.setdefault(rank, FairShare(self._quantum))
            key = share.choose([key for key in self._queues if key.rank == rank], next_parts)
            if key is None:
                continue
            index, able = takers[key]
            stock = self._queues[key]
            message = stock[index]
            del stock[index]
            if not stock:
                del self._queues[key]
            load = choose_sim(slot.load() for slot in able)
            assert load is not None
            if load.sim_id not in self.offered.get(rank, ()):
                # it takes what was leased for another SIM, which is to find something too
                self.offered = {**self.offered, rank: frozenset()}
            return next(slot for slot in able if slot.sim_id == load.sim_id), message
        return None

    def would_take(self, slot: SimSlot, now: datetime, rank: int = -1) -> bool:
        """It became free, or its quota did, since something above the rank was seen that it can take: that is
        leased first."""
        return any(
            message.rank > rank
            and slot.sim_id not in self.offered.get(message.rank, ())
            and slot.can_take(message, now)
            and self._book.lets(slot, message, now)
            for message in self.waiting
        )

    def not_kept(self, free: list[SimSlot], rank: int, now: datetime) -> list[SimSlot]:
        """Without the SIMs whose next parts are for a higher kind, which needs more than are free."""
        higher = [m for key, stock in self._queues.items() if key.rank > rank for m in stock]
        higher += [message for message in self.waiting if message.rank > rank]
        tried = [message for message in (*self.tried.values(), *self.held) if message.rank > rank]
        if not higher and not tried:
            return free
        return [
            slot
            for slot in free
            if not any(
                slot.is_kept_for(message, now) and self._book.lets(slot, message, now) for message in higher
            )
            # where the other SIM, here or elsewhere, lacks room for it, this one may be the next to take it
            and not any(
                slot.has_or_gets_room(message, now) and self._book.lets(slot, message, now)
                for message in tried
            )
        ]
