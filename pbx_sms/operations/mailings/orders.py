"""Orders to a mailing that exists, and what there is to see of it.

Every order is one guarded update with its event. In a state that does not allow it: `Conflict` with the code
`mailing_is_` and the state; `NotFound(mailing_not_found)` where there is no such mailing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.reason import Reason
from pbx_sms.core.rights import Right
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.operations import permission
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.mailings.claims import new_claim
from pbx_sms.operations.mailings.start_claim import refusal, remove_left_behind
from pbx_sms.storage import events, mailings, messages, queue, starts
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.forecasts import FORESEEN
from pbx_sms.storage.queue.trials import WAITS_FOR_WORD, held_count

#: a few hundredths of a second
_CANCELLED_PER_TRANSACTION = 500


@order("mailing.pause", "mailing_id")
def pause(database: Database, mailing_id: int, *, by: str | None = None) -> dict[str, Any]:
    """Nothing more is submitted until `resume`; a message under way is finished. {"mailing_id", "state"}.

    Only of a running mailing.
    """
    permission.to_mailing(database, mailing_id)
    reason = Reason("paused_by", {"name": by}) if by else Reason("paused")
    return _change(database, mailing_id, MailingState.RUNNING, MailingState.PAUSED, reason)


@order("mailing.resume", "mailing_id")
def resume(database: Database, mailing_id: int, *, by: str | None = None) -> dict[str, Any]:
    """Goes on where it was paused; a cut-off that has passed is lifted. {"mailing_id", "state"}.

    Only of a paused mailing; one that waits behind its trial needs `let_go`:
    Conflict(mailing_waits_for_word)."""
    permission.to_mailing(database, mailing_id)
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
    if mailing is not None and mailing.reason_code == WAITS_FOR_WORD:
        raise Conflict("mailing_waits_for_word", mailing_id=mailing_id)
    now = database.now()
    with database.begin() as connection:
        if not mailings.resume(connection, mailing_id, now):
            raise refusal(mailings.find(connection, mailing_id), mailing_id)
    database.wake()
    return {"mailing_id": mailing_id, "state": str(MailingState.RUNNING)}


@order("mailing.cancel", "mailing_id", once_told=True)
def cancel(database: Database, mailing_id: int, *, by: str | None = None) -> dict[str, Any]:
    """Ends the mailing for good: what has not gone is cancelled, what is under way ends by itself.
    {"mailing_id", "state", "cancelled"}: messages that will not be sent.

    A Start that is at work on the draft stops, and what it wrote is removed.
    """
    permission.to_mailing(database, mailing_id, of_draft=Right.WRITE)
    reason = Reason("cancelled_by", {"name": by}) if by else None
    now = database.now()
    claim = new_claim()
    with database.begin() as connection:
        is_draft = starts.claim_start(connection, mailing_id, claim, now)
    cancelled = 0
    if is_draft:
        remove_left_behind(database, mailing_id, claim)
        with database.begin() as connection:
            if not mailings.change_state(
                connection, mailing_id, MailingState.CANCELLED, now, among=starts.BEFORE_START, reason=reason
            ):
                raise refusal(mailings.find(connection, mailing_id), mailing_id)
            tell(before={"state": MailingState.DRAFT})
    else:
        cancelled = _cancel_started(database, mailing_id, reason)
    database.wake()
    return {"mailing_id": mailing_id, "state": str(MailingState.CANCELLED), "cancelled": cancelled}


def _cancel_started(database: Database, mailing_id: int, reason: Reason | None) -> int:
    """In pieces, so that the other mailings go on: paused until the last one. Where this is interrupted,
    the mailing stays paused and can be cancelled again."""
    cancelled = 0
    while True:
        now = database.now()
        new_events: list[NewEvent] = []
        with database.begin() as connection:
            count = queue.cancel_mailing(
                connection, mailing_id, now, new_events, limit=_CANCELLED_PER_TRANSACTION
            )
            is_last = count < _CANCELLED_PER_TRANSACTION
            target = MailingState.CANCELLED if is_last else MailingState.PAUSED
            why = reason if is_last else Reason("cancelling")
            mailing = mailings.find(connection, mailing_id)
            if mailing is None or mailing.state not in mailings.STARTED:
                raise refusal(mailing, mailing_id)
            if mailing.state != target and not mailings.change_state(
                connection, mailing_id, target, now, reason=why
            ):
                raise refusal(mailings.find(connection, mailing_id), mailing_id)
            events.append(connection, new_events)
            tell(before={"state": mailing.state})
        cancelled += count
        if is_last:
            return cancelled


def show(database: Database, mailing_id: int) -> dict[str, Any]:
    """{"mailing_id", "name", "kind", "state", "reason"?, "reason_params"?, "counts": {state: messages},
    "messages", "parts", "parts_submitted", "left_out", "list_id", "text", "created_at", "created_by",
    "started_at", "finished_at", "scheduled_at"?, "cut_off_at"?, "forecast_at", "forecast"?}.

    `reason` says why it is paused, or why nothing of it moves at the moment; "forecast" {"reason",
    "reason_params", "made_at"} why it never ends as things are.
    """
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
        if mailing is None:
            raise NotFound("mailing_not_found", mailing_id=mailing_id)
        if mailing.state in starts.BEFORE_START:
            # a Start may be writing: nothing of it counts before its end
            counts = mailings.Counts(by_state={}, parts_submitted=0)
        else:
            counts = mailings.count(connection, mailing_id)
        waits = mailing.state == MailingState.RUNNING
        waiting = mailings.waiting_reason(connection, mailing_id) if waits else None
    shown = _shown(mailing)
    if waiting is not None and "reason" not in shown:
        shown |= {"reason": waiting.code, "reason_params": dict(waiting.params)}
    return shown | {
        **_trial(database, mailing),
        "counts": counts.by_state,
        "parts_submitted": counts.parts_submitted,
        "text": mailing.text,
    }


def _trial(database: Database, mailing: Row[Any]) -> dict[str, Any]:
    """ "trial"?: {"first", "held"}; "trials"?: the single messages that showed what it would send."""
    shown: dict[str, Any] = {}
    with database.read() as connection:
        if mailing.trial_count is not None:
            until_id = mailing.trial_until_id
            held = 0 if until_id is None else held_count(connection, mailing.mailing_id, until_id)
            shown["trial"] = {"first": mailing.trial_count, "held": held}
        trials = messages.trials_of(connection, mailing.mailing_id)
    if trials:
        shown["trials"] = [
            {
                "message_id": one.message_id,
                "row": one.row,
                "number": one.number,
                "state": str(one.state),
                "reason": one.reason,
                "reason_params": one.reason_params or {},
            }
            for one in trials
        ]
    return shown


def list_mailings(database: Database, *, limit: int | None = None) -> list[dict[str, Any]]:
    """Newest first, each as `show` without "counts", "parts_submitted" and "text"."""
    with database.read() as connection:
        return [_shown(mailing) for mailing in mailings.find_all(connection, limit=limit)]


def _change(
    database: Database,
    mailing_id: int,
    source: MailingState,
    target: MailingState,
    reason: Reason | None,
) -> dict[str, Any]:
    now = database.now()
    with database.begin() as connection:
        if not mailings.change_state(connection, mailing_id, target, now, among=(source,), reason=reason):
            raise refusal(mailings.find(connection, mailing_id), mailing_id)
    database.wake()
    return {"mailing_id": mailing_id, "state": str(target)}


def _shown(mailing: Row[Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "mailing_id": mailing.mailing_id,
        "name": mailing.name,
        "kind": mailing.kind,
        "state": mailing.state,
        "messages": mailing.message_count,
        "parts": mailing.part_count,
        "left_out": mailing.left_out_count,
        "list_id": mailing.list_id,
        "created_at": mailing.created_at,
        "created_by": mailing.created_by,
        "started_at": mailing.started_at,
        "finished_at": mailing.finished_at,
        "forecast_at": None,
    }
    for name in ("scheduled_at", "cut_off_at"):
        if (at := getattr(mailing, name)) is not None:
            shown[name] = at
    if mailing.state in FORESEEN:
        shown["forecast_at"] = mailing.forecast_at
        if mailing.forecast_reason_code is not None:
            shown["forecast"] = {
                "reason": mailing.forecast_reason_code,
                "reason_params": mailing.forecast_reason_params or {},
                "made_at": mailing.forecast_made_at,
            }
    if mailing.reason_code == starts.STARTING:
        # the parameters are the Start's own affair
        shown |= {"reason": mailing.reason_code, "reason_params": {}}
    elif mailing.reason_code is not None:
        shown |= {"reason": mailing.reason_code, "reason_params": mailing.reason_params or {}}
    return shown
