"""When mailings end: the piece of the check page, the line of a mailing's page, and rehearsals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from pbx_sms.core.forecast import Change, Ending, What
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.core.reason import Reason
from pbx_sms.core.rights import Right
from pbx_sms.errors import Refused
from pbx_sms.operations import forecasts
from pbx_sms.operations.forecasts import Rehearsal
from pbx_sms.operations.mailings import Check
from pbx_sms.storage import views
from pbx_sms.storage.views import MailingView
from web import languages
from web.access import needs
from web.choices import Choices
from web.context import database, settings
from web.presentation import count

blueprint = Blueprint("forecast_pages", __name__, url_prefix="/mailings")

#: lines of a rehearsal that are shown of its beginning and of its end
_LINES_SHOWN = 20
#: one SIM more is worth telling only where it is quicker by so much
_NOTABLE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    words: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page says of one forecast."""

    ends_at: datetime | None
    never: Reason | None
    limit: str
    days: Sequence[tuple[date, int]]
    #: only what would be earlier
    what_if: Sequence[WhatIf]
    is_running: bool


def of_check(checked: Check, kind: str, choice: PlanChoice = AT_ONCE) -> Shown | None:
    """For the check page; None where there is nothing to send, or the plan cannot be."""
    if not checked.messages:
        return None
    try:
        return _of_plan(checked, MailingKind(kind), choice)
    except Refused:
        # the check has told it
        return None


def _of_plan(checked: Check, kind: MailingKind, choice: PlanChoice) -> Shown:
    found = forecasts.of_check(database(), settings(), checked, kind, choice=choice)
    what_if = [
        WhatIf(words=what_if_words(one.change), ends_at=one.ending.ends_at)
        for one in found.alternatives
        if _is_earlier(one.ending, found.ending)
    ]
    return _shown(found.ending, what_if, is_running=found.pool.is_running)


def _is_earlier(ending: Ending, than: Ending) -> bool:
    if ending.ends_at is None or than.ends_at is None:
        return ending.ends_at is not None
    return (than.ends_at - ending.ends_at).total_seconds() >= _NOTABLE_S


def _shown(ending: Ending, what_if: Sequence[WhatIf] = (), *, is_running: bool) -> Shown:
    limit = f"forecast_limit_{ending.limited_by}" if ending.limited_by else ""
    return Shown(
        ends_at=ending.ends_at,
        never=ending.never,
        limit=languages.render(limit) if limit else "",
        days=sorted(ending.parts_by_day.items()),
        what_if=what_if,
        is_running=is_running,
    )


def what_if_words(change: Change) -> str:
    match change.what:
        case What.MORE_SIMS if change.value == 1:
            return _("with one more SIM")
        case What.PER_DAY:
            return _("with %(count)s parts a day from each SIM", count=count(change.value))
        case What.PARTS:
            return ngettext(
                "with a text of %(num)s part", "with a text of at most %(num)s parts", change.value
            )
        case _:
            return languages.render(f"what_if_{change.what}", {"value": change.value})


@blueprint.get("/<int:mailing_id>/forecast")
@needs(Right.SEE)
def line(mailing_id: int) -> ResponseReturnValue:
    """The line on a mailing's page, fetched anew from time to time."""
    return render_template("_forecast_line.html", mailing=_find(mailing_id))


@blueprint.get("/<int:mailing_id>/rehearsal")
@needs(Right.SEE)
def rehearsal(mailing_id: int) -> ResponseReturnValue:
    _find(mailing_id)
    return _rehearsal_page(forecasts.rehearse(database(), settings(), mailing_id))


@blueprint.post("/rehearsal")
@needs(Right.WRITE)
def rehearsal_of_check() -> ResponseReturnValue:
    """Of what the check page shows, before anything is stored."""
    choices = Choices.of_form(request.form)
    if choices.list_id is None:
        abort(400)
    found = forecasts.rehearse_list(
        database(),
        settings(),
        list_id=choices.list_id,
        text=choices.text,
        kind=choices.kind,
        repeats=choices.repeats,
        leave_out_incomplete=choices.leave_out_incomplete,
        allow_failing=choices.allow_failing,
        name=choices.name or None,
        choice=choices.plan.chosen(settings(), database().now()),
    )
    return _rehearsal_page(found, choices)


def _rehearsal_page(found: Rehearsal, choices: Choices | None = None) -> ResponseReturnValue:
    lines = found.lines
    is_cut = len(lines) > 2 * _LINES_SHOWN
    return render_template(
        "rehearsal.html",
        found=found,
        choices=choices,
        shown=_shown(found.ending, is_running=found.pool.is_running),
        sims=forecasts.by_sim(found.pool, found.ending),
        first=lines[:_LINES_SHOWN] if is_cut else lines,
        last=lines[-_LINES_SHOWN:] if is_cut else (),
        between=len(lines) - 2 * _LINES_SHOWN,
    )


def _find(mailing_id: int) -> MailingView:
    with database().read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id) if mailing_id < 2**62 else None
    if mailing is None:
        abort(404)
    return mailing
