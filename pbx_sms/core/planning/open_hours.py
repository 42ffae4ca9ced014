"""When sending is allowed, as intervals of absolute time.

`OpenHours` is made of rules that must all be fulfilled: weekly hours with a calendar in a time zone (the
mailing's window, the recipient's quiet hours; one rule for each zone that is to be respected), not before a
start, not at or after a cut-off.

What holds on the nights when clocks are set: while it is open, the local clock shows a time inside the hours.
Hours that begin in the gap of spring begin with its end; hours that begin or end in the repeated hour of
autumn begin the second time and end the first time, unless nothing would be left of them. A span over
midnight belongs to the day on which it begins; of a day off nothing is left, not even the rest of a span that
began the day before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from pbx_sms.core.planning.calendar import Calendar
from pbx_sms.core.planning.weekly_hours import MINUTES_OF_DAY, Span, WeeklyHours

#: so far ahead an opening is looked for
HORIZON_DAYS: Final = 400
#: an interval that is longer comes in pieces
LONGEST_DAYS: Final = 40
_STEP_DAYS: Final = 8


@dataclass(frozen=True, slots=True)
class Interval:
    """Open from `from_at` until just before `until_at`; None: without end."""

    from_at: datetime
    until_at: datetime | None

    def contains(self, instant: datetime) -> bool:
        return self.from_at <= instant and (self.until_at is None or instant < self.until_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRule:
    """Weekly hours on the days of a calendar, by the clock of a zone."""

    hours: WeeklyHours
    zone: tzinfo
    calendar: Calendar = Calendar()

    @property
    def is_always(self) -> bool:
        return self.hours.is_always and not (self.calendar.country or self.calendar.days_off)

    def spans_of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """What is open of the spans that begin on that day, without those of a day off."""
        next_day = day + timedelta(days=1)
        for span in self._of(day):
            until_minute = span.until_minute
            if until_minute > MINUTES_OF_DAY and self.calendar.day_off(next_day):
                until_minute = MINUTES_OF_DAY
            opened = _instants(day, span.from_minute, self.zone)
            closed = _instants(day, until_minute, self.zone)
            # strict: begin the second time, end the first time; but a repeated midnight parts no two days
            goes_on = until_minute == MINUTES_OF_DAY and any(s.from_minute == 0 for s in self._of(next_day))
            from_at, until_at = max(opened), max(closed) if goes_on else min(closed)
            if until_at <= from_at:
                from_at, until_at = min(opened), min(closed)
            if from_at < until_at:
                yield from_at, until_at

    def _of(self, day: date) -> tuple[Span, ...]:
        if self.calendar.day_off(day):
            return ()
        if day in self.calendar.working_days:
            return self.hours.of_working_day(day.weekday())
        return self.hours.of(day.weekday())


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHours:
    rules: tuple[HoursRule, ...] = ()
    #: nothing goes before it
    start_at: datetime | None = None
    #: nothing goes at or after it
    cut_off_at: datetime | None = None

    def interval_at_or_after(self, instant: datetime) -> Interval | None:
        """The first open interval that contains or follows the instant; None: never open again.

        Its beginning may lie before the instant. Of what is open for very long a piece is given, and the
        next question gives the next.
        """
        if self.cut_off_at is not None and self.cut_off_at <= instant:
            return None
        begin_at = instant if self.start_at is None else max(instant, self.start_at)
        rules = [rule for rule in self.rules if not rule.is_always]
        if not rules:
            from_at = self.start_at if self.start_at is not None else instant
            return self._limited(from_at, None)
        found: tuple[datetime, datetime] | None = None
        day = begin_at - timedelta(days=3)
        last = begin_at + timedelta(days=HORIZON_DAYS)
        while day < last:
            step_end = day + timedelta(days=_STEP_DAYS)
            for from_at, until_at in _common(rules, day, step_end):
                if found is not None and from_at > found[1]:
                    return self._limited(*found)
                found = (from_at, until_at) if found is None else (found[0], until_at)
                if found[1] <= begin_at:
                    # it ended before
                    found = None
                elif found[1] - begin_at > timedelta(days=LONGEST_DAYS):
                    return self._limited(*found)
            if found is not None and found[1] < step_end:
                return self._limited(*found)
            day = step_end
        return None if found is None else self._limited(*found)

    def is_open(self, instant: datetime) -> bool:
        found = self.interval_at_or_after(instant)
        return found is not None and found.contains(instant)

    def intervals(self, from_at: datetime, until_at: datetime) -> Iterator[Interval]:
        """What is open between two instants, cut to them."""
        at = from_at
        while at < until_at:
            found = self.interval_at_or_after(at)
            if found is None or found.from_at >= until_at:
                return
            end = until_at if found.until_at is None else min(found.until_at, until_at)
            yield Interval(max(found.from_at, at), end)
            at = end

    def _limited(self, from_at: datetime, until_at: datetime | None) -> Interval | None:
        if self.start_at is not None:
            from_at = max(from_at, self.start_at)
        if self.cut_off_at is not None:
            until_at = self.cut_off_at if until_at is None else min(until_at, self.cut_off_at)
        if until_at is not None and until_at <= from_at:
            return None
        return Interval(from_at, until_at)


def _common(
    rules: Sequence[HoursRule], from_at: datetime, until_at: datetime
) -> list[tuple[datetime, datetime]]:
    """What all rules leave open between two instants, in order, touching pieces joined."""
    common = [(from_at, until_at)]
    for rule in rules:
        common = _intersection(common, _open_of(rule, from_at, until_at))
    return common


def _open_of(rule: HoursRule, from_at: datetime, until_at: datetime) -> list[tuple[datetime, datetime]]:
    day = from_at.astimezone(rule.zone).date() - timedelta(days=1)
    last = until_at.astimezone(rule.zone).date()
    spans: list[tuple[datetime, datetime]] = []
    while day <= last:
        spans += rule.spans_of(day)
        day += timedelta(days=1)
    joined: list[tuple[datetime, datetime]] = []
    for span in sorted(spans):
        if joined and span[0] <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], span[1]))
        else:
            joined.append(span)
    return joined


def _intersection(
    left: Sequence[tuple[datetime, datetime]], right: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    common: list[tuple[datetime, datetime]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        from_at, until_at = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if from_at < until_at:
            common.append((from_at, until_at))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return common


def _instants(day: date, minute: int, zone: tzinfo) -> tuple[datetime, ...]:
    """When the local clock shows that minute of the day: once, twice in the repeated hour; in the gap, the
    instant at which the clock was set."""
    days, rest = divmod(minute, MINUTES_OF_DAY)
    wall = datetime.combine(day + timedelta(days=days), datetime.min.time()) + timedelta(minutes=rest)
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first <= second:
        return (first,) if first == second else (first, second)
    return (_transition(second, first, zone),)


def _transition(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second of the new offset."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
