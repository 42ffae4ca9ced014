"""How many parts a SIM may submit, and when the next ones fit. Pure: instants and counts are arguments.

Everything is counted in parts. Hour and day roll; the month rolls over 30 days, or begins on the SIM's
billing day at midnight in its office's time zone. A limit of 0 means no limit.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
WARM_UP = timedelta(days=7)


class Rule(StrEnum):
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    #: the day less what is reserved for service and urgent messages
    RESERVE = "reserve"
    WARM_UP = "warm_up"
    RECIPIENTS = "recipients"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimLimits:
    """What one SIM may do, in parts; 0 = no limit."""

    per_hour: int = 30
    per_day: int = 100
    per_month: int = 3000
    #: distinct recipients in the month
    recipients_per_month: int = 0
    min_gap_s: float = 6.0
    service_reserve_per_day: int = 10
    warm_up_per_day: int = 0
    #: 1..31, a day that the month lacks is its last; None = the month rolls over 30 days
    billing_day: int | None = None

    def overridden(self, values: Mapping[str, Any]) -> SimLimits:
        """These limits with those of `values` that are set (not None) in their place."""
        known = {field.name for field in fields(self)}
        return replace(
            self, **{key: value for key, value in values.items() if key in known and value is not None}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `max_parts` of what counts may lie after `since_at`."""

    rule: Rule
    max_parts: int
    since_at: datetime
    #: how long a part stays inside; None when all leave together at `ends_at`
    length: timedelta | None
    ends_at: datetime | None = None
    #: only parts of ordinary mailings count
    ordinary_only: bool = False

    def free_at(self, counted_at: datetime) -> datetime:
        """When a part counted at `counted_at` has left the window."""
        if self.length is not None:
            return counted_at + self.length
        assert self.ends_at is not None
        return self.ends_at

    def blocking_place(self, part_count: int) -> int:
        """Counted from the newest part (0), the one that has to leave before `part_count` parts fit."""
        return self.max_parts - part_count


def billing_month(now: datetime, billing_day: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end of the billing month around `now`: midnights in `zone`, as UTC.

    As UTC, because where summer time begins at midnight that midnight does not exist, and an instant
    written with it compares as unequal to itself in another zone (PEP 495).
    """

    def start_of(year: int, month: int) -> datetime:
        day = min(billing_day, calendar.monthrange(year, month)[1])
        return datetime(year, month, day, tzinfo=zone).astimezone(UTC)

    local = now.astimezone(zone)
    start = start_of(local.year, local.month)
    if start > now:
        year, month = (local.year, local.month - 1) if local.month > 1 else (local.year - 1, 12)
        return start_of(year, month), start
    year, month = (local.year, local.month + 1) if local.month < 12 else (local.year + 1, 1)
    return start, start_of(year, month)


def month_window(limits: SimLimits, now: datetime, zone: ZoneInfo) -> Window:
    """The month's window, also where there is no limit (then for showing alone)."""
    if limits.billing_day is None:
        return Window(rule=Rule.MONTH, max_parts=limits.per_month, since_at=now - MONTH, length=MONTH)
    start, end = billing_month(now, limits.billing_day, zone)
    # one microsecond earlier: a part counted at the very start belongs to the month
    since_at = start - timedelta(microseconds=1)
    return Window(rule=Rule.MONTH, max_parts=limits.per_month, since_at=since_at, length=None, ends_at=end)


def windows(
    limits: SimLimits, now: datetime, zone: ZoneInfo, *, first_seen_at: datetime, uses_reserve: bool
) -> tuple[Window, ...]:
    """The windows in force for a message, tightest first to look at."""
    found = []
    if limits.per_hour:
        found.append(Window(rule=Rule.HOUR, max_parts=limits.per_hour, since_at=now - HOUR, length=HOUR))
    if limits.per_day:
        found.append(Window(rule=Rule.DAY, max_parts=limits.per_day, since_at=now - DAY, length=DAY))
        reserve = min(limits.service_reserve_per_day, limits.per_day)
        if reserve and not uses_reserve:
            found.append(
                Window(
                    rule=Rule.RESERVE,
                    max_parts=limits.per_day - reserve,
                    since_at=now - DAY,
                    length=DAY,
                    ordinary_only=True,
                )
            )
    if limits.warm_up_per_day and now - first_seen_at < WARM_UP:
        found.append(
            Window(rule=Rule.WARM_UP, max_parts=limits.warm_up_per_day, since_at=now - DAY, length=DAY)
        )
    if limits.per_month:
        found.append(month_window(limits, now, zone))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Parts of one SIM that lie in the windows now; reserved ones included."""

    hour: int = 0
    day: int = 0
    #: of the day, those of ordinary mailings
    ordinary_day: int = 0
    month: int = 0

    def plus(self, parts: int, *, ordinary: bool) -> Usage:
        return Usage(
            hour=self.hour + parts,
            day=self.day + parts,
            ordinary_day=self.ordinary_day + (parts if ordinary else 0),
            month=self.month + parts,
        )


def used_share(limits: SimLimits, usage: Usage, *, warming_up: bool = False) -> float:
    """How much of its tightest limit is used: 0.0 for none, 1.0 for all. SIMs without limits are compared
    by what they carried in the month, far below any SIM with a limit."""
    shares = [
        used / allowed
        for used, allowed in (
            (usage.hour, limits.per_hour),
            (usage.day, limits.per_day),
            (usage.ordinary_day, limits.per_day - min(limits.service_reserve_per_day, limits.per_day)),
            (usage.month, limits.per_month),
            (usage.day, limits.warm_up_per_day if warming_up else 0),
        )
        if allowed
    ]
    return max(shares) if shares else usage.month * 1e-9
