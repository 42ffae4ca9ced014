"""Mailings: all of them, one with its live log, the orders to it, and its report."""

from __future__ import annotations

import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.rights import Right
from pbx_sms.operations import mailings, planning
from pbx_sms.storage import audiences, events, log_views, views
from pbx_sms.storage import messages as stored_messages
from pbx_sms.storage.views import MailingView
from web import cost_pages, languages, live_log
from web.access import needs
from web.context import database, settings
from web.list_pages import WORKBOOK
from web.plan_fields import written
from web.presentation import GROUPS

blueprint = Blueprint("mailing_pages", __name__, url_prefix="/mailings")

LOG_LINES = 100
MESSAGES_SHOWN = 100
MAILINGS_SHOWN = 50


@blueprint.get("")
@needs(Right.SEE)
def index() -> ResponseReturnValue:
    before_id = request.args.get("before", type=int)
    with database().read() as connection:
        found = views.mailings_newest_first(
            connection,
            before_id=None if before_id is None else min(before_id, 2**62),
            limit=MAILINGS_SHOWN + 1,
        )
        shown = found[:MAILINGS_SHOWN]
        counts = views.counts_by_state(connection, [mailing.mailing_id for mailing in shown])
    next_id = shown[-1].mailing_id if len(found) > MAILINGS_SHOWN else None
    return render_template("mailings.html", mailings=shown, counts=counts, next_id=next_id)


@blueprint.get("/<int:mailing_id>")
@needs(Right.SEE)
def show(mailing_id: int) -> ResponseReturnValue:
    if (mailing := _find(mailing_id)).state == MailingState.DRAFT:
        return redirect(url_for("start_pages.draft", mailing_id=mailing_id))
    lines = live_log.writer()
    with database().read() as connection:
        # one snapshot: the stream goes on exactly after what the page shows
        last_id = events.newest_id(connection)
        rows = log_views.newest_log_rows(connection, mailing_id, limit=LOG_LINES)
        progress = log_views.progress(connection, mailing_id, database().now())
        trials = stored_messages.trials_of(connection, mailing_id)
        audience = audiences.audience_of(connection, mailing.list_id) if mailing.list_id else None
    if progress is None:
        abort(404)
    return render_template(
        "mailing.html",
        mailing=mailing,
        lines=[lines.of_row(row) for row in rows],
        last_id=last_id,
        counts=progress.counts,
        trials=trials,
        audience=audience,
        plan=(plan := planning.show(database(), settings(), mailing_id)),
        starts_at=written(plan["scheduled_at"], ZoneInfo(settings().sending.time_zone)),
        progress=lines.of_progress(progress),
        not_delivered=sum(progress.counts.get(state, 0) for state in mailings.NOT_DELIVERED),
        cost=cost_pages.of_mailing(mailing_id),
    )


@blueprint.get("/<int:mailing_id>/messages")
@needs(Right.SEE)
def messages(mailing_id: int) -> ResponseReturnValue:
    """The messages of a mailing in the order of the list, also only those of one group of states."""
    group = request.args.get("group", "")
    states = dict(GROUPS).get(group, ())
    after_id = request.args.get("after", 0, type=int)
    mailing = _find(mailing_id)
    lines = live_log.writer()
    with database().read() as connection:
        rows = log_views.messages_of(
            connection, mailing_id, states=frozenset(states), after_id=after_id, limit=MESSAGES_SHOWN + 1
        )
    next_id = rows[MESSAGES_SHOWN - 1].message_id if len(rows) > MESSAGES_SHOWN else None
    return render_template(
        "messages.html",
        mailing=mailing,
        lines=[lines.of_row(row) for row in rows[:MESSAGES_SHOWN]],
        group=group if states else "",
        next_id=next_id,
    )


@blueprint.get("/<int:mailing_id>/left-out")
@needs(Right.SEE)
def left_out(mailing_id: int) -> ResponseReturnValue:
    after_row = request.args.get("after", 0, type=int)
    mailing = _find(mailing_id)
    with database().read() as connection:
        rows = views.left_out_rows(connection, mailing_id, after_row=after_row, limit=MESSAGES_SHOWN + 1)
    return render_template(
        "left_out.html",
        mailing=mailing,
        rows=rows[:MESSAGES_SHOWN],
        next_row=rows[MESSAGES_SHOWN - 1].row if len(rows) > MESSAGES_SHOWN else None,
    )


@blueprint.post("/<int:mailing_id>/pause")
@needs(Right.SEND)
def pause(mailing_id: int) -> ResponseReturnValue:
    mailings.pause(database(), mailing_id, by=current_user.name)
    return redirect(url_for("mailing_pages.show", mailing_id=mailing_id), 303)


@blueprint.post("/<int:mailing_id>/resume")
@needs(Right.SEND)
def resume(mailing_id: int) -> ResponseReturnValue:
    mailings.resume(database(), mailing_id, by=current_user.name)
    return redirect(url_for("mailing_pages.show", mailing_id=mailing_id), 303)


@blueprint.post("/<int:mailing_id>/continue")
@needs(Right.SEND)
def let_go(mailing_id: int) -> ResponseReturnValue:
    """A person's word: what was held behind the trial goes."""
    mailings.let_go(database(), mailing_id, by=current_user.name)
    return redirect(url_for("mailing_pages.show", mailing_id=mailing_id), 303)


@blueprint.get("/<int:mailing_id>/cancel")
@needs(Right.WRITE)
def ask_cancel(mailing_id: int) -> ResponseReturnValue:
    """Says what has gone and what has not, before anything is cancelled."""
    mailing = _find(mailing_id)
    with database().read() as connection:
        counts = views.counts_by_state(connection, [mailing_id])[mailing_id]
    waiting = counts.get(MessageState.QUEUED, 0) + counts.get(MessageState.LEASED, 0)
    in_work = counts.get(MessageState.SUBMITTING, 0)
    gone = sum(
        counts.get(state, 0)
        for state in (
            MessageState.SUBMITTED,
            MessageState.DELIVERED,
            MessageState.UNDELIVERED,
            MessageState.UNKNOWN,
        )
    )
    return render_template(
        "mailing_cancel.html", mailing=mailing, waiting=waiting, in_work=in_work, gone=gone
    )


@blueprint.post("/<int:mailing_id>/cancel")
@needs(Right.WRITE)
def cancel(mailing_id: int) -> ResponseReturnValue:
    mailings.cancel(database(), mailing_id, by=current_user.name)
    flash(_("The mailing was cancelled."), "good")
    return redirect(url_for("mailing_pages.show", mailing_id=mailing_id), 303)


@blueprint.post("/<int:mailing_id>/again")
@needs(Right.WRITE)
def again(mailing_id: int) -> ResponseReturnValue:
    """Makes a draft to those whom it did not reach, and shows it."""
    made = mailings.again(database(), settings(), mailing_id, by=current_user.name)
    for what in ("begun", "unknown"):
        if made[what]:
            flash(languages.render(f"again_{what}", made), "warning")
    return redirect(url_for("start_pages.draft", mailing_id=made["mailing_id"]), 303)


@blueprint.get("/<int:mailing_id>/report.xlsx")
@needs(Right.EXPORT)
def report(mailing_id: int) -> ResponseReturnValue:
    _find(mailing_id)
    with tempfile.TemporaryDirectory(prefix="pbx-sms-report-") as folder:
        path = Path(folder) / "report.xlsx"
        mailings.report(database(), settings(), mailing_id, path, language=languages.current())
        file = path.open("rb")
    # the file is open and has no name any more: it is gone when the answer is
    response: Response = send_file(
        file, WORKBOOK, as_attachment=True, download_name=f"mailing-{mailing_id}.xlsx", max_age=0
    )
    response.call_on_close(file.close)
    return response


def _find(mailing_id: int) -> MailingView:
    with database().read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id) if mailing_id < 2**62 else None
    if mailing is None:
        abort(404)
    return mailing
