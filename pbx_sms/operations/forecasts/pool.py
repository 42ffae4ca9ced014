"""The SIMs as a forecast sees them: those that send, what they have used, how long a part takes them.

While an engine runs, a SIM counts that it can use now or, after a rest, by itself. While none runs, those
count that were there in the last days: the forecast says what happens once it runs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.config.sections import ModemSettings
from pbx_sms.core import quota
from pbx_sms.core.forecast import (
    TYPICAL_CHANGE_S,
    TYPICAL_PART_S,
    ModemOutlook,
    PeopleOutlook,
    SimOutlook,
    UsedPart,
)
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import agents, forecasts, person_caps, sims
from pbx_sms.storage.sim_limits import limits_of
from pbx_sms.storage.sims import SimRow

#: how far back the time of a part is measured
_MEASURED = timedelta(days=7)
#: a SIM that was not seen for so long is somewhere else
_SEEN = timedelta(days=7)
#: modems through which SMS can go, be it after a call
_ABLE = frozenset({"registered", "in_call"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    sims: tuple[SimOutlook, ...]
    #: those that share a modem: one of them sends at a time
    modems: tuple[ModemOutlook, ...]
    #: of every SIM that was ever seen: IMSI, label
    names: dict[int, tuple[str, str | None]]
    #: limits of a SIM of which nothing is known
    default_limits: SimLimits
    #: the cap of a person, and who has had messages that count for it
    people: PeopleOutlook
    #: what keeps an empty pool from sending, with what would help
    why_none: Reason | None
    #: an engine is at work
    is_running: bool


def read_pool(connection: Connection, settings: Settings, now: datetime) -> Pool:
    zone = ZoneInfo(settings.sending.time_zone)
    is_running = agents.is_any_alive(connection, now)
    rows = sims.every(connection, now)
    slotted = _in_slots(rows, now, is_running=is_running)
    reachable = {row.sim_id for group in slotted for row in group}
    able = [
        row
        for row in rows
        if row.sim_id in reachable
        or (row.slot_modem_id is None and _may_send(row) and _is_there(row, now, is_running=is_running))
    ]
    return Pool(
        modems=tuple(_modem(connection, settings, group) for group in slotted),
        sims=tuple(_outlook(connection, settings, row, now, zone) for row in able),
        names={row.sim_id: (row.imsi, label_of(settings, row.imsi, row.label)) for row in rows},
        default_limits=SimLimits().overridden(settings.limits.model_dump()),
        people=_people(connection, settings, now),
        why_none=None if able else _why_none(rows),
        is_running=is_running,
    )


def _people(connection: Connection, settings: Settings, now: datetime) -> PeopleOutlook:
    caps = person_caps.caps_of(settings, person_caps.stored(connection))
    had = person_caps.sent_since(connection, None, now - caps.longest) if caps else {}
    return PeopleOutlook(caps=caps, had=had)


def _in_slots(rows: list[SimRow], now: datetime, *, is_running: bool) -> list[list[SimRow]]:
    """For each modem with several slots, its SIMs that could send; the first one does."""
    by_modem: dict[int, list[SimRow]] = defaultdict(list)
    for row in rows:
        if row.slot_modem_id is not None:
            by_modem[row.slot_modem_id].append(row)
    found: list[list[SimRow]] = []
    for group in by_modem.values():
        if any(_is_there(row, now, is_running=is_running) for row in group):
            # the active one first; while the engine is stopped, the one that was active last
            able = [row for row in group if _may_send(row)]
            able.sort(key=lambda row: (row.modem is None, now - (row.seen_at or row.first_seen_at)))
            if able:
                found.append(able)
    return found


def _modem(connection: Connection, settings: Settings, group: list[SimRow]) -> ModemOutlook:
    active = group[0]
    configured = settings.modem_settings(active.slot_modem or "")
    times = ModemSettings.model_fields
    modem_id = active.slot_modem_id
    change_s = None if modem_id is None else forecasts.median_change_s(connection, modem_id)
    return ModemOutlook(
        sim_ids=tuple(row.sim_id for row in sorted(group, key=lambda row: row.slot or 0)),
        active_sim_id=active.sim_id,
        rest_s=configured.slot_rest_s if configured else times["slot_rest_s"].default,
        dwell_s=configured.slot_dwell_s if configured else times["slot_dwell_s"].default,
        change_s=TYPICAL_CHANGE_S if change_s is None else change_s,
    )


def _may_send(row: SimRow) -> bool:
    rests = row.state in (SimState.THROTTLED, SimState.SUSPENDED) and row.until_at is not None
    return row.state is SimState.READY or rests


def _is_there(row: SimRow, now: datetime, *, is_running: bool) -> bool:
    if is_running:
        return row.modem is not None and row.modem_state in _ABLE
    return row.modem is not None or (row.seen_at is not None and now - row.seen_at < _SEEN)


def _outlook(
    connection: Connection, settings: Settings, row: SimRow, now: datetime, zone: ZoneInfo
) -> SimOutlook:
    limits = limits_of(settings, row.imsi, row.own_limits)
    month_at = quota.month_window(limits, now, zone).since_at
    by_month = bool(limits.per_month or limits.recipients_per_month)
    since_at = min(month_at, now - quota.DAY) if by_month else now - quota.DAY
    used = forecasts.used_parts(connection, row.sim_id, since_at)
    written_to = forecasts.recipients(connection, row.sim_id, month_at) if limits.recipients_per_month else []
    return SimOutlook(
        sim_id=row.sim_id,
        limits=limits,
        first_seen_at=row.first_seen_at,
        used=[UsedPart(counted_at, ordinary) for counted_at, ordinary in used],
        recipients=written_to,
        ready_at=row.until_at if row.state is not SimState.READY else None,
        part_s=forecasts.median_part_s(connection, row.sim_id, now - _MEASURED) or TYPICAL_PART_S,
    )


def _why_none(rows: list[SimRow]) -> Reason:
    if not rows:
        return Reason("forecast_no_sim")
    states = Counter(row.state for row in rows)
    held, quarantined = states[SimState.DISABLED], states[SimState.QUARANTINED]
    if quarantined:
        return Reason("forecast_all_quarantined", {"quarantined": quarantined, "held": held})
    if held == len(rows):
        return Reason("forecast_all_held", {"count": held})
    return Reason("forecast_sims_away", {"count": len(rows) - held, "held": held})
