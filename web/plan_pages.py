"""When a mailing sends: the piece of the check page, and the orders to a mailing that waits for its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning import zones
from pbx_sms.core.planning.choice import AT_ONCE, CutOffAction, Holidays, PlanChoice
from pbx_sms.core.rights import Right
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import mailings, planning
from pbx_sms.operations.mailings import Check
from pbx_sms.storage import views
from web import languages
from web.access import needs
from web.context import database, settings
from web.plan_fields import PlanFields
from web.presentation import count, day_and_time, window_words

blueprint = Blueprint("plan_pages", __name__, url_prefix="/mailings")

#: rows of a list that are looked at for columns with time zones
_ROWS_READ = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the check page says of the plan."""

    fields: PlanFields
    start_at: datetime | None
    #: what will happen
    sentence: str
    #: why it cannot
    problem: str
    #: the hours that the settings give to the kind
    kind_window: str
    #: columns of the list that hold time zones
    zone_columns: tuple[str, ...]
    #: which rule holds for recipients whose zone nothing tells
    guess: str
    #: what the settings say of the kind
    rules: str

    @property
    def is_open(self) -> bool:
        """Whether there is more to see than that nothing was chosen."""
        return bool(self.problem) or not self.fields.is_plain


def of_check(
    checked: Check, kind: str, fields: PlanFields, choice: PlanChoice, refused: Refused | None
) -> Shown:
    """`choice`: what the fields say, and at once where they were `refused`."""
    now = database().now()
    mailing_kind = MailingKind(kind)
    plan = planning.preview(settings(), mailing_kind, choice, checked.zones, now)
    problem = languages.render(refused.code, dict(refused.params)) if refused else ""
    if not problem and plan["begins_at"] is None:
        problem = languages.render("window_never_opens")
    with database().read() as connection:
        names = views.usable_columns(connection, checked.list_id)
        places = [views.column_names(connection, checked.list_id).index(name) for name in names]
        rows = views.accepted_rows(connection, checked.list_id, limit=_ROWS_READ)
    holding = [
        name
        for name, place in zip(names, places, strict=True)
        if any(place < len(row.fields) and zones.read(row.fields[place]) for row in rows)
    ]
    return Shown(
        fields=fields,
        start_at=choice.start_at,
        sentence="" if problem else sentence(plan, choice, now),
        problem=problem,
        kind_window=planning.window_of(settings(), mailing_kind),
        # what was chosen elsewhere can be taken back here
        zone_columns=tuple(dict.fromkeys([*holding, *filter(None, [fields.zone_column])])),
        guess=_guess(checked, mailing_kind),
        rules=_rules(mailing_kind, now),
    )


def sentence(plan: Mapping[str, Any], choice: PlanChoice, now: datetime) -> str:
    """What will happen, of `planning.preview` with a beginning."""
    words = "; ".join(_clauses(plan, choice, now))
    return f"{words[:1].upper()}{words[1:]}."


def _clauses(plan: Mapping[str, Any], choice: PlanChoice, now: datetime) -> Iterable[str]:
    begins_at = plan["begins_at"]
    if begins_at <= now:
        yield _("starts at once")
    elif begins_at == choice.start_at:
        yield _("starts %(time)s", time=_moment(begins_at))
    else:
        yield _("starts by itself %(time)s, when its hours begin", time=_moment(begins_at))
    opened = [line for line in plan["zones"] if line["next"]]
    if len(plan["zones"]) > 1:
        words = ngettext(
            "recipients in %(num)s time zone", "recipients in %(num)s time zones", len(plan["zones"])
        )
        last_at = max(line["next"][0]["from_at"] for line in opened)
        if last_at > begins_at:
            words = _("%(zones)s, to the last of them from %(time)s", zones=words, time=_moment(last_at))
        yield words
    if choice.cut_off_at is not None:
        at = _moment(choice.cut_off_at)
        if choice.cut_off_action is CutOffAction.ASK:
            yield _("if something is left at %(time)s, it is paused and asks", time=at)
        else:
            yield _("what has not gone by %(time)s is cancelled", time=at)
    elif (ends := _end_of_day(opened)) is not None:
        yield ends
    if choice.smooth:
        yield _("spread evenly over that time")


def _end_of_day(opened: Iterable[Mapping[str, Any]]) -> str | None:
    """Until when it goes, by the recipients' clocks where those count; None where it goes all day."""
    clocks = set()
    theirs = True
    for line in opened:
        zone = line["zone"]
        if zones.country_of(zone):
            return _decent_hours(line["next"][0])
        place = zones.zones_of(zone)[0] if zone else _office_zone()
        theirs = bool(zone)
        for interval in line["next"]:
            if interval["until_at"] is None:
                return None
            clocks.add(f"{interval['until_at'].astimezone(place):%H:%M}")
    if not clocks:
        return None
    clock = "24:00" if "00:00" in clocks else max(clocks)
    if theirs:
        return _("nothing goes after %(time)s their time", time=clock)
    return _("nothing goes after %(time)s", time=clock)


def _decent_hours(interval: Mapping[str, Any]) -> str | None:
    if interval["until_at"] is None:
        return None
    return _(
        "to those whose zone is not known from %(from_time)s to %(until_time)s only",
        from_time=f"{interval['from_at'].astimezone(_office_zone()):%H:%M}",
        until_time=f"{interval['until_at'].astimezone(_office_zone()):%H:%M}",
    )


def _guess(checked: Check, kind: MailingKind) -> str:
    if not checked.guessed_zones:
        return ""
    if kind in settings().planner.all_zones_for:
        return _(
            "Recipients whose time zone nothing tells: %(count)s. They get it only at an hour that is decent "
            "in all zones of the country. With a numbering plan, or a column with the time zone, there are "
            "more hours.",
            count=count(checked.guessed_zones),
        )
    return _(
        "Recipients whose time zone nothing tells: %(count)s. They get it in the office's hours. With a "
        "numbering plan, or a column with the time zone, they get it in their own.",
        count=count(checked.guessed_zones),
    )


def _rules(kind: MailingKind, now: datetime) -> str:
    of_kind = planning.preview(settings(), kind, AT_ONCE, {}, now)
    skips = of_kind["holidays"] == Holidays.SKIP
    return _(
        "Set in pbx-sms.toml for this kind: hours %(hours)s; quiet hours of the recipient: %(quiet)s; on "
        "holidays and days off %(holidays)s.",
        hours=window_words(of_kind["window"]),
        quiet=of_kind["quiet_hours"] or "–",
        holidays=_("it does not send") if skips else _("it sends"),
    )


def _moment(at: datetime) -> str:
    return day_and_time(at, _office_zone(), languages.current(), database().now())


def _office_zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.extensions["pbx_sms_zone"]
    return zone


@blueprint.post("/<int:mailing_id>/begin-now")
@needs(Right.SEND)
def begin_now(mailing_id: int) -> ResponseReturnValue:
    mailings.begin_now(database(), settings(), mailing_id, by=current_user.name)
    return redirect(url_for("mailing_pages.show", mailing_id=mailing_id), 303)


@blueprint.post("/<int:mailing_id>/schedule")
@needs(Right.SEND)
def schedule(mailing_id: int) -> ResponseReturnValue:
    """Another time; one that cannot be is told on the mailing's page."""
    try:
        made = mailings.schedule(
            database(), settings(), mailing_id, request.form.get("at", "")[:100], by=current_user.name
        )
    except (NotFound, Conflict):
        raise
    except Refused as refused:
        flash(languages.render(refused.code, dict(refused.params)), "error")
    else:
        flash(_("The mailing starts %(time)s.", time=_moment(made["scheduled_at"])), "good")
    return redirect(url_for("mailing_pages.show", mailing_id=mailing_id), 303)
