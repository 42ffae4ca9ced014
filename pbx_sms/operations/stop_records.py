"""What is known of a stop: how a text is judged, how a demand was obeyed, a number's history, a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core.stop_words import StopWords
from pbx_sms.errors import NotFound, Refused
from pbx_sms.lists import stop_workbook
from pbx_sms.operations.stop_list import normalized, shown
from pbx_sms.storage import stop_history, stop_list, stop_timing
from pbx_sms.storage.engine import Database
from pbx_sms.storage.stop_history import HistoryRow

_PAGE = 5_000


def judge(settings: Settings, text: str) -> dict[str, Any]:
    """{"text", "normalised", "is_stop", "rule", "reason"}: what would come of this text; `reason` is the
    rule's sentence."""
    judged = StopWords(settings.sending.stop_words).judge(text)
    return {
        "text": text,
        "normalised": judged.normalised,
        "is_stop": judged.is_stop,
        "rule": str(judged.rule),
        "reason": f"stop_rule_{judged.rule}",
    }


def history(database: Database, settings: Settings, *, number: str) -> list[dict[str, Any]]:
    """[{"at", "number", "action", "source", "note", "by", "rule", "inbound_id", "asked_at", "call_id"}] from
    the oldest on: every time the number came onto the list and was taken off it. Refused: stop_no_history,
    and the number's own code."""
    msisdn = normalized(settings, number)
    with database.read() as connection:
        rows = stop_history.of_number(connection, msisdn)
    if not rows:
        raise NotFound("stop_no_history", number=msisdn)
    return [_shown(row) for row in rows]


def show(database: Database, settings: Settings, *, number: str) -> dict[str, Any]:
    """How the newest demand of a number was obeyed.

    {"number", "listed", "source", "note", "by", "asked_at", "stored_at", "removed_at", "last_before_at",
    "before_s", "after_count", "last_after_at", "confirmation": None or {"message_id", "state",
    "submitted_at"}, "history"}. `before_s` is how long before the demand the last part was begun;
    `after_count` counts parts that were begun after it. Refused: stop_no_history, and the number's own code.
    """
    msisdn = normalized(settings, number)
    with database.read() as connection:
        rows = stop_history.of_number(connection, msisdn)
        demand = next((row for row in reversed(rows) if row.action == "added"), None)
        if demand is None:
            raise NotFound("stop_no_history", number=msisdn)
        removed_at = next((row.at for row in rows if row.stop_id > demand.stop_id), None)
        asked_at = demand.asked_at or demand.at
        timing = stop_timing.of_demand(connection, msisdn, asked_at, removed_at)
        confirmation = stop_timing.confirmation_of(connection, demand.stop_id)
    before = None if timing.last_before_at is None else asked_at - timing.last_before_at
    return {
        "number": msisdn,
        "listed": removed_at is None,
        "source": demand.source,
        "note": demand.note,
        "by": demand.by,
        "asked_at": asked_at,
        "stored_at": demand.at,
        "removed_at": removed_at,
        "last_before_at": timing.last_before_at,
        "before_s": before.total_seconds() if before is not None else None,
        "after_count": timing.after_count,
        "last_after_at": timing.last_after_at,
        "confirmation": confirmation
        and {
            "message_id": confirmation.message_id,
            "state": str(confirmation.state),
            "submitted_at": confirmation.submitted_at,
        },
        "history": [_shown(row) for row in rows],
    }


def export(
    database: Database, settings: Settings, out: Path | BinaryIO, *, format: str, language: str
) -> int:
    """Writes the whole list as "xlsx" or "csv"; returns how many numbers. Refused: stop_export_format."""
    if format not in ("xlsx", "csv"):
        raise Refused("stop_export_format", format=format)
    entries: list[dict[str, Any]] = []
    with database.read() as connection:
        while True:
            page = stop_list.entries(connection, limit=_PAGE, offset=len(entries))
            entries += map(shown, page)
            if len(page) < _PAGE:
                break
    zone = ZoneInfo(settings.sending.time_zone)
    write = stop_workbook.write_xlsx if format == "xlsx" else stop_workbook.write_csv
    write(out, entries, language=language, zone=zone)
    return len(entries)


def _shown(row: HistoryRow) -> dict[str, Any]:
    return {
        "at": row.at,
        "number": row.msisdn,
        "action": row.action,
        "source": row.source,
        "note": row.note,
        "by": row.by,
        "rule": row.rule,
        "inbound_id": row.inbound_id,
        "asked_at": row.asked_at,
        "call_id": row.call_id,
    }
