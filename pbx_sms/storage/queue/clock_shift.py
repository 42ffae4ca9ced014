"""What goes with setting the clock ahead: nothing may become free by it.

What counts for the quotas moves ahead with the clock, so that as much time lies between it and now as has
really gone by; what is under way keeps its time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, type_coerce, update

from pbx_sms.core.quota import WARM_UP
from pbx_sms.storage.schema import attempts, messages, sims
from pbx_sms.storage.schema.types import FAR_FUTURE

_MICROSECOND = timedelta(microseconds=1)


def shift(connection: Connection, by: timedelta, now: datetime) -> None:
    """`now`: before the clock is set ahead."""

    def later(instant: Column[Any]) -> ColumnElement[int]:
        return type_coerce(instant, BigInteger) + by // _MICROSECOND

    counts = attempts.c.counted_at < FAR_FUTURE
    connection.execute(update(attempts).where(counts).values(counted_at=later(attempts.c.counted_at)))
    # a gap and a warm-up are quotas too
    connection.execute(
        update(sims)
        .where(sims.c.last_submit_at.is_not(None))
        .values(last_submit_at=later(sims.c.last_submit_at))
    )
    connection.execute(
        update(sims)
        .where(sims.c.first_seen_at > now - WARM_UP)
        .values(first_seen_at=later(sims.c.first_seen_at))
    )
    connection.execute(
        update(messages)
        .where(messages.c.lease_until_at.is_not(None))
        .values(lease_until_at=later(messages.c.lease_until_at))
    )
