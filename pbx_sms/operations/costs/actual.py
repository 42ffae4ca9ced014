"""What a mailing has cost so far: the parts that the network took, each in its order and its billing month.

Refused parts are free; those of which nobody knows may be charged: they are told apart and in no sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.quota import billing_month
from pbx_sms.core.tariff import Charge, Net
from pbx_sms.operations.costs.sums import Sums
from pbx_sms.operations.price_desk import Desk, PricedSim
from pbx_sms.storage import charges


def actual(desk: Desk, settings: Settings, mailing_id: int) -> dict[str, Any]:
    """{"parts", "parts_unknown", "amounts", "parts_without_price", "sims": [{…, "parts_unknown"}],
    "comparison"?}; see `Sums`."""
    by_id = {sim.row.sim_id: sim for sim in desk.sims}
    sums = Sums()
    unknown = 0
    for share in charges.shares_of(desk.connection, mailing_id):
        sim = by_id[share.sim_id]
        unknown += share.unknown
        charge = (
            Charge(parts=share.accepted) if sim.tariff is None else _charged(desk, sim, mailing_id, share)
        )
        sums.add(sim, charge, parts_unknown=share.unknown)
    return sums.result(settings, parts_unknown=unknown)


def _charged(desk: Desk, sim: PricedSim, mailing_id: int, share: charges.SimShare) -> Charge:
    """The mailing's parts, with the included ones used up by all mailings of the SIM in their order."""
    tariff = sim.tariff
    assert tariff is not None
    if not tariff.included_with(sim.option) and not tariff.knows_nets:
        # every part costs the same, whenever it goes and wherever to
        return Charge(parts=share.accepted, amount=tariff.price(Net.UNPLACED) * share.accepted)
    return sum((charge for _, charge in each_charged(desk, sim, mailing_id, share)), Charge())


def each_charged(
    desk: Desk, sim: PricedSim, mailing_id: int, share: charges.SimShare
) -> Iterator[tuple[int, Charge]]:
    """(message_id, what it cost) of each part of the mailing that the network took from the SIM."""
    if share.first_at is None or share.last_at is None:
        return
    account = sim.account(desk.zone)
    from_at, _ = billing_month(share.first_at, sim.billing_day, desk.zone)
    for taken in charges.taken_between(desk.connection, sim.row.sim_id, from_at, share.last_at):
        one = account.charge(taken.at, desk.net(sim, taken.msisdn))
        if taken.mailing_id == mailing_id:
            yield taken.message_id, one
