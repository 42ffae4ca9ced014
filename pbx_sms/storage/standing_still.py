"""Why running mailings do not go on, as it stands on them: one reason for all PBXs that share the queue.

Each agent sees its own SIMs only. A mailing that another one is sending does not stand still, and of two
that wait the one that will go on first tells the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import mailings, messages

_HELD = (MessageState.LEASED, MessageState.SUBMITTING)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


def reasons(connection: Connection) -> dict[int, Reason | None]:
    """mailing → its reason, of the running ones."""
    rows = connection.execute(
        select(mailings.c.mailing_id, mailings.c.reason_code, mailings.c.reason_params).where(
            mailings.c.state == MailingState.RUNNING
        )
    )
    return {
        row.mailing_id: Reason(row.reason_code, row.reason_params or {}) if row.reason_code else None
        for row in rows
    }


def explain(
    connection: Connection,
    agent_id: int,
    wanted: Mapping[int, Reason | None],
    last: Mapping[int, Reason | None],
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    """Stores what an agent says of running mailings (None: they go on), with an event for each that stands
    still. `last`: what it said before; anything else on a mailing is another agent's word."""
    standing = reasons(connection)
    for mailing_id, reason in wanted.items():
        if mailing_id not in standing or standing[mailing_id] == reason:
            continue
        theirs = standing[mailing_id] if standing[mailing_id] != last.get(mailing_id) else None
        if reason is not None and (
            _is_first(theirs, reason, now) or _is_held_by_another(connection, mailing_id, agent_id)
        ):
            continue
        connection.execute(
            update(mailings)
            .where(mailings.c.mailing_id == mailing_id, mailings.c.state == MailingState.RUNNING)
            .values(
                reason_code=reason.code if reason else None,
                reason_params=dict(reason.params) if reason else None,
            )
        )
        if reason is not None:
            new_events.append(
                NewEvent(
                    at=now,
                    kind="mailing",
                    state=MailingState.RUNNING,
                    mailing_id=mailing_id,
                    reason=reason,
                )
            )


def _is_first(theirs: Reason | None, reason: Reason, now: datetime) -> bool:
    """Whether another agent goes on sooner than the one that says `reason`."""
    if theirs is None:
        return False
    ends_at = _end(theirs)
    return now < ends_at < _FOR_EVER and ends_at <= _end(reason)


def _end(reason: Reason) -> datetime:
    until = reason.params.get("until")
    return datetime.fromisoformat(until) if isinstance(until, str) else _FOR_EVER


def _is_held_by_another(connection: Connection, mailing_id: int, agent_id: int) -> bool:
    held = select(messages.c.message_id).where(
        messages.c.mailing_id == mailing_id, messages.c.state.in_(_HELD), messages.c.agent_id != agent_id
    )
    return connection.execute(held.limit(1)).first() is not None
