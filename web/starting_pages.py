"""Start: it is begun here, carried out by `starts`, and this is where a person sees how far it is.

A small list is started before the answer; for a large one the page shows progress and leads to the mailing.
"""

from __future__ import annotations

import secrets

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.rights import Right
from pbx_sms.errors import NotFound, Refused
from pbx_sms.storage import views
from web import languages
from web.access import needs
from web.choices import Choices
from web.context import database, starts
from web.start_pages import check_page, draft_choices
from web.starts import Start

blueprint = Blueprint("starting_pages", __name__, url_prefix="/mailings")

#: rows of a list whose Start is waited for: a few tenths of a second
MAX_ROWS_WAITED_FOR = 2000


@blueprint.post("")
@needs(Right.SEND)
def start() -> ResponseReturnValue:
    choices = Choices.of_form(request.form)
    if choices.list_id is None:
        abort(400)
    key = request.form.get("once") or secrets.token_urlsafe(16)
    try:
        begun = starts().begin(key, choices, by=current_user.name, again=request.form.get("again") == "yes")
    except Refused as refused:
        return check_page(choices, languages.render(refused.code, dict(refused.params)))
    return _begun(key, begun)


@blueprint.post("/<int:mailing_id>/start")
@needs(Right.SEND)
def start_draft(mailing_id: int) -> ResponseReturnValue:
    with database().read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id)
    if mailing is None:
        raise NotFound("mailing_not_found", mailing_id=mailing_id)
    choices = draft_choices(mailing)
    key = f"draft-{mailing_id}"
    again = request.form.get("again") == "yes" or mailing.state != MailingState.DRAFT
    try:
        begun = starts().begin(key, choices, by=current_user.name, again=again, draft_id=mailing_id)
    except Refused as refused:
        return check_page(choices, languages.render(refused.code, dict(refused.params)), draft_id=mailing_id)
    return _begun(key, begun)


@blueprint.get("/starting/<key>")
@needs(Right.SEND)
def show(key: str) -> ResponseReturnValue:
    begun = starts().find(key)
    if begun is None:
        return _forgotten()
    if begun.ended.is_set():
        return _ended(begun)
    return render_template("starting.html", key=key, begun=begun, phase=_phase(begun))


@blueprint.get("/starting/<key>/progress.json")
@needs(Right.SEND)
def progress_json(key: str) -> ResponseReturnValue:
    """{"rows_done", "rows", "share", "phase", "mailing", "next"}: `next` is where to go once it has ended.

    `mailing` is what the page has to remember: after a restart of the server it is known by that alone.
    """
    begun = starts().find(key)
    if begun is None or begun.ended.is_set():
        mailing_id = request.args.get("mailing") if begun is None else None
        return jsonify({"next": url_for("starting_pages.show", key=key, mailing=mailing_id or None)})
    return jsonify(
        {
            "rows_done": begun.rows_done,
            "rows": begun.rows,
            "share": begun.share,
            "phase": _phase(begun),
            "mailing": begun.mailing_id,
            "next": None,
        }
    )


def _begun(key: str, begun: Start) -> ResponseReturnValue:
    if begun.choices.list_id is not None:
        with database().read() as connection:
            found = views.list_by_id(connection, begun.choices.list_id)
        if found is None or found.row_count <= MAX_ROWS_WAITED_FOR:
            begun.ended.wait()
            return _ended(begun)
    return redirect(url_for("starting_pages.show", key=key), 303)


def _ended(begun: Start) -> ResponseReturnValue:
    refused = begun.refused
    if refused is None:
        return redirect(url_for("mailing_pages.show", mailing_id=begun.mailing_id), 303)
    # a refusal of its own for each request: one that was raised before carries that request's story
    if isinstance(refused, NotFound) or begun.draft_id is not None:
        raise type(refused)(refused.code, **refused.params)
    return check_page(begun.choices, languages.render(refused.code, dict(refused.params)))


def _forgotten() -> ResponseReturnValue:
    """The server was restarted: what is in the database tells how far the Start came."""
    mailing_id = request.args.get("mailing", type=int)
    if mailing_id is not None:
        return redirect(url_for("mailing_pages.show", mailing_id=mailing_id))
    flash(languages.render("start_forgotten"), "error")
    return redirect(url_for("mailing_pages.index"))


def _phase(begun: Start) -> str:
    return str(_("Writing the messages") if begun.is_checked else _("Looking at every row once more"))
