"""Tariffs with their options, and which SIM has which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pbx_sms.core.tariff import Tariff, TariffOption
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import sims, tariff_options, tariffs


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTariff:
    tariff_id: int
    tariff: Tariff
    option_ids: Mapping[str, int]
    #: IMSIs of the SIMs that have it
    sims: tuple[str, ...]


def every(connection: Connection) -> list[StoredTariff]:
    """By name."""
    options: dict[int, list[Any]] = {}
    for option in connection.execute(select(tariff_options).order_by(tariff_options.c.name)):
        options.setdefault(option.tariff_id, []).append(option)
    users: dict[int, list[str]] = {}
    for imsi, tariff_id in connection.execute(
        select(sims.c.imsi, sims.c.tariff_id).where(sims.c.tariff_id.is_not(None)).order_by(sims.c.imsi)
    ):
        users.setdefault(tariff_id, []).append(imsi)
    return [
        _stored(row, options.get(row.tariff_id, []), users.get(row.tariff_id, []))
        for row in connection.execute(select(tariffs).order_by(tariffs.c.name))
    ]


def named(connection: Connection, name: str) -> StoredTariff | None:
    return next((one for one in every(connection) if one.tariff.name == name), None)


def of_sims(connection: Connection) -> dict[int, tuple[Tariff, TariffOption | None]]:
    """sim_id → its tariff and the option it has."""
    known = {one.tariff_id: one for one in every(connection)}
    found: dict[int, tuple[Tariff, TariffOption | None]] = {}
    for sim in connection.execute(
        select(sims.c.sim_id, sims.c.tariff_id, sims.c.tariff_option_id).where(sims.c.tariff_id.is_not(None))
    ):
        stored = known.get(sim.tariff_id)
        if stored is None:
            continue
        option = next(
            (one for one in stored.tariff.options if stored.option_ids[one.name] == sim.tariff_option_id),
            None,
        )
        found[sim.sim_id] = (stored.tariff, option)
    return found


def add(connection: Connection, tariff: Tariff, *, now: datetime, by: str | None) -> int:
    tariff_id = connection.execute(
        insert(tariffs)
        .values(**_values(tariff), created_at=now, created_by=by)
        .returning(tariffs.c.tariff_id)
    ).scalar_one()
    _add_options(connection, tariff_id, tariff.options)
    return int(tariff_id)


def change(connection: Connection, stored: StoredTariff, tariff: Tariff) -> None:
    """`tariff` in the place of what was stored. A SIM keeps an option whose name stays."""
    connection.execute(
        update(tariffs).where(tariffs.c.tariff_id == stored.tariff_id).values(**_values(tariff))
    )
    names = {option.name for option in tariff.options}
    for name, option_id in stored.option_ids.items():
        if name not in names:
            connection.execute(
                update(sims).where(sims.c.tariff_option_id == option_id).values(tariff_option_id=None)
            )
            connection.execute(delete(tariff_options).where(tariff_options.c.tariff_option_id == option_id))
    for option in tariff.options:
        if option.name in stored.option_ids:
            connection.execute(
                update(tariff_options)
                .where(tariff_options.c.tariff_option_id == stored.option_ids[option.name])
                .values(fee=option.fee, included_parts=option.included_parts)
            )
    _add_options(
        connection,
        stored.tariff_id,
        tuple(option for option in tariff.options if option.name not in stored.option_ids),
    )
    revision.sims_changed(connection)


def remove(connection: Connection, stored: StoredTariff) -> None:
    """No SIM may have it any more."""
    connection.execute(delete(tariff_options).where(tariff_options.c.tariff_id == stored.tariff_id))
    connection.execute(delete(tariffs).where(tariffs.c.tariff_id == stored.tariff_id))


def give(connection: Connection, sim_id: int, stored: StoredTariff | None, option: str | None) -> None:
    """The SIM is charged by this tariff, with this option, from now on."""
    connection.execute(
        update(sims)
        .where(sims.c.sim_id == sim_id)
        .values(
            tariff_id=None if stored is None else stored.tariff_id,
            tariff_option_id=None if stored is None or option is None else stored.option_ids[option],
        )
    )
    revision.sims_changed(connection)


def _add_options(connection: Connection, tariff_id: int, options: tuple[TariffOption, ...]) -> None:
    if options:
        connection.execute(
            insert(tariff_options),
            [
                {
                    "tariff_id": tariff_id,
                    "name": option.name,
                    "fee": option.fee,
                    "included_parts": option.included_parts,
                }
                for option in options
            ],
        )


def _values(tariff: Tariff) -> dict[str, Any]:
    return {
        "name": tariff.name,
        "currency": tariff.currency,
        "price_per_part": tariff.price_per_part,
        "on_net_per_part": tariff.on_net_per_part,
        "off_net_per_part": tariff.off_net_per_part,
        "included_parts": tariff.included_parts,
        "monthly_fee": tariff.monthly_fee,
        "billing_day": tariff.billing_day,
    }


def _stored(row: Any, options: list[Any], users: list[str]) -> StoredTariff:
    return StoredTariff(
        tariff_id=row.tariff_id,
        tariff=Tariff(
            name=row.name,
            currency=row.currency,
            price_per_part=row.price_per_part,
            on_net_per_part=row.on_net_per_part,
            off_net_per_part=row.off_net_per_part,
            included_parts=row.included_parts,
            monthly_fee=row.monthly_fee,
            billing_day=row.billing_day,
            options=tuple(
                TariffOption(name=option.name, fee=option.fee, included_parts=option.included_parts)
                for option in options
            ),
        ),
        option_ids={option.name: option.tariff_option_id for option in options},
        sims=tuple(users),
    )
