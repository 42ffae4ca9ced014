"""To whom a mailing goes, when one list is not all: lists and groups minus groups become its list."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pbx_sms.errors import Refused
from pbx_sms.operations import audiences
from pbx_sms.storage import views
from web import languages
from web.choices import Choices
from web.context import database, settings
from web.start_pages import compose_page

blueprint = Blueprint("audience_pages", __name__, url_prefix="/mailings")


@blueprint.post("/audience")
def compose() -> ResponseReturnValue:
    """Puts the chosen together and goes on writing; what is written already stays."""
    choices = Choices.of_form(request.form)
    try:
        list_id = audiences.compose(
            database(),
            settings(),
            lists=_ids("lists"),
            groups=_ids("groups"),
            without=_ids("without"),
            by=current_user.name,
        )
    except Refused as refused:
        flash(languages.render(refused.code, dict(refused.params)), "error")
        return compose_page(choices), 400
    if not choices.text:
        return redirect(url_for("start_pages.new", list_id=list_id), 303)
    with database().read() as connection:
        before = views.list_by_id(connection, choices.list_id) if choices.list_id else None
    # a mailing that was called like its list is called like the new one
    name = "" if before is not None and choices.name == before.name else choices.name
    return compose_page(replace(choices, list_id=list_id, name=name, row=None))


def _ids(field: str) -> list[int]:
    return [chosen for chosen in request.form.getlist(field, type=int) if 0 < chosen < 2**62]
