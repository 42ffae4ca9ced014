"""Which of a modem's SIM slots is to be active: a pure decision over what is remembered of each.

A slot is left only for one that may have room now, and only when its own SIM rests for longer than the
change is worth. A slot that was left is not visited again before its SIM is expected to have room: with
nothing to send through anywhere, the modem stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

#: after a change that failed, the SIM is left alone for so long, then for twice as long, and so on
_BACK_OFF = timedelta(minutes=10)
#: limits are raised and SIMs are exchanged: what is remembered of a slot is believed for so long
BELIEVED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the last visit to a slot found."""

    #: None: no usable SIM
    imsi: str | None
    #: before this the slot is not worth a visit
    rests_until: datetime


def remembered(imsi: str | None, until_at: datetime | None, now: datetime) -> Remembered:
    """`until_at`: until when the SIM cannot send, None where nobody knows."""
    latest = now + BELIEVED_FOR
    return Remembered(imsi=imsi, rests_until=latest if until_at is None else min(until_at, latest))


def next_slot(
    count: int,
    current: int,
    visits: Mapping[int, Remembered],
    until_at: datetime | None,
    now: datetime,
    rest: timedelta,
) -> int | None:
    """The slot to change to while the SIM in `current` cannot send until `until_at`; None: stay.

    Slots that were never visited go first, then the one that has rested the longest.
    """
    if until_at is not None and until_at - now < rest:
        return None
    others = _others(count, current)
    for slot in others:
        if slot not in visits:
            return slot
    rested = [slot for slot in others if visits[slot].rests_until <= now]
    return min(rested, key=lambda slot: visits[slot].rests_until, default=None)


def back_off(failures: int) -> timedelta:
    """How long a SIM in another slot is left alone after so many changes in a row that did not reach it."""
    return min(_BACK_OFF * (1 << min(failures - 1, 10)), BELIEVED_FOR)


def way_out(count: int, current: int, visits: Mapping[int, Remembered]) -> int:
    """The slot to try when there is no usable SIM in `current`: one that was not visited, else the one whose
    SIM sends again first, else the next one in turn."""
    others = _others(count, current)
    for slot in others:
        if slot not in visits:
            return slot
    with_sim = [slot for slot in others if visits[slot].imsi is not None]
    return min(with_sim, key=lambda slot: visits[slot].rests_until, default=(others or [current])[0])


def _others(count: int, current: int) -> list[int]:
    """In turn, beginning after the current one."""
    return [(current - 1 + step) % count + 1 for step in range(1, count)]
