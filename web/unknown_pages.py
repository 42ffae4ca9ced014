"""Messages of which nobody knows whether they were sent: what is known, and the person's word on them.

To send again takes two pages: the second one says who may get the message twice, and only its button sends.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from pbx_sms.core.rights import Right
from pbx_sms.operations import unknown
from pbx_sms.storage import views
from pbx_sms.storage.queue.decision import Decision
from web.access import needs
from web.context import database, settings
from web.presentation import count as written

blueprint = Blueprint("unknown_pages", __name__, url_prefix="/messages/unknown")

#: messages on one page, and the most that one form settles
SHOWN = 100


@blueprint.get("")
@needs(Right.SEE)
def show() -> ResponseReturnValue:
    mailing_id = _mailing_id(request.args.get("mailing"))
    after_id = request.args.get("after", 0, type=int)
    rows = unknown.page(
        database(), settings(), mailing_id=mailing_id, after_id=min(after_id, 2**62), limit=SHOWN + 1
    )
    return render_template(
        "unknown.html",
        rows=rows[:SHOWN],
        next_id=rows[SHOWN - 1]["message_id"] if len(rows) > SHOWN else None,
        total=unknown.count(database(), mailing_id),
        mailing=_mailing(mailing_id),
    )


@blueprint.post("")
@needs(Right.SETTLE)
def settle() -> ResponseReturnValue:
    mailing_id = _mailing_id(request.form.get("mailing"))
    back = url_for("unknown_pages.show", mailing=mailing_id)
    ids = request.form.getlist("message", type=int)[:SHOWN]
    try:
        decision = Decision(request.form.get("decision", ""))
    except ValueError:
        abort(400)
    if not ids:
        flash(_("Choose the messages first."), "error")
        return redirect(back, 303)
    if decision is Decision.RESEND and "confirmed" not in request.form:
        return _ask(ids, mailing_id)
    _tell(unknown.resolve_many(database(), ids, decision), decision)
    return redirect(back, 303)


def _ask(ids: list[int], mailing_id: int | None) -> ResponseReturnValue:
    chosen = set(ids)
    # only what is still unknown can be sent again; the rest is not asked about
    rows = [
        row
        for row in unknown.list_unknown(database(), settings(), mailing_id=mailing_id)
        if row["message_id"] in chosen
    ]
    return render_template("unknown_resend.html", rows=rows, mailing_id=mailing_id)


def _tell(results: list[dict[str, object]], decision: Decision) -> None:
    done = sum(1 for result in results if result["state"])
    if done:
        words = {
            Decision.SUBMITTED: ngettext(
                "%(count)s message counts as sent.",
                "%(count)s messages count as sent.",
                done,
                count=written(done),
            ),
            Decision.FAILED: ngettext(
                "%(count)s message counts as not sent.",
                "%(count)s messages count as not sent.",
                done,
                count=written(done),
            ),
            Decision.RESEND: ngettext(
                "%(count)s message is sent again.",
                "%(count)s messages are sent again.",
                done,
                count=written(done),
            ),
        }
        flash(words[decision], "good")
    left = len(results) - done
    if left:
        flash(
            ngettext(
                "%(count)s message was settled meanwhile, or its mailing is cancelled. It stays so.",
                "%(count)s messages were settled meanwhile, or their mailing is cancelled. They stay so.",
                left,
                count=written(left),
            ),
            "warning",
        )


def _mailing_id(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) >= 2**62:
        abort(404)
    return int(text)


def _mailing(mailing_id: int | None) -> views.MailingView | None:
    if mailing_id is None:
        return None
    with database().read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id)
    if mailing is None:
        abort(404)
    return mailing
