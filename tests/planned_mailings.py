"""Mailings with a plan, for tests in virtual time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from made_lists import make_list, number
from sqlalchemy import select

from pbx_sms.config import Settings
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.operations import mailings, planning
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import events, messages

DECENT = {"information_window": "09:00-20:00", "quiet_hours": "21:00-09:00"}
#: when the virtual clock begins: Monday, 12:00 in Moscow
NOON = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = "Заказ {Заказ} готов"


def chosen(office: Database, settings: Settings, **choices: Any) -> PlanChoice:
    return planning.choose(settings, office.now(), zone_column="Имя", **choices)


def begin(
    office: Database,
    settings: Settings,
    zones: list[str],
    *,
    kind: str = "information",
    trial: int | None = None,
    **choices: Any,
) -> int:
    """A started mailing to one recipient in each zone; returns its id."""
    list_id = make_list(office, [(number(place), zone, str(place)) for place, zone in enumerate(zones)])
    created = mailings.create(
        office,
        settings,
        list_id=list_id,
        text=TEXT,
        kind=kind,
        trial=trial,
        choice=chosen(office, settings, **choices),
        start=True,
    )
    mailing_id: int = created["mailing_id"]
    return mailing_id


def leased_rows(office: Database, mailing_id: int) -> list[int]:
    """Rows of the list that may go now, in the order in which they are taken; they go back at once."""
    now = office.now()
    with office.begin() as connection:
        waiting = [one for one in queue.waiting_queues(connection) if one.mailing_id == mailing_id]
        if not waiting:
            return []
        taken = queue.lease(
            connection,
            waiting[0],
            agent_id=1,
            limit=100,
            sim_ids=(),
            now=now,
            until_at=now + timedelta(seconds=60),
        )
        ids = [one.message_id for one in taken]
        query = select(messages.c.message_id, messages.c.row).where(messages.c.message_id.in_(ids))
        rows = {row.message_id: row.row for row in connection.execute(query)}
        queue.release(connection, ids, 1)
    return [rows[one] for one in ids]


def events_of(office: Database, mailing_id: int) -> list[tuple[str, str | None]]:
    query = select(events.c.state, events.c.reason_code).where(
        events.c.mailing_id == mailing_id, events.c.kind == "mailing"
    )
    with office.read() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(events.c.event_id))]
