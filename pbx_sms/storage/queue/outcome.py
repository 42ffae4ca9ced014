"""The outcome of an attempt: what the modem answered decides what becomes of part, message and SIM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from pbx_sms.core import retry
from pbx_sms.core.message import MessageState, PartState, ReportState
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.core.verdict import Kind, Scope, Verdict
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import orders, report
from pbx_sms.storage.queue.submit import Granted
from pbx_sms.storage.schema import Instant, attempts, mailings, messages, parts, sims

#: what a SIM rests for after several refusals in a row
_SUSPENSION = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    message_state: MessageState
    #: parts whose quota was given back
    returned: int = 0
    #: until when the SIM backs off, and why
    sim_state: SimState = SimState.READY
    sim_until_at: datetime | None = None


_END_ATTEMPT = (
    update(attempts)
    .where(attempts.c.attempt_id == bindparam("b_attempt_id"))
    .values(
        ended_at=bindparam("b_now"),
        counted_at=bindparam("b_counted_at"),
        kind=bindparam("b_kind"),
        scope=bindparam("b_scope"),
        code=bindparam("b_code"),
        reason_code=bindparam("b_reason_code"),
        reason_params=bindparam("b_reason_params"),
    )
)
_PART = (
    update(parts)
    .where(
        parts.c.message_id == bindparam("b_message_id"),
        parts.c.part == bindparam("b_part"),
        parts.c.state.in_((PartState.SUBMITTING, PartState.UNKNOWN)),
    )
    .values(
        state=bindparam("b_state"),
        reference=bindparam("b_reference"),
        submitted_at=bindparam("b_submitted_at"),
        report=bindparam("b_report"),
    )
)
_MESSAGE_SUBMITTED = (
    update(messages)
    .where(
        messages.c.message_id == bindparam("b_message_id"),
        messages.c.state.in_((MessageState.SUBMITTING, MessageState.UNKNOWN)),
    )
    .values(
        state=MessageState.SUBMITTED,
        submitted_at=bindparam("b_now"),
        first_accepted_at=func.coalesce(messages.c.first_accepted_at, bindparam("b_now", type_=Instant)),
        agent_id=None,
        lease_until_at=None,
        reason_code=None,
        reason_params=None,
    )
)
_MESSAGE_GOES_ON = (
    update(messages)
    .where(messages.c.message_id == bindparam("b_message_id"))
    .values(
        first_accepted_at=func.coalesce(messages.c.first_accepted_at, bindparam("b_now", type_=Instant)),
        bound_sim_id=bindparam("b_sim_id"),
    )
)
_UNSETTLED_PARTS = select(func.count()).where(
    parts.c.message_id == bindparam("message_id"), parts.c.state != PartState.SUBMITTED
)
_SIM_WELL = (
    update(sims)
    .where(sims.c.sim_id == bindparam("b_sim_id"), sims.c.failures_in_row > 0)
    .values(failures_in_row=0)
)


def settle(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    verdict: Verdict,
    references: tuple[int | None, ...],
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
) -> Settled:
    """Writes the outcome of the parts that `granted` began: attempt, part, message, SIM and quota."""
    accepted = verdict.kind is Kind.ACCEPTED
    counted_at = None if verdict.certainly_not_taken else now
    _end_attempts(connection, granted.attempt_ids, verdict, counted_at, now)
    state = (
        PartState.SUBMITTED
        if accepted
        else PartState.REFUSED
        if verdict.certainly_not_taken
        else PartState.UNKNOWN
    )
    wants_report = accepted and granted.wants_report
    padded = references + (None,) * (len(granted.part_numbers) - len(references))
    connection.execute(
        _PART,
        [
            {
                "b_message_id": granted.message_id,
                "b_part": part,
                "b_state": state,
                "b_reference": reference,
                "b_submitted_at": now if accepted else None,
                "b_report": ReportState.PENDING if wants_report else ReportState.NONE,
            }
            for part, reference in zip(granted.part_numbers, padded, strict=True)
        ],
    )
    if accepted:
        return _accepted(connection, granted, sim_id, padded, now, new_events)
    if not verdict.certainly_not_taken:
        return _unknown(connection, granted, sim_id, verdict, now, new_events)
    return _refused(connection, granted, sim_id, verdict, now, chance, new_events)


def _end_attempts(
    connection: Connection,
    attempt_ids: tuple[int, ...],
    verdict: Verdict,
    counted_at: datetime | None,
    now: datetime,
) -> None:
    connection.execute(
        _END_ATTEMPT,
        [
            {
                "b_attempt_id": attempt_id,
                "b_now": now,
                "b_counted_at": counted_at,
                "b_kind": verdict.kind,
                "b_scope": verdict.scope,
                "b_code": verdict.code,
                "b_reason_code": verdict.reason.code,
                "b_reason_params": dict(verdict.reason.params) or None,
            }
            for attempt_id in attempt_ids
        ],
    )


def _accepted(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    references: tuple[int | None, ...],
    now: datetime,
    new_events: list[NewEvent],
) -> Settled:
    last = granted.part_numbers[-1]
    connection.execute(_SIM_WELL, {"b_sim_id": sim_id})
    complete = (
        granted.part_count == 1
        or connection.execute(_UNSETTLED_PARTS, {"message_id": granted.message_id}).scalar_one() == 0
    )
    if complete:
        connection.execute(_MESSAGE_SUBMITTED, {"b_message_id": granted.message_id, "b_now": now})
    else:
        connection.execute(
            _MESSAGE_GOES_ON, {"b_message_id": granted.message_id, "b_now": now, "b_sim_id": sim_id}
        )
    new_events.append(
        NewEvent(
            at=now,
            kind="message",
            state=MessageState.SUBMITTED if complete else MessageState.SUBMITTING,
            mailing_id=granted.mailing_id,
            message_id=granted.message_id,
            part=last,
            sim_id=sim_id,
            parts_submitted=granted.part_count if complete else last,
        )
    )
    if granted.wants_report:
        # a report may have come before the answer
        for part, reference in zip(granted.part_numbers, references, strict=True):
            if reference is not None:
                report.apply_early(
                    connection,
                    sim_id,
                    reference,
                    report.PartOf(granted.message_id, part, granted.msisdn),
                    now,
                    new_events,
                )
    return Settled(message_state=MessageState.SUBMITTED if complete else MessageState.SUBMITTING)


def _unknown(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    verdict: Verdict,
    now: datetime,
    new_events: list[NewEvent],
) -> Settled:
    connection.execute(
        update(messages)
        .where(messages.c.message_id == granted.message_id, messages.c.state == MessageState.SUBMITTING)
        .values(
            state=MessageState.UNKNOWN,
            reason_code=verdict.reason.code,
            reason_params=dict(verdict.reason.params),
            bound_sim_id=sim_id,
            agent_id=None,
            lease_until_at=None,
        )
    )
    returned = orders.return_unstarted(connection, granted.message_id)
    _event(new_events, granted, sim_id, MessageState.UNKNOWN, verdict.reason, now)
    return Settled(message_state=MessageState.UNKNOWN, returned=returned)


def _refused(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    verdict: Verdict,
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
) -> Settled:
    begun = granted.part_numbers[0] > 1
    returned = orders.return_unstarted(connection, granted.message_id) + len(granted.part_numbers)
    sim_state, sim_until_at = SimState.READY, None
    if verdict.scope is Scope.SIM:
        sim_state, sim_until_at = _rest(connection, sim_id, verdict.reason, now, chance, new_events)
    gives_up = verdict.scope is not Scope.SIM and granted.attempt_count >= retry.MAX_ATTEMPTS
    if gives_up or (verdict.kind is Kind.PERMANENT and verdict.scope is Scope.MESSAGE):
        reason = (
            Reason("gave_up", {"attempts": granted.attempt_count, "last": verdict.code})
            if gives_up
            else verdict.reason
        )
        if begun:
            orders.fail_incomplete(connection, granted.message_id, reason, now, new_events)
        else:
            _set_message(connection, granted.message_id, MessageState.FAILED, reason, {})
            _event(new_events, granted, sim_id, MessageState.FAILED, reason, now)
        return Settled(
            message_state=MessageState.FAILED,
            returned=returned,
            sim_state=sim_state,
            sim_until_at=sim_until_at,
        )
    values: dict[str, Any] = {"not_before_at": None}
    if verdict.scope is not Scope.SIM or begun:
        # also when the modem is to blame: a message that hangs modems must not go from one to the next
        values["not_before_at"] = retry.message_retry_at(
            now, granted.attempt_count, begun=begun, chance=chance
        )
    if begun or (verdict.scope is Scope.SIM and not _may_reroute(connection, granted.mailing_id)):
        values["bound_sim_id"] = sim_id
    _set_message(connection, granted.message_id, MessageState.QUEUED, verdict.reason, values)
    _event(new_events, granted, sim_id, MessageState.QUEUED, verdict.reason, now)
    return Settled(
        message_state=MessageState.QUEUED, returned=returned, sim_state=sim_state, sim_until_at=sim_until_at
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


def _may_reroute(connection: Connection, mailing_id: int | None) -> bool:
    if mailing_id is None:
        # a single message has no list of its own to wait in: another SIM is what its sender expects
        return True
    statement = select(mailings.c.reroute).where(mailings.c.mailing_id == mailing_id)
    return bool(connection.execute(statement).scalar_one_or_none())


def _rest(
    connection: Connection,
    sim_id: int,
    reason: Reason,
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
) -> tuple[SimState, datetime | None]:
    """The SIM was refused: it backs off, and after several in a row it rests for longer."""
    failures = connection.execute(
        update(sims)
        .where(sims.c.sim_id == sim_id)
        .values(failures_in_row=sims.c.failures_in_row + 1)
        .returning(sims.c.failures_in_row)
    ).scalar_one()
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


def _event(
    new_events: list[NewEvent],
    granted: Granted,
    sim_id: int,
    state: MessageState,
    reason: Reason,
    now: datetime,
) -> None:
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
