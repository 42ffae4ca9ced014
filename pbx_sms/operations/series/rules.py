"""Rules as people give them, on a command line or in a form, and the sentence that says a rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.core.planning.recurrence import (
    AroundDate,
    Birthday,
    EveryDays,
    LeapDay,
    Monthly,
    Occurrence,
    Rule,
    ShortMonth,
    Weekly,
    from_json,
    occurrences,
)
from pbx_sms.errors import Refused

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def make_rule(
    kind: str,
    *,
    at: str,
    first: date,
    weekdays: Iterable[str] = (),
    day: int = 1,
    short_month: str = ShortMonth.LAST_DAY,
    days: int = 1,
    column: str = "",
    offset_days: int = 0,
    leap_day: str = LeapDay.FEBRUARY_28,
) -> Rule:
    """A rule of the kind weekly, monthly, every, date or birthday; what another kind needs is left alone.

    Raises Refused: series_rule_unknown, series_time_invalid, series_choice_invalid, and what the rules of
    `core.planning.recurrence` say.
    """
    clock = _time(at)
    match kind:
        case "weekly":
            names = [name.strip().lower()[:3] for name in weekdays]
            if not set(names) <= set(WEEKDAYS):
                raise Refused("series_weekdays_invalid")
            return Weekly(weekdays=frozenset(map(WEEKDAYS.index, names)), at=clock)
        case "monthly":
            if short_month not in tuple(ShortMonth):
                raise Refused("series_choice_invalid", value=short_month)
            return Monthly(day=day, at=clock, short_month=ShortMonth(short_month))
        case "every":
            return EveryDays(days=days, first=first, at=clock)
        case "date" | "birthday" if not column.strip():
            raise Refused("series_column_missing")
        case "date":
            return AroundDate(column=column.strip(), at=clock, offset_days=offset_days)
        case "birthday":
            if leap_day not in tuple(LeapDay):
                raise Refused("series_choice_invalid", value=leap_day)
            return Birthday(
                column=column.strip(), at=clock, offset_days=offset_days, leap_day=LeapDay(leap_day)
            )
        case _:
            raise Refused("series_rule_unknown", value=kind)


def _time(text: str) -> time:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise Refused("series_time_invalid", value=text)
    return time(int(match[1]), int(match[2]))


def wording(rule: Rule, language: str) -> str:
    """The rule as a sentence: "every Monday and Thursday at 10:00"."""
    at = f"{rule.at:%H:%M}"

    def said(code: str, **params: object) -> str:
        return sentences.render(code, {"at": at, **params}, language)

    match rule:
        case Weekly():
            days = ", ".join(
                sentences.render(f"weekday_{WEEKDAYS[day]}", None, language) for day in sorted(rule.weekdays)
            )
            return said("series_rule_weekly", days=days)
        case Monthly(day=day, short_month=short_month) if day > 28:
            return said(f"series_rule_monthly_{short_month}", day=day)
        case Monthly():
            return said("series_rule_monthly", day=rule.day)
        case EveryDays(days=1):
            return said("series_rule_daily")
        case EveryDays():
            return said("series_rule_every", days=rule.days)
        case AroundDate():
            return said(f"series_rule_date{_side(rule.offset_days)}", **_around(rule))
        case Birthday():
            leap = sentences.render(f"series_leap_{rule.leap_day}", None, language)
            return said(f"series_rule_birthday{_side(rule.offset_days)}", leap=leap, **_around(rule))


def _side(offset_days: int) -> str:
    if offset_days == 0:
        return ""
    return "_after" if offset_days > 0 else "_before"


def _around(rule: AroundDate | Birthday) -> dict[str, object]:
    return {"column": rule.column, "days": abs(rule.offset_days)}


def office_zone(settings: Settings) -> ZoneInfo:
    return ZoneInfo(settings.sending.time_zone)


def following(
    rule: Rule, settings: Settings, after: datetime, *, start_on: date, end_on: date | None
) -> Occurrence | None:
    """What comes after an instant, None where nothing does."""
    zone = office_zone(settings)
    return next(occurrences(rule, zone, after, start_on=start_on, end_on=end_on), None)


def rule_of(shape: Mapping[str, Any]) -> Rule:
    """A stored rule."""
    return from_json(shape)
