"""Balances of SIMs: how they are asked and read, who asked for one, and what the answer was."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from pbx_sms.config import Settings
from pbx_sms.core import balance, balance_pattern, money, ussd
from pbx_sms.core.balance_pattern import DEFAULTS, BalancePattern
from pbx_sms.core.operator_brand import brand_of_sim
from pbx_sms.core.reason import Reason
from pbx_sms.storage.schema import balance_patterns, modems, sims


def patterns(connection: Connection) -> dict[str, BalancePattern]:
    """A person's own ones, by brand; "" is for every brand without one."""
    return {
        row.operator: BalancePattern(code=row.code, pattern=row.pattern, currency=row.currency)
        for row in connection.execute(select(balance_patterns).order_by(balance_patterns.c.operator))
    }


def keep_pattern(
    connection: Connection, operator: str, pattern: BalancePattern, *, now: datetime, by: str | None
) -> None:
    """In place of the one there was."""
    remove_pattern(connection, operator)
    connection.execute(
        insert(balance_patterns).values(
            operator=operator,
            code=pattern.code,
            pattern=pattern.pattern,
            currency=pattern.currency,
            changed_at=now,
            changed_by=by,
        )
    )


def remove_pattern(connection: Connection, operator: str) -> bool:
    return (
        connection.execute(delete(balance_patterns).where(balance_patterns.c.operator == operator)).rowcount
        == 1
    )


def code_of(connection: Connection, settings: Settings, sim_id: int) -> str | None:
    """What to dial: the settings' word on the SIM, a person's pattern, else what is known of the network."""
    sim = _sim(connection, sim_id)
    own = settings.sim_settings(sim["imsi"])
    configured = own.balance_code if own is not None else None
    pattern = _pattern_of(connection, sim)
    return balance.code_of(sim["imsi"], configured or (pattern.code if pattern is not None else None))


def want(connection: Connection, sim_id: int, now: datetime) -> None:
    """Somebody asks; the engine that holds the SIM will."""
    connection.execute(update(sims).where(sims.c.sim_id == sim_id).values(balance_wanted_at=now))


def is_due(connection: Connection, settings: Settings, sim_id: int, now: datetime) -> bool:
    """Whether somebody asked, or the last answer is older than the settings want."""
    sim = _sim(connection, sim_id)
    if sim["balance_wanted_at"] is not None:
        return True
    every = timedelta(hours=settings.cost.balance_every_h)
    return bool(every) and (sim["balance_at"] is None or sim["balance_at"] + every <= now)


def asked(connection: Connection, sim_id: int) -> None:
    """The order is taken, whatever the answer will be."""
    connection.execute(update(sims).where(sims.c.sim_id == sim_id).values(balance_wanted_at=None))


def told(connection: Connection, settings: Settings, sim_id: int, text: str, now: datetime) -> Reason | None:
    """Keeps the operator's words and the amount in them. The reason to warn where it has fallen below the
    threshold with this answer; None where it has not, was below before, or nothing could be read."""
    sim = _sim(connection, sim_id)
    pattern = _pattern_of(connection, sim)
    amount = balance_pattern.read(pattern.pattern, text) if pattern is not None else None
    # what a person wrote is not guessed around: an answer that does not fit is shown as it is
    if amount is None and (pattern is None or pattern in DEFAULTS.values()):
        amount = ussd.find_balance(text)
    currency = pattern.currency if pattern is not None else settings.cost.currency
    connection.execute(
        update(sims)
        .where(sims.c.sim_id == sim_id)
        .values(
            active_at=now,
            balance_text=text,
            balance_at=now,
            balance_amount=amount,
            balance_currency=None if amount is None else currency,
        )
    )
    threshold = threshold_of(settings, sim["imsi"])
    if amount is None or threshold is None or amount >= threshold:
        return None
    before: Decimal | None = sim["balance_amount"]
    if before is not None and before < threshold:
        return None
    return Reason(
        "balance_low",
        {"amount": money.plain(amount), "currency": currency, "threshold": money.plain(threshold)},
    )


def threshold_of(settings: Settings, imsi: str) -> Decimal | None:
    own = settings.sim_settings(imsi)
    return own.low_balance if own is not None and own.low_balance is not None else settings.cost.low_balance


def _sim(connection: Connection, sim_id: int) -> RowMapping:
    return (
        connection.execute(
            select(
                sims.c.imsi,
                func.coalesce(modems.c.operator, sims.c.operator).label("operator"),
                sims.c.balance_at,
                sims.c.balance_amount,
                sims.c.balance_wanted_at,
            )
            .select_from(sims.outerjoin(modems, modems.c.modem_id == sims.c.modem_id))
            .where(sims.c.sim_id == sim_id)
        )
        .mappings()
        .one()
    )


def _pattern_of(connection: Connection, sim: RowMapping) -> BalancePattern | None:
    own = patterns(connection)
    name = _brand(sim) or ""
    return own.get(name) or (DEFAULTS.get(name) if name in DEFAULTS else own.get(""))


def _brand(sim: RowMapping) -> str | None:
    return brand_of_sim(imsi=sim["imsi"], operator=sim["operator"])
