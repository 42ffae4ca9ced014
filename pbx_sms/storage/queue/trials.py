"""A mailing of which some go first: it pauses by itself behind them, and a person lets the rest go.

What is held stays queued behind the mailing's `trial_until_id`, which `leases` never passes: one column of
the mailing, so that the word of a person is one update, and a long list costs no look at what it holds.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, func, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import OPEN_STATES
from pbx_sms.core.reason import Reason
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import mailings, messages

WAITS_FOR_WORD = "trial_waits_for_word"


def pause_trials(connection: Connection, now: datetime, new_events: list[NewEvent]) -> list[int]:
    """Running mailings whose trial has nothing queued, leased or submitting, and that hold something."""
    open_messages = select(messages.c.message_id).where(
        messages.c.mailing_id == mailings.c.mailing_id, messages.c.state.in_(tuple(OPEN_STATES))
    )
    is_tried = (
        (mailings.c.state == MailingState.RUNNING)
        & mailings.c.trial_until_id.is_not(None)
        & ~exists(open_messages.where(messages.c.message_id <= mailings.c.trial_until_id))
        & exists(open_messages.where(messages.c.message_id > mailings.c.trial_until_id))
    )
    found = connection.execute(
        select(mailings.c.mailing_id, mailings.c.trial_until_id, mailings.c.trial_count).where(is_tried)
    ).all()
    paused = []
    for row in found:
        held = held_count(connection, row.mailing_id, row.trial_until_id)
        reason = Reason("trial_waits_for_word", {"first": row.trial_count, "held": held})
        changed = connection.execute(
            update(mailings)
            .where(mailings.c.mailing_id == row.mailing_id, is_tried)
            .values(state=MailingState.PAUSED, reason_code=reason.code, reason_params=dict(reason.params))
        ).rowcount
        if changed:
            paused.append(row.mailing_id)
            new_events.append(
                NewEvent(
                    at=now,
                    kind="mailing",
                    state=MailingState.PAUSED,
                    mailing_id=row.mailing_id,
                    reason=reason,
                )
            )
    return paused


def held_count(connection: Connection, mailing_id: int, until_id: int) -> int:
    """Messages that wait for a person's word."""
    return connection.execute(
        select(func.count())
        .select_from(messages)
        .where(
            messages.c.mailing_id == mailing_id,
            messages.c.state.in_(tuple(OPEN_STATES)),
            messages.c.message_id > until_id,
        )
    ).scalar_one()
