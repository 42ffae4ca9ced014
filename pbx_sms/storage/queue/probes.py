"""Tests of a SIM: one message to a telephone of the office, or to another SIM, confirmed by its report.

A probe is a real message of kind service, bound to its SIM. It counts against the quotas, obeys the stop list
and is tried once; what it proves is written by `storage/health`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select, update

from pbx_sms.core.message import OPEN_STATES, MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import health
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue.entry import add_own_message
from pbx_sms.storage.schema import messages

#: a test whose report has not come by then has failed
REPORT_WITHIN = timedelta(minutes=30)


def add_probe(
    connection: Connection,
    sim_id: int,
    imsi: str,
    msisdn: str,
    local_time: str,
    now: datetime,
    new_events: list[NewEvent],
) -> int:
    """Queues a test of the SIM. Returns the message's id."""
    text = f"pbx-sms: test of the SIM ...{imsi[-4:]}, {local_time}"
    return add_own_message(
        connection,
        msisdn,
        text,
        sim_id,
        Reason("probe", {"sim": imsi}),
        now,
        new_events,
        wants_report=True,
        probe=True,
    )


def open_probe(connection: Connection, sim_id: int, now: datetime) -> int | None:
    """The test of this SIM that is under way, or whose report is awaited."""
    return connection.execute(
        select(messages.c.message_id)
        .where(
            messages.c.probe,
            messages.c.bound_sim_id == sim_id,
            or_(
                messages.c.state.in_(tuple(OPEN_STATES)),
                (messages.c.state == MessageState.SUBMITTED)
                & messages.c.reason_code.is_(None)
                & (messages.c.submitted_at > now - REPORT_WITHIN),
            ),
        )
        .order_by(messages.c.message_id.desc())
        .limit(1)
    ).scalar_one_or_none()


def probes_overdue(connection: Connection, now: datetime, new_events: list[NewEvent]) -> int:
    """Tests that were accepted long enough ago, and no report came: each is told once. Returns how many."""
    reason = Reason("probe_no_report", {"minutes": round(REPORT_WITHIN.total_seconds() / 60)})
    rows = connection.execute(
        update(messages)
        .where(
            messages.c.probe,
            messages.c.bound_sim_id.is_not(None),
            messages.c.state == MessageState.SUBMITTED,
            messages.c.submitted_at < now - REPORT_WITHIN,
            messages.c.reason_code.is_(None),
        )
        .values(reason_code=reason.code, reason_params=dict(reason.params))
        .returning(messages.c.message_id, messages.c.bound_sim_id)
    ).all()
    for row in rows:
        sim_id = row.bound_sim_id
        state = health.state_of(connection, sim_id)
        health.tell_probe(state, reason.code, reason.params, row.message_id, sim_id, now, new_events)
    return len(rows)
