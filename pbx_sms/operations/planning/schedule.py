"""Mailings whose time has come: each begins once, and one that is long overdue waits for a person."""

from __future__ import annotations

from datetime import timedelta

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import mailings
from pbx_sms.storage.engine import Database


def begin_due(database: Database, settings: Settings) -> bool:
    """Returns whether a mailing runs that did not before."""
    now = database.now()
    with database.read() as connection:
        due = mailings.scheduled_until(connection, now)
    begun = False
    for mailing_id, scheduled_at in due:
        late = now - scheduled_at
        with database.begin() as connection:
            # guarded by the time as well: it may have been put off meanwhile
            if late <= timedelta(seconds=settings.planner.overdue_after_s):
                begun |= mailings.change_state(
                    connection,
                    mailing_id,
                    MailingState.RUNNING,
                    now,
                    among=(MailingState.SCHEDULED,),
                    if_scheduled_at=scheduled_at,
                    started_at=now,
                )
            else:
                mailings.change_state(
                    connection,
                    mailing_id,
                    MailingState.PAUSED,
                    now,
                    among=(MailingState.SCHEDULED,),
                    reason=Reason("overdue", {"scheduled_at": scheduled_at.isoformat()}),
                    if_scheduled_at=scheduled_at,
                )
    return begun
