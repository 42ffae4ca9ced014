"""What there is to see of a series and of its runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from pbx_sms.core.series import SeriesState
from pbx_sms.errors import NotFound
from pbx_sms.operations.series.text import shown as text_shown
from pbx_sms.storage import series as stored
from pbx_sms.storage.engine import Database

_RUNS_SHOWN = 50


def list_series(database: Database) -> list[dict[str, Any]]:
    """All series, the newest first: {"series_id", "name", "state", "reason"?, "reason_params"?, "kind",
    "list_id", "audience", "template_id", "template", "rule", "next_day", "next_at", "start_on", "end_on",
    "max_runs", "runs", "created_at", "created_by"}."""
    with database.read() as connection:
        return [shown(row) for row in stored.find_all(connection)]


def show(database: Database, series_id: int) -> dict[str, Any]:
    """As `list_series`, and besides "text" (as the next run would send it; None where its saved
    text is gone), "repeats", "leave_out_incomplete", "allow_failing", "run_list": [{"day",
    "from_day", "state", "mailing_id", "messages", "reason"?, "reason_params"?, "at", "ordered_by"}], the
    newest 50. Raises NotFound(series_not_found)."""
    found = existing(database, series_id)
    with database.read() as connection:
        runs = stored.runs_of(connection, series_id, limit=_RUNS_SHOWN)
        text = text_shown(connection, found)
    return shown(found) | {
        **text,
        "repeats": found.repeats,
        "leave_out_incomplete": found.leave_out_incomplete,
        "allow_failing": found.allow_failing,
        "run_list": [_shown_run(run) for run in runs],
    }


def existing(database: Database, series_id: int) -> Row[Any]:
    """Raises NotFound(series_not_found)."""
    with database.read() as connection:
        found = stored.find(connection, series_id) if series_id < 2**62 else None
    if found is None:
        raise NotFound("series_not_found", series_id=series_id)
    return found


def shown(row: Row[Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "series_id": row.series_id,
        "name": row.name,
        "state": row.state,
        "kind": row.kind,
        "list_id": row.list_id,
        "audience": row.audience,
        "template_id": row.template_id,
        "template": row.template_name,
        "rule": row.rule,
        "next_day": None if row.next_day is None else row.next_day.isoformat(),
        "next_at": row.next_at,
        "start_on": row.start_on.isoformat(),
        "end_on": None if row.end_on is None else row.end_on.isoformat(),
        "max_runs": row.max_runs,
        "runs": row.run_count,
        "created_at": row.created_at,
        "created_by": row.created_by,
    }
    return values | _reason(row) if row.state == SeriesState.WAITS else values


def _shown_run(run: Row[Any]) -> dict[str, Any]:
    return {
        "day": run.day.isoformat(),
        "from_day": run.from_day.isoformat(),
        "state": run.state,
        "mailing_id": run.mailing_id,
        "messages": run.message_count,
        "at": run.claimed_at,
        "ordered_by": run.ordered_by,
        **_reason(run),
    }


def _reason(row: Row[Any]) -> dict[str, Any]:
    if row.reason_code is None:
        return {}
    return {"reason": row.reason_code, "reason_params": row.reason_params or {}}
