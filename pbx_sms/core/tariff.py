"""What parts cost: prices, parts included in a month, packages, and the choice of the cheapest. Pure.

An estimate does not know in which order parts go, so the included ones are taken to be used up by the
cheapest: it is never below what the same parts then cost. Where a forecast says when they go, each billing
month has its own included parts (`estimate_by_month`). What was sent is charged in its order (`Account`),
with the included parts beginning anew at each billing month. A month's fee is no part of what a mailing
costs; it is told apart, and counts where whole tariffs are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from pbx_sms.core.quota import billing_month

ZERO = Decimal(0)


class Net(StrEnum):
    """Whose the recipient's number is, by the numbering plan."""

    ON = "on_net"
    OFF = "off_net"
    #: the plan does not have the number, or the SIM's own operator is not known
    UNPLACED = "unplaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffOption:
    """A package added to a tariff."""

    name: str
    #: for a month
    fee: Decimal
    included_parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    name: str
    currency: str
    price_per_part: Decimal
    #: None = price_per_part
    on_net_per_part: Decimal | None = None
    off_net_per_part: Decimal | None = None
    #: parts of a month without further charge
    included_parts: int = 0
    monthly_fee: Decimal = ZERO
    #: on which the included parts begin anew; None = the SIM's own, else the first
    billing_day: int | None = None
    options: tuple[TariffOption, ...] = ()

    def price(self, net: Net) -> Decimal:
        """Of one part beyond the included ones; where the net is not known the dearer price."""
        on_net = self.price_per_part if self.on_net_per_part is None else self.on_net_per_part
        off_net = self.price_per_part if self.off_net_per_part is None else self.off_net_per_part
        return {Net.ON: on_net, Net.OFF: off_net, Net.UNPLACED: max(on_net, off_net)}[net]

    @property
    def knows_nets(self) -> bool:
        """Whether it matters whose a number is."""
        return self.price(Net.ON) != self.price(Net.OFF)

    def included_with(self, option: TariffOption | None) -> int:
        return self.included_parts + (option.included_parts if option else 0)

    def fees_with(self, option: TariffOption | None) -> Decimal:
        return self.monthly_fee + (option.fee if option else ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What some parts cost."""

    parts: int = 0
    #: of them, those that were included
    included: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: Charge) -> Charge:
        return Charge(
            parts=self.parts + other.parts,
            included=self.included + other.included,
            amount=self.amount + other.amount,
        )


def estimate(
    tariff: Tariff,
    parts_by_net: dict[Net, int],
    *,
    option: TariffOption | None = None,
    used_in_month: int = 0,
) -> Charge:
    """What these parts will cost at most, with `used_in_month` parts sent before in the billing month."""
    left = max(0, tariff.included_with(option) - used_in_month)
    whole = Charge()
    for net in sorted(parts_by_net, key=tariff.price):
        parts = parts_by_net[net]
        included = min(left, parts)
        left -= included
        whole += Charge(parts=parts, included=included, amount=tariff.price(net) * (parts - included))
    return whole


@dataclass(frozen=True, slots=True)
class Going:
    """Parts that are foreseen to go through a SIM."""

    at: datetime
    parts: int
    #: None: of another mailing, which uses up included parts as well
    net: Net | None


@dataclass(frozen=True, slots=True)
class MonthCharge:
    """What goes in one billing month."""

    #: its first midnight
    begins_at: datetime
    charge: Charge


def estimate_by_month(
    tariff: Tariff,
    goings: Iterable[Going],
    *,
    billing_day: int,
    zone: ZoneInfo,
    now: datetime,
    option: TariffOption | None = None,
    used_in_month: int = 0,
) -> list[MonthCharge]:
    """What parts that go through one SIM, in this order, will cost at most in each billing month.

    `used_in_month` were sent before in the month of `now`. What other mailings send before the last of ours
    uses up included parts first; what comes after it does not.
    """
    months: list[MonthCharge] = []
    begins_at, ends_at = billing_month(now, billing_day, zone)
    used, others = used_in_month, 0
    ours: dict[Net, int] = {}

    def end_month() -> None:
        if ours:
            charge = estimate(tariff, ours, option=option, used_in_month=used)
            months.append(MonthCharge(begins_at, charge))

    for going in goings:
        if going.at >= ends_at:
            end_month()
            begins_at, ends_at = billing_month(going.at, billing_day, zone)
            used, others, ours = 0, 0, {}
        if going.net is None:
            others += going.parts
        else:
            used, others = used + others, 0
            ours[going.net] = ours.get(going.net, 0) + going.parts
    end_month()
    return months


def amounts_of(
    tariff: Tariff,
    goings: Sequence[Going],
    *,
    billing_day: int,
    zone: ZoneInfo,
    now: datetime,
    option: TariffOption | None = None,
    used_in_month: int = 0,
) -> list[Decimal]:
    """What each of these will cost, zero for other mailings'; the sum is that of `estimate_by_month`.

    The included parts of a month go to its cheapest parts, of equally dear ones to the first.
    """
    amounts = [ZERO] * len(goings)
    begins_at, ends_at = billing_month(now, billing_day, zone)
    used, others = used_in_month, 0
    ours: list[tuple[Decimal, int]] = []

    def end_month() -> None:
        left = max(0, tariff.included_with(option) - used)
        for price, index in sorted(ours):
            included = min(left, goings[index].parts)
            left -= included
            amounts[index] = price * (goings[index].parts - included)

    for index, going in enumerate(goings):
        if going.at >= ends_at:
            end_month()
            begins_at, ends_at = billing_month(going.at, billing_day, zone)
            used, others, ours = 0, 0, []
        if going.net is None:
            others += going.parts
        else:
            used, others = used + others, 0
            ours.append((tariff.price(going.net), index))
    end_month()
    return amounts


@dataclass(slots=True, kw_only=True)
class Account:
    """One SIM's parts in the order in which they went, each charged in its billing month."""

    tariff: Tariff
    option: TariffOption | None
    billing_day: int
    zone: ZoneInfo
    _month: tuple[datetime, datetime] | None = field(default=None, init=False)
    _used: int = field(default=0, init=False)

    def charge(self, at: datetime, net: Net) -> Charge:
        """One part that the network took. `at` never goes back."""
        if self._month is None or at >= self._month[1]:
            self._month = billing_month(at, self.billing_day, self.zone)
            self._used = 0
        self._used += 1
        if self._used <= self.tariff.included_with(self.option):
            return Charge(parts=1, included=1)
        return Charge(parts=1, amount=self.tariff.price(net))


def split(parts: int, weights: Sequence[int]) -> list[int]:
    """`parts` over the SIMs as the spread does: by what each may carry. The sum is exact; with no weight at
    all
    equal shares."""
    if not weights:
        return []
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    given = [parts * share // whole for share in shares]
    rests = sorted(range(len(shares)), key=lambda at: (-(parts * shares[at] % whole), at))
    for at in rests[: parts - sum(given)]:
        given[at] += 1
    return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What all parts would cost in one way: through one SIM, or by one tariff with one option."""

    name: str
    currency: str
    charge: Charge
    #: what has to be paid for the month besides
    fees: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.charge.amount + self.fees


def cheapest(offers: Iterable[Offer]) -> Offer | None:
    """The lowest total; of equal ones the first. Offers in different currencies cannot be compared: None."""
    found = list(offers)
    if len({offer.currency for offer in found}) != 1:
        return None
    return min(found, key=lambda offer: offer.total)
