"""How many messages one person may get in a day and a week: what holds, choosing it, whom it touches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.mailing import RANK, MailingKind
from pbx_sms.core.people.cap import Period
from pbx_sms.errors import Refused
from pbx_sms.operations.audit import order, tell
from pbx_sms.storage import person_caps, queue
from pbx_sms.storage.engine import Database

#: more than anybody means
MOST = 1000
#: numbers of one look
_CHUNK = 2_000


def show(database: Database, settings: Settings) -> dict[str, Any]:
    """{"per_day", "per_week", "in_settings": ["per_day"?, "per_week"?]}; 0 = no cap; `in_settings` names
    what the settings file says, which cannot be chosen."""
    with database.read() as connection:
        caps = person_caps.caps_of(settings, person_caps.stored(connection))
    return {
        "per_day": caps.per_day,
        "per_week": caps.per_week,
        "in_settings": [name for name, value in _in_file(settings).items() if value is not None],
    }


@order("contact.cap", None, "per_day", "per_week")
def choose(
    database: Database,
    settings: Settings,
    *,
    per_day: int | None = None,
    per_week: int | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """The shape of `show`; None leaves one as it is. It holds from the next message on, and what waits is
    looked at by the new caps. Refused: person_cap_invalid, person_cap_in_settings."""
    wanted = {"per_day": per_day, "per_week": per_week}
    for name, value in wanted.items():
        if value is None:
            continue
        if not 0 <= value <= MOST:
            raise Refused("person_cap_invalid", value=value, most=MOST)
        if _in_file(settings)[name] is not None:
            raise Refused("person_cap_in_settings", key=f"people.per_person_{name}")
    now = database.now()
    with database.begin() as connection:
        tell(before=person_caps.stored(connection))
        for period, value in ((Period.DAY, per_day), (Period.WEEK, per_week)):
            if value is not None:
                person_caps.choose(connection, period, value, now, by=by)
        queue.release_changed(connection, person_caps.caps_of(settings, person_caps.stored(connection)))
    database.wake()
    return show(database, settings)


def waiting_count(
    database: Database, settings: Settings, kind: MailingKind, msisdns: Sequence[str], now: datetime
) -> int:
    """How many messages to these numbers, in their order, would find no room now."""
    if RANK[kind] > 0:
        return 0
    with database.read() as connection:
        caps = person_caps.caps_of(settings, person_caps.stored(connection))
    if not caps:
        return 0
    waiting = 0
    numbers = iter(Counter(msisdns).items())
    while chunk := dict(islice(numbers, _CHUNK)):
        with database.read() as connection:
            sent = person_caps.sent_since(connection, chunk, now - caps.longest)
        for msisdn, count in chunk.items():
            went = list(sent.get(msisdn, ()))
            for _ in range(count):
                if caps.over(now, went) is not None:
                    waiting += 1
                else:
                    went.append(now)
    return waiting


def _in_file(settings: Settings) -> dict[str, int | None]:
    people = settings.people
    return {"per_day": people.per_person_per_day, "per_week": people.per_person_per_week}
