"""The stop list as the queue sees it, and the one message that may pass it: the confirmation of a stop.

A confirmation carries the id of the stop that it confirms (`messages.confirms_stop_id`, unique: there is one
for a stop). It passes only while exactly that stop stands on the list; for every other message, and for every
other stop, the number is closed. When the stop is taken back, what would confirm it must not go either.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Exists, and_, exists, or_, select

from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import orders
from pbx_sms.storage.queue.entry import add_own_message
from pbx_sms.storage.schema import messages, stop_list


def is_stopped() -> Exists:
    """Whether the stop list forbids a message: one look-up by its number."""
    confirms = messages.c.confirms_stop_id
    return exists(
        select(stop_list.c.msisdn).where(
            stop_list.c.msisdn == messages.c.msisdn,
            or_(confirms.is_(None), stop_list.c.stop_id.is_(None), stop_list.c.stop_id != confirms),
        )
    )


def is_taken_back(connection: Connection, message_id: int) -> bool:
    """Whether a confirmation has nothing to confirm any more: its number is off the list."""
    holds = (
        select(stop_list.c.msisdn)
        .join(messages, and_(messages.c.msisdn == stop_list.c.msisdn))
        .where(messages.c.message_id == message_id, messages.c.confirms_stop_id == stop_list.c.stop_id)
    )
    return connection.execute(holds).first() is None


def add_confirmation(
    connection: Connection,
    msisdn: str,
    text: str,
    sim_id: int,
    now: datetime,
    new_events: list[NewEvent],
    *,
    wants_report: bool,
) -> int:
    """Queues the confirmation of the stop that has just been put on the list, through the SIM that was
    written to. Returns the message's id."""
    stop_id = connection.execute(select(stop_list.c.stop_id).where(stop_list.c.msisdn == msisdn)).scalar_one()
    return add_own_message(
        connection,
        msisdn,
        text,
        sim_id,
        Reason("stop_confirmation"),
        now,
        new_events,
        wants_report=wants_report,
        confirms_stop_id=stop_id,
    )


def cancel_confirmations(
    connection: Connection, msisdn: str, now: datetime, new_events: list[NewEvent]
) -> int:
    """A person took the number off the list: what would confirm the stop ends. Returns how many."""
    waiting = connection.execute(
        select(messages.c.message_id).where(
            messages.c.msisdn == msisdn,
            messages.c.confirms_stop_id.is_not(None),
            messages.c.state.in_((MessageState.QUEUED, MessageState.LEASED)),
        )
    ).scalars()
    reason = Reason("stop_taken_back")
    return sum(
        orders.end_unsent(connection, message_id, MessageState.CANCELLED, reason, now, new_events)
        for message_id in list(waiting)
    )
