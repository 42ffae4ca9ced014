"""The caps of a person that were chosen in the panel or on the command line, and what counts for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from pbx_sms.config import Settings
from pbx_sms.core.people.cap import Period, PersonCaps
from pbx_sms.storage.schema import attempts, messages, person_caps


def stored(connection: Connection) -> dict[Period, int]:
    rows = connection.execute(select(person_caps.c.period, person_caps.c.max_messages))
    return {Period(row.period): row.max_messages for row in rows}


def caps_of(settings: Settings, chosen: Mapping[Period, int]) -> PersonCaps:
    """The settings file's word on each, else what was chosen, else none."""
    people = settings.people
    per_day, per_week = people.per_person_per_day, people.per_person_per_week
    return PersonCaps(
        per_day=chosen.get(Period.DAY, 0) if per_day is None else per_day,
        per_week=chosen.get(Period.WEEK, 0) if per_week is None else per_week,
    )


def choose(
    connection: Connection, period: Period, max_messages: int, now: datetime, *, by: str | None
) -> None:
    connection.execute(delete(person_caps).where(person_caps.c.period == period))
    if max_messages:
        connection.execute(
            insert(person_caps).values(
                period=period, max_messages=max_messages, changed_at=now, changed_by=by
            )
        )


def sent_since(
    connection: Connection, msisdns: Iterable[str] | None, since_at: datetime, *, but: int | None = None
) -> dict[str, list[datetime]]:
    """number → when each message went that counts, in order; far in the future what is being sent. Of some
    thousand numbers at most, or of everybody (None); `but` is a message that does not count.

    A message counts from the first attempt that the network did not certainly refuse, and until its last
    such attempt has left the window: as the quotas of SIMs count it, also where nobody knows what became of
    it. Tests of SIMs and trials do not: they go to the office's own telephones.
    """
    went_at = func.max(attempts.c.counted_at)
    of_numbers = () if msisdns is None else (messages.c.msisdn.in_(tuple(msisdns)),)
    rows = connection.execute(
        select(messages.c.msisdn, went_at.label("went_at"))
        .join(attempts, attempts.c.message_id == messages.c.message_id)
        .where(
            *of_numbers,
            attempts.c.counted_at > since_at,
            ~messages.c.probe,
            messages.c.trial_of.is_(None),
            messages.c.message_id != (but or 0),
        )
        .group_by(messages.c.msisdn, messages.c.message_id)
        .order_by(went_at)
    )
    found: dict[str, list[datetime]] = {}
    for msisdn, at in rows:
        found.setdefault(msisdn, []).append(at)
    return found
