"""Lists: all of them, and one with what was taken, what was not and why."""

from __future__ import annotations

import io

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pbx_sms.core.rights import Right
from pbx_sms.operations import lists
from pbx_sms.storage import views
from web import languages
from web.access import needs
from web.context import database

blueprint = Blueprint("list_pages", __name__, url_prefix="/lists")

#: rows that were not taken; the workbook has them all
ROWS_SHOWN = 100
PAGE_SIZE = 25
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    with database().read() as connection:
        return render_template("lists.html", lists=views.lists_newest_first(connection))


@blueprint.get("/<int:list_id>")
@needs(Right.SEE)
def show(list_id: int) -> ResponseReturnValue:
    after_row = request.args.get("after", 0, type=int)
    with database().read() as connection:
        found = views.list_by_id(connection, list_id)
        if found is None:
            abort(404)
        return render_template(
            "list.html",
            list=found,
            columns=views.column_names(connection, list_id),
            rejected=views.rejected_rows(connection, list_id, limit=ROWS_SHOWN),
            repeated=views.repeated_rows(connection, list_id, limit=ROWS_SHOWN),
            noted=views.noted_rows(connection, list_id, limit=ROWS_SHOWN),
            rows=views.accepted_rows(connection, list_id, after_row=after_row, limit=PAGE_SIZE),
            after_row=after_row,
            mailings=views.mailings_newest_first(connection, list_id=list_id, limit=5),
            page_size=PAGE_SIZE,
        )


@blueprint.get("/<int:list_id>/rejected.xlsx")
@needs(Right.EXPORT)
def rejected(list_id: int) -> ResponseReturnValue:
    out = io.BytesIO()
    lists.write_rejections(database(), list_id, out, language=languages.current())
    out.seek(0)
    return send_file(out, WORKBOOK, as_attachment=True, download_name=f"rejected-{list_id}.xlsx", max_age=0)


@blueprint.get("/<int:list_id>/remove")
@needs(Right.KEEP)
def ask_remove(list_id: int) -> ResponseReturnValue:
    with database().read() as connection:
        found = views.list_by_id(connection, list_id)
    if found is None:
        abort(404)
    return render_template("list_remove.html", list=found)


@blueprint.post("/<int:list_id>/remove")
@needs(Right.KEEP)
def remove(list_id: int) -> ResponseReturnValue:
    lists.remove_list(database(), list_id)
    flash(_("The list and its file were removed."), "good")
    return redirect(url_for("list_pages.index"), 303)
