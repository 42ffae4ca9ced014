"""Answers that come after their attempt was given up as unknown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import Kind, Verdict
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import orders
from pbx_sms.storage.queue.outcome import Settled, settle
from pbx_sms.storage.queue.submit import Granted
from pbx_sms.storage.schema import attempts, messages


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
    row = connection.execute(
        select(
            attempts.c.message_id,
            attempts.c.part,
            attempts.c.sim_id,
            messages.c.mailing_id,
            messages.c.msisdn,
            messages.c.text,
            messages.c.part_count,
            messages.c.concat_reference,
            messages.c.wants_report,
            messages.c.attempt_count,
            attempts.c.uses_reserve,
        )
        .join(messages, messages.c.message_id == attempts.c.message_id)
        .where(
            attempts.c.attempt_id == attempt_id,
            attempts.c.kind == Kind.UNKNOWN,
            messages.c.state == MessageState.UNKNOWN,
        )
    ).one_or_none()
    if row is None or verdict.kind is Kind.UNKNOWN:
        return None
    granted = Granted(
        message_id=row.message_id,
        mailing_id=row.mailing_id,
        msisdn=row.msisdn,
        text=row.text,
        part_count=row.part_count,
        part_numbers=(row.part,),
        attempt_ids=(attempt_id,),
        concat_reference=row.concat_reference,
        wants_report=row.wants_report,
        attempt_count=row.attempt_count,
        uses_reserve=row.uses_reserve,
        reserved=0,
    )
    settled = settle(connection, granted, row.sim_id, verdict, (reference,), now, chance, new_events)
    if settled.message_state is MessageState.SUBMITTING:
        connection.execute(
            update(messages)
            .where(messages.c.message_id == row.message_id, messages.c.state == MessageState.UNKNOWN)
            .values(
                state=MessageState.QUEUED,
                bound_sim_id=row.sim_id,
                reason_code=Reason("goes_on_after_late_answer").code,
                reason_params=None,
            )
        )
        orders.revive_mailing(connection, row.mailing_id, now, new_events)
    elif settled.message_state is MessageState.QUEUED:
        orders.revive_mailing(connection, row.mailing_id, now, new_events)
    return settled
