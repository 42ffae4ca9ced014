"""When a mailing comes again: rules over the days of the office's calendar.

Rules by the calendar (weekly, monthly, every N days) name the days themselves. Rules by a column (a day
before or after a date, a birthday) look every day which rows are due: `is_due`. Each day of a rule has one
instant, also in the nights of summer time (see `wall_clock`). Nothing here knows what was sent already.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.core.planning.wall_clock import instant_at
from pbx_sms.core.planning.written_date import WrittenDate
from pbx_sms.errors import Refused

MIN_OFFSET_DAYS, MAX_OFFSET_DAYS = -30, 365
MAX_EVERY_DAYS = 366
_DAY = timedelta(days=1)
#: the farthest that a gap may carry an instant away from its day
_GAP_DAYS = timedelta(days=2)


class ShortMonth(StrEnum):
    """What a rule for day 29, 30 or 31 does in a month that has no such day."""

    LAST_DAY = "last"
    SKIP = "skip"


class LeapDay(StrEnum):
    """When somebody born on 29 February is congratulated in a common year."""

    FEBRUARY_28 = "feb28"
    MARCH_1 = "mar1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    #: 0 is Monday
    weekdays: frozenset[int]
    at: time

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise Refused("series_weekdays_invalid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    #: 1 to 31
    day: int
    at: time
    short_month: ShortMonth = ShortMonth.LAST_DAY

    def __post_init__(self) -> None:
        if not 1 <= self.day <= 31:
            raise Refused("series_day_invalid", day=self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryDays:
    days: int
    #: a day of the rule: the others are a multiple of `days` after it
    first: date
    at: time

    def __post_init__(self) -> None:
        if not 1 <= self.days <= MAX_EVERY_DAYS:
            raise Refused("series_every_invalid", days=self.days, max_days=MAX_EVERY_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundDate:
    """So many days after the date in a column; before it where `offset_days` is negative."""

    column: str
    at: time
    offset_days: int = 0

    def __post_init__(self) -> None:
        _check_offset(self.offset_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Birthday:
    """Every year on the day and month in a column; the year does not matter."""

    column: str
    at: time
    leap_day: LeapDay = LeapDay.FEBRUARY_28
    offset_days: int = 0

    def __post_init__(self) -> None:
        _check_offset(self.offset_days)


CalendarRule = Weekly | Monthly | EveryDays
ColumnRule = AroundDate | Birthday
Rule = CalendarRule | ColumnRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time of a rule: the day that it counts for, and when it is due."""

    day: date
    at: datetime


def by_column(rule: Rule) -> bool:
    return isinstance(rule, (AroundDate, Birthday))


def occurrences(
    rule: Rule,
    zone: ZoneInfo,
    after: datetime,
    *,
    start_on: date | None = None,
    end_on: date | None = None,
) -> Iterator[Occurrence]:
    """What comes after the instant `after`, in order, between two days (both included); endless without
    `end_on`. A rule by a column is due every day."""
    first = after.astimezone(zone).date() - _GAP_DAYS
    for day in days_from(rule, first if start_on is None else max(first, start_on)):
        if end_on is not None and day > end_on:
            return
        at = instant_at(day, rule.at, zone)
        if at > after:
            yield Occurrence(day=day, at=at)


def days_from(rule: Rule, first: date) -> Iterator[date]:
    """The days of the rule from `first` on."""
    day = first
    while True:
        if _is_day_of(rule, day):
            yield day
        if day == date.max:
            return
        day += _DAY


def _is_day_of(rule: Rule, day: date) -> bool:
    match rule:
        case Weekly():
            return day.weekday() in rule.weekdays
        case Monthly():
            last = monthrange(day.year, day.month)[1]
            if rule.day > last:
                return rule.short_month is ShortMonth.LAST_DAY and day.day == last
            return day.day == rule.day
        case EveryDays():
            return day >= rule.first and (day - rule.first).days % rule.days == 0
        case AroundDate() | Birthday():
            return True


def is_due(rule: ColumnRule, written: WrittenDate, day: date) -> bool:
    """Whether the row with this date is due on `day`."""
    try:
        target = day - timedelta(days=rule.offset_days)
    except OverflowError:
        return False
    match rule:
        case AroundDate():
            return written.as_date() == target
        case Birthday():
            return _birthday_in(target.year, written, rule.leap_day) == target


def next_due_day(rule: ColumnRule, written: WrittenDate, first: date) -> date | None:
    """The first day from `first` on that the row is due; None where there is none any more, or no year."""
    offset = timedelta(days=rule.offset_days)
    match rule:
        case AroundDate():
            found = written.as_date()
            days = [] if found is None else [found + offset]
        case Birthday():
            years = range(first.year - 2, first.year + 3)
            days = [_birthday_in(year, written, rule.leap_day) + offset for year in years if year > 0]
    return next((day for day in days if day >= first), None)


def _birthday_in(year: int, written: WrittenDate, leap_day: LeapDay) -> date:
    if (written.month, written.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28) if leap_day is LeapDay.FEBRUARY_28 else date(year, 3, 1)
    return date(year, written.month, written.day)


def _check_offset(offset_days: int) -> None:
    if not MIN_OFFSET_DAYS <= offset_days <= MAX_OFFSET_DAYS:
        raise Refused(
            "series_offset_invalid",
            days=offset_days,
            min_days=MIN_OFFSET_DAYS,
            max_days=MAX_OFFSET_DAYS,
        )


# as it is stored


def to_json(rule: Rule) -> dict[str, Any]:
    """{"kind", "at": "HH:MM", …}; `from_json` is its reverse."""
    at = f"{rule.at:%H:%M}"
    match rule:
        case Weekly():
            return {"kind": "weekly", "at": at, "weekdays": sorted(rule.weekdays)}
        case Monthly():
            return {"kind": "monthly", "at": at, "day": rule.day, "short_month": str(rule.short_month)}
        case EveryDays():
            return {"kind": "every", "at": at, "days": rule.days, "first": rule.first.isoformat()}
        case AroundDate():
            return {"kind": "date", "at": at, "column": rule.column, "offset_days": rule.offset_days}
        case Birthday():
            return {
                "kind": "birthday",
                "at": at,
                "column": rule.column,
                "offset_days": rule.offset_days,
                "leap_day": str(rule.leap_day),
            }


def from_json(shape: Mapping[str, Any]) -> Rule:
    at = time.fromisoformat(shape["at"])
    match shape["kind"]:
        case "weekly":
            return Weekly(weekdays=frozenset(shape["weekdays"]), at=at)
        case "monthly":
            return Monthly(day=shape["day"], at=at, short_month=ShortMonth(shape["short_month"]))
        case "every":
            return EveryDays(days=shape["days"], first=date.fromisoformat(shape["first"]), at=at)
        case "date":
            return AroundDate(column=shape["column"], at=at, offset_days=shape["offset_days"])
        case "birthday":
            return Birthday(
                column=shape["column"],
                at=at,
                offset_days=shape["offset_days"],
                leap_day=LeapDay(shape["leap_day"]),
            )
        case kind:
            raise ValueError(f"no rule is of the kind {kind!r}")
