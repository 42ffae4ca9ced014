"""What is to be sent, as a forecast sees it: the running mailings, and one that has not begun."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from pbx_sms.core.forecast import MailingWork, Rows
from pbx_sms.core.mailing import MailingKind
from pbx_sms.storage import forecasts

#: of the mailing that a person is about to start: it has no id yet
PLANNED = "planned"


def running(connection: Connection, also_mailing_id: int | None = None) -> list[MailingWork]:
    """All that waits: running mailings under their ids, single messages under ("singles", kind)."""
    works = []
    for found in forecasts.waiting(connection, also_mailing_id=also_mailing_id):
        key: Hashable = found.mailing_id if found.mailing_id is not None else ("singles", str(found.kind))
        rows = [
            Rows(
                parts=parts,
                places=None if len(found.rows) == 1 else places,
                sim_ids=None if sim_id is None else frozenset({sim_id}),
            )
            for sim_id, (parts, places) in found.rows.items()
        ]
        works.append(MailingWork(key=key, kind=found.kind, rows=rows))
    return works


def planned(
    parts: Sequence[int], kind: MailingKind, *, key: Hashable = PLANNED, starts_at: datetime | None = None
) -> MailingWork:
    """A mailing that has no messages yet: the parts that each of its rows will have."""
    return MailingWork(key=key, kind=kind, rows=[Rows(parts=parts)], starts_at=starts_at)
