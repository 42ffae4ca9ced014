"""What a series will do: its next days, and how many or who on each."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Row

from pbx_sms.config import Settings
from pbx_sms.core.planning.recurrence import AroundDate, Birthday, ColumnRule, Rule, occurrences
from pbx_sms.core.planning.wall_clock import instant_at
from pbx_sms.core.series import SeriesState
from pbx_sms.errors import Refused
from pbx_sms.operations.mailings.check import check
from pbx_sms.operations.series.due_rows import dated_rows
from pbx_sms.operations.series.rules import office_zone, rule_of
from pbx_sms.operations.series.show import existing
from pbx_sms.operations.series.source import looked_at
from pbx_sms.operations.series.text import shown as text_shown
from pbx_sms.storage import series as stored
from pbx_sms.storage.engine import Database

DAYS_SHOWN = 5
MAX_DAYS = 100
_NAMED_ROWS = 20


def preview(
    database: Database, settings: Settings, series_id: int, *, days: int = DAYS_SHOWN
) -> dict[str, Any]:
    """{"series_id", "text", "template_id", "template", "days": [{"day", "at", "messages", "rows"?}],
    "problems": [{"reason", "reason_params"}], "unreadable"?: [{"row", "value"}],
    "unreadable_count"?}: the next `days` days.

    `text` as a run would send it now, None where its saved text is gone, which is a problem then. A rule by
    the calendar: how many messages the list would give now; `problems` is what would keep a Start
    from starting. A rule by a column: the next days on which somebody is due, "rows": [{"row", "number",
    "value"}] of up to 20 of them; "unreadable" are rows whose date cannot be read. Raises
    NotFound(series_not_found), Refused(series_days_invalid).
    """
    if not 1 <= days <= MAX_DAYS:
        raise Refused("series_days_invalid", days=days, max_days=MAX_DAYS)
    series = existing(database, series_id)
    rule = rule_of(series.rule)
    with database.read() as connection:
        text = text_shown(connection, series)
    shown: dict[str, Any] = {"series_id": series_id, **text, "days": [], "problems": []}
    if series.state == SeriesState.ENDED or series.next_at is None:
        return shown
    if text["text"] is None:
        problem = {"reason": "series_template_gone", "reason_params": {"template": series.template_name}}
        return shown | {"problems": [problem]}
    try:
        with looked_at(database, settings, series) as list_id:
            if isinstance(rule, (AroundDate, Birthday)):
                return shown | _by_column(database, settings, series, list_id, rule, days)
            return shown | _by_calendar(database, settings, series, list_id, text["text"], rule, days)
    except Refused as refused:
        # the list is gone, or lacks the column now
        return shown | {"problems": [{"reason": refused.code, "reason_params": dict(refused.params)}]}


def _by_calendar(
    database: Database,
    settings: Settings,
    series: Row[Any],
    list_id: int,
    text: str,
    rule: Rule,
    days: int,
) -> dict[str, Any]:
    checked = check(
        database,
        settings,
        list_id=list_id,
        text=text,
        kind=series.kind,
        repeats=series.repeats,
        leave_out_incomplete=series.leave_out_incomplete,
        allow_failing=series.allow_failing,
    )
    if series.max_runs is not None:
        days = min(days, series.max_runs - series.run_count)
    after = series.next_at - timedelta(microseconds=1)
    coming = occurrences(rule, office_zone(settings), after, start_on=series.start_on, end_on=series.end_on)
    return {
        "days": [
            {"day": one.day.isoformat(), "at": one.at, "messages": checked.messages}
            for one in islice(coming, days)
        ],
        "problems": [
            {"reason": problem.code, "reason_params": dict(problem.params)} for problem in checked.problems
        ],
    }


def _by_column(
    database: Database, settings: Settings, series: Row[Any], list_id: int, rule: ColumnRule, days: int
) -> dict[str, Any]:
    first = series.next_day
    with database.read() as connection:
        had = stored.had_already(connection, series.series_id, first, first + timedelta(days=366))
    by_day: dict[Any, dict[str, dict[str, Any]]] = defaultdict(dict)
    unreadable: list[dict[str, Any]] = []
    unreadable_count = 0
    for dated in dated_rows(database, list_id, rule, first):
        row = dated.row
        if dated.is_unreadable:
            unreadable_count += 1
            if len(unreadable) < _NAMED_ROWS:
                unreadable.append({"row": row.row, "value": dated.value})
        day = dated.day
        if day is None or row.msisdn is None or row.is_stopped or (row.msisdn, day) in had:
            continue
        if series.end_on is None or day <= series.end_on:
            entry = {"row": row.row, "number": row.msisdn, "value": dated.value}
            by_day[day].setdefault(row.msisdn, entry)
    zone = office_zone(settings)
    return {
        "days": [
            {
                "day": day.isoformat(),
                "at": instant_at(day, rule.at, zone),
                "messages": len(by_day[day]),
                "rows": list(by_day[day].values())[:_NAMED_ROWS],
            }
            for day in sorted(by_day)[:days]
        ],
        "unreadable": unreadable,
        "unreadable_count": unreadable_count,
    }
