"""What the SIMs of this PBX can send within seconds. Where several PBXs share the queue, nothing else is kept
in stock: another one may have room for it.

What no SIM here can send goes back to the queue and is not leased again until one of them can. It is only
looked at, so that what becomes free here is still kept for the higher kind.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pbx_sms.core.mailing import RANK
from pbx_sms.engine.route_book import RouteBook
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.stock import Stock
from pbx_sms.engine.supply import Room
from pbx_sms.storage.queue import Leased

#: SIMs that are free again this soon count when the stock is filled
SOON_S = 2.0
RANKS = frozenset(RANK.values())


def room(stock: Stock, book: RouteBook, able: Collection[SimSlot], now: datetime, monotonic_s: float) -> Room:
    """`able`: the SIMs that are up and have room for a message of any rank."""
    answering = [slot for slot in able if not slot.hangs(monotonic_s)]
    at_once = [slot for slot in answering if slot.idle(monotonic_s + SOON_S)]
    soon = {
        rank: [
            slot
            for slot in stock.not_kept(at_once if rank else answering, rank, now)
            if slot.quota_allows(rank, now)
        ]
        for rank in RANKS
    }
    stuck = frozenset(
        message.message_id
        for messages in stock.snapshot().values()
        for message in messages
        # what is bound has no other way; what is too large for every SIM is said to be so
        if message.bound_sim_id is None
        and not any(book.lets(slot, message, now) for slot in soon[message.rank])
    )
    return Room(
        sim_ids={rank: frozenset(slot.sim_id for slot in slots) for rank, slots in soon.items()}, stuck=stuck
    )


def unblock(slots: Collection[SimSlot], gone: Collection[int], waiting: Collection[Leased]) -> bool:
    """A message that lacked room here went through another PBX: shorter ones may fit. True if so.

    Where none that waits is shorter, its SIM is not asked in vain.
    """
    found = False
    for slot in slots:
        for rank, lacked in list(slot.blocked_for.items()):
            others = [message.part_count for message in waiting if message.rank == rank]
            if lacked.message_id in gone and others and min(others) < lacked.part_count:
                slot.unblock(rank)
                found = True
    return found
