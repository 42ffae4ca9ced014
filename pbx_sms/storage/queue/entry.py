"""New messages, with their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from pbx_sms.core import segments
from pbx_sms.core.mailing import RANK, MailingKind
from pbx_sms.core.message import MessageState, PartState, ReportState
from pbx_sms.core.reason import Reason
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import messages, parts

_WORTH_SENDING = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    msisdn: str
    text: str
    encoding: str
    part_count: int
    rank: int
    wants_report: bool
    mailing_id: int | None = None
    row: int | None = None
    request_key: str | None = None
    expires_at: datetime | None = None
    #: a test of the SIM it is bound to
    probe: bool = False
    bound_sim_id: int | None = None
    #: the SIMs that it may take; see `storage.routing`
    route_id: int | None = None
    #: the revision of the rules that say so
    route_revision: int = 0
    #: it shows what this mailing would send
    trial_of: int | None = None
    #: the stop that it confirms; see queue.stopped
    confirms_stop_id: int | None = None
    #: the recipient's, where the hours there matter
    zone: str | None = None


def insert_messages(connection: Connection, new: Sequence[NewMessage], now: datetime) -> list[int]:
    """Stores the messages as queued, with a pending part for each segment; returns their ids in order.

    On SQLite the transaction is exclusive, so ids follow the largest one; elsewhere the database is asked
    for a block of its sequence. Either way ids are known without reading each row back.
    """
    if not new:
        return []
    ids = _take_ids(connection, len(new))
    connection.execute(
        insert(messages),
        [
            {
                "message_id": message_id,
                "mailing_id": message.mailing_id,
                "row": message.row,
                "rank": message.rank,
                "msisdn": message.msisdn,
                "text": message.text,
                "encoding": message.encoding,
                "part_count": message.part_count,
                "state": MessageState.QUEUED,
                "expires_at": message.expires_at,
                "attempt_count": 0,
                "wants_report": message.wants_report,
                "request_key": message.request_key,
                "probe": message.probe,
                "bound_sim_id": message.bound_sim_id,
                "route_id": message.route_id,
                "route_revision": message.route_revision,
                "trial_of": message.trial_of,
                "confirms_stop_id": message.confirms_stop_id,
                "zone": message.zone,
                "created_at": now,
            }
            for message_id, message in zip(ids, new, strict=True)
        ],
    )
    insert_parts(
        connection,
        [
            (message_id, number)
            for message_id, message in zip(ids, new, strict=True)
            for number in range(1, message.part_count + 1)
        ],
    )
    return ids


def insert_parts(connection: Connection, numbers: Sequence[tuple[int, int]]) -> None:
    """Parts that are still to be sent: (message, number from 1) of each."""
    connection.execute(
        insert(parts),
        [
            {
                "message_id": message_id,
                "part": number,
                "state": PartState.PENDING,
                "report": ReportState.NONE,
            }
            for message_id, number in numbers
        ],
    )


def add_own_message(
    connection: Connection,
    msisdn: str,
    text: str,
    sim_id: int,
    reason: Reason,
    now: datetime,
    new_events: list[NewEvent],
    *,
    wants_report: bool,
    probe: bool = False,
    confirms_stop_id: int | None = None,
) -> int:
    """Queues a service message of the program's own, through one SIM. Returns its id.

    It is worth sending for an hour: a test that late says nothing about now, a confirmation would only make
    the person wonder.
    """
    measure = segments.measure(text)
    new = NewMessage(
        msisdn=msisdn,
        text=text,
        encoding=str(measure.encoding),
        part_count=measure.parts,
        rank=RANK[MailingKind.SERVICE],
        wants_report=wants_report,
        expires_at=now + _WORTH_SENDING,
        probe=probe,
        bound_sim_id=sim_id,
        confirms_stop_id=confirms_stop_id,
    )
    (message_id,) = insert_messages(connection, [new], now)
    new_events.append(
        NewEvent(
            at=now,
            kind="message",
            state=MessageState.QUEUED,
            message_id=message_id,
            sim_id=sim_id,
            reason=reason,
        )
    )
    return message_id


def _take_ids(connection: Connection, count: int) -> list[int]:
    if connection.dialect.name == "sqlite":
        sequence = "SELECT seq FROM sqlite_sequence WHERE name = 'messages'"
        newest = connection.exec_driver_sql(sequence).scalar_one_or_none() or 0
        return list(range(newest + 1, newest + count + 1))
    sequence_name = func.pg_get_serial_sequence("messages", "message_id")
    numbers = select(func.nextval(sequence_name)).select_from(func.generate_series(1, count))
    return sorted(connection.execute(numbers).scalars())
