"""The first page, "Today": what waits for a person, the SIMs, what is sent now and what came in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pbx_sms.core.rights import Right
from pbx_sms.operations import inbox, series, sims, unknown
from pbx_sms.storage import agents, views
from web import access, begun, needs
from web.context import database, settings

blueprint = Blueprint("overview", __name__)

#: mailings that run or are to come
AT_HAND = 8
#: the newest of what has ended, and of what came in
NEWEST = 5


@blueprint.get("/")
@access.needs(Right.SEE)
def show() -> ResponseReturnValue:
    return render_template("today.html", **_today())


@blueprint.get("/today")
@access.needs(Right.SEE)
def now() -> ResponseReturnValue:
    """The page without its frame: fetched every few seconds by itself."""
    return render_template("_today.html", **_today())


@blueprint.get("/sims")
@access.needs(Right.SEE)
def strip() -> ResponseReturnValue:
    """The SIMs alone: fetched every few seconds by the pages that show them."""
    return render_template("_sims.html", sims=sim_rows())


def sim_rows() -> list[dict[str, Any]]:
    return sims.list_sims(database(), settings())


def _today() -> dict[str, Any]:
    opened = database()
    rows = sim_rows()
    with opened.read() as connection:
        at_hand = views.mailings_at_hand(connection, limit=AT_HAND)
        ended = views.mailings_newest_first(connection, limit=NEWEST) if not at_hand else []
        shown = at_hand or ended
        counts = views.counts_by_state(connection, [mailing.mailing_id for mailing in shown])
        is_engine_there = agents.is_any_alive(connection, opened.now())
    works = begun.of_user(current_user.user_id, current_user.name)
    wanted = [
        *([] if is_engine_there or not at_hand else [needs.engine_is_away()]),
        *needs.of_works(works),
        *needs.of_sims(rows),
        *needs.unknown_outcomes(unknown.count(opened)),
        *needs.of_mailings(at_hand),
        *needs.of_series(series.list_series(opened)),
        *needs.open_messages(inbox.open_count(opened)),
    ]
    return {
        "needs": wanted,
        "sims": rows,
        "works": [work for work in works if not work.problem],
        "mailings": shown,
        "are_at_hand": bool(at_hand),
        "counts": counts,
        "replies": inbox.read(opened, settings(), limit=NEWEST),
    }
