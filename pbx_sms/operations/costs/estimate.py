"""What parts will cost, before they go.

The forecast says which of them go when and through which SIM, and each SIM's billing month has its own
included parts; other mailings that go before use them up first. Parts that the forecast cannot place (there
is no modem yet, a window closes) are shared among the SIMs by their limits and count in the month of today.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core import money
from pbx_sms.core.forecast import Ending, MailingWork, Sent
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.core.tariff import Charge, Going, MonthCharge, split
from pbx_sms.errors import Refused
from pbx_sms.operations.costs.sums import Sums
from pbx_sms.operations.forecasts.foreseeing import everything
from pbx_sms.operations.forecasts.intention import Intention, beside_all
from pbx_sms.operations.forecasts.work import PLANNED, planned
from pbx_sms.operations.mailings.check import Check
from pbx_sms.operations.price_desk import Desk, Messages, PricedSim, net_of
from pbx_sms.operations.routing.choice import routes_of
from pbx_sms.storage.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Messages that are to be made, and all that waits beside them, with the SIMs of one moment."""

    desk: Desk
    messages: Messages
    #: None: nobody foresees anything, all goes in the month of now
    intention: Intention | None = None


def estimate_of_parts(
    database: Database,
    settings: Settings,
    messages: Messages,
    *,
    kind: MailingKind = MailingKind.INFORMATION,
    zones: Sequence[str] = (),
    choice: PlanChoice = AT_ONCE,
    mailing_id: int | None = None,
) -> dict[str, Any]:
    """What messages that are still to be made will cost: {"parts", "amounts", "parts_without_price", "sims":
    [{"sim", "label", "tariff", "parts", "included", "amount", "currency", "months": [{"begins_on", "parts",
    "included", "amount"}]}], "comparison"?}."""
    with database.read() as connection:
        now = database.now()
        plan = plan_of(
            connection, settings, messages, now, kind=kind, zones=zones, choice=choice, mailing_id=mailing_id
        )
        return estimated(settings, plan)


def estimate_of_check(
    database: Database,
    settings: Settings,
    checked: Check,
    kind: MailingKind,
    choice: PlanChoice = AT_ONCE,
    *,
    mailing_id: int | None = None,
) -> dict[str, Any]:
    """The same of what Start would make."""
    messages = list(zip(checked.msisdns, checked.part_counts, strict=True))
    return estimate_of_parts(
        database,
        settings,
        messages,
        kind=kind,
        zones=checked.message_zones,
        choice=choice,
        mailing_id=mailing_id,
    )


def plan_of(
    connection: Connection,
    settings: Settings,
    messages: Messages,
    now: datetime,
    *,
    kind: MailingKind = MailingKind.INFORMATION,
    zones: Sequence[str] = (),
    choice: PlanChoice = AT_ONCE,
    mailing_id: int | None = None,
) -> Plan:
    """`mailing_id`: where it is stored as a draft; rules may be about it."""
    parts = [count for _, count in messages]
    people = [msisdn for msisdn, _ in messages]
    routes = routes_of(connection, settings, people, kind, mailing_id, now)
    try:
        mine = planned(settings, parts, kind, now, zones=zones, choice=choice, routes=routes, people=people)
    except Refused:
        # the check tells what is wrong with the plan; the parts cost something all the same
        mine = planned(settings, parts, kind, now, routes=routes, people=people)
    return Plan(
        desk=Desk(connection, settings, now),
        messages=messages,
        intention=beside_all(connection, settings, mine, now),
    )


def plan_of_parts(connection: Connection, settings: Settings, parts: int, now: datetime) -> Plan:
    """Of so many messages of one part to people of whom nothing is known."""
    mine = planned(settings, [1] * parts, MailingKind.INFORMATION, now)
    return Plan(
        desk=Desk(connection, settings, now),
        messages=[("", 1)] * parts,
        intention=beside_all(connection, settings, mine, now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    #: (SIM, its parts that are not other mailings', what they cost in each month)
    sims: list[tuple[PricedSim, int, list[MonthCharge]]]
    #: when and whether the messages end; None where no SIM has a price
    ending: Ending | None


def estimated(settings: Settings, plan: Plan) -> dict[str, Any]:
    """See `estimate_of_parts`."""
    sums = Sums()
    found = foreseen(settings, plan)
    for sim, parts, months in found.sims:
        charge = sum((month.charge for month in months), Charge()) if sim.tariff else Charge(parts=parts)
        sums.add(sim, charge, months=month_rows(plan.desk, months))
    if not found.sims:
        sums.add_unplaced(sum(parts for _, parts in plan.messages))
    return sums.result(settings)


def foreseen(settings: Settings, plan: Plan, *, only: PricedSim | None = None) -> Foreseen:
    """`only`: as if all went through this SIM, and nothing else did."""
    desk = plan.desk
    placed: set[int] = set()
    by_sim: dict[int, list[Going]] = defaultdict(list)
    sims = {sim.row.sim_id: sim for sim in desk.sims}

    def tell(sent: Sent) -> None:
        net = None
        if sent.key == PLANNED:
            placed.add(sent.place)
            net = desk.net(sims[sent.sim_id], plan.messages[sent.place][0])
        by_sim[sent.sim_id].append(Going(sent.at, sent.parts, net))

    ending = None
    # while no SIM has a price, nobody needs to know what goes through which
    if plan.intention is not None and any(sim.tariff is not None for sim in desk.sims):
        pool, works = plan.intention.pool, plan.intention.works
        outlooks = pool.sims
        if only is not None:
            outlooks = tuple(one for one in outlooks if one.sim_id == only.row.sim_id)
            works = tuple(_anywhere(work) for work in works[-1:])
        told = everything(settings, pool, works, desk.now, trace=tell, sims=outlooks)
        ending = told.mailings[PLANNED]
    left = [one for place, one in enumerate(plan.messages) if place not in placed]
    found: dict[int, list[Going]] = {}
    for sim, share in _shares(desk, desk.at_work() if only is None else [only], left):
        found[sim.row.sim_id] = [
            Going(desk.now, parts, net_of(sim.brand, recipient)) for recipient, parts in share.items()
        ]
    for sim_id, goings in by_sim.items():
        found.setdefault(sim_id, []).extend(goings)
    return Foreseen(
        sims=[
            (sims[sim_id], parts, desk.by_month(sims[sim_id], goings))
            for sim_id, goings in sorted(found.items())
            if (parts := sum(going.parts for going in goings if going.net is not None))
        ],
        ending=ending,
    )


def _anywhere(work: MailingWork) -> MailingWork:
    """Without what rules say about the SIMs."""
    free = [replace(rows, sim_ids=None, preferred=frozenset(), without=frozenset()) for rows in work.rows]
    return replace(work, rows=free)


def month_rows(desk: Desk, months: Sequence[MonthCharge]) -> list[dict[str, Any]]:
    """[{"begins_on", "parts", "included", "amount"}]"""
    return [
        {
            "begins_on": month.begins_at.astimezone(desk.zone).date().isoformat(),
            "parts": month.charge.parts,
            "included": month.charge.included,
            "amount": money.plain(month.charge.amount),
        }
        for month in months
    ]


def _shares(
    desk: Desk, working: Sequence[PricedSim], left: Messages
) -> Iterable[tuple[PricedSim, dict[str, int]]]:
    """Parts by the brand of the recipient's operator, over the SIMs as the spread shares them."""
    shares: list[dict[str, int]] = [{} for _ in working]
    if working:
        for recipient, parts in sorted(desk.brands(left).items()):
            for share, given in zip(shares, split(parts, [sim.weight for sim in working]), strict=True):
                if given:
                    share[recipient] = given
    return zip(working, shares, strict=True)
