"""Tariffs: what operators charge, kept by a person, and given to SIMs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import money
from pbx_sms.core.tariff import Tariff, TariffOption
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import sims as operations_sims
from pbx_sms.operations.audit import order, tell
from pbx_sms.storage import tariffs
from pbx_sms.storage.engine import Database
from pbx_sms.storage.tariffs import StoredTariff

_MAX_NAME = 60
_MAX_PARTS = 10_000_000
_CURRENCY = re.compile(r"[A-Z]{3}")
#: NAME=FEE:PARTS
_OPTION = re.compile(r"\s*(?P<name>[^=]+?)\s*=\s*(?P<fee>[^:]+):\s*(?P<parts>\d+)\s*")
_PRICES = ("price_per_part", "on_net_per_part", "off_net_per_part", "monthly_fee")


def list_tariffs(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """What `show` tells of each, by name."""
    with database.read() as connection:
        return [_shown(one) for one in tariffs.every(connection)]


def show(database: Database, settings: Settings, *, name: str) -> dict[str, Any]:
    """{"tariff", "currency", "price_per_part", "on_net_per_part", "off_net_per_part", "included_parts",
    "monthly_fee", "billing_day", "options": [{"name", "fee", "included_parts"}], "sims": [IMSI]}; money as
    text. Refused: tariff_not_found."""
    with database.read() as connection:
        return _shown(_named(tariffs.named(connection, name), name))


@order("tariff.add", "name", "values")
def add(
    database: Database,
    settings: Settings,
    *,
    name: str,
    values: Mapping[str, str | None],
    by: str | None = None,
) -> dict[str, Any]:
    """A new tariff; what `show` tells. `values` as typed: price_per_part, and what else differs from none.

    Refused: tariff_exists, and what is wrong in a value.
    """
    empty = Tariff(name=_name(name), currency=settings.cost.currency, price_per_part=Decimal(0))
    if not (values.get("price_per_part") or "").strip():
        raise Refused("tariff_price_missing")
    tariff = _changed(empty, values)
    with database.begin() as connection:
        if tariffs.named(connection, tariff.name) is not None:
            raise Conflict("tariff_exists", name=tariff.name)
        tariffs.add(connection, tariff, now=database.now(), by=by)
    return show(database, settings, name=tariff.name)


@order("tariff.change", "name", "values", "options", "without_options")
def change(
    database: Database,
    settings: Settings,
    *,
    name: str,
    values: Mapping[str, str | None],
    options: Sequence[str] = (),
    without_options: Sequence[str] = (),
) -> dict[str, Any]:
    """Other values in a tariff; what is not given stays, "" takes an optional one away. What `show` tells.

    `options`: NAME=FEE:PARTS, added or changed. Refused: tariff_not_found, tariff_exists (the new name),
    tariff_option_not_found, and what is wrong in a value.
    """
    with database.begin() as connection:
        stored = _named(tariffs.named(connection, name), name)
        tariff = _changed(stored.tariff, values)
        if tariff.name != stored.tariff.name and tariffs.named(connection, tariff.name) is not None:
            raise Conflict("tariff_exists", name=tariff.name)
        kept = {option.name: option for option in tariff.options}
        for option_name in without_options:
            if kept.pop(option_name, None) is None:
                raise NotFound("tariff_option_not_found", name=tariff.name, option=option_name)
        kept |= {option.name: option for option in map(parse_option, options)}
        tariff = replace(tariff, options=tuple(kept.values()))
        tariffs.change(connection, stored, tariff)
        tell(before=stored.tariff, after=tariff)
    return show(database, settings, name=tariff.name)


@order("tariff.remove", "name")
def remove(database: Database, settings: Settings, *, name: str) -> dict[str, Any]:
    """{"tariff"}. Refused: tariff_not_found, tariff_in_use."""
    with database.begin() as connection:
        stored = _named(tariffs.named(connection, name), name)
        if stored.sims:
            raise Conflict("tariff_in_use", name=name, sims=list(stored.sims))
        tariffs.remove(connection, stored)
    return {"tariff": name}


@order("sim.tariff", "sim", "tariff", "option")
def give(
    database: Database, settings: Settings, *, sim: str, tariff: str | None, option: str | None = None
) -> dict[str, Any]:
    """The SIM is charged by this tariff and option; by none with `tariff=None`. {"sim", "label", "tariff",
    "option"}. Refused: sim_not_found, sim_ambiguous, tariff_not_found, tariff_option_not_found."""
    with database.begin() as connection:
        row = operations_sims.one_named(connection, settings, sim, database.now())
        stored = None if tariff is None else _named(tariffs.named(connection, tariff), tariff)
        if option is not None and (stored is None or option not in stored.option_ids):
            raise NotFound("tariff_option_not_found", name=tariff or "–", option=option)
        tariffs.give(connection, row.sim_id, stored, option)
    label = operations_sims.label_of(settings, row.imsi, row.label)
    return {"sim": row.imsi, "label": label, "tariff": tariff, "option": option}


def parse_option(text: str) -> TariffOption:
    """NAME=FEE:PARTS. Refused: tariff_option_invalid."""
    match = _OPTION.fullmatch(text)
    fee = money.parse(match["fee"]) if match else None
    if match is None or fee is None or len(match["name"]) > _MAX_NAME or int(match["parts"]) > _MAX_PARTS:
        raise Refused("tariff_option_invalid", value=text)
    return TariffOption(name=match["name"], fee=fee, included_parts=int(match["parts"]))


def _changed(tariff: Tariff, values: Mapping[str, str | None]) -> Tariff:
    """With the values that are given: None leaves one as it is, "" takes an optional one away."""
    given: dict[str, Any] = {}
    for key, text in values.items():
        if text is None:
            continue
        text = text.strip()
        if key == "name":
            given[key] = _name(text)
        elif key == "currency":
            if not text:
                continue
            if not _CURRENCY.fullmatch(text.upper()):
                raise Refused("tariff_currency_invalid", value=text)
            given[key] = text.upper()
        elif key in _PRICES:
            given[key] = _price(key, text)
        elif key == "included_parts":
            given[key] = _number(text or "0", 0, _MAX_PARTS)
        elif key == "billing_day":
            given[key] = _number(text, 1, 31) if text else None
        else:
            raise ValueError(f"a tariff has no {key}")
    return replace(tariff, **given)


def _price(key: str, text: str) -> Decimal | None:
    if not text and key != "price_per_part":
        return Decimal(0) if key == "monthly_fee" else None
    price = money.parse(text)
    if price is None:
        raise Refused("tariff_price_invalid", value=text)
    return price


def _number(text: str, smallest: int, largest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and smallest <= int(text) <= largest):
        raise Refused("tariff_number_invalid", value=text, smallest=smallest, largest=largest)
    return int(text)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise Refused("tariff_name_invalid", value=text, max_length=_MAX_NAME)
    return name


def _named(stored: StoredTariff | None, name: str) -> StoredTariff:
    if stored is None:
        raise NotFound("tariff_not_found", name=name)
    return stored


def _shown(stored: StoredTariff) -> dict[str, Any]:
    tariff = stored.tariff

    def plain(amount: Decimal | None) -> str | None:
        return None if amount is None else money.plain(amount)

    return {
        "tariff": tariff.name,
        "currency": tariff.currency,
        "price_per_part": plain(tariff.price_per_part),
        "on_net_per_part": plain(tariff.on_net_per_part),
        "off_net_per_part": plain(tariff.off_net_per_part),
        "included_parts": tariff.included_parts,
        "monthly_fee": plain(tariff.monthly_fee),
        "billing_day": tariff.billing_day,
        "options": [
            {"name": option.name, "fee": plain(option.fee), "included_parts": option.included_parts}
            for option in tariff.options
        ],
        "sims": list(stored.sims),
    }
