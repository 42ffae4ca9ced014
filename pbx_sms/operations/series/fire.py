"""What a series does by itself: the duty that the engine carries out every few seconds.

Once, also with several engines and after a crash: the day is claimed in one transaction (see
`storage.series`), and what a process left half made is completed by the next one, or taken back. A day that
comes to light late (after a long stop, say) does not fire: the series waits for a person.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from pbx_sms.config import Settings
from pbx_sms.core.planning.recurrence import Occurrence
from pbx_sms.core.reason import Reason
from pbx_sms.core.series import RunState, SeriesState
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations.mailings.claims import at_work, is_dead, new_claim
from pbx_sms.operations.series.rules import following, rule_of
from pbx_sms.operations.series.runs import Run
from pbx_sms.storage import series as stored
from pbx_sms.storage.engine import Database

log = logging.getLogger(__name__)

#: another process has it, or had it a moment ago
_ELSEWHERE = frozenset({"series_run_overtaken", "mailing_being_started", "series_moved_on"})


def fire_due(database: Database, settings: Settings) -> bool:
    """Fires what is due. Returns whether there is something new to send."""
    now = database.now()
    with database.read() as connection:
        half_made = stored.half_made(connection)
        due = stored.due(connection, now)
    is_ordered = False
    for run in half_made:
        is_ordered |= _go_on(database, settings, run)
    late_after = timedelta(seconds=settings.planner.overdue_after_s)
    for series in due:
        if now - series.next_at > late_after:
            _let_wait(database, series)
        else:
            is_ordered |= _fire(database, settings, series)
    return is_ordered


def claim_and_make(
    database: Database,
    settings: Settings,
    series: Row[Any],
    day: date,
    day_at: datetime,
    *,
    among: tuple[SeriesState, ...],
    by: str | None,
) -> RunState:
    """Takes the days from the series' next one to `day` for one run, and makes it.

    Raises Conflict(series_moved_on) where somebody was quicker.
    """
    claim = new_claim()
    with at_work(claim):
        now = database.now()
        coming = _after(settings, series, max(now, day_at), runs=1)
        with database.begin() as connection:
            if not stored.claim_run(
                connection,
                series.series_id,
                from_day=series.next_day,
                day=day,
                following=coming,
                among=among,
                claim=claim,
                by=by,
                now=now,
            ):
                raise Conflict("series_moved_on", series_id=series.series_id)
            run = stored.find_run(connection, series.series_id, day)
        assert run is not None
        return Run(database, settings, series, run, claim).make()


def _after(settings: Settings, series: Row[Any], after: datetime, *, runs: int) -> Occurrence | None:
    """The day that follows, None where the series ends with `runs` more runs."""
    if series.max_runs is not None and series.run_count + runs >= series.max_runs:
        return None
    return following(rule_of(series.rule), settings, after, start_on=series.start_on, end_on=series.end_on)


def _fire(database: Database, settings: Settings, series: Row[Any]) -> bool:
    try:
        state = claim_and_make(
            database,
            settings,
            series,
            series.next_day,
            series.next_at,
            among=(SeriesState.ACTIVE,),
            by=None,
        )
    except Refused as refused:
        if refused.code not in _ELSEWHERE:
            raise
        return False
    log.info("series=%s day=%s: %s", series.series_id, series.next_day, state)
    return state is RunState.DONE


def _let_wait(database: Database, series: Row[Any]) -> None:
    reason = Reason("series_overdue", {"planned_at": series.next_at.isoformat()})
    with database.begin() as connection:
        is_waiting = stored.let_wait(connection, series.series_id, series.next_day, reason)
    if is_waiting:
        database.wake()
        log.warning("series=%s waits: its time %s has passed", series.series_id, series.next_at)


def _go_on(database: Database, settings: Settings, found: Row[Any]) -> bool:
    """Completes a run whose process is gone, or takes it back where it is found too late."""
    held = stored.held(found)
    now = database.now()
    if not (held.is_stale(now) or is_dead(held)):
        return False
    claim = new_claim()
    with at_work(claim):
        with database.begin() as connection:
            if not stored.take_over(connection, found, claim, now):
                return False
            series = stored.find(connection, found.series_id)
        assert series is not None
        run = Run(database, settings, series, found, claim)
        is_late = now - found.claimed_at > timedelta(seconds=settings.planner.overdue_after_s)
        try:
            if is_late and not run.has_started(found.mailing_id):
                state = run.undo(Reason("series_half_made", {"begun_at": found.claimed_at.isoformat()}))
            elif found.mailing_id is not None:
                state = run.complete(found.mailing_id)
            else:
                state = run.make()
        except Refused as refused:
            if refused.code not in _ELSEWHERE:
                raise
            return False
    log.warning("series=%s day=%s was half made: %s", found.series_id, found.day, state)
    return state is RunState.DONE
