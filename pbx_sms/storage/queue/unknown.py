"""Unknown messages that their mailing's policy gives up: a decision that a person made beforehand.

They end as *failed* and are not sent again. An answer or a report that comes later is kept, and changes
nothing any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select, update

from pbx_sms.core.mailing import UNKNOWN_SETTLES_S, UnknownPolicy
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import Kind
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import attempts, mailings, messages

_SETTLES = timedelta(seconds=UNKNOWN_SETTLES_S)
#: in one transaction: a wave of them must not hold up the SIMs
_AT_ONCE = 500


def fail_by_policy(connection: Connection, now: datetime, new_events: list[NewEvent]) -> int:
    """Ends unknown messages that nothing settled in time, where their mailing says so. Returns how many."""
    recent = exists(
        select(attempts.c.attempt_id).where(
            attempts.c.message_id == messages.c.message_id,
            attempts.c.kind == Kind.UNKNOWN,
            attempts.c.ended_at > now - _SETTLES,
        )
    )
    due = (
        select(messages.c.message_id)
        .join(mailings, mailings.c.mailing_id == messages.c.mailing_id)
        .where(
            mailings.c.unknown_policy == UnknownPolicy.FAIL,
            messages.c.state == MessageState.UNKNOWN,
            ~recent,
        )
        .limit(_AT_ONCE)
        .with_for_update(of=messages, skip_locked=True)
    )
    reason = Reason("unknown_counts_as_failed")
    ended = connection.execute(
        update(messages)
        .where(
            messages.c.message_id.in_(list(connection.execute(due).scalars())),
            messages.c.state == MessageState.UNKNOWN,
        )
        .values(
            state=MessageState.FAILED,
            reason_code=reason.code,
            reason_params=dict(reason.params),
            agent_id=None,
            lease_until_at=None,
        )
        .returning(messages.c.message_id, messages.c.mailing_id, messages.c.sim_id)
    ).all()
    new_events.extend(
        NewEvent(
            at=now,
            kind="message",
            state=MessageState.FAILED,
            mailing_id=row.mailing_id,
            message_id=row.message_id,
            sim_id=row.sim_id,
            reason=reason,
        )
        for row in ended
    )
    return len(ended)
