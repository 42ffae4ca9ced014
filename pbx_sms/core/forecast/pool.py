"""The SIMs on paper: what each has used, what it may use, and when it has room for a message.

The windows are made by `core.quota.windows`, as for every real intent, and looked at as `storage.usage` does:
the parts fit once the blocking one has left. Here the counted parts are lists in memory, and instants are
seconds since 1970, because a forecast looks at them a hundred thousand times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from pbx_sms.core import quota
from pbx_sms.core.quota import Rule, SimLimits, Window

#: a 3G stick on an average day, where nothing was measured yet
TYPICAL_PART_S: Final = 5.0

_FOREVER: Final = float("inf")
#: looked at for every message: not through the enum's class each time
_RECIPIENTS: Final = Rule.RECIPIENTS


@dataclass(frozen=True, slots=True)
class UsedPart:
    counted_at: datetime
    #: of an ordinary mailing: it does not use the reserve
    ordinary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SimOutlook:
    """One SIM as it is now."""

    sim_id: int
    limits: SimLimits
    first_seen_at: datetime
    #: what counts in its windows now, oldest first
    used: Sequence[UsedPart] = ()
    #: when it last wrote to each of its recipients in the month, oldest first; only where that is limited
    recipients: Sequence[datetime] = ()
    #: it rests until then
    ready_at: datetime | None = None
    #: from the first byte of a part to the network's answer
    part_s: float = TYPICAL_PART_S


@dataclass(slots=True)
class _Look:
    """A window with the parts that count in it; `since_s` only where all leave together."""

    rule: Rule
    max_parts: int
    #: from the newest, what blocks a message of no parts; one with parts is blocked by so many earlier
    last_place: int
    counted: list[float]
    length_s: float | None
    since_s: float
    ends_s: float


class Sim:
    """One SIM while the parts go: the only thing here that changes."""

    __slots__ = (
        "_all",
        "_first_seen_at",
        "_looks",
        "_ordinary",
        "_out_until_s",
        "_recipients",
        "_valid_until_s",
        "_warm_up_ends_s",
        "_zone",
        "free_s",
        "gap_s",
        "is_parked",
        "limits",
        "part_s",
        "passes_over",
        "ready_s",
        "sim_id",
        "version",
    )

    def __init__(self, outlook: SimOutlook, now_s: float, zone: ZoneInfo) -> None:
        self.sim_id = outlook.sim_id
        self.limits = outlook.limits
        self.part_s = outlook.part_s
        self.gap_s = outlook.limits.min_gap_s
        #: when it may begin its next message, the quota aside
        self.free_s = max(now_s, outlook.ready_at.timestamp() if outlook.ready_at else now_s)
        #: it left something to SIMs that it is meant for, since it was last woken
        self.passes_over = False
        #: it rests until then
        self.ready_s = self.free_s
        #: it lies in a slot that is not active
        self.is_parked = False
        #: until when its day, month or reserve is known to be full, for what may use the reserve and what not
        self._out_until_s = [-_FOREVER, -_FOREVER]
        #: of its newest entry in the simulation's queue
        self.version = 0
        self._zone = zone
        self._first_seen_at = outlook.first_seen_at
        self._warm_up_ends_s = (
            (outlook.first_seen_at + quota.WARM_UP).timestamp() if outlook.limits.warm_up_per_day else 0.0
        )
        # what is not settled yet counts as now
        self._all = [min(part.counted_at.timestamp(), now_s) for part in outlook.used]
        self._ordinary = [min(part.counted_at.timestamp(), now_s) for part in outlook.used if part.ordinary]
        self._recipients = [min(at.timestamp(), now_s) for at in outlook.recipients]
        self._looks: tuple[list[_Look], list[_Look]] = ([], [])
        self._valid_until_s = -_FOREVER

    def room_at(self, part_count: int, ordinary: bool, at_s: float) -> tuple[float, Rule | None]:
        """When so many parts have room, not before `at_s`, and the rule that says so; (infinity, rule) when
        they never have."""
        until_s = at_s
        rule: Rule | None = None
        while True:
            if until_s >= self._valid_until_s:
                self._look_anew(until_s)
            worst_s = until_s
            for look in self._looks[ordinary]:
                place = look.last_place - (part_count if look.rule is not _RECIPIENTS else 1)
                if place < 0:
                    if self._warm_up_ends_s > until_s and look.rule is Rule.WARM_UP:
                        worst_s, rule = max(worst_s, self._warm_up_ends_s), look.rule
                        continue
                    return _FOREVER, look.rule
                counted = look.counted
                if place >= len(counted):
                    continue
                blocking_s = counted[-1 - place]
                if look.length_s is not None:
                    free_s = blocking_s + look.length_s
                elif blocking_s > look.since_s:
                    free_s = look.ends_s
                else:
                    continue
                if free_s > worst_s:
                    worst_s, rule = free_s, look.rule
            if worst_s == until_s or worst_s < self._valid_until_s:
                return worst_s, rule
            until_s = worst_s

    def serves(self, ordinary: bool, at_s: float) -> bool:
        """It is at work and has room today as far as it was seen, be it busy or its hour full."""
        return not self.is_parked and at_s >= self.ready_s and at_s >= self._out_until_s[ordinary]

    def is_found_out(self, rule: Rule | None, ordinary: bool, at_s: float, room_s: float) -> bool:
        """Notes that it has no room before `room_s`; true if that is the end of its serving today."""
        if rule is None or rule is Rule.HOUR:
            return False
        served = at_s >= self._out_until_s[ordinary]
        self._out_until_s[ordinary] = room_s
        return served

    def never_takes(self, part_count: int, ordinary: bool, now_s: float) -> Rule | None:
        """The rule because of which so many parts never fit, be the SIM as fresh as it may."""
        self._look_anew(max(now_s, self._warm_up_ends_s))
        found = (
            look.rule
            for look in self._looks[ordinary]
            if look.rule is not Rule.RECIPIENTS and look.last_place < part_count
        )
        rule = next(found, None)
        self._valid_until_s = -_FOREVER
        return rule

    def largest(self, ordinary: bool) -> int | None:
        """The parts of the longest message that its limits take; None where nothing limits it."""
        return min(
            (look.max_parts for look in self._looks[ordinary] if look.rule is not Rule.RECIPIENTS),
            default=None,
        )

    def send(self, part_count: int, ordinary: bool, at_s: float, resume_parts_s: float) -> float:
        """The message goes; returns when its last part is answered."""
        part_s = self.part_s
        if part_count == 1:
            last_s = at_s
        else:
            # the gap holds between parts too, but must not make the rest too late
            longest_s = resume_parts_s / (2 * part_count)
            step_s = max(part_s, min(self.gap_s, longest_s))
            last_s = at_s
            for _ in range(part_count - 1):
                self._count(last_s + part_s, ordinary)
                last_s += step_s
        end_s = last_s + part_s
        self._count(end_s, ordinary)
        if self.limits.recipients_per_month:
            self._recipients.append(end_s)
        next_s = last_s + self.gap_s
        self.free_s = next_s if next_s > end_s else end_s
        return end_s

    def _count(self, at_s: float, ordinary: bool) -> None:
        self._all.append(at_s)
        if ordinary:
            self._ordinary.append(at_s)

    def _look_anew(self, at_s: float) -> None:
        """The windows in force at `at_s`; they hold until the warm-up or the billing month ends."""
        now = datetime.fromtimestamp(at_s, UTC)
        valid_until_s = self._warm_up_ends_s if self._warm_up_ends_s > at_s else _FOREVER
        both: list[list[_Look]] = []
        for uses_reserve in (True, False):
            found = list(
                quota.windows(
                    self.limits,
                    now,
                    self._zone,
                    first_seen_at=self._first_seen_at,
                    uses_reserve=uses_reserve,
                )
            )
            looks = [self._look(window.rule, window) for window in found]
            if self.limits.recipients_per_month:
                looks.append(self._look(Rule.RECIPIENTS, quota.month_window(self.limits, now, self._zone)))
            for look in looks:
                if look.length_s is None:
                    valid_until_s = min(valid_until_s, look.ends_s)
            both.append(looks)
        self._looks = (both[0], both[1])
        self._valid_until_s = valid_until_s

    def _look(self, rule: Rule, window: Window) -> _Look:
        counted = self._ordinary if window.ordinary_only else self._all
        if rule is Rule.RECIPIENTS:
            counted = self._recipients
            window = Window(
                rule=rule,
                max_parts=self.limits.recipients_per_month,
                since_at=window.since_at,
                length=window.length,
                ends_at=window.ends_at,
            )
        return _Look(
            rule=rule,
            max_parts=window.max_parts,
            last_place=window.blocking_place(0),
            counted=counted,
            length_s=None if window.length is None else window.length.total_seconds(),
            since_s=window.since_at.timestamp(),
            ends_s=_FOREVER if window.ends_at is None else window.ends_at.timestamp(),
        )
