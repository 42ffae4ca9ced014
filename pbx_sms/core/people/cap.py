"""How many messages one person may get in a day and in a week, whatever mailings they come from.

Windows roll, as the quotas of a SIM do: no 24 hours and no 7 days hold more, wherever they begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"


LENGTH = {Period.DAY: timedelta(days=1), Period.WEEK: timedelta(days=7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """There is no room for one more message; there is at `free_at`, unless something else takes it."""

    period: Period
    max_messages: int
    free_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCaps:
    """In messages; 0 = no cap."""

    per_day: int = 0
    per_week: int = 0

    def __bool__(self) -> bool:
        return bool(self.per_day or self.per_week)

    def max_of(self, period: Period) -> int:
        return self.per_day if period is Period.DAY else self.per_week

    @property
    def longest(self) -> timedelta:
        """How far back it has to be looked."""
        return LENGTH[Period.WEEK if self.per_week else Period.DAY]

    def over(self, now: datetime, sent_at: Sequence[datetime]) -> Over | None:
        """The cap that holds one more message up the longest; None when there is room for it.

        `sent_at`: when each of the number's messages went, in order. One leaves a window exactly at its end.
        """
        worst: Over | None = None
        for period in Period:
            most = self.max_of(period)
            if not most or len(sent_at) < most:
                continue
            # so many newest ones must not all be inside together with one more
            free_at = sent_at[-most] + LENGTH[period]
            if free_at > now and (worst is None or free_at > worst.free_at):
                worst = Over(period=period, max_messages=most, free_at=free_at)
        return worst
