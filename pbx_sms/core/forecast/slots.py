"""Modems with several SIM slots, on paper: one of their SIMs sends at a time, and the others lie at rest.

When the active SIM cannot send for longer than a change is worth, `core.slot_choice` says where to go, as it
does in the engine. What only a SIM at rest may send changes the slot too, once the active one has dwelt.
What the engine remembers of its slots is not stored, so here nothing is remembered in the beginning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pbx_sms.core.forecast.backlog import Queue
from pbx_sms.core.forecast.lane import FOREVER, Lane
from pbx_sms.core.forecast.pool import Sim
from pbx_sms.core.slot_choice import Remembered, next_slot, remembered

#: from the decision to change to a SIM that is in the network, where nothing was measured yet
TYPICAL_CHANGE_S: Final = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemOutlook:
    """The SIMs of one modem that could send, in the order of its slots."""

    sim_ids: tuple[int, ...]
    active_sim_id: int
    #: see `slot_rest_s` and `slot_dwell_s` of the configuration
    rest_s: float
    dwell_s: float
    change_s: float = TYPICAL_CHANGE_S


class SlottedModem:
    """While the parts go."""

    __slots__ = ("_change_s", "_dwell_s", "_rest", "_sims", "_since_s", "_visits", "active")

    def __init__(self, outlook: ModemOutlook, sims: Sequence[Sim], now_s: float) -> None:
        self._sims = sims
        self.active = next((one for one in sims if one.sim_id == outlook.active_sim_id), sims[0])
        for sim in sims:
            sim.is_parked = sim is not self.active
        self._rest = timedelta(seconds=outlook.rest_s)
        self._dwell_s = outlook.dwell_s
        self._change_s = outlook.change_s
        #: since when the active one may send
        self._since_s = now_s
        self._visits: dict[int, Remembered] = {}

    def change(self, target: Sim, at_s: float, until_s: float) -> float:
        """Leaves the active SIM, which cannot send until `until_s`; returns when `target` may begin."""
        now = _instant(at_s)
        until_at = None if until_s == FOREVER else _instant(until_s)
        self._visits[self._slot(self.active)] = remembered(None, until_at, now)
        self.active.is_parked = True
        self.active = target
        target.is_parked = False
        self._since_s = at_s + self._change_s
        return self._since_s

    def way_out(self, at_s: float, until_s: float) -> tuple[Sim | None, float]:
        """The SIM to change to while the active one cannot send until `until_s`; None: stay, and look again
        then."""
        now = _instant(at_s)
        until_at = None if until_s == FOREVER else _instant(until_s)
        current = self._slot(self.active)
        slot = next_slot(len(self._sims), current, self._visits, until_at, now, self._rest)
        if slot is not None:
            return self._sims[slot - 1], at_s
        rested = (
            visit.rests_until.timestamp()
            for other, visit in self._visits.items()
            if other != current and visit.rests_until > now
        )
        return None, min(rested, default=FOREVER)

    def wanted(self, strict: Collection[tuple[Queue, Lane]], at_s: float) -> tuple[Sim | None, float]:
        """The SIM at rest that the first message waits for which nothing else may send; None: there is none,
        and look again then. `strict`: lanes that rules leave to their SIMs, the highest rank first."""
        again_s = FOREVER
        dwelt_s = self._since_s + self._dwell_s
        for queue, lane in strict:
            resting = [sim for sim in self._sims if sim.is_parked and sim in lane.strict_to]
            if not resting or at_s >= queue.cut_off_s:
                continue
            if any(sim.serves(queue.ordinary, at_s) for sim in lane.strict_to):
                # when that one is found out, this is looked at again
                self.active.passes_over = True
                continue
            goes_s = max(lane.goes_at(at_s), dwelt_s)
            for sim in resting:
                room_s = goes_s
                if lane.has_next and goes_s <= at_s:
                    room_s = max(sim.room_at(lane.next_parts, queue.ordinary, at_s)[0], sim.ready_s)
                if room_s <= at_s:
                    return sim, at_s
                again_s = min(again_s, room_s)
        return None, again_s

    def _slot(self, sim: Sim) -> int:
        return self._sims.index(sim) + 1


def slotted(outlooks: Sequence[ModemOutlook], sims: Sequence[Sim], now_s: float) -> dict[int, SlottedModem]:
    """SIM → its modem, for the modems of which more than one SIM is among `sims`."""
    by_id = {sim.sim_id: sim for sim in sims}
    found: dict[int, SlottedModem] = {}
    for outlook in outlooks:
        mine = [by_id[sim_id] for sim_id in outlook.sim_ids if sim_id in by_id]
        if len(mine) > 1:
            modem = SlottedModem(outlook, mine, now_s)
            found |= {sim.sim_id: modem for sim in mine}
    return found


def _instant(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
