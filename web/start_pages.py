"""From a list and a text to a mailing: writing, looking at any row's own text, checking.

Nothing is stored before Start (`starting_pages`): the check page carries the text in its form.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pbx_sms.core import template
from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.planning.choice import AT_ONCE
from pbx_sms.core.rights import Right
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import groups, mailings, templates
from pbx_sms.operations.mailings.sparing import FAILING_CODES
from pbx_sms.storage import mailings as stored_mailings
from pbx_sms.storage import starts as stored_starts
from pbx_sms.storage import views
from pbx_sms.storage.views import MailingView
from web import cost_pages, forecast_pages, languages, plan_pages
from web.access import needs
from web.choices import Choices
from web.context import compositions, database, settings, starts
from web.plan_fields import MARK, PlanFields
from web.presentation import phone

blueprint = Blueprint("start_pages", __name__, url_prefix="/mailings")

#: rows named with a reason for being left out
_ROWS_NAMED = 12


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Right.WRITE)
def new() -> ResponseReturnValue:
    """Writing the text, also beginning with a saved one; by POST when the person comes back from the check
    page."""
    choices = Choices.of_form(request.form if request.method == "POST" else request.args)
    if (template_id := request.args.get("template", type=int)) is not None:
        choices = replace(choices, text=templates.find(database(), min(template_id, 2**62)).text)
    return compose_page(choices)


def compose_page(choices: Choices) -> str:
    """The page on which a text is written, or its list is chosen. NotFound(list_not_found)."""
    with database().read() as connection:
        lists = views.lists_newest_first(connection)
        found = views.list_by_id(connection, choices.list_id) if choices.list_id else None
        if found is not None:
            columns = views.usable_columns(connection, found.list_id)
            rows = views.accepted_rows(connection, found.list_id, limit=1)
        else:
            columns, rows = [], []
    if choices.list_id is not None and found is None:
        raise NotFound("list_not_found", list_id=choices.list_id)
    first_row = choices.row or (rows[0].row if rows else None)
    return render_template(
        "compose.html",
        lists=lists,
        list=found,
        # named apart from the groups of states that every page knows
        people_groups=groups.list_groups(database(), settings(), languages.current()),
        templates=templates.list_templates(database()),
        choices=choices,
        kinds=[kind.value for kind in MailingKind],
        chips=[(name, template.placeholder(name)) for name in columns],
        first_row=first_row,
        audience_once=secrets.token_urlsafe(16),
        # put together while the person was elsewhere
        left=compositions().left_by(current_user.name),
        max_parts=settings().sending.max_parts,
    )


@blueprint.post("/preview")
@needs(Right.WRITE)
def preview() -> ResponseReturnValue:
    """One row's own text for the script of the pages: {"row", "number", "text", "note", "fields"}.

    `step` -1 or 1 goes to the neighbouring row that has a number. A mistake in the text is 200 with
    "problem": it is no failure of the page.
    """
    choices = Choices.of_form(request.form)
    if choices.list_id is None:
        abort(400)
    row = _stepped(choices.list_id, choices.row or 1, request.form.get("step", 0, type=int))
    try:
        shown = mailings.preview(database(), choices.list_id, choices.text, row)
    except Refused as refused:
        return jsonify({"row": row, "problem": languages.render(refused.code, dict(refused.params))})
    return jsonify(_preview_shape(choices.list_id, shown))


@blueprint.post("/check")
@needs(Right.WRITE)
def check() -> ResponseReturnValue:
    draft_id = request.form.get("draft_id", type=int)
    if draft_id is None:
        return check_page(Choices.of_form(request.form))
    with database().read() as connection:
        mailing = views.mailing_by_id(connection, draft_id)
    if mailing is None or mailing.state != MailingState.DRAFT:
        return redirect(url_for("mailing_pages.show", mailing_id=draft_id))
    return check_page(draft_choices(mailing), draft_id=draft_id)


@blueprint.get("/<int:mailing_id>/draft")
@needs(Right.SEE)
def draft(mailing_id: int) -> ResponseReturnValue:
    """A mailing that was made elsewhere, or whose Start was broken off: the same check page, for a viewer
    too."""
    with database().read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id)
    if mailing is None or mailing.list_id is None:
        abort(404)
    if mailing.state != MailingState.DRAFT:
        return redirect(url_for("mailing_pages.show", mailing_id=mailing_id))
    if (key := starts().key_of_mailing(mailing_id)) is not None:
        return redirect(url_for("starting_pages.show", key=key))
    notice = languages.render("start_broken_off") if mailing.reason == stored_starts.STARTING else None
    return check_page(draft_choices(mailing), draft_id=mailing_id, notice=notice)


def draft_choices(mailing: MailingView) -> Choices:
    """What was chosen for a draft, with what the request says of its plan, the row and the trial."""
    if MARK in request.form:
        plan = PlanFields.of_form(request.form)
    else:
        with database().read() as connection:
            stored = stored_mailings.find(connection, mailing.mailing_id)
        choice = AT_ONCE if stored is None else stored_mailings.plan_of(stored)
        plan = PlanFields.of_choice(choice, ZoneInfo(settings().sending.time_zone))
    row = request.values.get("row", type=int)
    return replace(Choices.of_draft(mailing, plan, row), trial=request.form.get("trial", type=int))


def check_page(
    choices: Choices,
    problem: str | None = None,
    *,
    draft_id: int | None = None,
    notice: str | None = None,
    trial_to: str = "",
) -> ResponseReturnValue:
    """What Start would do. With a `problem`, why it did nothing: 400. `trial_to`: the telephone in the form
    of a trial."""
    if choices.list_id is None:
        abort(400)
    refused: Refused | None = None
    try:
        choice = choices.plan.chosen(settings(), database().now())
    except Refused as error:
        choice, refused = AT_ONCE, error
    checked = choices.checked(database(), settings(), choice)
    with database().read() as connection:
        found = views.list_by_id(connection, choices.list_id)
        repeats_matter = found is not None and found.repeat_count > 0
        before = [
            mailing
            for mailing_id in checked.started_before[:3]
            if (mailing := views.mailing_by_id(connection, mailing_id)) is not None
        ]
    row = choices.row or (checked.first.row if checked.first else None)
    left_out = [
        (code, count, [one for one in checked.left_out if one.reason.code == code][:_ROWS_NAMED])
        for code, count in checked.left_out_counts.items()
    ]
    page = render_template(
        "check.html",
        choices=replace(choices, row=row),
        checked=checked,
        list=found,
        left_out=left_out,
        shown=_row_shown(choices, row),
        problem=problem,
        notice=notice,
        trial_to=trial_to,
        started_before=before,
        repeats_matter=repeats_matter
        and (checked.undecided or choices.repeats or "repeat_other_text" in checked.left_out_counts),
        failing=sum(checked.left_out_counts.get(code, 0) for code in FAILING_CODES),
        draft_id=draft_id,
        cost=cost_pages.of_check(checked, choices.kind, choice),
        forecast=forecast_pages.of_check(checked, choices.kind, choice),
        plan=plan_pages.of_check(checked, choices.kind, choices.plan, choice, refused),
        once=secrets.token_urlsafe(16),
    )
    return page, (400 if problem else 200)


def _row_shown(choices: Choices, row: int | None) -> dict[str, Any] | None:
    if row is None or choices.list_id is None:
        return None
    try:
        return _preview_shape(
            choices.list_id, mailings.preview(database(), choices.list_id, choices.text, row)
        )
    except Refused as refused:
        return {"row": row, "problem": languages.render(refused.code, dict(refused.params))}


def _preview_shape(list_id: int, shown: dict[str, Any]) -> dict[str, Any]:
    note = languages.render(shown["reason"], shown["reason_params"]) if "reason" in shown else ""
    with database().read() as connection:
        names = views.column_names(connection, list_id)
        rows = views.rows_from(connection, list_id, row=shown["row"], limit=1)
    fields = rows[0].fields if rows else ()
    return {
        "row": shown["row"],
        "number": phone(shown["number"]),
        "text": shown["text"],
        "missing": shown["missing"],
        "note": note,
        "fields": [[name, value] for name, value in zip(names, fields, strict=False) if value],
    }


def _stepped(list_id: int, row: int, step: int) -> int:
    """The row itself, or its neighbour that has a number."""
    if step == 0:
        return row
    with database().read() as connection:
        return views.neighbour_row(connection, list_id, row, forward=step > 0) or row
