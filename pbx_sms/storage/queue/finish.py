"""When a mailing is over, and when it runs again: its state follows from its messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, exists, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import OPEN_STATES
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue.trials import pause_trials
from pbx_sms.storage.schema import mailings, messages


def finish_mailings(connection: Connection, now: datetime, new_events: list[NewEvent]) -> list[int]:
    """Running mailings with nothing queued, leased or submitting are finished; one whose trial has gone, and
    nothing else, waits for a person's word."""
    pause_trials(connection, now, new_events)
    is_over = and_(
        mailings.c.state == MailingState.RUNNING,
        ~exists(
            select(messages.c.message_id).where(
                messages.c.mailing_id == mailings.c.mailing_id,
                messages.c.state.in_(tuple(OPEN_STATES)),
            )
        ),
    )
    if connection.dialect.name == "postgresql":
        # whoever has a message sent again just now holds the row (`revive_mailing`): wait, and look anew
        chosen = tuple(connection.execute(select(mailings.c.mailing_id).where(is_over)).scalars())
        if not chosen:
            return []
        which = mailings.c.mailing_id.in_(chosen)
        locked = select(mailings.c.mailing_id).where(which).order_by(mailings.c.mailing_id)
        connection.execute(locked.with_for_update(key_share=True))
    finished = connection.execute(
        update(mailings)
        .where(is_over)
        .values(state=MailingState.FINISHED, finished_at=now, reason_code=None, reason_params=None)
        .returning(mailings.c.mailing_id)
    ).scalars()
    ids = list(finished)
    new_events.extend(
        NewEvent(at=now, kind="mailing", state=MailingState.FINISHED, mailing_id=mailing_id)
        for mailing_id in ids
    )
    return ids


def revive_mailing(
    connection: Connection, mailing_id: int | None, now: datetime, new_events: list[NewEvent]
) -> None:
    """A finished mailing of which a message is to be sent again runs; a running one stays so until the
    transaction ends."""
    if mailing_id is None:
        return
    which = mailings.c.mailing_id == mailing_id
    connection.execute(select(mailings.c.mailing_id).where(which).with_for_update(key_share=True))
    revived = connection.execute(
        update(mailings)
        .where(which, mailings.c.state == MailingState.FINISHED)
        .values(state=MailingState.RUNNING, finished_at=None)
    ).rowcount
    if revived:
        new_events.append(NewEvent(at=now, kind="mailing", state=MailingState.RUNNING, mailing_id=mailing_id))
