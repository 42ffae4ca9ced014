"""The first page: what is going on, the SIMs, and the way to a new mailing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from pbx_sms.operations import sims, unknown
from pbx_sms.storage import views
from web.context import database, settings

blueprint = Blueprint("overview", __name__)

#: how much of each kind the page shows
NEWEST = 5


@blueprint.get("/")
def show() -> ResponseReturnValue:
    with database().read() as connection:
        mailings = views.mailings_newest_first(connection, limit=NEWEST)
        counts = views.counts_by_state(connection, [mailing.mailing_id for mailing in mailings])
        lists = views.lists_newest_first(connection, limit=NEWEST)
    return render_template(
        "today.html",
        mailings=mailings,
        counts=counts,
        lists=lists,
        sims=sim_rows(),
        unknown_count=unknown.count(database()),
    )


@blueprint.get("/sims")
def strip() -> ResponseReturnValue:
    """The SIMs alone: fetched every few seconds by the pages that show them."""
    return render_template("_sims.html", sims=sim_rows())


def sim_rows() -> list[dict[str, Any]]:
    return sims.list_sims(database(), settings())
