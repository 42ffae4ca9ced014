"""Why a running mailing does not go on, as one reason with its end. Nothing waits silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pbx_sms.core.reason import Reason
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.storage.queue.leases import Queue


def explain(
    queues: Sequence[Queue],
    slots: Sequence[SimSlot],
    first_rank: int,
    hold: Reason | None,
    now: datetime,
    held_up: Mapping[Queue, Reason],
    closed: Mapping[int, Reason],
) -> dict[int, Reason | None]:
    """mailing → reason, None where it goes on. `queues` are the running ones, `first_rank` the highest
    of which a message is ready for any SIM, `held_up` those that wait for SIMs which their rules name,
    `closed` those that wait for their hours."""
    return {
        key.mailing_id: hold
        or closed.get(key.mailing_id)
        or _why(key, slots, now)
        or held_up.get(key)
        or (Reason("higher_kind_first") if key.rank < first_rank else None)
        for key in queues
        if key.mailing_id is not None
    }


def _why(key: Queue, slots: Sequence[SimSlot], now: datetime) -> Reason | None:
    if not slots:
        return Reason("no_sim")
    if any(slot.up and not slot.kept_for_calls and slot.quota_allows(key.rank, now) for slot in slots):
        return None
    causes = [slot.why_not(now, key.rank) for slot in slots]
    ends = [(until_at, reason) for reason, until_at in causes if until_at is not None]
    if ends:
        return min(ends, key=lambda end: end[0])[1]
    return causes[0][0]
