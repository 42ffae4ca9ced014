"""Runs of the engine in virtual time that are laid beside what was foreseen of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine_rig import SLOW, Rig

from pbx_sms.core.forecast import Ending
from pbx_sms.core.quota import SimLimits
from pbx_sms.operations.forecasts import of_mailing
from pbx_sms.operations.planning import Planner

MakeRig = Callable[..., Rig]

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DEFAULT = SimLimits()
#: what the operator allows by default, without the hour, which only stretches each day
LIMITS: dict[str, Any] = {
    "per_day": DEFAULT.per_day,
    "per_month": DEFAULT.per_month,
    "min_gap_s": DEFAULT.min_gap_s,
    "service_reserve_per_day": DEFAULT.service_reserve_per_day,
}
OFFICE = ZoneInfo("Europe/Moscow")


def foreseen(rig: Rig, mailing_id: int) -> Ending:
    """Once the SIMs are known, and how long the modems take: both are what the database says."""
    return of_mailing(rig.database, rig.settings, mailing_id).ending


async def assert_true(rig: Rig, *endings: tuple[int, Ending], planner: Planner | None = None) -> None:
    """Lets the mailings run, and lays what happened beside what was foreseen."""
    now = rig.clock.true_now()
    for _, ending in endings:
        assert ending.never is None
        assert ending.ends_at is not None
        assert sum(ending.parts_by_day.values()) == ending.parts
    last = max(ending.ends_at for _, ending in endings if ending.ends_at is not None)
    rest_s = (last - now).total_seconds() * 1.02 + 60
    while planner is not None and rest_s > 120:
        if planner.look(rig.database):
            rig.database.wake()
        await rig.passes(120)
        rest_s -= 120
    await rig.passes(rest_s)
    for mailing_id, ending in endings:
        assert rig.is_finished(mailing_id), mailing_id
        finished_at = rig.mailing_row(mailing_id).finished_at
        assert ending.ends_at is not None
        error = abs(finished_at - ending.ends_at)
        assert error <= max(0.02 * (finished_at - now), timedelta(seconds=30)), (finished_at, ending)
        # people may be in several mailings: their parts tell the messages apart
        mine = {(row.msisdn, row.part_count) for row in rig.messages_of(mailing_id)}
        sent = Counter(
            entry.at.astimezone(OFFICE).date()
            for entry in rig.cell.ledger
            if (entry.number, entry.parts) in mine and entry.at >= now
        )
        off = 0
        for day, parts in ending.parts_by_day.items():
            off += sent[day] - parts
            assert abs(off) <= max(0.02 * ending.parts, 4), (day, sent, ending.parts_by_day)


async def measured(make_rig: MakeRig, modems: int = 4, **options: Any) -> Rig:
    """An engine that has sent a little, so that it is known how long a part takes."""
    rig = make_rig(modems=modems, **{"limits": LIMITS, "pace": SLOW} | options)
    await rig.start()
    return rig
