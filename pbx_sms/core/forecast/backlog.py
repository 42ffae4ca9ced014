"""The mailings on paper: which message of each may go next, and what became of the mailing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

from pbx_sms.core.forecast.lane import FOREVER, Lane
from pbx_sms.core.forecast.people import People
from pbx_sms.core.forecast.pool import Sim
from pbx_sms.core.forecast.work import MailingWork, Rows
from pbx_sms.core.mailing import RANK, may_use_reserve


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
        "opens_for",
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
        #: what its next opening is waited for
        self.opens_for = "windows"
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
                if lane_opens_s < opens_s:
                    opens_s = lane_opens_s
                    self.opens_for = "person_cap" if lane.waits_for_person(opens_s) else "windows"
            elif chosen is None or lane.place < chosen.place:
                chosen = lane
        return chosen, opens_s

    def drop(self, lane: Lane) -> None:
        self.lanes.remove(lane)


def queue_of(work: MailingWork, sims: Sequence[Sim], now_s: float, people: People | None = None) -> Queue:
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
            _add_lane(queue, rows, takers, sim_ids, sims, starts_s, people)
    queue.left = sum(len(lane.parts) for lane in queue.lanes)
    return queue


def _add_lane(
    queue: Queue,
    rows: Rows,
    takers: dict[int, frozenset[int]],
    sim_ids: frozenset[int],
    sims: Sequence[Sim],
    starts_s: float,
    people: People | None,
) -> None:
    restricted = None if len(sim_ids) == len(sims) else sim_ids
    preferred = [sim for sim in sims if sim.sim_id in rows.preferred & sim_ids]
    strict_to = [sim for sim in sims if sim.sim_id in sim_ids] if rows.sim_ids is not None else []
    if not all(ids == sim_ids for ids in takers.values()):
        chosen = [index for index, parts in enumerate(rows.parts) if takers[parts] == sim_ids]
        rows = replace(
            rows,
            parts=[rows.parts[index] for index in chosen],
            places=chosen if rows.places is None else [rows.places[index] for index in chosen],
            earliest=None if rows.earliest is None else [rows.earliest[index] for index in chosen],
            people=None if rows.people is None else [rows.people[index] for index in chosen],
        )
    # only ordinary messages wait for their people; all count
    lane = Lane(rows, restricted, starts_s, preferred, strict_to, people, waits_for_people=queue.ordinary)
    queue.lanes.append(lane)
