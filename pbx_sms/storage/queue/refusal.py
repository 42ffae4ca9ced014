"""What follows when a part was certainly not taken: who backs off, whether and when it is tried again.

About the message: it waits, and is given up after `retry.MAX_ATTEMPTS` tries. About the SIM: the SIM backs
off, and rests for longer once several recipients in a row were refused; the message is unharmed. A number
for which every SIM is refused waits as well from its second refusal on, so that it never holds up SIM after
SIM. A begun message stays with its SIM and keeps its quota.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pbx_sms.core import retry
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.core.verdict import Kind, Scope, Verdict
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import orders
from pbx_sms.storage.queue.submit import Granted, Settled
from pbx_sms.storage.schema import attempts, mailings, messages, sims
from pbx_sms.storage.schema.types import FAR_FUTURE

#: what a SIM rests for after several refusals in a row
_SUSPENSION = timedelta(hours=1)
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
    sim_state, sim_until_at = SimState.READY, None
    if verdict.scope is Scope.SIM:
        sim_state, sim_until_at = _rest(connection, sim_id, granted, verdict.reason, now, chance, new_events)
    ends_because = _end_reason(connection, granted, verdict)
    if ends_because is not None:
        returned = orders.return_unstarted(connection, granted.message_id) + len(granted.part_numbers)
        state = MessageState.FAILED
        if begun:
            orders.fail_incomplete(connection, granted.message_id, ends_because, now, new_events)
        else:
            _set_message(connection, granted.message_id, state, ends_because, {})
            tell(new_events, granted, sim_id, state, ends_because, now)
    else:
        if begun:
            returned = 0
            _reserve_again(connection, granted, sim_id)
        else:
            returned = orders.return_unstarted(connection, granted.message_id) + len(granted.part_numbers)
        state = _queue_again(connection, granted, sim_id, verdict, now, chance, new_events)
    return Settled(message_state=state, returned=returned, sim_state=sim_state, sim_until_at=sim_until_at)


def _end_reason(connection: Connection, granted: Granted, verdict: Verdict) -> Reason | None:
    """Why the message is given up, None when it is not. Refusals that were about a SIM do not count."""
    if verdict.scope is Scope.SIM:
        return None
    if verdict.kind is Kind.PERMANENT and verdict.scope is Scope.MESSAGE:
        return verdict.reason
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
    if verdict.scope is not Scope.SIM or begun or granted.attempt_count > 1:
        # also when the modem is to blame: a message that hangs modems must not go from one to the next
        values["not_before_at"] = retry.message_retry_at(
            now, granted.attempt_count, begun=begun, chance=chance
        )
    if begun or (verdict.scope is Scope.SIM and not may_reroute):
        values["bound_sim_id"] = sim_id
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


def _rest(
    connection: Connection,
    sim_id: int,
    granted: Granted,
    reason: Reason,
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
) -> tuple[SimState, datetime | None]:
    """The SIM was refused: it backs off, and after several recipients in a row it rests for longer.

    Returns the SIM's state and until when; one that is held or rests already stays as it is.
    """
    failures = _refused_in_row(connection, sim_id, granted)
    connection.execute(update(sims).where(sims.c.sim_id == sim_id).values(failures_in_row=failures))
    if failures >= retry.SUSPEND_AFTER:
        state, until_at = SimState.SUSPENDED, now + _SUSPENSION
    else:
        state, until_at = SimState.THROTTLED, retry.device_retry_at(now, failures, chance=chance)
    changed = connection.execute(
        update(sims)
        .where(sims.c.sim_id == sim_id, sims.c.state.in_((SimState.READY, SimState.THROTTLED)))
        .values(state=state, until_at=until_at, reason_code=reason.code, reason_params=dict(reason.params))
    ).rowcount
    if changed:
        new_events.append(NewEvent(at=now, kind="sim", state=state, sim_id=sim_id, reason=reason))
        return state, until_at
    row = connection.execute(select(sims.c.state, sims.c.until_at).where(sims.c.sim_id == sim_id)).one()
    return SimState(row.state), row.until_at


def _refused_in_row(connection: Connection, sim_id: int, granted: Granted) -> int:
    """Recipients that the SIM was refused since it last worked, or since a person released it."""
    known = connection.execute(select(sims.c.failures_in_row).where(sims.c.sim_id == sim_id)).scalar_one()
    newest = (
        select(attempts.c.msisdn)
        .where(
            attempts.c.sim_id == sim_id,
            attempts.c.counted_at.is_(None),
            attempts.c.scope == Scope.SIM,
            attempts.c.attempt_id.not_in(granted.attempt_ids),
        )
        .group_by(attempts.c.msisdn)
        .order_by(func.max(attempts.c.attempt_id).desc())
        .limit(known)
    )
    return int(known + (granted.msisdn not in connection.execute(newest).scalars().all()))


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
