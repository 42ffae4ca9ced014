"""The outcome of an attempt: what the modem answered decides what becomes of part, message and SIM.

`late` says whether an answer may still be written; `refusal` decides what follows from a refused part.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, or_, select, update

from pbx_sms.core.message import MessageState, PartState, ReportState
from pbx_sms.core.sim import SimState
from pbx_sms.core.verdict import Kind, Verdict
from pbx_sms.storage import health
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import orders, refusal, report, resting, whole_report
from pbx_sms.storage.queue.intent import Granted, Settled
from pbx_sms.storage.schema import Instant, attempts, messages, parts, sims

_END_ATTEMPT = (
    update(attempts)
    .where(
        attempts.c.attempt_id == bindparam("b_attempt_id"),
        or_(attempts.c.kind.is_(None), attempts.c.kind == bindparam("b_was")),
    )
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
    .where(messages.c.message_id == bindparam("b_message_id"), messages.c.state == MessageState.SUBMITTING)
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


def write(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    verdict: Verdict,
    references: tuple[int | None, ...],
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
    *,
    was_unknown: bool = False,
) -> Settled | None:
    """Writes the outcome of the parts that `granted` began: attempt, part, message, SIM and quota.

    None, and nothing is written, when the attempts have an outcome already; only one that `was_unknown` may
    be replaced.
    """
    accepted = verdict.kind is Kind.ACCEPTED
    if not _end_attempts(connection, granted.attempt_ids, verdict, now, was_unknown=was_unknown):
        return None
    state = (
        PartState.SUBMITTED
        if accepted
        else PartState.REFUSED
        if verdict.certainly_not_taken
        else PartState.UNKNOWN
    )
    wants_report = accepted and granted.wants_report
    padded = references + (None,) * (len(granted.part_numbers) - len(references))
    for part, reference in zip(granted.part_numbers, padded, strict=True):
        connection.execute(
            _PART,
            {
                "b_message_id": granted.message_id,
                "b_part": part,
                "b_state": state,
                "b_reference": reference,
                "b_submitted_at": now if accepted else None,
                "b_report": ReportState.PENDING if wants_report else ReportState.NONE,
            },
        )
    if accepted:
        return _accepted(connection, granted, sim_id, padded, now, new_events, was_unknown=was_unknown)
    if not verdict.certainly_not_taken:
        return _unknown(connection, granted, sim_id, verdict, now, chance, new_events)
    return refusal.refuse(connection, granted, sim_id, verdict, now, chance, new_events)


def _end_attempts(
    connection: Connection,
    attempt_ids: tuple[int, ...],
    verdict: Verdict,
    now: datetime,
    *,
    was_unknown: bool,
) -> bool:
    """Whether the attempts were there to be ended: an outcome is written once."""
    written = 0
    for attempt_id in attempt_ids:
        written += connection.execute(
            _END_ATTEMPT,
            {
                "b_attempt_id": attempt_id,
                "b_was": Kind.UNKNOWN if was_unknown else "",
                "b_now": now,
                "b_counted_at": None if verdict.certainly_not_taken else now,
                "b_kind": verdict.kind,
                "b_scope": verdict.scope,
                "b_code": verdict.code,
                "b_reason_code": verdict.reason.code,
                "b_reason_params": dict(verdict.reason.params) or None,
            },
        ).rowcount
    return written > 0


def _accepted(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    references: tuple[int | None, ...],
    now: datetime,
    new_events: list[NewEvent],
    *,
    was_unknown: bool,
) -> Settled:
    last = granted.part_numbers[-1]
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
    if complete or not was_unknown:
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
        settled = [
            (reference, report.PartOf(granted.message_id, part, granted.msisdn))
            for part, reference in zip(granted.part_numbers, references, strict=True)
            if reference is not None
        ]
        early = [report.apply_early(connection, sim_id, reference, part, now) for reference, part in settled]
        if complete and (granted.part_count > 1 or any(early)):
            report.conclude(connection, granted.message_id, now, new_events)
        if not settled:
            # a driver that tells no references matched the reports by itself
            whole_report.apply_early(connection, sim_id, granted.attempt_ids[0], now, new_events)
    connection.execute(_SIM_WELL, {"b_sim_id": sim_id})
    return Settled(
        message_state=MessageState.SUBMITTED if complete else MessageState.SUBMITTING,
        sim_state=health.state_of(connection, sim_id) if granted.probe else SimState.READY,
    )


def _unknown(
    connection: Connection,
    granted: Granted,
    sim_id: int,
    verdict: Verdict,
    now: datetime,
    chance: float,
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
    refusal.tell(new_events, granted, sim_id, MessageState.UNKNOWN, verdict.reason, now)
    if granted.probe:
        health.probe_failed(connection, granted.message_id, sim_id, verdict.reason, now, new_events)
    # silence and answers that prove nothing are what some operators have for a SIM at its limit
    rest = resting.after_failure(connection, sim_id, granted, verdict, now, chance, new_events)
    resting.keep(connection, sim_id, rest, now, new_events)
    return Settled(
        message_state=MessageState.UNKNOWN,
        returned=returned,
        sim_state=rest.state,
        sim_until_at=rest.until_at,
    )
