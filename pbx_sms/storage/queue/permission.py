"""Whether a leased message may go in this very instant: the last look before its intent is written.

Whatever forbids a message belongs here, because nothing is checked later. What forbids it for good ends it,
what forbids it here and now gives it back; both are written by the time `forbidden` returns.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.people.cap import Period
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import PROBED, SimState
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import leases, orders, person_cap, stopped
from pbx_sms.storage.queue.intent import Begun, Denied
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import mailings, messages, routing_state, sending_windows, sims
from pbx_sms.storage.usage import Shortage

#: when a begun message is looked at again that its SIM cannot take, and nobody knows until when
_SOON = timedelta(seconds=5)

_MESSAGE = (
    select(
        messages.c.mailing_id,
        messages.c.rank,
        messages.c.msisdn,
        messages.c.text,
        messages.c.part_count,
        messages.c.state,
        messages.c.expires_at,
        messages.c.bound_sim_id,
        messages.c.route_id,
        (messages.c.route_revision != func.coalesce(routing_state.c.revision, 0)).label("route_is_old"),
        messages.c.concat_reference,
        messages.c.attempt_count,
        messages.c.wants_report,
        messages.c.first_accepted_at,
        messages.c.sim_id,
        messages.c.probe,
        messages.c.trial_of,
        messages.c.reason_code,
        person_cap.stored_cap(Period.DAY).label("cap_per_day"),
        person_cap.stored_cap(Period.WEEK).label("cap_per_week"),
        mailings.c.state.label("mailing_state"),
        messages.c.confirms_stop_id,
        stopped.is_stopped().label("stopped"),
        messages.c.message_id,
        sims.c.state.label("sim_state"),
        sims.c.modem_id.label("sim_modem_id"),
        sending_windows.c.from_at.label("window_from_at"),
        sending_windows.c.until_at.label("window_until_at"),
    )
    .select_from(
        messages.outerjoin(mailings, mailings.c.mailing_id == messages.c.mailing_id)
        .outerjoin(sims, sims.c.sim_id == bindparam("sim_id"))
        .outerjoin(routing_state, routing_state.c.state_id == revision.ONLY)
        .outerjoin(
            sending_windows,
            and_(
                sending_windows.c.mailing_id == messages.c.mailing_id,
                sending_windows.c.zone == func.coalesce(messages.c.zone, ""),
            ),
        )
    )
    .where(
        messages.c.message_id == bindparam("message_id"),
        messages.c.agent_id == bindparam("agent_id"),
        messages.c.state.in_((MessageState.LEASED, MessageState.SUBMITTING)),
    )
    .with_for_update(of=messages)
)


def look(connection: Connection, begun: Begun) -> Any:
    """The message with all that decides about it, locked; None when it is not this agent's to begin."""
    return connection.execute(
        _MESSAGE,
        {"message_id": begun.message_id, "agent_id": begun.agent_id, "sim_id": begun.sim_id},
    ).one_or_none()


def not_now(
    connection: Connection, begun: Begun, row: Any, short: Shortage, now: datetime, new_events: list[NewEvent]
) -> Denied:
    """Only this SIM cannot take it now. A begun message waits for it in the queue, and one that lost its
    reservation on the way (it was unknown for a while) until there is room again."""
    if row.state == MessageState.LEASED and row.first_accepted_at is not None:
        until_at = short.until_at or now + _SOON
        leases.hold_back(connection, begun.message_id, begun.agent_id, short.reason, until_at)
        return Denied(state=MessageState.QUEUED)
    if row.state == MessageState.LEASED:
        return Denied(state=MessageState.LEASED, shortage=short)
    leases.set_aside(connection, begun.message_id, begun.agent_id, short.reason, now, new_events)
    return Denied(state=MessageState.QUEUED)


def forbidden(
    connection: Connection, begun: Begun, row: Any, is_begun: bool, now: datetime, new_events: list[NewEvent]
) -> Denied | None:
    """What must not go any more gets its end here; None when the message may go."""

    def end(state: MessageState, reason: Reason) -> Denied:
        if is_begun:
            orders.fail_incomplete(connection, begun.message_id, reason, now, new_events)
            return Denied(state=MessageState.FAILED)
        orders.end_unsent(connection, begun.message_id, state, reason, now, new_events)
        return Denied(state=state)

    if row.stopped:
        return end(MessageState.SUPPRESSED, Reason("stop_list"))
    if row.confirms_stop_id is not None and stopped.is_taken_back(connection, begun.message_id):
        return end(MessageState.CANCELLED, Reason("stop_taken_back"))
    if row.mailing_state == MailingState.CANCELLED:
        return end(MessageState.CANCELLED, Reason("mailing_cancelled"))
    if row.expires_at is not None and row.expires_at <= now:
        return end(MessageState.EXPIRED, Reason("expired", {"expired_at": row.expires_at.isoformat()}))
    if is_begun and now - row.first_accepted_at > timedelta(seconds=begun.resume_parts_s):
        return end(MessageState.FAILED, Reason("resume_too_late", {"limit_s": begun.resume_parts_s}))
    if row.mailing_state is not None and row.mailing_state != MailingState.RUNNING and not is_begun:
        # paused: it goes back; a begun message is completed all the same, or the recipient gets a torso
        leases.release(connection, [begun.message_id], begun.agent_id)
        return Denied(state=MessageState.QUEUED)
    if not is_begun and _is_closed(row, now):
        # its window ended since it was taken; a begun message is completed like that of a paused mailing
        leases.release(connection, [begun.message_id], begun.agent_id)
        return Denied(state=MessageState.QUEUED)
    if row.route_is_old and row.bound_sim_id is None and not is_begun:
        # the rules changed: through which SIM it may go is read anew first
        revision.ask(connection)
        leases.release(connection, [begun.message_id], begun.agent_id)
        return Denied(state=MessageState.QUEUED)
    bound_elsewhere = row.bound_sim_id is not None and row.bound_sim_id != begun.sim_id
    if bound_elsewhere or (row.bound_sim_id is None and not is_begun and row.route_id != begun.route_id):
        # or a person gave it another route meanwhile
        leases.release(connection, [begun.message_id], begun.agent_id)
        return Denied(state=MessageState.QUEUED)
    taken = begun.modem_id is not None and row.sim_modem_id != begun.modem_id
    obstacle = None if is_begun or begun.cutting is None else begun.cutting.obstacle(row.text)
    if obstacle is not None:
        return not_now(connection, begun, row, Shortage(reason=obstacle, until_at=None), now, new_events)
    if taken or (row.sim_state != SimState.READY and not (row.probe and row.sim_state in PROBED)):
        short = Shortage(reason=Reason("waits_for_sim"), until_at=None)
        return not_now(connection, begun, row, short, now, new_events)
    if row.rank == 0 and not is_begun:
        return person_cap.held_back(connection, begun, row, now, new_events)
    return None


def _is_closed(row: Any, now: datetime) -> bool:
    """Whether the message has a window that is not open."""
    if row.window_from_at is None:
        return False
    return bool(now < row.window_from_at or (row.window_until_at is not None and row.window_until_at <= now))
