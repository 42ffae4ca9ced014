"""The mailings on paper: which message of each may go next, and what became of the mailing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import Final

from pbx_sms.core.forecast.pool import Sim
from pbx_sms.core.forecast.work import MailingWork, Rows
from pbx_sms.core.mailing import RANK, may_use_reserve

FOREVER: Final = float("inf")


class Lane:
    """Messages of one mailing that go one after the other: those of one size where SIMs differ in what they
    take, of one zone, of one set of SIMs."""

    __slots__ = (
        "earliest_s",
        "from_s",
        "is_mixed",
        "next",
        "parts",
        "places",
        "preferred",
        "sim_ids",
        "until_s",
        "waiting",
        "windows",
    )

    def __init__(
        self,
        rows: Rows,
        parts: Sequence[int],
        places: Sequence[int] | None,
        earliest: Sequence[datetime] | None,
        sim_ids: frozenset[int] | None,
        starts_s: float,
        preferred: Sequence[Sim] = (),
    ) -> None:
        self.earliest_s = None if earliest is None else [at.timestamp() for at in earliest]
        self.parts = parts
        self.places = places
        self.sim_ids = sim_ids
        #: the SIMs it is left to while one of them serves today
        self.preferred = tuple(preferred)
        self.windows = rows.windows
        #: the open interval that was found last
        self.from_s = starts_s
        self.until_s = FOREVER if rows.windows is None else starts_s
        #: index of the next message
        self.next = 0
        self.is_mixed = len(set(parts)) > 1
        #: SIMs that lacked room for the next message, and its parts
        self.waiting: dict[int, tuple[Sim, int]] = {}

    @property
    def is_empty(self) -> bool:
        return self.next >= len(self.parts)

    def is_left_to_others(self, sim: Sim, ordinary: bool, at_s: float) -> bool:
        """The next message goes through a SIM that it prefers to this one."""
        return sim not in self.preferred and any(one.serves(ordinary, at_s) for one in self.preferred)

    @property
    def place(self) -> int:
        """Of the next message, in the mailing."""
        return self.next if self.places is None else self.places[self.next]

    def goes_at(self, at_s: float) -> float:
        """`at_s` where the next message may be begun now, else when it may; infinity: never."""
        if self.earliest_s is not None and self.earliest_s[self.next] > at_s:
            # looked at again then: its window may be closed
            return max(self.earliest_s[self.next], self.from_s)
        return self._opens_at(at_s)

    def _opens_at(self, at_s: float) -> float:
        if at_s < self.until_s:
            return at_s if at_s >= self.from_s else self.from_s
        if self.windows is None or self.until_s == FOREVER:
            return FOREVER
        found = self.windows(datetime.fromtimestamp(at_s, UTC))
        if found is None:
            self.from_s = self.until_s = FOREVER
            return FOREVER
        self.from_s = found.from_at.timestamp()
        self.until_s = FOREVER if found.until_at is None else found.until_at.timestamp()
        if self.until_s <= at_s:
            # an interval that is over opens nothing: whoever gave it would give it again for ever
            self.from_s = self.until_s = FOREVER
            return FOREVER
        return max(at_s, self.from_s)


class Queue:
    """One mailing."""

    __slots__ = (
        "begins_s",
        "busy_s",
        "by_day",
        "by_sim",
        "cut_off_s",
        "ends_s",
        "gap_s",
        "key",
        "lanes",
        "left",
        "ordinary",
        "rank",
        "stuck",
        "waits",
    )

    def __init__(self, work: MailingWork, now_s: float) -> None:
        self.key: Hashable = work.key
        self.rank = RANK[work.kind]
        self.ordinary = not may_use_reserve(work.kind)
        self.lanes: list[Lane] = []
        self.cut_off_s = FOREVER if work.cut_off_at is None else work.cut_off_at.timestamp()
        self.begins_s = FOREVER
        self.ends_s = now_s
        #: messages that may still go
        self.left = 0
        #: messages that never can, with the SIM's rule and their parts, or None where it is no quota
        self.stuck: list[tuple[Rows, int, str | None, int]] = []
        self.by_day: list[int] = []
        self.by_sim: Counter[int] = Counter()
        #: SIM seconds by what they were waited for, and those of the sending itself
        self.waits: defaultdict[str, float] = defaultdict(float)
        self.busy_s = 0.0
        self.gap_s = 0.0

    def next_lane(self, sim: Sim, at_s: float) -> tuple[Lane | None, float]:
        """The lane whose message comes first of those that the SIM may begin now; else when one opens.
        What is left to SIMs that serve today may open when one does no more: see `Sim.passes_over`."""
        chosen: Lane | None = None
        opens_s = FOREVER
        if at_s >= self.cut_off_s:
            return None, FOREVER
        for lane in self.lanes:
            if lane.sim_ids is not None and sim.sim_id not in lane.sim_ids:
                continue
            if lane.preferred and lane.is_left_to_others(sim, self.ordinary, at_s):
                sim.passes_over = True
                continue
            lane_opens_s = lane.goes_at(at_s)
            if lane_opens_s > at_s:
                opens_s = min(opens_s, lane_opens_s)
            elif chosen is None or lane.place < chosen.place:
                chosen = lane
        return chosen, opens_s

    def drop(self, lane: Lane) -> None:
        self.lanes.remove(lane)


def queue_of(work: MailingWork, sims: Sequence[Sim], now_s: float) -> Queue:
    """The mailing's lanes over the SIMs that there are."""
    queue = Queue(work, now_s)
    starts_s = now_s if work.starts_at is None else max(now_s, work.starts_at.timestamp())
    for rows in work.rows:
        allowed = [sim for sim in sims if rows.permits(sim.sim_id)]
        takers: dict[int, frozenset[int]] = {}
        for parts in set(rows.parts):
            refusals = {sim.sim_id: sim.never_takes(parts, queue.ordinary, now_s) for sim in allowed}
            takers[parts] = frozenset(sim_id for sim_id, rule in refusals.items() if rule is None)
            if not takers[parts]:
                count = sum(1 for one in rows.parts if one == parts)
                rule = next((str(rule) for rule in refusals.values() if rule is not None), None)
                queue.stuck.append((rows, count, rule, parts))
        for sim_ids in {ids for ids in takers.values() if ids}:
            _add_lane(queue, rows, takers, sim_ids, sims, starts_s)
    queue.left = sum(len(lane.parts) for lane in queue.lanes)
    return queue


def _add_lane(
    queue: Queue,
    rows: Rows,
    takers: dict[int, frozenset[int]],
    sim_ids: frozenset[int],
    sims: Sequence[Sim],
    starts_s: float,
) -> None:
    restricted = None if len(sim_ids) == len(sims) else sim_ids
    preferred = [sim for sim in sims if sim.sim_id in rows.preferred & sim_ids]
    if all(ids == sim_ids for ids in takers.values()):
        lane = Lane(rows, rows.parts, rows.places, rows.earliest, restricted, starts_s, preferred)
        queue.lanes.append(lane)
        return
    chosen = [index for index, parts in enumerate(rows.parts) if takers[parts] == sim_ids]
    parts = [rows.parts[index] for index in chosen]
    places = chosen if rows.places is None else [rows.places[index] for index in chosen]
    earliest = None if rows.earliest is None else [rows.earliest[index] for index in chosen]
    queue.lanes.append(Lane(rows, parts, places, earliest, restricted, starts_s, preferred))
