"""A whole mailing without a single SMS: through a copy on paper of the SIMs with today's counters.

Nothing is written: what it needs is read, and the rest is `core.forecast`. What runs beside it takes its
share, as it would.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pbx_sms.config import Settings
from pbx_sms.core.forecast import Ending, MailingWork, Sent
from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.forecasts import intention
from pbx_sms.operations.forecasts.foreseeing import everything
from pbx_sms.operations.forecasts.pool import Pool, read_pool
from pbx_sms.operations.forecasts.work import PLANNED, waiting
from pbx_sms.operations.mailings.check import Progress
from pbx_sms.operations.mailings.plan import Ready, bind, decide_all, find_list, parse_repeats
from pbx_sms.storage import forecasts, mailings
from pbx_sms.storage.engine import Database

_QUEUED = (MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED)
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
    #: None: it is not stored yet
    mailing_id: int | None
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
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
    if mailing is None:
        raise NotFound("mailing_not_found", mailing_id=mailing_id)
    if mailing.state in _ENDED:
        raise Conflict(f"mailing_is_{mailing.state}", mailing_id=mailing_id)
    if mailing.state not in _QUEUED:
        return rehearse_list(
            database,
            settings,
            list_id=mailing.list_id,
            text=mailing.text,
            kind=mailing.kind,
            repeats=mailing.repeats,
            leave_out_incomplete=mailing.leave_out_incomplete,
            allow_failing=mailing.allow_failing,
            name=mailing.name,
            mailing_id=mailing_id,
            choice=mailings.plan_of(mailing),
            from_at=from_at,
            progress=progress,
        )
    _require_future(from_at, now)
    with database.read() as connection:
        works = waiting(connection, settings, mailing_id)
        letters = [
            Letter(row=row.row, msisdn=row.msisdn, text=row.text, parts=row.part_count)
            for row in forecasts.waiting_texts(connection, mailing_id)
        ]
        pool = read_pool(connection, settings, now)
    if from_at is not None:
        works = [replace(work, starts_at=from_at) if work.key == mailing_id else work for work in works]
    head = _Head(mailing_id=mailing_id, key=mailing_id, name=mailing.name)
    return _rehearsed(settings, head, letters, works, pool, now)


def rehearse_list(
    database: Database,
    settings: Settings,
    *,
    list_id: int,
    text: str,
    kind: str = MailingKind.INFORMATION,
    repeats: str | None = None,
    leave_out_incomplete: bool = False,
    allow_failing: bool = False,
    name: str | None = None,
    mailing_id: int | None = None,
    choice: PlanChoice = AT_ONCE,
    from_at: datetime | None = None,
    progress: Progress | None = None,
) -> Rehearsal:
    """The same of a list and a text of which nothing is stored yet."""
    _require_future(from_at, database.now())
    if from_at is not None:
        choice = choice.beginning(from_at)
    found = intention.of_list(
        database,
        settings,
        list_id=list_id,
        text=text,
        kind=kind,
        repeats=repeats,
        leave_out_incomplete=leave_out_incomplete,
        allow_failing=allow_failing,
        choice=choice,
        mailing_id=mailing_id,
    )
    list_head = find_list(database, list_id)
    letters: list[Letter] = []
    row_count = 0
    for decisions in decide_all(
        database,
        settings,
        list_id,
        bind(list_head, text),
        repeats=parse_repeats(repeats),
        leave_out_incomplete=leave_out_incomplete,
        allow_failing=allow_failing,
    ):
        letters += [
            Letter(row=one.row, msisdn=one.msisdn, text=one.text, parts=one.measure.parts)
            for one in decisions
            if isinstance(one, Ready)
        ]
        row_count += len(decisions)
        if progress is not None:
            progress(row_count, list_head.row_count)
    head = _Head(mailing_id=mailing_id, key=PLANNED, name=name or list_head.name)
    return _rehearsed(settings, head, letters, found.works, found.pool, found.made_at)


def _require_future(from_at: datetime | None, now: datetime) -> None:
    if from_at is not None and from_at < now:
        raise Refused("rehearse_in_the_past", from_at=from_at.isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    mailing_id: int | None
    #: of the mailing in the forecast
    key: Hashable
    name: str


def _rehearsed(
    settings: Settings,
    head: _Head,
    letters: list[Letter],
    works: Sequence[MailingWork],
    pool: Pool,
    now: datetime,
) -> Rehearsal:
    told: list[Sent] = []

    def tell(sent: Sent) -> None:
        if sent.key == head.key:
            told.append(sent)

    foreseen = everything(settings, pool, works, now, trace=tell)
    lines = (
        Line(at=sent.at, letter=letters[sent.place], sim=names[0], sim_label=names[1])
        for sent in told
        if (names := pool.names[sent.sim_id])
    )
    return Rehearsal(
        mailing_id=head.mailing_id,
        name=head.name,
        made_at=now,
        lines=tuple(lines),
        ending=foreseen.mailings[head.key],
        pool=pool,
    )
