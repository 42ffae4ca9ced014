"""Why nothing goes of a mailing whatever its SIMs: it waits for its hours, or its routes are read anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from pbx_sms.core.planning.opening import why_closed
from pbx_sms.core.reason import Reason
from pbx_sms.storage import queue, windows
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.windows import Window


def by_hours(
    connection: Connection, now: datetime, idle: Iterable[tuple[Sequence[Window], bool]]
) -> dict[int, Reason]:
    """mailing → reason where all that waits waits for its hours. `idle`: the windows of mailings of which
    nothing is in stock, and whether somebody looked that there is nothing that may go now."""
    found: dict[int, Reason] = {}
    for of_mailing, is_exhausted in idle:
        if not of_mailing or (not is_exhausted and any(window.is_open(now) for window in of_mailing)):
            continue
        waits = windows.waiting_for(connection, of_mailing, now)
        if waits is not None:
            found[waits.mailing_id] = why_closed(waits.zone, waits.opens_at(now))
    return found


def by_rules(
    connection: Connection, revision: int | None, queues: Iterable[Queue], leased: Mapping[Queue, object]
) -> dict[int, Reason]:
    """mailing → reason where the rules for SIMs have changed, and nothing has its route under them yet."""
    if revision is None:
        return {}
    return {
        key.mailing_id: Reason("route_anew")
        for key in queues
        if key.mailing_id is not None
        and not leased.get(key)
        and queue.any_stale(connection, revision, key.mailing_id)
    }
