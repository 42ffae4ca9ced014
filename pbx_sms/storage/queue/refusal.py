"""What follows when a part was certainly not taken: whether and when it is tried again.

About the message: it waits, and is given up after `retry.MAX_ATTEMPTS` tries. About the SIM (`resting`): the
message is unharmed, and the next try of that SIM is for somebody else: it tells whether the number is to
blame. A number that SIMs refuse which pass for others is given up. A begun message stays with its SIM and
keeps its quota. A probe is tried once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pbx_sms.core import retry
from pbx_sms.core.health import Pattern
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.core.verdict import Kind, Scope, Verdict
from pbx_sms.storage import health
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import orders, resting
from pbx_sms.storage.queue.intent import Granted, Settled
from pbx_sms.storage.queue.resting import Rest
from pbx_sms.storage.schema import attempts, mailings, messages
from pbx_sms.storage.schema.types import FAR_FUTURE

#: how long a message that its SIM was refused lets others go first
_STEP_BACK_S = 5.0
_REFUSED = (Kind.TEMPORARY, Kind.PERMANENT)


def refuse(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    verdict: Verdict,
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
) -> Settled:
    """Writes what becomes of the message and of the SIM; attempt and part are written already."""
    begun = granted.part_numbers[0] > 1
    rest = resting.after_failure(connection, sim_id, granted, verdict, now, chance, new_events)
    ends_because = _end_reason(connection, granted, verdict, rest, now)
    if ends_because is not None:
        returned = orders.return_unstarted(connection, granted.message_id) + len(granted.part_numbers)
        state = MessageState.FAILED
        if begun:
            orders.fail_incomplete(connection, granted.message_id, ends_because, now, new_events)
        else:
            _set_message(connection, granted.message_id, state, ends_because, {})
            tell(new_events, granted, sim_id, state, ends_because, now)
        if granted.probe:
            health.probe_failed(connection, granted.message_id, sim_id, verdict.reason, now, new_events)
    else:
        if begun:
            returned = 0
            _reserve_again(connection, granted, sim_id)
        else:
            returned = orders.return_unstarted(connection, granted.message_id) + len(granted.part_numbers)
        state = _queue_again(connection, granted, sim_id, verdict, rest, now, chance, new_events)
    resting.keep(connection, sim_id, rest, now, new_events)
    return Settled(message_state=state, returned=returned, sim_state=rest.state, sim_until_at=rest.until_at)


def _end_reason(
    connection: Connection, granted: Granted, verdict: Verdict, rest: Rest, now: datetime
) -> Reason | None:
    """Why the message is given up, None when it is not. Refusals that were about a SIM do not count."""
    if verdict.kind is Kind.PERMANENT and verdict.scope is Scope.MESSAGE:
        return verdict.reason
    if granted.probe and verdict.scope is not Scope.MODEM:
        return Reason("probe_refused", {"code": verdict.code})
    if (
        rest.pattern is Pattern.NONE
        and verdict.scope in (Scope.SIM, Scope.MESSAGE)
        and granted.attempt_count > 1
        and health.number_is_suspect(connection, granted.message_id, granted.msisdn, now)
    ):
        return Reason("number_suspect", {"code": verdict.code})
    if verdict.scope is Scope.SIM:
        return None
    if granted.attempt_count < retry.MAX_ATTEMPTS:
        return None
    tries = connection.execute(
        select(func.count()).where(
            attempts.c.message_id == granted.message_id,
            attempts.c.kind.in_(_REFUSED),
            attempts.c.scope != Scope.SIM,
        )
    ).scalar_one()
    if tries < retry.MAX_ATTEMPTS:
        return None
    return Reason("gave_up", {"attempts": tries, "last": verdict.code})


def _queue_again(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    verdict: Verdict,
    rest: Rest,
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
) -> MessageState:
    begun = granted.part_numbers[0] > 1
    mailing = connection.execute(
        select(mailings.c.reroute, mailings.c.state).where(mailings.c.mailing_id == granted.mailing_id)
    ).one_or_none()
    # a single message has no list of its own to wait in: another SIM is what its sender expects
    may_reroute = mailing is None or mailing.reroute
    values: dict[str, Any] = {"not_before_at": None, "bound_sim_id": None}
    again_at = retry.message_retry_at(now, granted.attempt_count, begun=begun, chance=chance)
    if begun or (verdict.scope is Scope.SIM and not may_reroute):
        values["bound_sim_id"] = sim_id
        if not begun and rest.state is SimState.THROTTLED and rest.until_at is not None:
            # whoever is next in line goes first when the SIM is back
            again_at = max(again_at, rest.until_at + timedelta(seconds=_STEP_BACK_S))
    if verdict.scope is not Scope.SIM or begun or not may_reroute or granted.attempt_count > 1:
        # also when the modem is to blame: a message that hangs modems must not go from one to the next
        values["not_before_at"] = again_at
    _set_message(connection, granted.message_id, MessageState.QUEUED, verdict.reason, values)
    tell(new_events, granted, sim_id, MessageState.QUEUED, verdict.reason, now)
    if mailing is not None and mailing.state == MailingState.CANCELLED:
        # cancelled while it was under way: nothing would ever take it from the queue
        return orders.cancel_message(connection, granted.message_id, now, new_events)
    return MessageState.QUEUED


def _reserve_again(connection: Connection, granted: Granted, sim_id: int) -> None:
    """The quota of refused parts of a begun message is kept for their next try."""
    connection.execute(
        insert(attempts),
        [
            {
                "message_id": granted.message_id,
                "part": part,
                "sim_id": sim_id,
                "msisdn": granted.msisdn,
                "started_at": None,
                "counted_at": FAR_FUTURE,
                "uses_reserve": granted.uses_reserve,
            }
            for part in granted.part_numbers
        ],
    )


def _set_message(
    connection: Connection, message_id: int, state: MessageState, reason: Reason, values: dict[str, Any]
) -> None:
    connection.execute(
        update(messages)
        .where(
            messages.c.message_id == message_id,
            messages.c.state.in_((MessageState.SUBMITTING, MessageState.UNKNOWN)),
        )
        .values(
            state=state,
            reason_code=reason.code,
            reason_params=dict(reason.params),
            agent_id=None,
            lease_until_at=None,
            **values,
        )
    )


def tell(
    new_events: list[NewEvent],
    granted: Granted,
    sim_id: int,
    state: MessageState,
    reason: Reason,
    now: datetime,
) -> None:
    """The event of a message that was not accepted."""
    new_events.append(
        NewEvent(
            at=now,
            kind="message",
            state=state,
            mailing_id=granted.mailing_id,
            message_id=granted.message_id,
            part=granted.part_numbers[0],
            sim_id=sim_id,
            parts_submitted=granted.part_numbers[0] - 1,
            reason=reason,
        )
    )
