"""The SIMs: how they are, what they have carried, and a person's hold on them."""

from __future__ import annotations

from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.storage import events, sims
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.sims import SimRow


def list_sims(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """[{"sim" (IMSI), "label", "state", "reason"?, "modem", "operator", "signal_dbm", "parts_24h",
    "parts_30d", "per_day", "per_month", "next_at"?}]: those in a modem first.

    A SIM that could send but whose modem is not registered carries the modem's reason.
    """
    now = database.now()
    with database.read() as connection:
        rows = sims.every(connection, now)
    return [_shown(settings, row) for row in rows]


def hold(database: Database, settings: Settings, *, name: str, by: str | None = None) -> dict[str, Any]:
    """Nothing is sent through the SIM until it is released. {"sim", "label", "state"}.

    `name` is the IMSI, the label or the modem's name. Refused: sim_not_found, sim_ambiguous, sim_is_held.
    """
    reason = Reason("sim_held_by", {"name": by}) if by else Reason("sim_held")
    now = database.now()
    with database.begin() as connection:
        row = _one(sims.named(connection, _imsi_of(settings, name), now), name)
        if not sims.change_state(connection, row.sim_id, SimState.DISABLED, reason):
            raise Conflict("sim_is_held", sim=_name(settings, row))
        events.append(connection, [_event(now, row, SimState.DISABLED, reason)])
    database.wake()
    return _changed(settings, row, SimState.DISABLED)


def release(database: Database, settings: Settings, *, name: str) -> dict[str, Any]:
    """The SIM may send again. {"sim", "label", "state"}.

    Refused: sim_not_found, sim_ambiguous, sim_is_ready.
    """
    now = database.now()
    with database.begin() as connection:
        row = _one(sims.named(connection, _imsi_of(settings, name), now), name)
        if not sims.change_state(connection, row.sim_id, SimState.READY):
            raise Conflict("sim_is_ready", sim=_name(settings, row))
        events.append(connection, [_event(now, row, SimState.READY, None)])
    database.wake()
    return _changed(settings, row, SimState.READY)


def label_of(settings: Settings, imsi: str | None, stored: str | None) -> str | None:
    """What people call the SIM: the settings file's word, else the one entered in the panel."""
    own = settings.sim_settings(imsi) if imsi else None
    return own.label if own is not None and own.label is not None else stored


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


def _event(now: Any, row: SimRow, state: SimState, reason: Reason | None) -> NewEvent:
    return NewEvent(at=now, kind="sim", state=str(state), sim_id=row.sim_id, reason=reason)


def _changed(settings: Settings, row: SimRow, state: SimState) -> dict[str, Any]:
    return {"sim": row.imsi, "label": label_of(settings, row.imsi, row.label), "state": str(state)}


def _name(settings: Settings, row: SimRow) -> str:
    return label_of(settings, row.imsi, row.label) or row.imsi


def _limit(settings: Settings, row: SimRow, key: str) -> int:
    """The file's limit of this SIM, else the panel's, else the default."""
    own = settings.sim_settings(row.imsi)
    for value in (getattr(own, key, None), getattr(row, key)):
        if value is not None:
            return int(value)
    return int(getattr(settings.limits, key))


def _shown(settings: Settings, row: SimRow) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "sim": row.imsi,
        "label": label_of(settings, row.imsi, row.label),
        "state": str(row.state),
        "modem": row.modem,
        "operator": row.operator,
        "signal_dbm": row.signal_dbm,
        "parts_24h": row.parts_24h,
        "parts_30d": row.parts_30d,
        "per_day": _limit(settings, row, "per_day"),
        "per_month": _limit(settings, row, "per_month"),
    }
    if row.reason_code is not None:
        shown |= {"reason": row.reason_code, "reason_params": row.reason_params or {}}
    elif row.modem_reason_code is not None:
        shown |= {"reason": row.modem_reason_code, "reason_params": row.modem_reason_params or {}}
    return shown
