"""A forecast of one mailing beside all others, and what if: the base and the alternatives as one value."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.core import forecast
from pbx_sms.core.forecast import Change, Ending, Forecast, MailingWork, What
from pbx_sms.core.forecast.changes import parse
from pbx_sms.core.forecast.simulation import Trace
from pbx_sms.errors import Refused
from pbx_sms.operations.forecasts.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    change: Change
    ending: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is foreseen of one mailing."""

    made_at: datetime
    ending: Ending
    alternatives: tuple[Alternative, ...]
    pool: Pool


def everything(
    settings: Settings,
    pool: Pool,
    works: Sequence[MailingWork],
    now: datetime,
    *,
    trace: Trace | None = None,
    sims: Sequence[forecast.SimOutlook] | None = None,
) -> Forecast:
    """Of all mailings, with the rules of the settings. `sims`: in the place of the pool's."""
    return forecast.foresee(
        pool.sims if sims is None else sims,
        works,
        now=now,
        zone=ZoneInfo(settings.sending.time_zone),
        max_parts=settings.sending.max_parts,
        resume_parts_s=settings.sending.resume_parts_s,
        people=pool.people,
        modems=pool.modems,
        trace=trace,
        why_no_sim=pool.why_none,
    )


def outlook(
    settings: Settings,
    pool: Pool,
    works: Sequence[MailingWork],
    key: Hashable,
    now: datetime,
    changes: Iterable[Change] = (),
) -> Outlook:
    alternatives = []
    for change in changes:
        sims, changed = forecast.with_change(change, pool.sims, works, key, pool.default_limits, now)
        foreseen = everything(settings, pool, changed, now, sims=sims)
        alternatives.append(Alternative(change=change, ending=foreseen.mailings[key]))
    return Outlook(
        made_at=now,
        ending=everything(settings, pool, works, now).mailings[key],
        alternatives=tuple(alternatives),
        pool=pool,
    )


def parse_changes(texts: Iterable[str]) -> list[Change]:
    """Raises Refused(what_if_invalid)."""
    changes = []
    for text in texts:
        try:
            changes.append(parse(text))
        except ValueError:
            raise Refused("what_if_invalid", value=text, known=[str(what) for what in What]) from None
    return changes


def suggestions(pool: Pool, works: Sequence[MailingWork], key: Hashable) -> list[Change]:
    """What an office would ask: one more SIM, half as much again from each, a text one part shorter."""
    found = [Change(What.MORE_SIMS, 1)]
    per_day = max((sim.limits.per_day for sim in pool.sims), default=0)
    if per_day and all(sim.limits.per_day for sim in pool.sims):
        found.append(Change(What.PER_DAY, per_day + (per_day + 1) // 2))
    longest = max(
        (max(rows.parts) for work in works if work.key == key for rows in work.rows if rows.parts), default=1
    )
    if longest > 1:
        found.append(Change(What.PARTS, longest - 1))
    return found


def as_dict(found: Outlook) -> dict[str, Any]:
    """{"made_at", "ends_at", "reason"?, "reason_params"?, "begins_at", "messages", "parts",
    "messages_left", "limited_by", "days": [{"day", "parts"}], "sims": [{"sim", "label", "parts"}],
    "engine_running", "alternatives": [{"what_if", "ends_at", "reason"?, "reason_params"?, "limited_by"}]}."""
    ending = found.ending
    return {
        "made_at": found.made_at,
        **end_of(ending),
        "begins_at": ending.begins_at,
        "messages": ending.messages,
        "parts": ending.parts,
        "messages_left": ending.messages_left,
        "days": [
            {"day": day.isoformat(), "parts": parts} for day, parts in sorted(ending.parts_by_day.items())
        ],
        "sims": by_sim(found.pool, ending),
        "engine_running": found.pool.is_running,
        "alternatives": [{"what_if": str(one.change), **end_of(one.ending)} for one in found.alternatives],
    }


def by_sim(pool: Pool, ending: Ending) -> list[dict[str, Any]]:
    """[{"sim", "label", "parts"}]"""
    shown = []
    for sim_id, parts in ending.parts_by_sim.items():
        imsi, label = pool.names.get(sim_id, (None, None))
        shown.append({"sim": imsi, "label": label, "parts": parts})
    return shown


def end_of(ending: Ending) -> dict[str, Any]:
    """{"ends_at", "reason"?, "reason_params"?, "limited_by"}"""
    shown: dict[str, Any] = {"ends_at": ending.ends_at}
    if ending.never is not None:
        shown |= {"reason": ending.never.code, "reason_params": dict(ending.never.params)}
    return shown | {"limited_by": ending.limited_by}
