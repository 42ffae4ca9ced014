"""The stop list: nothing is sent to a number on it, and what was queued for it ends in the same commit."""

from __future__ import annotations

import json
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.msisdn import Accepted, Normalizer, Rejected
from pbx_sms.core.reason import Reason
from pbx_sms.errors import NotFound, Refused
from pbx_sms.lists import reader
from pbx_sms.lists.frames import Row
from pbx_sms.lists.reader import Source
from pbx_sms.operations.audit import order
from pbx_sms.operations.lists import read_request
from pbx_sms.storage import events, notifications, queue, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.stop_list import StopEntry, StopSource

#: numbers of one `IN (…)`
_CHUNK = 5_000


@order("stop.add", "number", "note", "source")
def add(
    database: Database,
    settings: Settings,
    *,
    number: str,
    note: str | None = None,
    by: str | None = None,
    source: StopSource = StopSource.PERSON,
    call_id: str | None = None,
) -> dict[str, Any]:
    """{"number", "added", "suppressed"}: `added` is false where it was on the list already.

    `call_id`: Asterisk's unique id of the call by which it was demanded, with the source `CALL`.
    Refused: the number's own code (landline, wrong_length, …; see `core.msisdn.Rejected`).
    """
    msisdn = normalized(settings, number)
    added, suppressed = _take_up(database, settings, [(msisdn, note)], source=source, by=by, call_id=call_id)
    return {"number": msisdn, "added": bool(added), "suppressed": suppressed}


@order("stop.remove", "number", "why")
def remove(
    database: Database, settings: Settings, *, number: str, why: str, by: str | None = None
) -> dict[str, Any]:
    """{"number"}: a person undoes a stop, and the history keeps who and why. What would confirm the stop is
    cancelled. Refused: stop_not_listed, stop_why_missing, and the number's own code."""
    msisdn = normalized(settings, number)
    why = why.strip()
    if not why:
        raise Refused("stop_why_missing")
    now = database.now()
    new_events: list[NewEvent] = []
    with database.begin() as connection:
        if not stop_list.remove(connection, msisdn, now, why=why, by=by):
            raise NotFound("stop_not_listed", number=msisdn)
        queue.cancel_confirmations(connection, msisdn, now, new_events)
        new_events.append(_event(now, msisdn, "removed"))
        events.append(connection, new_events)
    database.wake()
    return {"number": msisdn}


def list_entries(
    database: Database,
    settings: Settings,
    *,
    search: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """[{"number", "source", "note", "created_at", "created_by", "call_id"}], newest first; with `search`
    those whose number or note holds it."""
    with database.read() as connection:
        found = stop_list.entries(connection, search=search, limit=limit, offset=offset)
    return [shown(entry) for entry in found]


def count(database: Database, *, search: str | None = None) -> int:
    with database.read() as connection:
        return stop_list.count(connection, search=search)


def shown(entry: StopEntry) -> dict[str, Any]:
    return {
        "number": entry.msisdn,
        "source": str(entry.source),
        "note": entry.note,
        "created_at": entry.created_at,
        "created_by": entry.created_by,
        "call_id": entry.call_id,
    }


@order("stop.import", "file_name", "note")
def import_file(
    database: Database,
    settings: Settings,
    *,
    source: Source,
    file_name: str,
    note: str | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """Takes up every number of a workbook or CSV, all in one commit; read as any list is.

    {"read", "added", "already", "suppressed", "rejected": [{"row", "value", "reason", "reason_params"}]};
    `already` counts numbers that were on the list or stand above in the file. Both numbers of a cell that
    holds two are taken up: a stop is for the person. Refused: the codes of `lists.reader`.
    """
    normalizer = Normalizer(settings.sending.country)
    rejected: list[dict[str, Any]] = []
    numbers: list[tuple[str, str | None]] = []
    read_count = 0
    request = read_request(settings, file_name)
    with reader.read(source, request) as reading:
        for _, rows in reading.chunks():
            for row in map(Row._make, rows):
                read_count += 1
                if row.msisdn is None:
                    rejected.append(
                        {
                            "row": row.row,
                            "value": row.raw_value,
                            "reason": row.reject_code,
                            "reason_params": json.loads(row.reject_params or "{}"),
                        }
                    )
                    continue
                numbers.append((row.msisdn, note))
                if row.note_code == "second_number":
                    found = normalizer.normalize(row.raw_value)
                    if isinstance(found, Accepted) and found.second is not None:
                        numbers.append((found.second, note))
    added, suppressed = _take_up(database, settings, numbers, source=StopSource.IMPORT, by=by)
    return {
        "read": read_count,
        "added": added,
        "already": len(numbers) - added,
        "suppressed": suppressed,
        "rejected": rejected,
    }


def _take_up(
    database: Database,
    settings: Settings,
    numbers: list[tuple[str, str | None]],
    *,
    source: StopSource,
    by: str | None,
    call_id: str | None = None,
) -> tuple[int, int]:
    """(numbers that are new on the list, messages that were suppressed). Who is to be told is told once of
    all of them."""
    now = database.now()
    with database.begin() as connection:
        new = stop_list.add(
            connection,
            [
                StopEntry(
                    msisdn=msisdn,
                    source=source,
                    created_at=now,
                    note=note,
                    created_by=by,
                    call_id=call_id,
                )
                for msisdn, note in numbers
            ],
        )
        if new:
            told = dict.fromkeys(msisdn for msisdn, _ in numbers if msisdn in new)
            notifications.tell_stops(
                connection,
                settings.notify.channels() if "stop" in settings.notify.kinds else (),
                list(told),
                source=source,
                note=numbers[0][1],
                by=by,
                now=now,
            )
        # also for numbers that were listed before: nothing that is queued for them may stay
        waiting = sorted(stop_list.waiting_among(connection, {msisdn for msisdn, _ in numbers}))
        new_events: list[NewEvent] = []
        suppressed = 0
        for start in range(0, len(waiting), _CHUNK):
            suppressed += queue.suppress(connection, waiting[start : start + _CHUNK], now, new_events)
        if source is StopSource.IMPORT:
            reason = Reason("stop_imported", {"count": len(new)})
            new_events.append(NewEvent(at=now, kind="stop", state="added", reason=reason))
        else:
            new_events.extend(_event(now, msisdn, "added") for msisdn in sorted(new))
        events.append(connection, new_events)
    database.wake()
    return len(new), suppressed


def _event(now: Any, msisdn: str, state: str) -> NewEvent:
    return NewEvent(at=now, kind="stop", state=state, reason=Reason(f"stop_{state}", {"number": msisdn}))


def normalized(settings: Settings, number: str) -> str:
    found = Normalizer(settings.sending.country).normalize(number)
    if isinstance(found, Rejected):
        raise Refused(found.code, value=found.value)
    return found.msisdn
