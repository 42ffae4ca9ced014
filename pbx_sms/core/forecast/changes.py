"""What if: the same office with one more SIM, a higher limit or a shorter text."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pbx_sms.core import quota
from pbx_sms.core.forecast.pool import TYPICAL_PART_S, SimOutlook
from pbx_sms.core.forecast.work import MailingWork
from pbx_sms.core.quota import SimLimits


class What(StrEnum):
    MORE_SIMS = "more-sims"
    PER_HOUR = "per-hour"
    PER_DAY = "per-day"
    PER_MONTH = "per-month"
    RESERVE = "reserve"
    GAP = "gap"
    #: parts of each message that has more
    PARTS = "parts"


#: which limit of every SIM a change is about
_LIMITS = {
    What.PER_HOUR: "per_hour",
    What.PER_DAY: "per_day",
    What.PER_MONTH: "per_month",
    What.RESERVE: "service_reserve_per_day",
    What.GAP: "min_gap_s",
}
#: more SIMs than any office has
MOST_SIMS = 1000


@dataclass(frozen=True, slots=True)
class Change:
    what: What
    value: int

    def __str__(self) -> str:
        return f"{self.what}={self.value}"


def parse(text: str) -> Change:
    """`more-sims=1`, `per-day=150`, `parts=1`. Raises ValueError for anything else."""
    name, _, number = text.partition("=")
    what, value = What(name.strip()), int(number)
    least = 1 if what in (What.MORE_SIMS, What.PARTS) else 0
    if value < least or (what is What.MORE_SIMS and value > MOST_SIMS):
        raise ValueError(text)
    return Change(what, value)


def with_change(
    change: Change,
    sims: Sequence[SimOutlook],
    works: Sequence[MailingWork],
    key: Hashable,
    limits: SimLimits,
    now: datetime,
) -> tuple[list[SimOutlook], list[MailingWork]]:
    """The pool and the work as they would be. `key` is the mailing whose text is shorter, `limits` those of
    a SIM of which nobody has said anything."""
    if change.what is What.MORE_SIMS:
        return [*sims, *_more(sims, change.value, limits, now)], list(works)
    if change.what is What.PARTS:
        return list(sims), [_shorter(work, change.value) if work.key == key else work for work in works]
    limit = _LIMITS[change.what]
    return [replace(sim, limits=replace(sim.limits, **{limit: change.value})) for sim in sims], list(works)


def _more(sims: Sequence[SimOutlook], count: int, limits: SimLimits, now: datetime) -> list[SimOutlook]:
    """Fresh SIMs, as quick as those that are there. They have negative ids: nobody has seen them yet."""
    part_s = sorted(sim.part_s for sim in sims)[len(sims) // 2] if sims else TYPICAL_PART_S
    warm_up = bool(limits.warm_up_per_day)
    first_seen_at = now if warm_up else now - quota.WARM_UP - timedelta(days=1)
    return [
        SimOutlook(sim_id=-number, limits=limits, first_seen_at=first_seen_at, part_s=part_s)
        for number in range(1, count + 1)
    ]


def _shorter(work: MailingWork, parts: int) -> MailingWork:
    rows = [replace(rows, parts=[min(one, parts) for one in rows.parts]) for rows in work.rows]
    return replace(work, rows=rows)
