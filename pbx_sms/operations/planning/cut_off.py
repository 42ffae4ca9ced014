"""Mailings whose cut-off has come: what could not go is cancelled, or the mailing is paused and asks."""

from __future__ import annotations

from datetime import datetime

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.planning.choice import CutOffAction
from pbx_sms.core.reason import Reason
from pbx_sms.storage import events, mailings, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent

#: a few hundredths of a second
_CANCELLED_PER_TRANSACTION = 500


def cut_off_due(database: Database) -> None:
    """Once for each mailing, whoever calls it: what was done before changes nothing."""
    now = database.now()
    with database.read() as connection:
        due = mailings.cut_off_until(connection, now)
    for mailing_id, cut_off_at, action in due:
        reason = Reason("cut_off", {"at": cut_off_at.isoformat()})
        if action is CutOffAction.ASK:
            with database.begin() as connection:
                mailings.change_state(
                    connection,
                    mailing_id,
                    MailingState.PAUSED,
                    now,
                    among=(MailingState.RUNNING,),
                    reason=Reason("cut_off_asks", {"at": cut_off_at.isoformat()}),
                )
        else:
            _cancel_rest(database, mailing_id, cut_off_at, reason)


def _cancel_rest(database: Database, mailing_id: int, cut_off_at: datetime, reason: Reason) -> None:
    """In pieces, so that other mailings go on. A running mailing finishes by itself; one that does not run is
    cancelled."""
    while True:
        now = database.now()
        new_events: list[NewEvent] = []
        with database.begin() as connection:
            mailing = mailings.find(connection, mailing_id)
            if mailing is None or mailing.state not in mailings.STARTED or mailing.cut_off_at != cut_off_at:
                return
            count = queue.cancel_mailing(
                connection, mailing_id, now, new_events, limit=_CANCELLED_PER_TRANSACTION, reason=reason
            )
            is_last = count < _CANCELLED_PER_TRANSACTION
            if is_last and mailing.state != MailingState.RUNNING:
                mailings.change_state(connection, mailing_id, MailingState.CANCELLED, now, reason=reason)
            events.append(connection, new_events)
        if is_last:
            return
