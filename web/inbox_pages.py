"""The inbox: what came in, a conversation with its answer, and the marks."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from pbx_sms.core.rights import Right
from pbx_sms.errors import Conflict, NotFound, PbxSmsError, Refused
from pbx_sms.operations import inbox, users
from web import languages
from web.access import needs
from web.context import database, settings

blueprint = Blueprint("inbox_pages", __name__, url_prefix="/inbox")

#: messages on one page
SHOWN = 50


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    mailing_id = request.args.get("mailing", type=int)
    number = request.args.get("number", "").strip()[:64] or None
    view = request.args.get("view", "open")
    before_id = request.args.get("before", type=int)
    rows = inbox.read(
        database(),
        settings(),
        limit=SHOWN + 1,
        before_id=before_id,
        number=number,
        mailing_id=mailing_id if mailing_id is None or mailing_id < 2**62 else 0,
        assigned_to=current_user.name if view == "mine" else None,
        # whoever looks for somebody wants to see the answered messages, too
        is_open=view == "open" and number is None and mailing_id is None,
    )
    return render_template(
        "inbox.html",
        rows=rows[:SHOWN],
        next_id=rows[SHOWN - 1]["inbound_id"] if len(rows) > SHOWN else None,
        number=number,
        mailing_id=mailing_id,
        view=view,
    )


@blueprint.get("/<int:inbound_id>")
@needs(Right.SEE)
def show(inbound_id: int) -> ResponseReturnValue:
    return _page(inbound_id)


@blueprint.post("/<int:inbound_id>/reply")
@needs(Right.ANSWER)
def reply(inbound_id: int) -> ResponseReturnValue:
    text = request.form.get("text", "")
    key = request.form.get("key", "")[:64]
    try:
        inbox.reply(
            database(),
            settings(),
            inbound_id,
            text,
            # a form that is sent twice answers once
            key=f"inbox-{inbound_id}-{key}" if key else None,
            by=current_user.name,
            done="done" in request.form,
        )
    except NotFound:
        abort(404)
    except Refused as refused:
        flash(_sentence(refused), "error")
        return _page(inbound_id, text=text), 400
    flash(_("The answer is on its way."), "good")
    return redirect(url_for("inbox_pages.show", inbound_id=inbound_id), 303)


@blueprint.post("/<int:inbound_id>/mark")
@needs(Right.ANSWER)
def mark(inbound_id: int) -> ResponseReturnValue:
    order = request.form.get("order", "")
    try:
        match order:
            case "done":
                inbox.mark_done(database(), settings(), inbound_id, by=current_user.name)
            case "reopen":
                inbox.reopen(database(), settings(), inbound_id, by=current_user.name)
            case "assign":
                user = request.form.get("user", "").strip() or None
                inbox.assign(database(), settings(), inbound_id, user, by=current_user.name)
            case _:
                abort(400)
    except Conflict:
        # somebody was quicker: it is as it was wanted
        pass
    except NotFound as refused:
        if refused.code == "no_such_inbound":
            abort(404)
        flash(_sentence(refused), "error")
    return redirect(url_for("inbox_pages.show", inbound_id=inbound_id), 303)


def _page(inbound_id: int, text: str = "") -> str:
    try:
        told: dict[str, Any] = inbox.show(database(), settings(), inbound_id)
    except NotFound:
        abort(404)
    return render_template(
        "inbox_message.html",
        message=told,
        text=text,
        key=secrets.token_hex(8),
        user_names=[user["name"] for user in users.list_users(database(), settings())],
    )


def _sentence(error: PbxSmsError) -> str:
    return languages.render(error.code, dict(error.params))
