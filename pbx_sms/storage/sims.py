"""The SIMs for reading, and the two changes that a person makes: hold one, release one.

The engine writes the rest (which modem holds a SIM, throttling, quarantine). A SIM's state changes by a
guarded update: zero changed rows say that somebody else was quicker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from pbx_sms.core.quota import SimLimits
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import TRANSITIONS, SimState
from pbx_sms.storage.bypasses import NO_MESSAGE
from pbx_sms.storage.keep_alive import newest_accepted
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import attempts, modems, sims, tariff_options, tariffs

_OWN_LIMITS = tuple(field.name for field in fields(SimLimits))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimRow:
    sim_id: int
    imsi: str
    iccid: str | None
    own_number: str | None
    operator: str | None
    label: str | None
    state: SimState
    reason_code: str | None
    reason_params: dict[str, Any] | None
    #: until when it is throttled or suspended
    until_at: datetime | None
    first_seen_at: datetime
    seen_at: datetime | None
    # the modem that holds it; None when it is in none
    modem: str | None
    modem_state: str | None
    modem_reason_code: str | None
    modem_reason_params: dict[str, Any] | None
    #: the slot in which it is, or was last, of a modem with several, and that modem's name
    slot: int | None
    slot_modem_id: int | None
    slot_modem: str | None
    signal_dbm: int | None
    #: its own limits in the database by their names, None = not set; see `sim_limits.limits_of`
    own_limits: Mapping[str, Any]
    #: parts that count for the quotas, those in flight included
    parts_24h: int
    #: of them: sent by others, as far as the driver told
    bypassed_24h: int
    parts_30d: int
    #: when the network last took a part, and when something last came in
    accepted_at: datetime | None
    active_at: datetime | None
    #: the operator's words
    balance_text: str | None
    balance_at: datetime | None
    #: the amount in them, where it could be read
    balance_amount: Decimal | None
    balance_currency: str | None
    tariff: str | None
    tariff_option: str | None


def every(connection: Connection, now: datetime) -> list[SimRow]:
    """All SIMs that were ever seen, those in a modem first, by modem name and IMSI."""
    query = _query(now).order_by(modems.c.name.is_(None), modems.c.name, sims.c.imsi)
    return [_row(row) for row in connection.execute(query)]


def named(connection: Connection, name: str, now: datetime) -> list[SimRow]:
    """The SIMs with this IMSI, label or modem name. One of them, unless the name is ambiguous or unknown."""
    query = _query(now).where(or_(sims.c.imsi == name, sims.c.label == name, modems.c.name == name))
    return [_row(row) for row in connection.execute(query.order_by(sims.c.imsi))]


def change_state(
    connection: Connection, sim_id: int, state: SimState, now: datetime, reason: Reason | None = None
) -> bool:
    """Whether the SIM was in a state that leads to `state`, and is in it now. What it was refused before says
    nothing about it any more."""
    changed = (
        connection.execute(
            update(sims)
            .where(
                sims.c.sim_id == sim_id,
                sims.c.state.in_([one for one in SimState if state in TRANSITIONS[one]]),
            )
            .values(
                state=str(state),
                reason_code=reason.code if reason else None,
                reason_params=dict(reason.params) if reason else None,
                until_at=None,
                failures_in_row=0,
                judged_since_at=now,
            )
        ).rowcount
        == 1
    )
    if changed:
        revision.sims_changed(connection)
    return changed


def own_prices(connection: Connection) -> dict[int, Decimal]:
    """sim_id → a price a part that stands with the SIM."""
    rows = connection.execute(
        select(sims.c.sim_id, sims.c.price_per_part).where(sims.c.price_per_part.is_not(None))
    )
    return {sim_id: Decimal(str(price)) for sim_id, price in rows}


def _counted_since(at: datetime, *, bypasses: bool = False) -> Any:
    counted = select(func.count()).where(attempts.c.sim_id == sims.c.sim_id, attempts.c.counted_at > at)
    if bypasses:
        counted = counted.where(attempts.c.message_id == NO_MESSAGE)
    return counted.correlate(sims).scalar_subquery()


def _query(now: datetime) -> Any:
    slot_modems = modems.alias()
    return select(
        sims.c.sim_id,
        sims.c.imsi,
        sims.c.iccid,
        sims.c.own_number,
        func.coalesce(modems.c.operator, sims.c.operator).label("operator"),
        sims.c.label,
        sims.c.state,
        sims.c.reason_code,
        sims.c.reason_params,
        sims.c.until_at,
        sims.c.first_seen_at,
        sims.c.seen_at,
        modems.c.name.label("modem"),
        modems.c.state.label("modem_state"),
        modems.c.reason_code.label("modem_reason_code"),
        modems.c.reason_params.label("modem_reason_params"),
        sims.c.slot,
        sims.c.slot_modem_id,
        slot_modems.c.name.label("slot_modem"),
        modems.c.signal_dbm,
        *(sims.c[name] for name in _OWN_LIMITS),
        _counted_since(now - timedelta(hours=24)).label("parts_24h"),
        _counted_since(now - timedelta(hours=24), bypasses=True).label("bypassed_24h"),
        _counted_since(now - timedelta(days=30)).label("parts_30d"),
        newest_accepted().label("accepted_at"),
        sims.c.active_at,
        sims.c.balance_text,
        sims.c.balance_at,
        sims.c.balance_amount,
        sims.c.balance_currency,
        tariffs.c.name.label("tariff"),
        tariff_options.c.name.label("tariff_option"),
    ).select_from(
        sims.outerjoin(modems, modems.c.modem_id == sims.c.modem_id)
        .outerjoin(slot_modems, slot_modems.c.modem_id == sims.c.slot_modem_id)
        .outerjoin(tariffs, tariffs.c.tariff_id == sims.c.tariff_id)
        .outerjoin(tariff_options, tariff_options.c.tariff_option_id == sims.c.tariff_option_id)
    )


def _row(row: Any) -> SimRow:
    values = dict(row._mapping)
    own_limits = {name: values.pop(name) for name in _OWN_LIMITS}
    return SimRow(**{**values, "state": SimState(row.state), "own_limits": own_limits})
