"""An office for the tests of forecasts: SIMs and mailings as they stand on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.core.forecast import Ending, MailingWork, Rows, SimOutlook, UsedPart, foresee
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.quota import SimLimits

#: a Monday, noon in Moscow
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
DAY = timedelta(days=1)
UNLIMITED = SimLimits(per_hour=0, per_day=0, per_month=0, min_gap_s=0.0, service_reserve_per_day=0)


def sim(sim_id: int = 1, *, used: Sequence[UsedPart] = (), part_s: float = 2.0, **limits: Any) -> SimOutlook:
    return SimOutlook(
        sim_id=sim_id,
        limits=replace(UNLIMITED, **limits),
        first_seen_at=NOW - 60 * DAY,
        used=used,
        part_s=part_s,
    )


def work(
    parts: Sequence[int], key: str = "m", kind: MailingKind = MailingKind.INFORMATION, **rows: Any
) -> MailingWork:
    return MailingWork(key=key, kind=kind, rows=[Rows(parts=parts, **rows)])


def ends(
    sims: Sequence[SimOutlook], *works: MailingWork, now: datetime = NOW, **more: Any
) -> dict[Any, Ending]:
    return dict(foresee(sims, works, now=now, zone=MOSCOW, **more).mailings)


def end(sims: Sequence[SimOutlook], *works: MailingWork) -> Ending:
    return ends(sims, *works)[works[0].key]
