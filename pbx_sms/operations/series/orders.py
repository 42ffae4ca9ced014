"""Orders to a series. In a state that does not allow one: Conflict with `series_is_` and the state."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Row

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.recurrence import Occurrence, by_column, occurrences
from pbx_sms.core.series import RunState, SeriesState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import permission
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.series.add import fit
from pbx_sms.operations.series.fire import claim_and_make
from pbx_sms.operations.series.rules import following, office_zone, rule_of
from pbx_sms.operations.series.show import existing, show
from pbx_sms.operations.series.text import chosen, text_now
from pbx_sms.storage import series as stored
from pbx_sms.storage.engine import Database

_LIVE = (SeriesState.ACTIVE, SeriesState.WAITS)


@order("series.pause", "series_id")
def pause(database: Database, series_id: int, *, by: str | None = None) -> dict[str, Any]:
    """Nothing fires until `resume`. {"series_id", "state"}."""
    permission.to_series(database, series_id)
    found = existing(database, series_id)
    with database.begin() as connection:
        if not stored.change(
            connection,
            series_id,
            among=_LIVE,
            state=SeriesState.PAUSED,
            reason_code=None,
            reason_params=None,
        ):
            raise _conflict(found)
    database.wake()
    return {"series_id": series_id, "state": str(SeriesState.PAUSED)}


@order("series.resume", "series_id")
def resume(
    database: Database, settings: Settings, series_id: int, *, by: str | None = None
) -> dict[str, Any]:
    """Goes on with the next day that is still to come; the days that passed are left out.
    {"series_id", "state", "next_at"}."""
    permission.to_series(database, series_id)
    found = existing(database, series_id)
    rule = rule_of(found.rule)
    coming = following(rule, settings, database.now(), start_on=found.start_on, end_on=found.end_on)
    with database.begin() as connection:
        # a day that was run or skipped ahead of its time has had its turn
        while coming is not None and stored.had_its_turn(connection, series_id, coming.day):
            coming = following(rule, settings, coming.at, start_on=found.start_on, end_on=found.end_on)
        state = SeriesState.ACTIVE if coming else SeriesState.ENDED
        if not stored.change(
            connection,
            series_id,
            among=(SeriesState.PAUSED,),
            state=state,
            next_day=coming.day if coming else None,
            next_at=coming.at if coming else None,
        ):
            raise _conflict(found)
    database.wake()
    return {"series_id": series_id, "state": str(state), "next_at": coming.at if coming else None}


@order("series.skip", "series_id")
def skip(database: Database, settings: Settings, series_id: int, *, by: str | None = None) -> dict[str, Any]:
    """Leaves out what waits, or the next day before it comes. {"series_id", "state", "skipped": {"from_day",
    "day"}, "next_at"}. Raises Conflict(series_moved_on) where it fired at this moment."""
    permission.to_series(database, series_id)
    found = existing(database, series_id)
    if found.state not in _LIVE or found.next_day is None:
        raise _conflict(found)
    now = database.now()
    last = _last_due(settings, found, now)
    coming = following(
        rule_of(found.rule), settings, max(now, last.at), start_on=found.start_on, end_on=found.end_on
    )
    with database.begin() as connection:
        if not stored.skip(
            connection,
            series_id,
            from_day=found.next_day,
            day=last.day,
            following=coming,
            by=by,
            now=now,
        ):
            raise Conflict("series_moved_on", series_id=series_id)
    database.wake()
    return {
        "series_id": series_id,
        "state": str(SeriesState.ACTIVE if coming else SeriesState.ENDED),
        "skipped": {"from_day": found.next_day.isoformat(), "day": last.day.isoformat()},
        "next_at": coming.at if coming else None,
    }


@order("series.run", "series_id")
def run_now(
    database: Database, settings: Settings, series_id: int, *, by: str | None = None
) -> dict[str, Any]:
    """Makes up for what waits, or runs the next day ahead of its time; `show` with "run" beside it.

    Of several days that were missed, a rule by the calendar runs once, and a rule by a column takes everybody
    who was due on one of them. Raises Conflict(series_nothing_waits: nobody is congratulated early;
    series_moved_on), and Refused with what keeps the mailing from starting: the series waits on.
    """
    permission.to_series(database, series_id)
    found = existing(database, series_id)
    if found.state not in _LIVE or found.next_day is None:
        raise _conflict(found)
    now = database.now()
    if found.next_at > now and by_column(rule_of(found.rule)):
        raise Conflict("series_nothing_waits", series_id=series_id, next_at=found.next_at.isoformat())
    last = _last_due(settings, found, now)
    state = claim_and_make(database, settings, found, last.day, last.at, among=_LIVE, by=by)
    run = next(one for one in show(database, series_id)["run_list"] if one["day"] == last.day.isoformat())
    if state is RunState.REFUSED:
        raise Refused(run["reason"], **run["reason_params"])
    return show(database, series_id) | {"run": run}


@order("series.change", "series_id", "list_id", "text")
def change(
    database: Database,
    settings: Settings,
    series_id: int,
    *,
    list_id: int | None = None,
    text: str | None = None,
    saved_text: str | int | None = None,
    allow_failing: bool | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """Another list (the same people imported again, say; it takes the place of groups) or another text, typed
    or saved, from the next day on; the shape of `show`. Raises as `add`, and Conflict(series_is_ended)."""
    permission.to_series(database, series_id)
    found = existing(database, series_id)
    audience = found.audience if list_id is None else None
    if list_id is not None:
        permission.to_list(database, list_id, MailingKind(found.kind))
    list_id = found.list_id if list_id is None else list_id
    values: dict[str, Any] = {}
    if text is not None or saved_text is not None:
        values = chosen(database, text, saved_text)
        wording = values["text"]
    else:
        with database.read() as connection:
            wording = text_now(connection, found)
    if allow_failing is not None:
        values["allow_failing"] = allow_failing
    fit(database, settings, list_id, audience, wording, rule_of(found.rule), found.name)
    with database.begin() as connection:
        if not stored.change(
            connection,
            series_id,
            among=[state for state in SeriesState if state is not SeriesState.ENDED],
            list_id=list_id,
            audience=audience,
            **values,
        ):
            raise _conflict(found)
        tell(subject=series_id, before={"list_id": found.list_id, "text": found.text})
    database.wake()
    return show(database, series_id)


@order("series.remove", "series_id")
def remove(database: Database, series_id: int, *, by: str | None = None) -> dict[str, Any]:
    """Takes a series away; the mailings it made stay. {"series_id"}. Raises Conflict(series_is_making)."""
    permission.to_series(database, series_id)
    existing(database, series_id)
    with database.begin() as connection:
        is_there = stored.find(connection, series_id, lock=True) is not None
        if is_there and not stored.remove(connection, series_id):
            raise Conflict("series_is_making", series_id=series_id)
    if not is_there:
        raise NotFound("series_not_found", series_id=series_id)
    database.wake()
    return {"series_id": series_id}


def _last_due(settings: Settings, series: Row[Any], now: datetime) -> Occurrence:
    """The newest day that has come, or the next one where none has."""
    last = Occurrence(day=series.next_day, at=series.next_at)
    later = occurrences(rule_of(series.rule), office_zone(settings), series.next_at, end_on=series.end_on)
    for occurrence in takewhile(lambda one: one.at <= now, later):
        last = occurrence
    return last


def _conflict(series: Row[Any]) -> Conflict:
    return Conflict(f"series_is_{series.state}", series_id=series.series_id)
