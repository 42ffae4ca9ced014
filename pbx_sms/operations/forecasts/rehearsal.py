"""A whole mailing without a single SMS: through a copy on paper of the SIMs with today's counters.

Nothing is written: what it needs is read, and the rest is `core.forecast`. What runs beside it takes its
share, as it would.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from pbx_sms.config import Settings
from pbx_sms.core.forecast import Ending, MailingWork, Sent
from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.forecasts.foreseeing import everything
from pbx_sms.operations.forecasts.pool import Pool, read_pool
from pbx_sms.operations.forecasts.work import planned, running
from pbx_sms.operations.mailings.check import Progress, check
from pbx_sms.operations.mailings.plan import Ready, bind, decide_all, find_list, parse_repeats
from pbx_sms.storage import forecasts, mailings
from pbx_sms.storage.engine import Database

_QUEUED = (MailingState.RUNNING, MailingState.PAUSED)
_ENDED = (MailingState.FINISHED, MailingState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one recipient is to get."""

    row: int | None
    msisdn: str
    text: str
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of the log: when its first part goes."""

    at: datetime
    letter: Letter
    #: IMSI and what people call it
    sim: str
    sim_label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    mailing_id: int
    name: str
    made_at: datetime
    lines: tuple[Line, ...]
    ending: Ending
    pool: Pool


def rehearse(
    database: Database,
    settings: Settings,
    mailing_id: int,
    *,
    from_at: datetime | None = None,
    progress: Progress | None = None,
) -> Rehearsal:
    """The log and the end that the mailing would have if it began at `from_at`, or now; of one that has
    begun, of what is left.

    Raises NotFound(mailing_not_found), Conflict (mailing_is_finished, mailing_is_cancelled), Refused
    (rehearse_in_the_past, and for a draft what keeps it from starting).
    """
    now = database.now()
    if from_at is not None and from_at < now:
        raise Refused("rehearse_in_the_past", from_at=from_at.isoformat())
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
    if mailing is None:
        raise NotFound("mailing_not_found", mailing_id=mailing_id)
    if mailing.state in _ENDED:
        raise Conflict(f"mailing_is_{mailing.state}", mailing_id=mailing_id)
    letters = None
    if mailing.state not in _QUEUED:
        letters = _letters_of_list(database, settings, mailing, progress)
    with database.read() as connection:
        works = running(connection, mailing_id)
        if letters is None:
            letters = [
                Letter(row=row.row, msisdn=row.msisdn, text=row.text, parts=row.part_count)
                for row in forecasts.waiting_texts(connection, mailing_id)
            ]
        else:
            parts = [letter.parts for letter in letters]
            works.append(planned(parts, MailingKind(mailing.kind), key=mailing_id))
        pool = read_pool(connection, settings, now)
    if from_at is not None:
        works = [replace(work, starts_at=from_at) if work.key == mailing_id else work for work in works]
    return _rehearsed(settings, mailing, letters, works, pool, now)


def _rehearsed(
    settings: Settings,
    mailing: Row[Any],
    letters: list[Letter],
    works: list[MailingWork],
    pool: Pool,
    now: datetime,
) -> Rehearsal:
    key: Hashable = mailing.mailing_id
    told: list[Sent] = []

    def tell(sent: Sent) -> None:
        if sent.key == key:
            told.append(sent)

    foreseen = everything(settings, pool, works, now, trace=tell)
    lines = (
        Line(at=sent.at, letter=letters[sent.place], sim=names[0], sim_label=names[1])
        for sent in told
        if (names := pool.names[sent.sim_id])
    )
    return Rehearsal(
        mailing_id=mailing.mailing_id,
        name=mailing.name,
        made_at=now,
        lines=tuple(lines),
        ending=foreseen.mailings[key],
        pool=pool,
    )


def _letters_of_list(
    database: Database, settings: Settings, mailing: Row[Any], progress: Progress | None
) -> list[Letter]:
    """The messages that Start would make."""
    checked = check(
        database,
        settings,
        list_id=mailing.list_id,
        text=mailing.text,
        kind=mailing.kind,
        repeats=mailing.repeats,
        leave_out_incomplete=mailing.leave_out_incomplete,
    )
    if checked.problems:
        raise Refused(checked.problems[0].code, **checked.problems[0].params)
    head = find_list(database, mailing.list_id)
    letters: list[Letter] = []
    row_count = 0
    for decisions in decide_all(
        database,
        settings,
        mailing.list_id,
        bind(head, mailing.text),
        repeats=parse_repeats(mailing.repeats),
        leave_out_incomplete=mailing.leave_out_incomplete,
    ):
        letters += [
            Letter(row=one.row, msisdn=one.msisdn, text=one.text, parts=one.measure.parts)
            for one in decisions
            if isinstance(one, Ready)
        ]
        row_count += len(decisions)
        if progress is not None:
            progress(row_count, head.row_count)
    return letters
