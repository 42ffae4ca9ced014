"""Which of our messages a message that came in may answer, and what came in after one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from pbx_sms.core.message import MessageState
from pbx_sms.storage.schema import inbound, messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    message_id: int
    #: None for a single message
    mailing_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    inbound_id: int
    received_at: datetime
    text: str
    is_stop: bool


#: of one conversation
_MOST_REPLIES = 50


def replies_to(connection: Connection, message_id: int) -> list[Reply]:
    """What came in that may answer this message, as `newest` decided when it came; in order."""
    number = select(messages.c.msisdn).where(messages.c.message_id == message_id).scalar_subquery()
    query = (
        select(inbound.c.inbound_id, inbound.c.received_at, inbound.c.text, inbound.c.is_stop)
        # the number is what there is an index of
        .where(inbound.c.msisdn == number, inbound.c.message_id == message_id)
        .order_by(inbound.c.inbound_id)
        .limit(_MOST_REPLIES)
    )
    return [Reply(**row._mapping) for row in connection.execute(query)]


def newest(connection: Connection, msisdn: str, sim_id: int) -> Answered | None:
    """The newest message that the number got, or may have got: through this SIM if there is any, because that
    is what people answer to. Tests and confirmations are nobody's conversation."""
    row = connection.execute(
        select(messages.c.message_id, messages.c.mailing_id)
        .where(
            messages.c.msisdn == msisdn,
            or_(
                messages.c.first_accepted_at.is_not(None),
                messages.c.state.in_((MessageState.SUBMITTING, MessageState.UNKNOWN)),
            ),
            ~messages.c.probe,
            messages.c.confirms_stop_id.is_(None),
        )
        .order_by((messages.c.sim_id == sim_id).desc(), messages.c.message_id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Answered(message_id=row.message_id, mailing_id=row.mailing_id)
