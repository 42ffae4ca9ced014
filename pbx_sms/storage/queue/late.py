"""Whether an answer may still be written: in time, or after its attempt was given up as unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from pbx_sms.core.message import MessageState, PartState
from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import Kind, Verdict
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import decision, finish, outcome, proof
from pbx_sms.storage.queue.intent import Granted, Settled
from pbx_sms.storage.schema import attempts, messages, parts


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
    """Writes the outcome of the parts that `granted` began: attempt, part, message, SIM and quota.

    An outcome is written once: the same order again changes nothing. Where the intent was given up as
    overdue meanwhile, this is a late answer.
    """
    settled = outcome.write(connection, granted, sim_id, verdict, references, now, chance, new_events)
    if settled is not None and settled.message_state is MessageState.UNKNOWN:
        state = proof.settle_unknown(connection, sim_id, granted.message_id, now, new_events)
        return replace(settled, message_state=state)
    if settled is None:
        reference = references[0] if references else None
        settled = settle_late(connection, granted.attempt_ids[0], verdict, reference, now, chance, new_events)
    if settled is None:
        state = connection.execute(
            select(messages.c.state).where(messages.c.message_id == granted.message_id)
        ).scalar_one()
        settled = Settled(message_state=MessageState(state))
    return settled


def settle_late(
    connection: Connection,
    attempt_id: int,
    verdict: Verdict,
    reference: int | None,
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
) -> Settled | None:
    """The answer of an attempt that was already unknown. None when it is settled otherwise by now.

    What is proven not to have been taken may be tried again; a message of which a part is proven accepted
    goes on with its other parts while they can still be joined.
    """
    if verdict.kind is Kind.UNKNOWN:
        return None
    # a person may have had it sent again since: then the part waits for the answer of a newer attempt
    newest = (
        select(func.max(attempts.c.attempt_id))
        .where(attempts.c.message_id == messages.c.message_id, attempts.c.part == parts.c.part)
        .correlate(messages, parts)
        .scalar_subquery()
    )
    row = connection.execute(
        select(
            attempts.c.message_id,
            attempts.c.part,
            attempts.c.sim_id,
            attempts.c.started_at,
            messages.c.mailing_id,
            messages.c.msisdn,
            messages.c.text,
            messages.c.part_count,
            messages.c.concat_reference,
            messages.c.wants_report,
            messages.c.attempt_count,
            messages.c.probe,
            attempts.c.uses_reserve,
        )
        .join(messages, messages.c.message_id == attempts.c.message_id)
        .join(parts, (parts.c.message_id == attempts.c.message_id) & (parts.c.part == attempts.c.part))
        .where(
            attempts.c.attempt_id == attempt_id,
            attempts.c.attempt_id == newest,
            attempts.c.kind == Kind.UNKNOWN,
            messages.c.state == MessageState.UNKNOWN,
            parts.c.state == PartState.UNKNOWN,
        )
        .with_for_update(of=messages)
    ).one_or_none()
    if row is None:
        return None
    handed_over = _handed_over(connection, row.message_id)
    granted = Granted(
        message_id=row.message_id,
        mailing_id=row.mailing_id,
        msisdn=row.msisdn,
        text=row.text,
        part_count=row.part_count,
        part_numbers=tuple(part for part, _ in handed_over),
        attempt_ids=tuple(attempt for _, attempt in handed_over),
        concat_reference=row.concat_reference,
        wants_report=row.wants_report,
        attempt_count=row.attempt_count,
        uses_reserve=row.uses_reserve,
        reserved=0,
        probe=row.probe,
    )
    settled = outcome.write(
        connection, granted, row.sim_id, verdict, (reference,), now, chance, new_events, was_unknown=True
    )
    assert settled is not None
    if settled.message_state is MessageState.SUBMITTING:
        decision.go_on(
            connection,
            row.message_id,
            Reason("goes_on_after_late_answer"),
            accepted_at=row.started_at,
            now=now,
            new_events=new_events,
        )
        return Settled(message_state=MessageState.QUEUED)
    if settled.message_state is MessageState.QUEUED:
        finish.revive_mailing(connection, row.mailing_id, now, new_events)
    return settled


def _handed_over(connection: Connection, message_id: int) -> list[tuple[int, int]]:
    """Parts whose outcome is unknown, each with its newest attempt: they were handed over together."""
    rows = connection.execute(
        select(parts.c.part, func.max(attempts.c.attempt_id))
        .join(attempts, (attempts.c.message_id == parts.c.message_id) & (attempts.c.part == parts.c.part))
        .where(parts.c.message_id == message_id, parts.c.state == PartState.UNKNOWN)
        .group_by(parts.c.part)
        .order_by(parts.c.part)
    )
    return [(part, attempt_id) for part, attempt_id in rows]
