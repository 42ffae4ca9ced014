"""All messages, of whatever mailing: a search among them, and one with everything that happened to it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from pbx_sms.core.message import MessageState
from pbx_sms.core.rights import Right
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import message_search, message_story, messages
from pbx_sms.storage import views
from pbx_sms.storage.message_search import Criteria
from web import languages
from web.access import needs
from web.context import database, settings
from web.presentation import GROUPS

blueprint = Blueprint("message_pages", __name__, url_prefix="/messages")

SHOWN = 50
#: messages that the index may lack without a word about it
MUCH_BEHIND = 2_000


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    typed = {name: request.args.get(name, "").strip() for name in ("text", "number", "state", "from", "to")}
    below = request.args.get("before", message_search.NEWEST, type=int)
    page: dict[str, Any] = {"messages": [], "next_below": None, "is_cut": False, "behind": 0}
    problem = None
    try:
        page = message_search.search(
            database(), settings(), _wanted(typed), below=min(below, message_search.NEWEST), limit=SHOWN
        )
    except Refused as refused:
        problem = languages.render(refused.code, dict(refused.params))
    answer = render_template(
        "message_search.html",
        typed=typed,
        page=page,
        problem=problem,
        is_first=below >= message_search.NEWEST,
        is_behind=bool(typed["text"]) and page["behind"] > MUCH_BEHIND,
        further={name: value for name, value in typed.items() if value},
    )
    return answer, 400 if problem else 200


def _wanted(typed: dict[str, str]) -> Criteria:
    zone = ZoneInfo(settings().sending.time_zone)
    states = dict(GROUPS).get(typed["state"], ())
    return message_search.criteria(
        settings(),
        text=typed["text"],
        number=typed["number"],
        states=frozenset(MessageState(state) for state in states),
        from_at=message_search.moment(typed["from"], zone),
        before_at=message_search.moment(typed["to"], zone, is_end=True),
    )


@blueprint.get("/<int:message_id>")
@needs(Right.SEE)
def show(message_id: int) -> ResponseReturnValue:
    try:
        message = messages.show(database(), settings(), min(message_id, message_search.NEWEST))
    except NotFound:
        abort(404)
    mailing = None
    if message["mailing_id"] is not None:
        with database().read() as connection:
            mailing = views.mailing_by_id(connection, message["mailing_id"])
    return render_template(
        "message.html", message=message, mailing=mailing, story=message_story.told(message)
    )
