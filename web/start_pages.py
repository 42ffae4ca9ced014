"""From a list and a text to a running mailing: writing, checking, starting.

Nothing is stored before Start: the check page carries the text in its form. A form is good for one Start
(`once`): a second click leads to the mailing that the first one made. And where this text was started
with this list before, even before a restart, Start asks for a tick in so many words.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pbx_sms.core import template
from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import mailings
from pbx_sms.storage import mailings as stored_mailings
from pbx_sms.storage import views
from web import languages
from web.access import for_orders
from web.context import database, settings
from web.presentation import phone
from web.started_forms import StartedForms

blueprint = Blueprint("start_pages", __name__, url_prefix="/mailings")

#: what a text may have in characters before it is not even looked at: 255 parts of 153
MAX_TEXT_LENGTH = 40_000
MAX_NAME_LENGTH = 200
#: rows named with a reason for being left out
_ROWS_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the person has decided so far, as the forms carry it."""

    list_id: int | None
    name: str
    text: str
    kind: str
    repeats: str | None
    leave_out_incomplete: bool
    row: int | None

    @classmethod
    def of_form(cls, form: Any) -> Choices:
        text = template.clean(form.get("text", ""))
        if len(text) > MAX_TEXT_LENGTH:
            abort(413)
        return cls(
            list_id=form.get("list_id", type=int),
            name=form.get("name", "").strip()[:MAX_NAME_LENGTH],
            text=text,
            kind=form.get("kind") or MailingKind.INFORMATION.value,
            repeats=form.get("repeats") or None,
            leave_out_incomplete=form.get("leave_out_incomplete") == "yes",
            row=form.get("row", type=int),
        )


@blueprint.route("/new", methods=["GET", "POST"])
@for_orders
def new() -> ResponseReturnValue:
    """Writing the text; by POST when the person comes back from the check page."""
    choices = Choices.of_form(request.form if request.method == "POST" else request.args)
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
        choices=choices,
        kinds=[kind.value for kind in MailingKind],
        chips=[(name, template.placeholder(name)) for name in columns],
        first_row=first_row,
        max_parts=settings().sending.max_parts,
    )


@blueprint.post("/preview")
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
def check() -> ResponseReturnValue:
    choices = Choices.of_form(request.form)
    return _check_page(choices)


@blueprint.post("")
def start() -> ResponseReturnValue:
    choices = Choices.of_form(request.form)
    if choices.list_id is None:
        abort(400)
    forms: StartedForms = current_app.extensions["pbx_sms_started_forms"]
    lock, made = forms.of(request.form.get("once") or secrets.token_urlsafe())
    with lock:
        if made:
            return redirect(url_for("mailing_pages.show", mailing_id=made[0]), 303)
        with database().read() as connection:
            before = stored_mailings.started_with(connection, choices.list_id, choices.text)
        if before and request.form.get("again") != "yes":
            return _check_page(choices, languages.render("started_before"))
        try:
            started = mailings.create(
                database(),
                settings(),
                list_id=choices.list_id,
                text=choices.text,
                name=choices.name or None,
                kind=choices.kind,
                repeats=choices.repeats,
                leave_out_incomplete=choices.leave_out_incomplete,
                created_by=current_user.name,
                start=True,
            )
        except NotFound:
            raise
        except Refused as refused:
            return _check_page(choices, languages.render(refused.code, dict(refused.params)))
        made.append(started["mailing_id"])
    return redirect(url_for("mailing_pages.show", mailing_id=started["mailing_id"]), 303)


@blueprint.get("/<int:mailing_id>/draft")
def draft(mailing_id: int) -> ResponseReturnValue:
    """A mailing that was made elsewhere and not started: the same check page, for a viewer too."""
    with database().read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id)
    if mailing is None or mailing.list_id is None:
        abort(404)
    if mailing.state != MailingState.DRAFT:
        return redirect(url_for("mailing_pages.show", mailing_id=mailing_id))
    choices = Choices(
        list_id=mailing.list_id,
        name=mailing.name,
        text=mailing.text,
        kind=mailing.kind,
        repeats=mailing.repeats,
        leave_out_incomplete=mailing.leave_out_incomplete,
        row=request.args.get("row", type=int),
    )
    return _check_page(choices, draft_id=mailing_id)


@blueprint.post("/<int:mailing_id>/start")
def start_draft(mailing_id: int) -> ResponseReturnValue:
    mailings.start(database(), settings(), mailing_id)
    return redirect(url_for("mailing_pages.show", mailing_id=mailing_id), 303)


def _check_page(
    choices: Choices, problem: str | None = None, draft_id: int | None = None
) -> ResponseReturnValue:
    if choices.list_id is None:
        abort(400)
    checked = mailings.check(
        database(),
        settings(),
        list_id=choices.list_id,
        text=choices.text,
        kind=choices.kind,
        repeats=choices.repeats,
        leave_out_incomplete=choices.leave_out_incomplete,
    )
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
        started_before=before,
        repeats_matter=repeats_matter
        and (checked.undecided or choices.repeats or "repeat_other_text" in checked.left_out_counts),
        draft_id=draft_id,
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
