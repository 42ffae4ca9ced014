"""The parts go through the SIMs, one message after the other, until nothing is left that can go.

1. The SIM that is free first looks for a message: higher kinds first, mailings of one kind in fair shares.
2. A message whose person has had enough steps aside until there is room; nothing waits behind it.
3. Where its quota has no room for that message, it waits for the room: nothing of a lower kind takes it.
4. Where nothing is open for it, it waits until something opens; where nothing ever does, it is done.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pbx_sms.core.forecast.backlog import Queue, queue_of
from pbx_sms.core.forecast.lane import FOREVER, Lane
from pbx_sms.core.forecast.people import PeopleOutlook, people_of
from pbx_sms.core.forecast.pool import Sim, SimOutlook
from pbx_sms.core.forecast.result import Ending, Forecast, Sent
from pbx_sms.core.forecast.slots import ModemOutlook, SlottedModem, slotted
from pbx_sms.core.forecast.work import MailingWork
from pbx_sms.core.reason import Reason
from pbx_sms.core.routing import FairShare

#: further ahead nobody plans; what is not done by then never is
HORIZON: Final = timedelta(days=3660)

Trace = Callable[[Sent], None]


def foresee(
    sims: Sequence[SimOutlook],
    works: Sequence[MailingWork],
    *,
    now: datetime,
    zone: ZoneInfo,
    max_parts: int = 7,
    resume_parts_s: float = 300.0,
    people: PeopleOutlook | None = None,
    modems: Sequence[ModemOutlook] = (),
    trace: Trace | None = None,
    why_no_sim: Reason | None = None,
) -> Forecast:
    """When each mailing of `works` ends if nothing else happens.

    `zone` is the office's, for billing months and days; `max_parts` the length of a turn among mailings of
    one kind; `people` the cap of a person and what counts for it; `modems` those with several SIM slots;
    `why_no_sim` what keeps an empty pool from sending.
    """
    run = _Run(sims, works, now, zone, max_parts, resume_parts_s, people, modems, trace)
    run.carry_out()
    no_sim = why_no_sim or Reason("forecast_no_sim")
    mailings = {
        queue.key: _ending(queue, work, run, no_sim) for queue, work in zip(run.queues, works, strict=True)
    }
    return Forecast(made_at=now, mailings=mailings)


class _Run:
    def __init__(
        self,
        sims: Sequence[SimOutlook],
        works: Sequence[MailingWork],
        now: datetime,
        zone: ZoneInfo,
        max_parts: int,
        resume_parts_s: float,
        people: PeopleOutlook | None,
        modems: Sequence[ModemOutlook],
        trace: Trace | None,
    ) -> None:
        now_s = now.timestamp()
        self.sims = [Sim(sim, now_s, zone) for sim in sims]
        persons = people_of(people, now_s)
        self.queues = [queue_of(work, self.sims, now_s, persons) for work in works]
        self._now_s = now_s
        self.days = _Days(now, zone)
        begins_s = [work.starts_at.timestamp() for work in works if work.starts_at is not None]
        self._ends_s = max([now_s, *begins_s]) + HORIZON.total_seconds()
        self._resume_parts_s = resume_parts_s
        self._trace = trace
        self._fair: dict[int, FairShare[Hashable]] = {}
        self._max_parts = max_parts
        #: the queues that have something left, by rank, the highest first
        self._ranks: list[list[Queue]] = []
        for rank in sorted({queue.rank for queue in self.queues}, reverse=True):
            self._fair[rank] = FairShare(max_parts)
            self._ranks.append([one for one in self.queues if one.rank == rank and one.left])
        #: the lane of the message that a SIM has no room for
        self._waits_in: dict[int, Lane] = {}
        #: by SIM, of those that share a modem
        self._modems = slotted(modems, self.sims, now_s)
        #: what rules leave to some SIMs, the highest rank first
        self._strict = [
            (queue, lane)
            for queues in (self._ranks if self._modems else ())
            for queue in queues
            for lane in queue.lanes
            if lane.strict_to
        ]
        self._order = 0
        self._heap: list[tuple[float, int, int, Sim]] = []

    def carry_out(self) -> None:
        for sim in self.sims:
            if not sim.is_parked:
                # one that rests may give way to another SIM of its modem
                self._wake(sim, self._now_s if sim.sim_id in self._modems else sim.free_s)
        while self._heap:
            at_s, _, version, sim = heapq.heappop(self._heap)
            if version == sim.version and at_s < self._ends_s:
                self._serve(sim, at_s)

    def _wake(self, sim: Sim, at_s: float) -> None:
        if at_s != FOREVER:
            self._order += 1
            sim.version = self._order
            heapq.heappush(self._heap, (at_s, self._order, self._order, sim))

    def _serve(self, sim: Sim, at_s: float) -> None:
        """Sends one message through the SIM that is free at `at_s`, or lets it wait."""
        opens_s = FOREVER
        if (waited_in := self._waits_in.pop(sim.sim_id, None)) is not None:
            waited_in.waiting.pop(sim.sim_id, None)
        modem = self._modems.get(sim.sim_id)
        if modem is not None:
            if at_s < sim.free_s:
                self._wait(sim, at_s, sim.free_s)
                return
            wanted, opens_s = modem.wanted(self._strict, at_s) if self._strict else (None, FOREVER)
            if wanted is not None:
                # worth a visit at any time: it may send
                self._change(modem, wanted, at_s, at_s)
                return
        for queues in self._ranks:
            queue, lane, lane_opens_s = self._choose(queues, sim, at_s)
            while lane is not None and lane.steps_aside(at_s):
                # as a denied intent it has cost its mailing the turn
                queue, lane, lane_opens_s = self._choose(queues, sim, at_s)
            opens_s = min(opens_s, lane_opens_s)
            if lane is None:
                continue
            assert queue is not None
            parts = lane.next_parts
            room_s, rule = sim.room_at(parts, queue.ordinary, at_s)
            if room_s <= at_s:
                self._send(queue, lane, sim, at_s, parts)
                self._wake(sim, sim.free_s)
                return
            if len(queues) > 1:
                self._fair[queue.rank].give_back(queue.key, parts)
            # something higher may open meanwhile, and the window of this one may close
            wakes_s = min(room_s, opens_s, queue.cut_off_s, lane.until_s)
            if sim.is_found_out(rule, queue.ordinary, at_s, room_s):
                self._wake_those_who_passed_over(sim, at_s)
            if lane.is_mixed:
                lane.waiting[sim.sim_id] = (sim, parts)
                self._waits_in[sim.sim_id] = lane
            waits_until_s = self._wait(sim, at_s, room_s, wakes_s)
            if rule is not None and waits_until_s != FOREVER:
                queue.waits[str(rule)] += waits_until_s - at_s
            return
        if opens_s != FOREVER:
            for queues in self._ranks:
                for queue in queues:
                    queue.waits[queue.opens_for] += opens_s - at_s
        self._wake(sim, opens_s)

    def _wait(self, sim: Sim, at_s: float, until_s: float, wakes_s: float = FOREVER) -> float:
        """The SIM cannot send until `until_s`, and looks again at `wakes_s` or then; another SIM of its modem
        may take over. Returns when something may go through the modem again."""
        wakes_s = min(until_s, wakes_s)
        modem = self._modems.get(sim.sim_id)
        if modem is not None:
            target, again_s = modem.way_out(at_s, until_s)
            if target is not None:
                return self._change(modem, target, at_s, until_s)
            wakes_s = min(wakes_s, again_s)
        self._wake(sim, wakes_s)
        return wakes_s

    def _change(self, modem: SlottedModem, target: Sim, at_s: float, until_s: float) -> float:
        left = modem.active
        if (waits_in := self._waits_in.pop(left.sim_id, None)) is not None:
            waits_in.waiting.pop(left.sim_id, None)
        left.passes_over = False
        # no entry in the heap is its own any more
        self._order += 1
        left.version = self._order
        active_s = modem.change(target, at_s, until_s)
        self._wake(target, active_s)
        self._wake_those_who_passed_over(left, at_s)
        return active_s

    def _wake_those_who_passed_over(self, out: Sim, at_s: float) -> None:
        """What was left to a SIM may go through others from now on."""
        for sim in self.sims:
            if sim.passes_over and sim is not out and not sim.is_parked:
                sim.passes_over = False
                self._wake(sim, max(at_s, sim.free_s))

    def _choose(self, queues: list[Queue], sim: Sim, at_s: float) -> tuple[Queue | None, Lane | None, float]:
        """Whose turn it is, of one rank, and what of it the SIM may begin now; else when something opens."""
        if len(queues) == 1:
            # alone in its rank: nobody to share with
            return queues[0], *queues[0].next_lane(sim, at_s)
        return self._turn(queues, sim, at_s)

    def _turn(self, queues: list[Queue], sim: Sim, at_s: float) -> tuple[Queue | None, Lane | None, float]:
        opens_s = FOREVER
        found: dict[Hashable, tuple[Queue, Lane]] = {}
        for queue in queues:
            lane, lane_opens_s = queue.next_lane(sim, at_s)
            opens_s = min(opens_s, lane_opens_s)
            if lane is not None:
                found[queue.key] = (queue, lane)

        def parts_of_next(key: Hashable) -> int:
            return found[key][1].next_parts

        key = self._fair[queues[0].rank].choose(found, parts_of_next) if found else None
        if key is None:
            return None, None, opens_s
        return *found[key], opens_s

    def _send(self, queue: Queue, lane: Lane, sim: Sim, at_s: float, parts: int) -> None:
        if self._trace is not None:
            self._trace(Sent(datetime.fromtimestamp(at_s, UTC), queue.key, lane.place, sim.sim_id, parts))
        end_s = sim.send(parts, queue.ordinary, at_s, self._resume_parts_s)
        if end_s > queue.ends_s:
            queue.ends_s = end_s
        if at_s < queue.begins_s:
            queue.begins_s = at_s
        queue.busy_s += parts * sim.part_s
        queue.gap_s += sim.free_s - at_s - parts * sim.part_s
        day = self.days.index(at_s)
        by_day = queue.by_day
        while day >= len(by_day):
            by_day.append(0)
        by_day[day] += parts
        queue.by_sim[sim.sim_id] += parts
        queue.left -= 1
        lane.take(end_s)
        if not lane.left:
            queue.drop(lane)
            if lane.strict_to:
                self._strict = [one for one in self._strict if one[1] is not lane]
            if not queue.left:
                for queues in self._ranks:
                    if queue in queues:
                        queues.remove(queue)
        if lane.waiting:
            self._tell_waiting(lane, end_s)

    def _tell_waiting(self, lane: Lane, end_s: float) -> None:
        """SIMs lacked room for the message that another has taken: a shorter one may fit."""
        next_parts = lane.next_parts if lane.has_next else 0
        for sim, parts in list(lane.waiting.values()):
            if next_parts < parts:
                del lane.waiting[sim.sim_id]
                self._wake(sim, max(end_s, sim.free_s))


class _Days:
    """Days of the office by number, from the day of the forecast on."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self._zone = zone
        self.first: date = now.astimezone(zone).date()
        self._starts_s = [self._start(0), self._start(1)]

    def _start(self, index: int) -> float:
        day = self.first + timedelta(days=index)
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()

    def index(self, at_s: float) -> int:
        while at_s >= self._starts_s[-1]:
            self._starts_s.append(self._start(len(self._starts_s)))
        index = len(self._starts_s) - 2
        while index and at_s < self._starts_s[index]:
            index -= 1
        return index

    def day(self, index: int) -> date:
        return self.first + timedelta(days=index)


def _ending(queue: Queue, work: MailingWork, run: _Run, no_sim: Reason) -> Ending:
    left = queue.left + sum(count for _, count, _, _ in queue.stuck)
    is_cut_off = left > 0 and queue.cut_off_s < FOREVER
    never = None if not left or is_cut_off else _never(queue, run, no_sim)
    ends_s = queue.cut_off_s if is_cut_off else queue.ends_s
    return Ending(
        ends_at=None if never is not None else datetime.fromtimestamp(ends_s, UTC),
        never=never,
        begins_at=None if queue.begins_s == FOREVER else datetime.fromtimestamp(queue.begins_s, UTC),
        messages=work.message_count,
        parts=work.part_count,
        parts_by_day={run.days.day(index): parts for index, parts in enumerate(queue.by_day) if parts},
        parts_by_sim=dict(sorted(queue.by_sim.items())),
        messages_left=left,
        limited_by=_limit(queue),
    )


def _never(queue: Queue, run: _Run, no_sim: Reason) -> Reason:
    """Why the mailing has no end, with what would help in its sentence."""
    if not run.sims:
        return no_sim
    for rows, count, rule, parts in queue.stuck:
        if rule is None:
            return Reason("forecast_other_sim", {"count": count})
        limits = [
            look
            for sim in run.sims
            if rows.permits(sim.sim_id)
            if (look := sim.largest(queue.ordinary)) is not None
        ]
        return Reason(
            "forecast_too_long", {"count": count, "parts": parts, "max_parts": max(limits, default=0)}
        )
    closed = sum(lane.left for lane in queue.lanes if lane.from_s == FOREVER)
    if closed:
        return Reason("forecast_windows_closed", {"count": closed})
    return Reason("forecast_too_far", {"count": queue.left, "years": HORIZON.days // 365})


def _limit(queue: Queue) -> str | None:
    if queue.begins_s == FOREVER:
        return None
    shares = dict(queue.waits) | {"modem": queue.busy_s, "gap": queue.gap_s}
    return max(shares, key=lambda name: shares[name])
