"""Balances: ordering one to be asked, and the patterns by which answers are read."""

from __future__ import annotations

import re
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import balance_pattern, money
from pbx_sms.core.balance_pattern import DEFAULTS, BalancePattern
from pbx_sms.core.operator_brand import brand
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.audit import order
from pbx_sms.operations.sims import label_of, one_named
from pbx_sms.storage import balances
from pbx_sms.storage.engine import Database

_CODE = re.compile(r"[*#][0-9*#]{1,38}#")
_CURRENCY = re.compile(r"[A-Z]{3}")
#: how a person calls the pattern for every operator without one
EVERY = "*"


@order("balance.ask", "name")
def ask(database: Database, settings: Settings, *, name: str) -> dict[str, Any]:
    """The engine that holds the SIM asks its balance as soon as it is free. {"sim", "label", "ordered_at"}.

    Refused: sim_not_found, sim_ambiguous, balance_sim_absent, balance_no_code.
    """
    now = database.now()
    with database.begin() as connection:
        row = one_named(connection, settings, name, now)
        label = label_of(settings, row.imsi, row.label)
        if row.modem is None:
            raise Conflict("balance_sim_absent", sim=label or row.imsi)
        if balances.code_of(connection, settings, row.sim_id) is None:
            raise Conflict("balance_no_code", sim=label or row.imsi)
        balances.want(connection, row.sim_id, now)
    database.wake()
    return {"sim": row.imsi, "label": label, "ordered_at": now}


def list_patterns(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """[{"operator", "code", "pattern", "currency", "own"}]: "*" is for every operator without a pattern."""
    with database.read() as connection:
        own = balances.patterns(connection)
    return [_shown(name, found, own=name in own) for name, found in sorted((DEFAULTS | own).items())]


@order("balance.set", "operator", "pattern", "code", "currency")
def set_pattern(
    database: Database,
    settings: Settings,
    *,
    operator: str,
    pattern: str,
    code: str | None = None,
    currency: str | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """What `list_patterns` tells of it. Refused: balance_operator_missing, balance_pattern_invalid,
    balance_code_invalid, tariff_currency_invalid."""
    name = _name(operator)
    chosen = (code or "").strip() or None
    if chosen is not None and not _CODE.fullmatch(chosen):
        raise Refused("balance_code_invalid", value=chosen)
    money_of = (currency or settings.cost.currency).strip().upper()
    if not _CURRENCY.fullmatch(money_of):
        raise Refused("tariff_currency_invalid", value=currency or "")
    kept = BalancePattern(code=chosen, pattern=balance_pattern.check(pattern), currency=money_of)
    with database.begin() as connection:
        balances.keep_pattern(connection, name, kept, now=database.now(), by=by)
    return _shown(name, kept, own=True)


@order("balance.remove", "operator")
def remove_pattern(database: Database, settings: Settings, *, operator: str) -> dict[str, Any]:
    """{"operator"}; the one that was there from the start holds again. Refused: balance_pattern_not_found."""
    name = _name(operator)
    with database.begin() as connection:
        if not balances.remove_pattern(connection, name):
            raise NotFound("balance_pattern_not_found", operator=operator)
    return {"operator": name or EVERY}


def try_pattern(pattern: str, answer: str) -> dict[str, Any]:
    """{"amount"}: what the pattern finds in an answer, null where nothing. Refused:"
    " balance_pattern_invalid."""
    amount = balance_pattern.read(balance_pattern.check(pattern), answer)
    return {"amount": None if amount is None else money.plain(amount)}


def _name(operator: str) -> str:
    if operator.strip() == EVERY:
        return ""
    name = brand(operator)
    if not name or len(name) > 64:
        raise Refused("balance_operator_missing", value=operator)
    return name


def _shown(name: str, pattern: BalancePattern, *, own: bool) -> dict[str, Any]:
    return {
        "operator": name or EVERY,
        "code": pattern.code,
        "pattern": pattern.pattern,
        "currency": pattern.currency,
        "own": own,
    }
