"""Which of the SIMs, and which of the tariffs with their options, is the cheapest for a mailing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import money
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.core.tariff import Charge, Offer, cheapest, estimate
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations.costs.estimate import Plan, foreseen, plan_of, plan_of_parts
from pbx_sms.operations.mailings.check import check_draft
from pbx_sms.operations.price_desk import Desk, Messages, by_net
from pbx_sms.storage import charges, mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.starts import BEFORE_START

#: more than an office sends in ten years
MOST_PARTS = 1_000_000


def compare(
    database: Database,
    settings: Settings,
    *,
    mailing_id: int | None = None,
    parts: int | None = None,
    only_tariffs: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """All parts through each of the SIMs, and by each of the tariffs with each of its options: [{"kind"
    (sim | tariff), "sim"?, "label"?, "ends_at"?, "tariff", "option", "parts", "included", "amount", "fees",
    "total", "currency", "cheapest"}], the cheapest first of either kind.

    A mailing through one SIM takes as long as the forecast says ("ends_at", None: it never ends), and each
    billing month has its included parts. A number of parts goes as so many messages of one part that are
    started now. A tariff is reckoned within one month. A SIM's fees are paid anyway and count as nothing; a
    tariff's are in its total. `cheapest` marks one of the SIMs and one of the tariffs. Refused: cost_of_what,
    cost_parts_too_many, mailing_not_found, tariff_not_found.
    """
    if (mailing_id is None) == (parts is None):
        raise Refused("cost_of_what")
    if mailing_id is None:
        if (parts or 0) > MOST_PARTS:
            raise Refused("cost_parts_too_many", parts=parts, most=MOST_PARTS)
        with database.read() as connection:
            plan = plan_of_parts(connection, settings, parts or 0, database.now())
            return compared(settings, plan, only_tariffs)
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
        if mailing is None:
            raise NotFound("mailing_not_found", mailing_id=mailing_id)
        messages: Messages = ()
        if mailing.state not in BEFORE_START:
            messages = charges.all_parts(connection, mailing_id, by_number=True)
    zones: Sequence[str] = ()
    choice = AT_ONCE
    if mailing.state in BEFORE_START and mailing.list_id is not None:
        checked = check_draft(database, settings, mailing)
        messages = list(zip(checked.msisdns, checked.part_counts, strict=True))
        zones, choice = checked.message_zones, mailings.plan_of(mailing)
    return compare_messages(
        database,
        settings,
        messages,
        kind=MailingKind(mailing.kind),
        zones=zones,
        choice=choice,
        only_tariffs=only_tariffs,
    )


def compare_messages(
    database: Database,
    settings: Settings,
    messages: Messages,
    *,
    kind: MailingKind = MailingKind.INFORMATION,
    zones: Sequence[str] = (),
    choice: PlanChoice = AT_ONCE,
    only_tariffs: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """The same of (number, parts) of messages that are still to be made."""
    with database.read() as connection:
        now = database.now()
        plan = plan_of(connection, settings, messages, now, kind=kind, zones=zones, choice=choice)
        return compared(settings, plan, only_tariffs)


_Offered = tuple[Offer, dict[str, Any]]


def compared(settings: Settings, plan: Plan, only_tariffs: Sequence[str] | None) -> list[dict[str, Any]]:
    of_sims = [] if only_tariffs is not None else [*_sim_offers(settings, plan)]
    of_tariffs = _tariff_offers(plan.desk, plan.desk.brands(plan.messages), only_tariffs)
    return [*_ranked(of_sims), *_ranked(of_tariffs)]


def _sim_offers(settings: Settings, plan: Plan) -> Iterator[_Offered]:
    for sim in plan.desk.comparable():
        if sim.tariff is None:
            continue
        found = foreseen(settings, plan, only=sim)
        months = [month for _, _, months in found.sims for month in months]
        charge = sum((month.charge for month in months), Charge())
        head: dict[str, Any] = {
            "kind": "sim",
            "sim": sim.row.imsi,
            "label": sim.label,
            "tariff": sim.tariff.name or None,
            "option": sim.option.name if sim.option else None,
        }
        if found.ending is not None:
            head |= {"ends_at": found.ending.ends_at}
        name = sim.label or sim.row.imsi
        yield Offer(name=name, currency=sim.tariff.currency, charge=charge), head


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
