"""Missed calls: who rang and was not answered, what was decided about it and why."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from pbx_sms.core.rights import Right
from pbx_sms.operations import missed_calls
from pbx_sms.storage.missed_calls import MissedState
from web.access import needs
from web.context import database, settings

blueprint = Blueprint("missed_pages", __name__, url_prefix="/missed-calls")

#: calls on one page
SHOWN = 50


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    view = request.args.get("view", "all")
    number = request.args.get("number", "").strip()[:64] or None
    before_id = request.args.get("before", type=int)
    rows = missed_calls.list_calls(
        database(),
        settings(),
        limit=SHOWN + 1,
        before_id=before_id if before_id is None or before_id < 2**62 else None,
        state=MissedState(view) if view in set(MissedState) else None,
        search=number,
    )
    return render_template(
        "missed_calls.html",
        rows=rows[:SHOWN],
        next_id=rows[SHOWN - 1]["missed_call_id"] if len(rows) > SHOWN else None,
        number=number,
        view=view,
        has_rules=bool(settings().missed_call),
    )
