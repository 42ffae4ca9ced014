"""What a person is about to start: a list and a text that can be sent, beside everything else that waits, and
the SIMs. The forecast and the rehearsal both begin with it, and nothing of it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core.forecast import MailingWork
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.operations.forecasts.pool import Pool, read_pool
from pbx_sms.operations.forecasts.work import planned, waiting
from pbx_sms.operations.mailings.check import Check, Progress, check, parse_kind
from pbx_sms.operations.routing.choice import routes_of
from pbx_sms.storage.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    made_at: datetime
    pool: Pool
    #: the last one, under `PLANNED`, is what is about to be started
    works: tuple[MailingWork, ...]


def of_list(
    database: Database,
    settings: Settings,
    *,
    list_id: int,
    text: str,
    kind: str = MailingKind.INFORMATION,
    repeats: str | None = None,
    leave_out_incomplete: bool = False,
    allow_failing: bool = False,
    choice: PlanChoice = AT_ONCE,
    mailing_id: int | None = None,
    progress: Progress | None = None,
) -> Intention:
    """Raises as `mailings.check`, and Refused with what keeps the mailing from starting."""
    checked = check(
        database,
        settings,
        list_id=list_id,
        text=text,
        kind=kind,
        repeats=repeats,
        leave_out_incomplete=leave_out_incomplete,
        allow_failing=allow_failing,
        progress=progress,
        choice=choice,
    )
    checked.refuse_problems()
    return of_check(database, settings, checked, parse_kind(kind), choice, mailing_id=mailing_id)


def of_check(
    database: Database,
    settings: Settings,
    checked: Check,
    kind: MailingKind,
    choice: PlanChoice = AT_ONCE,
    *,
    mailing_id: int | None = None,
) -> Intention:
    """Of what has just been checked; `mailing_id` where it is stored as a draft."""
    with database.read() as connection:
        now = database.now()
        routes = routes_of(connection, settings, checked.msisdns, kind, mailing_id, now)
        mine = planned(
            settings,
            checked.part_counts,
            kind,
            now,
            zones=checked.message_zones,
            choice=choice,
            routes=routes,
            people=checked.msisdns,
        )
        return beside_all(connection, settings, mine, now)


def beside_all(connection: Connection, settings: Settings, mine: MailingWork, now: datetime) -> Intention:
    """What is about to be started, beside everything that waits and the SIMs of this moment."""
    return Intention(
        made_at=now,
        pool=read_pool(connection, settings, now),
        works=(*waiting(connection, settings), mine),
    )
