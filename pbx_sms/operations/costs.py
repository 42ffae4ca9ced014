"""What a mailing costs: estimated before, counted after, compared with a mailing company and between SIMs.

Money in results is text (`"180.00"`), summed by currency: [{"currency", "amount"}]. A part is charged once
the network took it; refused ones are free; those of which nobody knows are told apart and not in the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import money
from pbx_sms.core.quota import billing_month
from pbx_sms.core.tariff import Charge, Offer, cheapest, estimate, split
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations.mailings.check import check
from pbx_sms.operations.price_desk import Desk, Messages, PricedSim, by_net
from pbx_sms.storage import charges, mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.starts import BEFORE_START


def comparison(settings: Settings, parts: int) -> dict[str, Any] | None:
    """What a mailing company would take: {"currency", "from", "to"}; None where no price is set."""
    prices = settings.cost.comparison_per_part
    if not prices:
        return None
    return {
        "currency": settings.cost.currency,
        "from": money.plain(prices[0] * parts),
        "to": money.plain(prices[-1] * parts),
    }


def estimated(desk: Desk, messages: Messages) -> dict[str, Any]:
    """{"parts", "amounts", "parts_without_price", "sims": [{"sim", "label", "tariff", "parts", "included",
    "amount", "currency"}], "comparison"?}: the parts over the SIMs as the spread shares them."""
    by_brand = desk.brands(messages)
    working = desk.at_work()
    weights = [sim.weight for sim in working]
    shares: list[dict[str, int]] = [{} for _ in working]
    for recipient_brand, parts in sorted(by_brand.items()):
        for share, given in zip(shares, split(parts, weights), strict=True):
            if given:
                share[recipient_brand] = given
    rows = []
    sums: dict[str, Decimal] = {}
    without_price = 0 if working else sum(by_brand.values())
    for sim, share in zip(working, shares, strict=True):
        parts = sum(share.values())
        if not parts:
            continue
        if sim.tariff is None:
            without_price += parts
            rows.append(_sim_row(sim, Charge(parts=parts)))
            continue
        charge = desk.estimate(sim, share)
        _add(sums, sim.tariff.currency, charge.amount)
        rows.append(_sim_row(sim, charge))
    return _result(desk.settings, sum(by_brand.values()), sums, without_price, rows)


def estimate_of_parts(database: Database, settings: Settings, messages: Messages) -> dict[str, Any]:
    """What messages that are still to be made will cost; see `estimated`."""
    with database.read() as connection:
        return estimated(Desk(connection, settings, database.now()), messages)


def of_mailing(database: Database, settings: Settings, mailing_id: int) -> dict[str, Any]:
    """{"mailing_id", "state", "estimate", "actual"}: `estimate` of all its parts (see `estimated`), `actual`
    of
    those that went: the same keys, and "parts_unknown", which may be charged and are in no sum.

    Raises NotFound(mailing_not_found).
    """
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
        if mailing is None:
            raise NotFound("mailing_not_found", mailing_id=mailing_id)
    is_draft = mailing.state in BEFORE_START
    planned: Messages = planned_messages(database, settings, mailing) if is_draft else ()
    with database.read() as connection:
        desk = Desk(connection, settings, database.now())
        messages = (
            planned if is_draft else charges.all_parts(connection, mailing_id, by_number=desk.by_number)
        )
        return {
            "mailing_id": mailing_id,
            "state": mailing.state,
            "estimate": estimated(desk, messages),
            "actual": _actual(desk, mailing_id),
        }


def planned_messages(database: Database, settings: Settings, mailing: Any) -> Messages:
    """(number, parts) of what Start would make of a draft."""
    if mailing.list_id is None:
        return ()
    checked = check(
        database,
        settings,
        list_id=mailing.list_id,
        text=mailing.text,
        kind=mailing.kind,
        repeats=mailing.repeats,
        leave_out_incomplete=mailing.leave_out_incomplete,
        allow_failing=mailing.allow_failing,
    )
    return list(zip(checked.msisdns, checked.part_counts, strict=True))


def compare(
    database: Database,
    settings: Settings,
    *,
    mailing_id: int | None = None,
    parts: int | None = None,
    only_tariffs: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """All parts through each of the SIMs, and by each of the tariffs with each of its options: [{"kind"
    (sim | tariff), "sim"?, "label"?, "tariff", "option", "parts", "included", "amount", "fees",
    "total", "currency",
    "cheapest"}], the cheapest first of either kind.

    A SIM's fees are paid anyway and count as nothing; a tariff's are in its total. `cheapest` marks one of
    the SIMs and one of the tariffs. Refused: cost_of_what, mailing_not_found, tariff_not_found.
    """
    if (mailing_id is None) == (parts is None):
        raise Refused("cost_of_what")
    messages: Messages = [("", parts)] if parts is not None else ()
    if mailing_id is not None:
        with database.read() as connection:
            mailing = mailings.find(connection, mailing_id)
            if mailing is None:
                raise NotFound("mailing_not_found", mailing_id=mailing_id)
            if mailing.state not in BEFORE_START:
                messages = charges.all_parts(connection, mailing_id, by_number=True)
        if mailing.state in BEFORE_START:
            messages = planned_messages(database, settings, mailing)
    with database.read() as connection:
        desk = Desk(connection, settings, database.now())
        by_brand = desk.brands(messages)
        of_sims = [] if only_tariffs is not None else _sim_offers(desk, by_brand)
        of_tariffs = _tariff_offers(desk, by_brand, only_tariffs)
    return [*_ranked(of_sims), *_ranked(of_tariffs)]


_Offered = tuple[Offer, dict[str, Any]]


def _sim_offers(desk: Desk, by_brand: Mapping[str, int]) -> list[_Offered]:
    return [
        (
            Offer(
                name=sim.label or sim.row.imsi,
                currency=sim.tariff.currency,
                charge=desk.estimate(sim, by_brand),
            ),
            {
                "kind": "sim",
                "sim": sim.row.imsi,
                "label": sim.label,
                "tariff": sim.tariff.name or None,
                "option": sim.option.name if sim.option else None,
            },
        )
        for sim in desk.at_work()
        if sim.tariff is not None
    ]


def _tariff_offers(
    desk: Desk, by_brand: Mapping[str, int], only_tariffs: Sequence[str] | None
) -> list[_Offered]:
    known = {one.tariff.name: one.tariff for one in desk.tariffs}
    for name in only_tariffs or ():
        if name not in known:
            raise NotFound("tariff_not_found", name=name)
    offers: list[_Offered] = []
    for name in known if only_tariffs is None else only_tariffs:
        tariff = known[name]
        # a tariff that no SIM has yet belongs to nobody: where nets matter, the dearer price holds
        own = {
            sim.brand for sim in desk.sims if sim.tariff is tariff or (sim.tariff and sim.tariff.name == name)
        }
        own_brand = own.pop() if len(own) == 1 else None
        for option in (None, *tariff.options):
            charge = estimate(tariff, by_net(own_brand, by_brand), option=option)
            offers.append(
                (
                    Offer(name=name, currency=tariff.currency, charge=charge, fees=tariff.fees_with(option)),
                    {"kind": "tariff", "tariff": name, "option": option.name if option else None},
                )
            )
    return offers


def _ranked(offers: Iterable[_Offered]) -> list[dict[str, Any]]:
    ordered = sorted(offers, key=lambda one: (one[0].currency, one[0].total))
    best = cheapest(offer for offer, _ in ordered)
    return [
        head
        | {
            "parts": offer.charge.parts,
            "included": offer.charge.included,
            "amount": money.plain(offer.charge.amount),
            "fees": money.plain(offer.fees),
            "total": money.plain(offer.total),
            "currency": offer.currency,
            "cheapest": offer is best,
        }
        for offer, head in ordered
    ]


def _actual(desk: Desk, mailing_id: int) -> dict[str, Any]:
    by_id = {sim.row.sim_id: sim for sim in desk.sims}
    sums: dict[str, Decimal] = {}
    rows = []
    without_price = parts = unknown = 0
    for share in charges.shares_of(desk.connection, mailing_id):
        sim = by_id[share.sim_id]
        parts += share.accepted
        unknown += share.unknown
        if sim.tariff is None:
            without_price += share.accepted
            charge = Charge(parts=share.accepted)
        else:
            charge = _charged(desk, sim, mailing_id, share)
            _add(sums, sim.tariff.currency, charge.amount)
        rows.append(_sim_row(sim, charge) | {"parts_unknown": share.unknown})
    return _result(desk.settings, parts, sums, without_price, rows) | {"parts_unknown": unknown}


def _charged(desk: Desk, sim: PricedSim, mailing_id: int, share: charges.SimShare) -> Charge:
    """The mailing's parts, with the included ones used up by all mailings of the SIM in their order."""
    charge = Charge()
    if share.first_at is None or share.last_at is None:
        return charge
    account = sim.account(desk.zone)
    from_at, _ = billing_month(share.first_at, sim.billing_day, desk.zone)
    for taken in charges.taken_between(desk.connection, sim.row.sim_id, from_at, share.last_at):
        one = account.charge(taken.at, desk.net(sim, taken.msisdn))
        if taken.mailing_id == mailing_id:
            charge += one
    return charge


def _sim_row(sim: PricedSim, charge: Charge) -> dict[str, Any]:
    return {
        "sim": sim.row.imsi,
        "label": sim.label,
        "tariff": sim.tariff.name or None if sim.tariff else None,
        "parts": charge.parts,
        "included": charge.included,
        "amount": None if sim.tariff is None else money.plain(charge.amount),
        "currency": None if sim.tariff is None else sim.tariff.currency,
    }


def _add(sums: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    sums[currency] = sums.get(currency, Decimal(0)) + amount


def _result(
    settings: Settings,
    parts: int,
    sums: Mapping[str, Decimal],
    without_price: int,
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "parts": parts,
        "amounts": [
            {"currency": currency, "amount": money.plain(amount)} for currency, amount in sorted(sums.items())
        ],
        "parts_without_price": without_price,
        "sims": rows,
    }
    compared = comparison(settings, parts)
    return result if compared is None else result | {"comparison": compared}
