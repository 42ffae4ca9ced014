"""The routes that this engine has read, and whether a SIM may take a message by its route now.

A strict route is served by its SIMs alone, wherever they are: another PBX's are left to that PBX. A route
that only prefers its SIMs is left to them as long as one of them is up and has room today, be it busy; then
any other may take it, and the log says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pbx_sms.core.reason import Reason
from pbx_sms.core.route_rules import Route
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.engine.ways import Ways
from pbx_sms.storage.queue import Leased
from pbx_sms.storage.queue.leases import Queue


class RouteBook:
    """Kept on the event loop; filled by what the storage thread read."""

    def __init__(self, slots: Mapping[int, SimSlot]) -> None:
        #: the dispatcher's own, changing
        self._slots = slots
        self.routes: dict[int, Route] = {}
        #: what people call the SIMs that routes name
        self.names: dict[int, str] = {}
        #: SIMs of other PBXs that are up and have room today
        self.ready_elsewhere: frozenset[int] = frozenset()
        #: monotonic seconds at which the others were asked about
        self._elsewhere_read_s = float("-inf")

    def lets(self, slot: SimSlot, message: Leased, now: datetime) -> bool:
        """The message's route leads through the SIM now."""
        if message.route_id is None or message.bound_sim_id is not None:
            return True
        route = self.routes[message.route_id]
        if route.wants(slot.sim_id):
            return True
        return route.permits(slot.sim_id) and not self._is_served(route, message, now)

    def is_free(self, message: Leased) -> bool:
        """Any SIM may take it."""
        return self._width(message) == float("inf")

    def choose(
        self, stock: Iterable[Leased], free: Sequence[SimSlot], now: datetime
    ) -> tuple[int, list[SimSlot]] | None:
        """Which message of the stock goes next, by its index, and the free SIMs that may take it.

        The first one; but one that few SIMs may take goes before what others can take as well, or a SIM
        would be late with what only it may send.
        """
        best: tuple[int, list[SimSlot]] | None = None
        fewest = float("inf")
        for index, message in enumerate(stock):
            width = self._width(message)
            if best is not None and width >= fewest:
                continue
            able = [slot for slot in free if slot.can_take(message, now) and self.lets(slot, message, now)]
            if able:
                best, fewest = (index, able), width
                if not self.routes:
                    break
        return best

    def _width(self, message: Leased) -> float:
        """How many SIMs it is for."""
        if message.bound_sim_id is not None:
            return 1
        route = self.routes[message.route_id] if message.route_id is not None else None
        return float("inf") if route is None or route.sim_ids is None else len(route.sim_ids)

    def may_ever(self, slot: SimSlot, message: Leased) -> bool:
        """The message may take the SIM at some time, the quota aside."""
        if message.route_id is None or message.bound_sim_id is not None:
            return True
        return self.routes[message.route_id].permits(slot.sim_id)

    def reason(self, slot: SimSlot, message: Leased) -> Reason | None:
        """Why this SIM, where a rule chose it."""
        route = self.routes.get(message.route_id) if message.route_id is not None else None
        if route is None or route.sim_ids is None or message.bound_sim_id is not None:
            return None
        if route.wants(slot.sim_id):
            return route.reason
        return Reason("route_elsewhere", {"sims": self.named(route.sim_ids)})

    def serving_today(self, rank: int, now: datetime) -> frozenset[int]:
        """SIMs of this engine that routes of this rank are left to."""
        return frozenset(sim_id for sim_id, slot in self._slots.items() if slot.serves_today(rank, now))

    def named(self, sim_ids: Iterable[int]) -> list[str]:
        return [self.names.get(sim_id, f"№{sim_id}") for sim_id in sorted(sim_ids)]

    def is_old(self, now_s: float, patience_s: float) -> bool:
        """What is known of other PBXs is to be asked again."""
        return now_s - self._elsewhere_read_s >= patience_s

    def learn(self, read: Ways, now_s: float) -> None:
        """Takes over what was read."""
        self.routes.update(read.new_routes)
        self.names.update(read.new_names)
        if read.has_asked:
            self.ready_elsewhere, self._elsewhere_read_s = read.ready_elsewhere, now_s

    def why_held_up(self, held_up: Mapping[Queue, int], now: datetime) -> dict[Queue, Reason]:
        """Why no SIM here serves these routes now."""
        return {key: self._why_held_up(route_id, key, now) for key, route_id in held_up.items()}

    def _why_held_up(self, route_id: int, key: Queue, now: datetime) -> Reason:
        wanted = self.routes[route_id].sim_ids or frozenset(self._slots)
        here = [slot for sim_id, slot in self._slots.items() if sim_id in wanted]
        if len(here) == len(wanted) == 1:
            return here[0].why_not(now, key.rank)[0]
        return Reason("route_waits", {"sims": self.named(wanted)})

    def _is_served(self, route: Route, message: Leased, now: datetime) -> bool:
        for sim_id in route.sim_ids or ():
            if sim_id in self.ready_elsewhere:
                return True
            slot = self._slots.get(sim_id)
            if slot is not None and slot.serves_today(message.rank, now) and not slot.too_large(message, now):
                return True
        return False
