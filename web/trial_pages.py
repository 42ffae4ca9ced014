"""Trying a row's text on a telephone, from the check page."""

from __future__ import annotations

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pbx_sms.core.rights import Right
from pbx_sms.errors import Refused
from pbx_sms.operations import trials
from web import languages
from web.access import needs
from web.choices import Choices
from web.context import database, settings
from web.presentation import phone
from web.start_pages import check_page

blueprint = Blueprint("trial_pages", __name__, url_prefix="/mailings")


@blueprint.post("/trial")
@needs(Right.SEND)
def send() -> ResponseReturnValue:
    """The check page again, with where the text went or why it did not."""
    choices = Choices.of_form(request.form)
    if choices.list_id is None:
        abort(400)
    to = request.form.get("to", "").strip()[:40]
    draft_id = request.form.get("draft_id", type=int)
    rows = [] if choices.row is None else [choices.row]
    numbers = [to] if to else []
    try:
        if draft_id is None:
            sent = trials.send_of_list(
                database(), settings(), list_id=choices.list_id, text=choices.text, rows=rows, to=numbers
            )
        else:
            sent = trials.send(database(), settings(), draft_id, rows=rows, to=numbers)
    except Refused as refused:
        problem = languages.render(refused.code, dict(refused.params))
        return check_page(choices, problem, draft_id=draft_id, trial_to=to)
    message = sent["messages"][0]
    notice = _(
        "The text of row %(row)s is on its way to %(number)s.",
        row=message["row"],
        number=phone(message["number"]),
    )
    return check_page(choices, draft_id=draft_id, notice=notice, trial_to=to)
