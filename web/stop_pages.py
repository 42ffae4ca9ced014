"""The stop list: search, add, take off with a reason, the history of a number, import and export."""

from __future__ import annotations

import io

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from pbx_sms.core.rights import Right
from pbx_sms.errors import NotFound, PbxSmsError, Refused
from pbx_sms.operations import stop_list, stop_records
from web import languages
from web.access import needs
from web.context import database, settings
from web.presentation import count as written

blueprint = Blueprint("stop_pages", __name__, url_prefix="/stop-list")

#: numbers on one page
SHOWN = 100
_KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    search = request.args.get("search", "").strip()[:64] or None
    offset = max(0, min(request.args.get("from", 0, type=int), 10**9))
    return render_template(
        "stop_list.html",
        rows=stop_list.list_entries(database(), settings(), search=search, limit=SHOWN, offset=offset),
        total=stop_list.count(database(), search=search),
        search=search,
        offset=offset,
        shown=SHOWN,
        may_remove=current_user.may(Right.SETTLE),
    )


@blueprint.post("")
@needs(Right.STOP)
def add() -> ResponseReturnValue:
    number = request.form.get("number", "")[:64]
    note = request.form.get("note", "").strip()[:500] or None
    try:
        told = stop_list.add(database(), settings(), number=number, note=note, by=current_user.name)
    except Refused as refused:
        flash(_sentence(refused), "error")
        return redirect(url_for("stop_pages.index"), 303)
    flash(languages.render("cli_stop_added" if told["added"] else "cli_stop_already", told), "good")
    return redirect(url_for("stop_pages.index"), 303)


@blueprint.post("/import")
@needs(Right.KEEP)
def bring_in() -> ResponseReturnValue:
    file = request.files.get("file")
    if file is None or not file.filename:
        flash(_("Choose a file first."), "error")
        return redirect(url_for("stop_pages.index"), 303)
    try:
        told = stop_list.import_file(
            database(),
            settings(),
            source=file.read(),
            file_name=file.filename,
            note=request.form.get("note", "").strip()[:500] or file.filename[:500],
            by=current_user.name,
        )
    except Refused as refused:
        flash(_sentence(refused), "error")
        return redirect(url_for("stop_pages.index"), 303)
    flash(
        ngettext(
            "%(count)s number is new on the stop list.",
            "%(count)s numbers are new on the stop list.",
            told["added"],
            count=written(told["added"]),
        ),
        "good",
    )
    if told["rejected"]:
        rows = ", ".join(str(row["row"]) for row in told["rejected"][:20])
        flash(_("These rows hold no number that could be taken: %(rows)s", rows=rows), "warning")
    return redirect(url_for("stop_pages.index"), 303)


@blueprint.get("/export.<kind>")
@needs(Right.EXPORT)
def export(kind: str) -> ResponseReturnValue:
    if kind not in _KINDS:
        abort(404)
    out = io.BytesIO()
    stop_records.export(database(), settings(), out, format=kind, language=languages.current())
    out.seek(0)
    return send_file(out, _KINDS[kind], as_attachment=True, download_name=f"stop-list.{kind}", max_age=0)


@blueprint.get("/<number>")
@needs(Right.SEE)
def show(number: str) -> ResponseReturnValue:
    try:
        told = stop_records.show(database(), settings(), number=number)
    except Refused:
        abort(404)
    return render_template("stop_number.html", stop=told, may_remove=current_user.may(Right.SETTLE))


@blueprint.post("/<number>/remove")
@needs(Right.SETTLE)
def remove(number: str) -> ResponseReturnValue:
    why = request.form.get("why", "")[:500]
    try:
        told = stop_list.remove(database(), settings(), number=number, why=why, by=current_user.name)
    except NotFound:
        abort(404)
    except Refused as refused:
        flash(_sentence(refused), "error")
    else:
        flash(languages.render("cli_stop_removed", told), "good")
    return redirect(url_for("stop_pages.show", number=number), 303)


def _sentence(error: PbxSmsError) -> str:
    return languages.render(error.code, dict(error.params))
