"""Orders to a mailing that waits for its time: another time, now, or none after all."""

from __future__ import annotations

from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.core.reason import Reason
from pbx_sms.errors import NotFound
from pbx_sms.operations import permission
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.mailings.check import Progress
from pbx_sms.operations.mailings.claims import new_claim
from pbx_sms.operations.mailings.start import start
from pbx_sms.operations.mailings.start_claim import refusal, remove_left_behind
from pbx_sms.operations.planning import windows
from pbx_sms.operations.planning.choose import read_instant
from pbx_sms.operations.planning.spread import spread_out
from pbx_sms.storage import mailings, starts
from pbx_sms.storage import windows as stored_windows
from pbx_sms.storage.engine import Database


@order("mailing.schedule", "mailing_id", "at", once_told=True)
def schedule(
    database: Database,
    settings: Settings,
    mailing_id: int,
    at: str,
    *,
    by: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Gives a draft its time, which starts it as `start` does, or a scheduled mailing another one:
    {"mailing_id", "state", "scheduled_at"}.

    Raises NotFound, Conflict in other states, Refused: instant_unreadable, start_at_passed,
    cut_off_before_start, window_never_opens, and what Start refuses.
    """
    permission.to_mailing(database, mailing_id)
    start_at = read_instant(settings, at)
    choice = _choice(database, mailing_id, start_at)
    choice.refuse_impossible(database.now())
    with database.read() as connection:
        state = mailings.state_of(connection, mailing_id)
    if state == MailingState.DRAFT:
        start(database, settings, mailing_id, progress, choice=choice)
    else:
        reason = Reason("rescheduled_by", {"name": by}) if by else Reason("rescheduled")
        _replan(database, settings, mailing_id, MailingState.SCHEDULED, choice, reason)
    return {"mailing_id": mailing_id, "state": str(MailingState.SCHEDULED), "scheduled_at": start_at}


@order("mailing.begin_now", "mailing_id")
def begin_now(
    database: Database, settings: Settings, mailing_id: int, *, by: str | None = None
) -> dict[str, Any]:
    """A scheduled mailing runs now, in its windows: {"mailing_id", "state"}. Conflict in other states."""
    permission.to_mailing(database, mailing_id)
    choice = _choice(database, mailing_id, None)
    reason = Reason("begun_early_by", {"name": by}) if by else Reason("begun_early")
    _replan(database, settings, mailing_id, MailingState.RUNNING, choice, reason)
    return {"mailing_id": mailing_id, "state": str(MailingState.RUNNING)}


@order("mailing.unschedule", "mailing_id")
def unschedule(database: Database, mailing_id: int, *, by: str | None = None) -> dict[str, Any]:
    """A scheduled mailing is a draft again, and its messages are gone: {"mailing_id", "state"}. Conflict in
    other states. Where it is interrupted, the next Start removes what is left."""
    permission.to_mailing(database, mailing_id)
    reason = Reason("unscheduled_by", {"name": by}) if by else Reason("unscheduled")
    now = database.now()
    claim = new_claim()
    with database.begin() as connection:
        if not mailings.change_state(
            connection,
            mailing_id,
            MailingState.DRAFT,
            now,
            reason=reason,
            scheduled_at=None,
            message_count=0,
            part_count=0,
            left_out_count=0,
        ):
            raise refusal(mailings.find(connection, mailing_id), mailing_id)
        stored_windows.replace(connection, mailing_id, ())
        starts.claim_start(connection, mailing_id, claim, now)
    remove_left_behind(database, mailing_id, claim)
    with database.begin() as connection:
        starts.drop_claim(connection, mailing_id, claim)
    return {"mailing_id": mailing_id, "state": str(MailingState.DRAFT)}


def _choice(database: Database, mailing_id: int, start_at: Any) -> PlanChoice:
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
    if mailing is None:
        raise NotFound("mailing_not_found", mailing_id=mailing_id)
    return mailings.plan_of(mailing).beginning(start_at)


def _replan(
    database: Database,
    settings: Settings,
    mailing_id: int,
    target: MailingState,
    choice: PlanChoice,
    reason: Reason,
) -> None:
    now = database.now()
    with database.begin() as connection:
        mailing = mailings.find(connection, mailing_id)
        values: dict[str, Any] = {"scheduled_at": choice.start_at}
        if target is MailingState.RUNNING:
            values["started_at"] = now
            changed = mailings.change_state(
                connection, mailing_id, target, now, among=(MailingState.SCHEDULED,), reason=reason, **values
            )
        else:
            changed = mailings.put_off(connection, mailing_id, choice.start_at, now, reason)
        if not changed or mailing is None:
            raise refusal(mailing, mailing_id)
        hours = windows.hours_of(settings, mailing, choice)
        windows.rewrite(connection, mailing_id, hours, now)
        tell(before={"start_at": mailing.scheduled_at})
        counts = {
            zone: waiting for zone, (_, waiting) in stored_windows.counts(connection, mailing_id).items()
        }
    if choice.smooth:
        spread_out(database, mailing_id, hours, counts)
    database.wake()
