"""What there is to see of a plan: the windows of a mailing by zone, and what is open on a day and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.planning import calendar, zones
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.core.planning.open_hours import Interval
from pbx_sms.core.planning.opening import why_closed
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations.planning.hours import MailingHours
from pbx_sms.operations.planning.windows import hours_of
from pbx_sms.storage import mailings, windows
from pbx_sms.storage.engine import Database

#: openings that are shown ahead
_NEXT = 3


def show(database: Database, settings: Settings, mailing_id: int) -> dict[str, Any]:
    """{"mailing_id", "state", "scheduled_at", "window", "quiet_hours"?, "holidays": skip | allow,
    "cut_off_at", "then", "smooth", "zones": [{"zone", "messages", "waiting", "open", "next":
    [{"from_at", "until_at"}], "reason"?, "reason_params"?}]}. Raises NotFound(mailing_not_found)."""
    now = database.now()
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
        if mailing is None:
            raise NotFound("mailing_not_found", mailing_id=mailing_id)
        counts = {} if mailing.state == MailingState.DRAFT else windows.counts(connection, mailing_id)
        stored = {window.zone: window for window in windows.of_mailing(connection, mailing_id)}
    hours = hours_of(settings, mailing)
    shown = []
    for zone in sorted(counts, key=lambda one: (-counts[one][0], one)):
        window = stored.get(zone)
        line: dict[str, Any] = {
            "zone": zone,
            "messages": counts[zone][0],
            "waiting": counts[zone][1],
            "open": window is None or window.is_open(now),
            "next": _coming(hours, zone, now) if window is not None else [],
        }
        if window is not None and counts[zone][1] and not window.is_open(now):
            reason = why_closed(zone, window.opens_at(now))
            line |= {"reason": reason.code, "reason_params": dict(reason.params)}
        shown.append(line)
    return {
        "mailing_id": mailing_id,
        "state": mailing.state,
        **_described(settings, hours),
        "zones": shown,
    }


def preview(
    settings: Settings,
    kind: MailingKind,
    choice: PlanChoice,
    counts: Mapping[str, int],
    now: datetime,
) -> dict[str, Any]:
    """What a Start would plan, as `show`: with "begins_at", the first instant at which something may go, and
    None where nothing ever may. `counts`: messages by zone; empty where zones do not matter."""
    hours = MailingHours(settings, kind, choice)
    lines: list[dict[str, Any]] = [
        {"zone": zone, "messages": count, "next": _coming(hours, zone, now)}
        for zone, count in (counts or {"": 0}).items()
    ]
    begins = [line["next"][0]["from_at"] for line in lines if line["next"]]
    return {
        **_described(settings, hours),
        "begins_at": max(now, min(begins)) if begins else None,
        "zones": lines,
    }


def _described(settings: Settings, hours: MailingHours) -> dict[str, Any]:
    choice = hours.choice
    return {
        "scheduled_at": choice.start_at,
        "window": str(hours.window),
        "quiet_hours": settings.planner.quiet_hours if hours.quiet is not None else None,
        "holidays": "skip" if hours.calendar != calendar.Calendar() else "allow",
        "cut_off_at": choice.cut_off_at,
        "then": str(choice.cut_off_action) if choice.cut_off_at else None,
        "smooth": choice.smooth,
    }


def _coming(hours: MailingHours, zone: str, now: datetime) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    at = now
    while len(found) < _NEXT:
        interval = hours.of(zone).interval_at_or_after(at)
        if interval is None:
            break
        found.append({"from_at": interval.from_at, "until_at": interval.until_at})
        if interval.until_at is None:
            break
        at = interval.until_at
    return found


def day(settings: Settings, *, kind: str, day: date, zone: str | None = None) -> dict[str, Any]:
    """What is open on a day for a kind of mailing and why: {"kind", "date", "weekday", "zone", "window",
    "quiet_hours", "holidays", "day_off", "open": [{"from_at", "until_at", "from", "until"}]}.

    `zone`: as in a list's column, or "all:RU"; the office's where none is given. `day_off` is the holiday's
    name, "own", or None. Raises Refused (kind_invalid, zone_unreadable).
    """
    try:
        hours = MailingHours(settings, MailingKind(kind))
    except ValueError as error:
        raise Refused("kind_invalid", value=kind, known=[str(one) for one in MailingKind]) from error
    key = _zone_key(settings, zone)
    place = zones.zones_of(key)[0]
    begin = datetime.combine(day, datetime.min.time(), place)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), place)
    opened: list[Interval] = list(hours.of(key).intervals(begin, end))
    shown: dict[str, Any] = {
        "kind": kind,
        "date": day.isoformat(),
        "weekday": f"{day:%a}",
        "zone": key,
        "window": str(hours.window),
        "quiet_hours": settings.planner.quiet_hours if hours.quiet is not None else None,
        "holidays": "skip" if hours.calendar != calendar.Calendar() else "allow",
        "day_off": hours.calendar.day_off(day),
        "open": [
            {
                "from_at": interval.from_at,
                "until_at": interval.until_at,
                "from": f"{interval.from_at.astimezone(place):%H:%M}",
                "until": _clock(interval.until_at, place, end),
            }
            for interval in opened
        ],
    }
    return shown


def _clock(instant: datetime | None, place: Any, end: datetime) -> str:
    return "24:00" if instant is None or instant >= end else f"{instant.astimezone(place):%H:%M}"


def _zone_key(settings: Settings, zone: str | None) -> str:
    if not zone:
        return str(ZoneInfo(settings.sending.time_zone).key)
    country = zones.country_of(zone)
    if country is not None and zones.of_country(country):
        return zone
    key = zones.read(zone)
    if key is None:
        raise Refused("zone_unreadable", value=zone)
    return key
