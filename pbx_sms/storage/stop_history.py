"""Every number that came onto the stop list or was taken off it: who, when, why. Rows are never changed.

`stop_list` writes it, in the transaction that changes the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select

from pbx_sms.storage.schema import stop_history

if TYPE_CHECKING:
    from pbx_sms.storage.stop_list import StopEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    stop_id: int
    msisdn: str
    #: added | removed
    action: str
    #: of an addition
    source: str | None
    #: the person's words; of a removal, why
    note: str | None
    inbound_id: int | None
    rule: str | None
    #: of an addition: when the person asked
    asked_at: datetime | None
    at: datetime
    by: str | None
    #: of a demand by telephone: Asterisk's unique id of the call
    call_id: str | None


def added(connection: Connection, entries: Sequence[StopEntry]) -> None:
    connection.execute(
        insert(stop_history),
        [
            {
                "msisdn": entry.msisdn,
                "action": "added",
                "source": str(entry.source),
                "note": entry.note,
                "inbound_id": entry.inbound_id,
                "rule": entry.rule,
                "asked_at": entry.asked_at or entry.created_at,
                "at": entry.created_at,
                "by": entry.created_by,
                "call_id": entry.call_id,
            }
            for entry in entries
        ],
    )


def removed(connection: Connection, msisdn: str, now: datetime, *, why: str | None, by: str | None) -> None:
    connection.execute(insert(stop_history).values(msisdn=msisdn, action="removed", note=why, at=now, by=by))


def of_number(connection: Connection, msisdn: str) -> list[HistoryRow]:
    """From the oldest on."""
    found = select(stop_history).where(stop_history.c.msisdn == msisdn).order_by(stop_history.c.stop_id)
    return [HistoryRow(**row._mapping) for row in connection.execute(found)]
