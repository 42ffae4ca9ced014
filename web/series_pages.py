"""Repeating mailings: all of them, one with its next days and runs, and making one."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.rights import Right
from pbx_sms.errors import Refused
from pbx_sms.operations import series, templates
from pbx_sms.operations.series import rules
from pbx_sms.storage import views
from web import languages
from web.access import needs
from web.choices import MAX_NAME_LENGTH, MAX_TEXT_LENGTH
from web.context import database, settings

blueprint = Blueprint("series_pages", __name__, url_prefix="/repeating")

KINDS = ("weekly", "monthly", "every", "date", "birthday")


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    found = [_with_wording(one) for one in series.list_series(database())]
    return render_template("series_list.html", found=found)


@blueprint.get("/<int:series_id>")
@needs(Right.SEE)
def show(series_id: int) -> ResponseReturnValue:
    return _page(series_id)


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Right.SEND)
def new() -> ResponseReturnValue:
    if request.method == "GET":
        return _form(request.args, None)
    try:
        added = _add(request.form)
    except Refused as refused:
        return _form(request.form, languages.render(refused.code, dict(refused.params)))
    return redirect(url_for("series_pages.show", series_id=added["series_id"]), 303)


@blueprint.post("/<int:series_id>/change")
@needs(Right.SEND)
def change(series_id: int) -> ResponseReturnValue:
    """Another text, typed or saved, from the next day on, and whether it spares numbers that fail."""
    form = request.form
    text = _text(form)
    try:
        series.change(
            database(),
            settings(),
            series_id,
            text=text if text.strip() else None,
            saved_text=form.get("template") or None,
            allow_failing=form.get("allow_failing") == "yes",
            by=current_user.name,
        )
    except Refused as refused:
        return _page(series_id, languages.render(refused.code, dict(refused.params)), text)
    flash(_("The repeating mailing was changed; it counts from its next day on."), "good")
    return redirect(url_for("series_pages.show", series_id=series_id), 303)


@blueprint.post("/<int:series_id>/<order>")
@needs(Right.SEND)
def give(series_id: int, order: str) -> ResponseReturnValue:
    """pause, resume, skip, run or remove; what is refused is told on the page."""
    by = current_user.name
    try:
        match order:
            case "pause":
                series.pause(database(), series_id, by=by)
            case "resume":
                series.resume(database(), settings(), series_id, by=by)
            case "skip":
                series.skip(database(), settings(), series_id, by=by)
            case "run":
                series.run_now(database(), settings(), series_id, by=by)
            case "remove":
                series.remove(database(), series_id, by=by)
                flash(_("The repeating mailing was removed; what it has sent stays."), "good")
                return redirect(url_for("series_pages.index"), 303)
            case _:
                abort(404)
    except Refused as refused:
        return _page(series_id, languages.render(refused.code, dict(refused.params)))
    return redirect(url_for("series_pages.show", series_id=series_id), 303)


def _page(series_id: int, problem: str | None = None, text: str = "") -> ResponseReturnValue:
    """`text` stays in the form for another text."""
    found = _with_wording(series.show(database(), series_id))
    page = render_template(
        "series.html",
        series=found,
        coming=series.preview(database(), settings(), series_id),
        templates=templates.list_templates(database()),
        text=text,
        problem=problem,
    )
    return page, (400 if problem else 200)


def _form(values: Any, problem: str | None) -> ResponseReturnValue:
    with database().read() as connection:
        lists = views.lists_newest_first(connection)
    page = render_template(
        "series_new.html",
        lists=lists,
        templates=templates.list_templates(database()),
        values=values,
        problem=problem,
        mailing_kinds=[kind.value for kind in MailingKind],
        weekdays=rules.WEEKDAYS,
    )
    return page, (400 if problem else 200)


def _add(form: Any) -> dict[str, Any]:
    text = _text(form)
    list_id = form.get("list_id", type=int)
    if list_id is None:
        raise Refused("series_list_missing")
    start_on, end_on = _date(form.get("start_on")), _date(form.get("end_on"))
    offset = form.get("offset_days", 0, type=int)
    rule = series.make_rule(
        form.get("rule", ""),
        at=form.get("at", ""),
        first=start_on or series.today(settings(), database().now()),
        weekdays=form.getlist("weekday"),
        day=form.get("day", 1, type=int),
        short_month=form.get("short_month", "last"),
        days=form.get("days", 1, type=int),
        column=form.get("column", ""),
        offset_days=-offset if form.get("side") == "before" else offset,
        leap_day=form.get("leap_day", "feb28"),
    )
    return series.add(
        database(),
        settings(),
        list_id=list_id,
        text=text,
        saved_text=form.get("template") or None,
        rule=rule,
        name=form.get("name", "").strip()[:MAX_NAME_LENGTH],
        kind=form.get("kind") or MailingKind.INFORMATION.value,
        leave_out_incomplete=form.get("leave_out_incomplete") == "yes",
        allow_failing=form.get("allow_failing") == "yes",
        repeats=form.get("repeats") or None,
        start_on=start_on,
        end_on=end_on,
        max_runs=form.get("count", type=int),
        by=current_user.name,
    )


def _text(form: Any) -> str:
    text: str = form.get("text", "").replace("\r\n", "\n")
    if len(text) > MAX_TEXT_LENGTH:
        abort(413)
    return text


def _with_wording(found: dict[str, Any]) -> dict[str, Any]:
    return found | {"wording": rules.wording(rules.rule_of(found["rule"]), languages.current())}


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("series_date_invalid", value=text) from None
