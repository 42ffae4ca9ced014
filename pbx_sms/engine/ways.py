"""Which of the SIMs each message may take now, by the routes as the storage thread knows them.

The routes that the engine has read before, and those that are met for the first time, in one look at the
database. Where a route only prefers its SIMs, other PBXs are asked whether one of theirs is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.core.cutting import Cutting
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.route_rules import Route
from pbx_sms.engine.storage_thread import Work
from pbx_sms.storage.queue import Leased
from pbx_sms.storage.routing import ready_sims, routes


@dataclass(slots=True, kw_only=True)
class Ways:
    agent_id: int
    #: another agent that said nothing for so long sends nothing
    lease_s: float
    #: SIMs that can send soon
    sim_ids: frozenset[int]
    #: all SIMs of this agent
    known_sim_ids: tuple[int, ...]
    #: the routes that were read before
    routes: Mapping[int, Route]
    #: rank → SIMs that are up and have room today: what prefers them is left to them
    serving_today: Mapping[int, frozenset[int]]
    #: SIMs of other PBXs among them
    ready_elsewhere: frozenset[int]
    #: what is known of those is old
    ask_elsewhere: bool
    limits_of: Callable[[str, Mapping[str, Any]], SimLimits]
    zone: ZoneInfo
    #: SIMs whose modems cut texts by a rule of their own, and do not take every text
    cuttings: Mapping[int, Cutting]
    # results
    new_routes: dict[int, Route] = field(default_factory=dict)
    #: what people call the SIMs of the new routes
    new_names: dict[int, str] = field(default_factory=dict)
    has_asked: bool = False

    def read_routes(self, work: Work) -> None:
        """Reads the routes that are new, and asks the other PBXs where it is time to. May be done twice."""
        self.new_routes, self.new_names, self.has_asked = {}, {}, False
        self._learn(work, routes.newer_than(work.connection, max(self.routes, default=0)))
        if not (self.routes or self.new_routes) or not (self.ask_elsewhere or self.new_routes):
            return
        self.has_asked = True
        elsewhere = self._preferred_elsewhere()
        if elsewhere:
            self.ready_elsewhere = ready_sims.ready_among(
                work.connection,
                elsewhere,
                agent_id=self.agent_id,
                silent_since_at=work.now - timedelta(seconds=self.lease_s),
                limits_of=self.limits_of,
                now=work.now,
                zone=self.zone,
            )

    def read_of(self, work: Work, message: Leased) -> frozenset[int] | None:
        """The same as `of`, also where the message's route has not been read yet."""
        route_id = message.route_id
        if not (route_id is None or route_id in self.routes or route_id in self.new_routes):
            # ids need not come in the order of the commits
            self._learn(work, routes.read(work.connection, [route_id]))
        return self.of(message)

    def of(self, message: Leased) -> frozenset[int] | None:
        """The SIMs that the message may take now; None for any."""
        if message.bound_sim_id is not None:
            return frozenset({message.bound_sim_id})
        unfit = self.unfit(message)
        if message.route_id is None:
            return self.sim_ids - unfit if unfit else None
        route = self.routes.get(message.route_id) or self.new_routes[message.route_id]
        return self._of_route(route, message.rank) - unfit

    def unfit(self, message: Leased) -> frozenset[int]:
        """SIMs here whose modems cannot take its text."""
        return frozenset(
            sim_id for sim_id, cutting in self.cuttings.items() if cutting.obstacle(message.text) is not None
        )

    def of_routes(self, rank: int) -> Iterator[tuple[int, frozenset[int]]]:
        """Each route with the SIMs here that serve it now."""
        for known in (self.routes, self.new_routes):
            for route_id, route in known.items():
                yield route_id, self._of_route(route, rank)

    def _of_route(self, route: Route, rank: int) -> frozenset[int]:
        return route.ways(self.sim_ids, self.serving_today[rank] | self.ready_elsewhere)

    def _preferred_elsewhere(self) -> frozenset[int]:
        """SIMs that routes prefer, and that are not this engine's."""
        wanted: set[int] = set()
        for route in (*self.routes.values(), *self.new_routes.values()):
            if not route.strict and route.sim_ids:
                wanted |= route.sim_ids
        return frozenset(wanted.difference(self.known_sim_ids))

    def _learn(self, work: Work, found: Mapping[int, Route]) -> None:
        if found:
            self.new_routes.update(found)
            named = frozenset().union(*(route.sim_ids or () for route in found.values()))
            self.new_names.update(ready_sims.names_of(work.connection, named))
