"""To whom a mailing goes, when one list is not all: lists and groups minus groups become its list.

A small audience is composed before the answer; for a large one the page shows progress and leads on.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pbx_sms.core.rights import Right
from pbx_sms.operations import audiences
from pbx_sms.storage import views
from web import languages
from web.access import needs
from web.choices import Choices
from web.compositions import Composition, Sources
from web.context import compositions, database
from web.start_pages import compose_page

blueprint = Blueprint("audience_pages", __name__, url_prefix="/mailings")

#: rows of an audience that is waited for: a few tenths of a second
MAX_ROWS_WAITED_FOR = 2000


@blueprint.post("/audience")
@needs(Right.WRITE)
def compose() -> ResponseReturnValue:
    """Puts the chosen together and goes on writing; what is written already stays."""
    choices = Choices.of_form(request.form)
    sources = Sources(lists=_ids("lists"), groups=_ids("groups"), without=_ids("without"))
    once = request.form.get("audience_once", "")[:64] or secrets.token_urlsafe(16)
    work = compositions().begin(once, choices, sources, by=current_user.name)
    if audiences.size(database(), sources.lists, sources.groups, sources.without) <= MAX_ROWS_WAITED_FOR:
        work.ended.wait()
        return _ended(work)
    return redirect(url_for("audience_pages.show", key=work.key), 303)


@blueprint.get("/audience/<key>")
@needs(Right.WRITE)
def show(key: str) -> ResponseReturnValue:
    work = compositions().find(key, current_user.name)
    if work is None:
        flash(languages.render("audience_forgotten"), "error")
        return redirect(url_for("start_pages.new"))
    if work.ended.is_set():
        return _ended(work)
    return render_template("composing.html", work=work)


@blueprint.get("/audience/<key>/progress.json")
@needs(Right.WRITE)
def progress_json(key: str) -> ResponseReturnValue:
    """{"rows_done", "rows", "next"}: `next` is where to go once it has ended."""
    work = compositions().find(key, current_user.name)
    if work is None or work.ended.is_set():
        return jsonify({"rows_done": 1, "rows": 1, "next": url_for("audience_pages.show", key=key)})
    return jsonify({"rows_done": work.rows_done, "rows": work.rows, "next": None})


def _ended(work: Composition) -> ResponseReturnValue:
    work.is_seen = True
    choices = work.choices
    if work.refused is not None:
        flash(languages.render(work.refused.code, dict(work.refused.params)), "error")
        return compose_page(choices), 400
    if not choices.text:
        return redirect(url_for("start_pages.new", list_id=work.list_id), 303)
    with database().read() as connection:
        before = views.list_by_id(connection, choices.list_id) if choices.list_id else None
    # a mailing that was called like its list is called like the new one
    name = "" if before is not None and choices.name == before.name else choices.name
    return compose_page(replace(choices, list_id=work.list_id, name=name, row=None))


def _ids(field: str) -> list[int]:
    return [chosen for chosen in request.form.getlist(field, type=int) if 0 < chosen < 2**62]
