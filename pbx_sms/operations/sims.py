"""The SIMs: how they are, what they have carried, and a person's hold on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core import money, quota
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.audit import order, tell
from pbx_sms.storage import events, probes, sims, usage
from pbx_sms.storage.balances import threshold_of
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.keep_alive import used_at
from pbx_sms.storage.sim_limits import limits_of
from pbx_sms.storage.sims import SimRow


def list_sims(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """[{"sim" (IMSI), "label", "state", "reason"?, "reason_params"?, "modem", "slot",
    "slot_modem"?, "slot_active"?, "operator", "signal_dbm", "parts_24h", "bypassed_24h",
    "parts_30d", "per_day",
    "per_month", "next_at"?, "keep_alive_at"?, "balance"?, "balance_at"?, "balance_amount"?,
    "balance_currency"?, "balance_low"?, "tariff"?, "tariff_option"?}]: those in a modem first.

    `reason` says why it does not send: its own, or its modem's, or the limit that it has reached. `next_at`
    is when it may send again, where it may not now and that is known; `keep_alive_at` when a SIM that stays
    unused is used once; `slot` where it is or was last, None where the modem has one; `balance`
    the operator's words.
    """
    now = database.now()
    with database.read() as connection:
        return [_shown(connection, settings, row, now) for row in sims.every(connection, now)]


@order("sim.hold", "name")
def hold(database: Database, settings: Settings, *, name: str, by: str | None = None) -> dict[str, Any]:
    """Nothing is sent through the SIM until it is released. {"sim", "label", "state"}.

    `name` is the IMSI, the label or the modem's name. Refused: sim_not_found, sim_ambiguous, sim_is_held.
    """
    reason = Reason("sim_held_by", {"name": by}) if by else Reason("sim_held")
    now = database.now()
    with database.begin() as connection:
        row = one_named(connection, settings, name, now)
        if not sims.change_state(connection, row.sim_id, SimState.DISABLED, now, reason):
            raise Conflict("sim_is_held", sim=_name(settings, row))
        events.append(connection, [_event(now, row, SimState.DISABLED, reason)])
        tell(before={"state": row.state}, after={"state": SimState.DISABLED})
    database.wake()
    return _changed(settings, row, SimState.DISABLED)


@order("sim.release", "name")
def release(database: Database, settings: Settings, *, name: str) -> dict[str, Any]:
    """The SIM may send again. {"sim", "label", "state"}.

    Refused: sim_not_found, sim_ambiguous, sim_is_ready.
    """
    now = database.now()
    with database.begin() as connection:
        row = one_named(connection, settings, name, now)
        if not sims.change_state(connection, row.sim_id, SimState.READY, now):
            raise Conflict("sim_is_ready", sim=_name(settings, row))
        events.append(connection, [_event(now, row, SimState.READY, None)])
        tell(before={"state": row.state}, after={"state": SimState.READY})
    database.wake()
    return _changed(settings, row, SimState.READY)


@order("sim.probe", "name")
def probe(database: Database, settings: Settings, *, name: str) -> dict[str, Any]:
    """One SMS through the SIM, also where it is quarantined or rests; its delivery report releases it.
    {"sim", "label", "state", "message_id", "number", "at_rest_in"?}: `at_rest_in` is the modem that has to
    change its SIM slot first.

    Refused: sim_not_found, sim_ambiguous, and what `storage.probes.order` refuses.
    """
    now = database.now()
    new_events: list[NewEvent] = []
    with database.begin() as connection:
        row = one_named(connection, settings, name, now)
        ordered = probes.order(connection, settings, row.sim_id, now, new_events)
        events.append(connection, new_events)
    database.wake()
    told = _changed(settings, row, row.state) | {"message_id": ordered.message_id, "number": ordered.msisdn}
    return told if ordered.at_rest_in is None else told | {"at_rest_in": ordered.at_rest_in}


def label_of(settings: Settings, imsi: str | None, stored: str | None) -> str | None:
    """What people call the SIM: the settings file's word, else the one entered in the panel."""
    own = settings.sim_settings(imsi) if imsi else None
    return own.label if own is not None and own.label is not None else stored


def one_named(connection: Connection, settings: Settings, name: str, now: datetime) -> SimRow:
    """The SIM with this IMSI, label or modem name. Raises sim_not_found, sim_ambiguous."""
    return _one(sims.named(connection, _imsi_of(settings, name), now), name)


def _imsi_of(settings: Settings, name: str) -> str:
    """The IMSI of a label in the settings file; anything else stays as it is."""
    imsis = [sim.imsi for sim in settings.sim if sim.label == name]
    if len(imsis) > 1:
        raise Refused("sim_ambiguous", name=name, sims=", ".join(imsis))
    return imsis[0] if imsis else name


def _one(rows: list[SimRow], name: str) -> SimRow:
    if not rows:
        raise NotFound("sim_not_found", name=name)
    if len(rows) > 1:
        raise Refused("sim_ambiguous", name=name, sims=", ".join(row.imsi for row in rows))
    return rows[0]


def _event(now: datetime, row: SimRow, state: SimState, reason: Reason | None) -> NewEvent:
    return NewEvent(at=now, kind="sim", state=str(state), sim_id=row.sim_id, reason=reason)


def _changed(settings: Settings, row: SimRow, state: SimState) -> dict[str, Any]:
    return {"sim": row.imsi, "label": label_of(settings, row.imsi, row.label), "state": str(state)}


def _name(settings: Settings, row: SimRow) -> str:
    return label_of(settings, row.imsi, row.label) or row.imsi


def _shown(connection: Connection, settings: Settings, row: SimRow, now: datetime) -> dict[str, Any]:
    limits = limits_of(settings, row.imsi, row.own_limits)
    shown: dict[str, Any] = {
        "sim": row.imsi,
        "label": label_of(settings, row.imsi, row.label),
        "state": str(row.state),
        "modem": row.modem,
        "slot": row.slot,
        "operator": row.operator,
        "signal_dbm": row.signal_dbm,
        "parts_24h": row.parts_24h,
        "bypassed_24h": row.bypassed_24h,
        "parts_30d": row.parts_30d,
        "per_day": limits.per_day,
        "per_month": limits.per_month,
    }
    if row.slot is not None:
        shown |= {"slot_modem": row.slot_modem, "slot_active": row.modem is not None}
    reason, next_at = _waiting(connection, settings, row, limits, now)
    if reason is not None:
        shown |= {"reason": reason.code, "reason_params": dict(reason.params)}
    if next_at is not None:
        shown["next_at"] = next_at
    if settings.health.keep_alive_h and row.modem is not None:
        last_at = used_at(row.first_seen_at, row.active_at, row.accepted_at)
        shown["keep_alive_at"] = last_at + timedelta(hours=settings.health.keep_alive_h)
    if row.balance_text is not None:
        shown |= {"balance": row.balance_text, "balance_at": row.balance_at}
    if row.balance_amount is not None:
        threshold = threshold_of(settings, row.imsi)
        shown |= {
            "balance_amount": money.plain(row.balance_amount),
            "balance_currency": row.balance_currency,
            "balance_low": threshold is not None and row.balance_amount < threshold,
        }
    if row.tariff is not None:
        shown |= {"tariff": row.tariff, "tariff_option": row.tariff_option}
    return shown


def _waiting(
    connection: Connection, settings: Settings, row: SimRow, limits: SimLimits, now: datetime
) -> tuple[Reason | None, datetime | None]:
    """Why the SIM does not send an ordinary part now, and until when."""
    if row.state is not SimState.READY:
        own = Reason(row.reason_code, row.reason_params or {}) if row.reason_code else None
        return own, row.until_at
    if row.modem_reason_code is not None:
        return Reason(row.modem_reason_code, row.modem_reason_params or {}), None
    if row.modem is None and row.slot is not None:
        return Reason("sim_in_other_slot", {"modem": row.slot_modem, "slot": row.slot}), None
    if row.modem is None:
        return Reason("sim_in_no_modem"), None
    windows = quota.windows(
        limits,
        now,
        ZoneInfo(settings.sending.time_zone),
        first_seen_at=row.first_seen_at,
        uses_reserve=False,
    )
    short = usage.shortage(connection, row.sim_id, 1, windows, now, unsettled_s=0.0)
    # what only waits for a part in flight is no wait that anybody should be told of
    if short is None or short.until_at is None or short.until_at <= now:
        return (short.reason if short is not None and short.until_at is None else None), None
    return short.reason, short.until_at
