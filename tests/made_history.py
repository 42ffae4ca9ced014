"""Messages of the past, for tests of what looks back at them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from pbx_sms.core.mailing import RANK, MailingKind, MailingState
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import missed_calls
from pbx_sms.storage.engine import Database
from pbx_sms.storage.missed_calls import NewMissedCall
from pbx_sms.storage.schema import attempts, mailings, messages, sims


def past_mailing(
    database: Database, at: datetime, kind: MailingKind = MailingKind.INFORMATION, **values: Any
) -> int:
    """A finished mailing; its id."""
    row = {
        "name": "Прошлая",
        "kind": kind,
        "rank": RANK[kind],
        "state": MailingState.FINISHED,
        "text": "Привет",
    }
    with database.begin() as connection:
        key = connection.execute(insert(mailings).values(**row | {"created_at": at} | values))
        return int(key.inserted_primary_key[0])  # type: ignore[index]


def past_message(
    database: Database,
    msisdn: str,
    at: datetime,
    state: str = MessageState.DELIVERED,
    *,
    mailing_id: int | None = None,
    text: str = "Привет",
    refused_for_number: bool = False,
    **values: Any,
) -> int:
    """A message that was submitted at `at`, or that the network refused then for the number's sake."""
    row: dict[str, Any] = {
        "mailing_id": mailing_id, "rank": 0, "msisdn": msisdn, "text": text, "encoding": "ucs2",
        "part_count": 1, "state": state, "wants_report": True, "created_at": at,
    }  # fmt: skip
    if state in (MessageState.SUBMITTED, MessageState.DELIVERED, MessageState.UNDELIVERED):
        row |= {"first_accepted_at": at, "submitted_at": at}
    with database.begin() as connection:
        message_id = int(connection.execute(insert(messages).values(**row | values)).inserted_primary_key[0])  # type: ignore[index]
        if state in (MessageState.FAILED, MessageState.UNKNOWN):
            connection.execute(
                insert(attempts).values(
                    message_id=message_id, part=1, sim_id=a_sim(database, connection), msisdn=msisdn,
                    started_at=at, ended_at=at, uses_reserve=False,
                    kind="permanent" if refused_for_number else "unknown", scope="message",
                )
            )  # fmt: skip
    return message_id


def accepted_parts(
    connection: Connection,
    sim_id: int,
    instants: Iterable[datetime],
    *,
    msisdn: str = "+79160000000",
    first_message_id: int = 1,
) -> None:
    """A part of a message each, that the SIM had accepted at these instants; the messages are not there."""
    for message_id, at in enumerate(instants, first_message_id):
        connection.execute(
            insert(attempts).values(
                message_id=message_id,
                part=1,
                sim_id=sim_id,
                msisdn=msisdn,
                started_at=at,
                ended_at=at,
                counted_at=at,
                uses_reserve=False,
                kind="accepted",
            )
        )


def a_sim(database: Database, connection: Any) -> int:
    """Any SIM; attempts name one."""
    row = {"imsi": "250010000009999", "state": "ready", "first_seen_at": database.now()}
    found = connection.execute(sims.select().where(sims.c.imsi == row["imsi"])).first()
    return int(
        found.sim_id if found else connection.execute(insert(sims).values(**row)).inserted_primary_key[0]
    )


def missed_calls_of(connection: Connection, now: datetime) -> None:
    """Two missed calls: one that is answered in a minute, and one that is not because it came again."""
    for number, reason in (
        ("+79161234567", None),
        ("+79161234568", Reason("missed_again", {"hours": "24"})),
    ):
        new = NewMissedCall(
            call_id=number,
            caller=number,
            msisdn=number,
            did="4951112233",
            queue="sales",
            rule="office",
            called_at=now,
            missed_at=now,
            text="Перезвоним!",
            next_at=now + timedelta(seconds=60),
            reason=reason,
        )
        assert missed_calls.add(connection, new) is not None
