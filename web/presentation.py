"""How values look on a page: numbers of telephones, counts, instants, states. Filters of the templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from flask import Flask, request
from flask_babel import gettext as _
from flask_login import current_user

from pbx_sms.core.planning import weekly_hours
from pbx_sms.core.rights import Right
from pbx_sms.operations import inbox
from web import languages, looks, navigation
from web.context import database

#: message state → the colour family of its mark
TONES = {
    "queued": "waiting",
    "leased": "waiting",
    "submitting": "working",
    "submitted": "sent",
    "delivered": "good",
    "undelivered": "bad",
    "failed": "bad",
    "unknown": "unsure",
    "cancelled": "off",
    "suppressed": "off",
    "expired": "off",
}
#: the groups of the progress bar, from left to right
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("good", ("delivered",)),
    ("sent", ("submitted",)),
    ("unsure", ("unknown",)),
    ("bad", ("undelivered", "failed")),
    ("off", ("cancelled", "suppressed", "expired")),
    ("working", ("submitting",)),
    ("waiting", ("queued", "leased")),
)

#: what the orders of a page take, where it is not the right to send
_ORDERS_OF = {
    "contact_pages": Right.KEEP,
    "cost_pages": Right.WRITE,
    "forecast_pages": Right.WRITE,
    "group_pages": Right.KEEP,
    "inbox_pages": Right.ANSWER,
    "list_pages": Right.KEEP,
    "mailing_pages": Right.WRITE,
    "overview": Right.WRITE,
    "route_pages": Right.SETTINGS,
    "start_pages": Right.WRITE,
    "stop_pages": Right.STOP,
    "tariff_pages": Right.SETTINGS,
    "template_pages": Right.KEEP,
    "unknown_pages": Right.SETTLE,
    "upload_pages": Right.KEEP,
}

_NUMBER_INSIDE = re.compile(r"\+\d[\d -]{8,}\d")


def init_app(app: Flask, time_zone: str) -> None:
    zone = ZoneInfo(time_zone)
    app.extensions["pbx_sms_zone"] = zone
    app.jinja_env.filters.update(
        phone=phone,
        count=count,
        moment=lambda at: moment(at, zone, languages.current(), database().now()),
        day_and_time=lambda at: day_and_time(at, zone, languages.current(), database().now()),
        hours=window_words,
        day_name=lambda day: format_date(day, "EEE d MMM y", locale=languages.current()),
        clock_time=lambda at: clock_time(at, zone),
        next_time=lambda at: next_time(at, zone, languages.current(), database().now()),
        message_state=message_state,
        mailing_state=mailing_state,
        sim_state=sim_state,
        kind=kind_name,
        role=role_name,
        tone=lambda state: TONES.get(state, "off"),
    )
    app.jinja_env.globals.update(reason=reason, summary=summary, groups=GROUPS, menu=navigation.MENU)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(
        lambda: {
            "language": languages.current(),
            "language_names": languages.NAMES,
            "look": looks.current(),
            "look_names": looks.NAMES,
            "may": _may,
            "may_order": _may(_ORDERS_OF.get(request.blueprint or "", Right.SEND)),
            "open_inbox": lambda: inbox.open_count(database()),
        }
    )


def _may(right: str) -> bool:
    """Whether who reads the page has this right."""
    return bool(current_user.is_authenticated and current_user.may(right))


def reason(code: str | None, params: Mapping[str, Any] | None = None) -> str:
    """The sentence of a reason; empty where there is none."""
    sentence = languages.render(code, dict(params or {})) if code else ""
    return _NUMBER_INSIDE.sub(lambda found: _unbroken(found[0]), sentence)


def summary(code: str, params: Mapping[str, Any]) -> str:
    """Why many rows were left out: the sentence of the reason without what belongs to one row."""
    return {
        "placeholder_empty": _("a column that the text needs is empty"),
        "too_long": _("the text is too long with the values of the row"),
        "repeat_same_text": _("the same number and the same text as in a row above; it is sent once"),
        "repeat_other_text": _(
            "the same number as in a row above; only the first message is sent, as chosen"
        ),
        "numeric_too_long": _(
            "a number of more than 15 digits, of which the spreadsheet has lost the last ones"
        ),
    }.get(code) or reason(code, params)


def phone(number: str | None) -> str:
    """+79991579240 → +7 999 157-92-40; what is no number stays as it is."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return _unbroken(written)


def _unbroken(number: str) -> str:
    """Without a line break inside."""
    return number.replace(" ", "\u00a0").replace("-", "\u2011")


def count(number: float | None) -> str:
    return "" if number is None else format_decimal(number, locale=languages.current())


def moment(at: datetime | None, zone: ZoneInfo, language: str, now: datetime) -> str:
    """Today: the time; this year: day and time; else the whole date. In the office's time zone."""
    if at is None:
        return ""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return format_time(local, "HH:mm", locale=language, tzinfo=zone)
    if local.year == today.year:
        return format_datetime(local, "d MMM, HH:mm", locale=language, tzinfo=zone)
    return format_date(local.date(), "long", locale=language)


def day_and_time(at: datetime | None, zone: ZoneInfo, language: str, now: datetime) -> str:
    """Of something to come: Thu 26 Nov, 14:20; with the year where it is another."""
    if at is None:
        return ""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return format_time(local, "HH:mm", locale=language, tzinfo=zone)
    pattern = "EEE d MMM, HH:mm" if local.year == today.year else "EEE d MMM y, HH:mm"
    return format_datetime(local, pattern, locale=language, tzinfo=zone)


def next_time(at: datetime | None, zone: ZoneInfo, language: str, now: datetime) -> str:
    """As `day_and_time`; what comes today to the second, because a SIM waits seconds."""
    if at is not None and at.astimezone(zone).date() == now.astimezone(zone).date():
        return clock_time(at, zone)
    return day_and_time(at, zone, language, now)


def clock_time(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%H:%M:%S}"


def window_words(window: str) -> str:
    """A window of the week as the reader writes it, and as it is read again."""
    if window == weekly_hours.ALWAYS:
        return _("at any hour")
    if languages.current() != "ru":
        return window
    for name, russian in zip(weekly_hours.NAMES, weekly_hours.RUSSIAN_NAMES, strict=True):
        window = window.replace(name, russian)
    return window


def message_state(state: str) -> str:
    """As the report of a mailing calls it, too."""
    return languages.render(f"message_state_{state}")


def mailing_state(state: str) -> str:
    return str(
        {
            "draft": _("draft"),
            "scheduled": _("scheduled"),
            "running": _("running"),
            "paused": _("paused"),
            "finished": _("finished"),
            "cancelled": _("cancelled"),
        }.get(state, state)
    )


def sim_state(state: str) -> str:
    return str(
        {
            "ready": _("ready"),
            "throttled": _("slowed down"),
            "suspended": _("suspended"),
            "quarantined": _("in quarantine"),
            "disabled": _("held"),
        }.get(state, state)
    )


def kind_name(kind: str) -> str:
    return str(
        {
            "advertising": _("Advertising"),
            "information": _("Information"),
            "service": _("Service"),
            "urgent": _("Urgent"),
        }.get(kind, kind)
    )


def role_name(role: str) -> str:
    return str(
        {
            "admin": _("Administrator"),
            "operator": _("Operator"),
            "receptionist": _("Receptionist"),
            "viewer": _("Viewer"),
        }.get(role, role)
    )
