"""The parts of a message, made anew by the rule of the modem that is to send it.

Only for a message of which nothing was accepted: what was refused of it before may be cut in another way.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, update

from pbx_sms.core.message import PartState
from pbx_sms.storage.queue.entry import insert_parts
from pbx_sms.storage.schema import mailings, messages, parts

_OF_MESSAGE = (
    update(messages)
    .where(messages.c.message_id == bindparam("b_message_id"))
    .values(part_count=bindparam("b_part_count"))
)
_OF_MAILING = (
    update(mailings)
    .where(mailings.c.mailing_id == bindparam("b_mailing_id"))
    .values(part_count=mailings.c.part_count + bindparam("b_more"))
)
_BEYOND = delete(parts).where(
    parts.c.message_id == bindparam("b_message_id"),
    parts.c.part > bindparam("b_part_count"),
    parts.c.state.in_((PartState.PENDING, PartState.REFUSED)),
)


def cut_anew(
    connection: Connection, message_id: int, mailing_id: int | None, had: int, part_count: int
) -> None:
    """Gives the message `part_count` parts where it `had` another number, and its mailing the difference."""
    connection.execute(_OF_MESSAGE, {"b_message_id": message_id, "b_part_count": part_count})
    if mailing_id is not None:
        connection.execute(_OF_MAILING, {"b_mailing_id": mailing_id, "b_more": part_count - had})
    if part_count < had:
        connection.execute(_BEYOND, {"b_message_id": message_id, "b_part_count": part_count})
        return
    insert_parts(connection, [(message_id, number) for number in range(had + 1, part_count + 1)])
