"""The SIMs and their prices at one moment, and whose a number is: what every sum of `costs` starts from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core.numbering import NumberingPlan
from pbx_sms.core.operator_brand import brand, brand_of_sim
from pbx_sms.core.quota import billing_month
from pbx_sms.core.sim import SimState
from pbx_sms.core.tariff import (
    Account,
    Charge,
    Going,
    MonthCharge,
    Net,
    Tariff,
    TariffOption,
    amounts_of,
    estimate,
    estimate_by_month,
)
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import charges, numbering, sims, tariffs
from pbx_sms.storage.sim_limits import limits_of
from pbx_sms.storage.sims import SimRow

#: (number, parts) of each message
Messages = Sequence[tuple[str, int]]

_OUT_OF_WORK = (SimState.DISABLED, SimState.QUARANTINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedSim:
    """A SIM with what it is charged by; `tariff` None where nobody said so."""

    row: SimRow
    label: str | None
    tariff: Tariff | None
    option: TariffOption | None
    billing_day: int
    #: whose it is; None = not known
    brand: str | None
    #: parts of a day, for the spread
    weight: int

    def account(self, zone: ZoneInfo) -> Account:
        assert self.tariff is not None
        return Account(tariff=self.tariff, option=self.option, billing_day=self.billing_day, zone=zone)


class Desk:
    """The SIMs and prices of one moment, read once; the numbering plan only where prices depend on it."""

    def __init__(self, connection: Connection, settings: Settings, now: datetime) -> None:
        self.connection = connection
        self.settings = settings
        self.now = now
        self.zone = ZoneInfo(settings.sending.time_zone)
        self.tariffs = tariffs.every(connection)
        given = tariffs.of_sims(connection)
        own_price = sims.own_prices(connection)
        self.sims = [
            _priced(connection, settings, row, given.get(row.sim_id), own_price.get(row.sim_id))
            for row in sims.every(connection, now)
        ]

    @cached_property
    def by_number(self) -> bool:
        """Whether any price depends on whose a number is."""
        return any(sim.tariff is not None and sim.tariff.knows_nets for sim in self.sims) or any(
            one.tariff.knows_nets for one in self.tariffs
        )

    @cached_property
    def plan(self) -> NumberingPlan:
        return numbering.load(self.connection) if self.by_number else NumberingPlan()

    def at_work(self) -> list[PricedSim]:
        """SIMs that a mailing may go through: those in a modem; while there is none, all that are not"
        " held."""
        free = [sim for sim in self.sims if sim.row.state not in _OUT_OF_WORK]
        return [sim for sim in free if sim.row.modem is not None] or free

    def comparable(self) -> list[PricedSim]:
        """Those, and SIMs in slots that are not active: a rule may send everything through one of them."""
        working = self.at_work()
        ids = {sim.row.sim_id for sim in working}
        at_rest = [
            sim
            for sim in self.sims
            if sim.row.slot is not None and sim.row.sim_id not in ids and sim.row.state not in _OUT_OF_WORK
        ]
        return [*working, *at_rest]

    def brands(self, messages: Messages) -> Counter[str]:
        """Parts by the brand of the recipient's operator; "" = not known."""
        found: Counter[str] = Counter()
        for msisdn, parts in messages:
            place = self.plan.find(msisdn)
            found["" if place is None else brand(place.operator)] += parts
        return found

    def net(self, sim: PricedSim, msisdn: str) -> Net:
        place = self.plan.find(msisdn)
        return net_of(sim.brand, "" if place is None else brand(place.operator))

    def used_in_month(self, sim: PricedSim) -> int:
        """Up to now."""
        start, _ = billing_month(self.now, sim.billing_day, self.zone)
        return charges.taken_count(self.connection, sim.row.sim_id, start, self.now)

    def estimate(self, sim: PricedSim, by_brand: Mapping[str, int]) -> Charge:
        """Of parts that all go in the month of today."""
        assert sim.tariff is not None
        return estimate(
            sim.tariff,
            by_net(sim.brand, by_brand),
            option=sim.option,
            used_in_month=self._used_of_included(sim),
        )

    def by_month(self, sim: PricedSim, goings: Iterable[Going]) -> list[MonthCharge]:
        """Of parts that go when the forecast says; nothing of a SIM without a tariff."""
        if sim.tariff is None:
            return []
        return estimate_by_month(
            sim.tariff,
            goings,
            option=sim.option,
            billing_day=sim.billing_day,
            zone=self.zone,
            now=self.now,
            used_in_month=self._used_of_included(sim),
        )

    def amounts_of(self, sim: PricedSim, goings: Sequence[Going]) -> list[Decimal]:
        """What each of those parts costs, of a SIM with a tariff."""
        assert sim.tariff is not None
        return amounts_of(
            sim.tariff,
            goings,
            option=sim.option,
            billing_day=sim.billing_day,
            zone=self.zone,
            now=self.now,
            used_in_month=self._used_of_included(sim),
        )

    def _used_of_included(self, sim: PricedSim) -> int:
        assert sim.tariff is not None
        return self.used_in_month(sim) if sim.tariff.included_with(sim.option) else 0


def net_of(own_brand: str | None, recipient_brand: str) -> Net:
    if own_brand is None or not recipient_brand:
        return Net.UNPLACED
    return Net.ON if own_brand == recipient_brand else Net.OFF


def by_net(own_brand: str | None, by_brand: Mapping[str, int]) -> dict[Net, int]:
    nets: dict[Net, int] = {}
    for recipient_brand, parts in by_brand.items():
        net = net_of(own_brand, recipient_brand)
        nets[net] = nets.get(net, 0) + parts
    return nets


def _priced(
    connection: Connection,
    settings: Settings,
    row: SimRow,
    given: tuple[Tariff, TariffOption | None] | None,
    stored_price: Decimal | None,
) -> PricedSim:
    own = settings.sim_settings(row.imsi)
    price = stored_price
    if own is not None and own.price_per_part is not None:
        price = Decimal(str(own.price_per_part))
    tariff, option = given or (None, None)
    if tariff is None and price is not None:
        # the file's one price is a tariff without a name
        tariff = Tariff(name="", currency=settings.cost.currency, price_per_part=price)
    limits = limits_of(settings, row.imsi, row.own_limits)
    place = numbering.find(connection, row.own_number) if row.own_number else None
    return PricedSim(
        row=row,
        label=label_of(settings, row.imsi, row.label),
        tariff=tariff,
        option=option,
        billing_day=limits.billing_day or (tariff.billing_day if tariff else None) or 1,
        brand=brand_of_sim(
            imsi=row.imsi, operator=row.operator, own_operator=place.operator if place else None
        ),
        weight=limits.per_day,
    )
