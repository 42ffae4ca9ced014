"""What parts cost: sums by hand, months that begin in between, and laws that hold for all tariffs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import money
from pbx_sms.core.tariff import Account, Charge, Net, Offer, Tariff, TariffOption, cheapest, estimate, split

MOSCOW = ZoneInfo("Europe/Moscow")
PLAIN = Tariff(name="plain", currency="RUB", price_per_part=Decimal("0.06"))
PACKAGE = TariffOption(name="500", fee=Decimal("100"), included_parts=500)
NETS = Tariff(
    name="nets",
    currency="RUB",
    price_per_part=Decimal("1.5"),
    on_net_per_part=Decimal("0.5"),
    off_net_per_part=Decimal("2.5"),
    included_parts=10,
    options=(PACKAGE,),
)


def account(tariff: Tariff, day: int, option: TariffOption | None = None) -> Account:
    return Account(tariff=tariff, option=option, billing_day=day, zone=MOSCOW)


def moscow(*when: int) -> datetime:
    return datetime(*when, tzinfo=MOSCOW).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_three_thousand_recipients_at_six_kopecks_are_180_roubles() -> None:
    charge = estimate(PLAIN, {Net.UNPLACED: 3000})
    assert charge == Charge(parts=3000, amount=Decimal("180.00"))
    assert money.written(charge.amount, "RUB", "ru") == "180,00\N{NO-BREAK SPACE}₽"


def test_included_parts_are_free_until_they_are_used_up() -> None:
    tariff = Tariff(name="a", currency="RUB", price_per_part=Decimal("1.55"), included_parts=100)
    # 40 of the 100 are gone: 60 free, 15 × 1.55
    assert estimate(tariff, {Net.OFF: 75}, used_in_month=40) == Charge(
        parts=75, included=60, amount=Decimal("23.25")
    )
    assert estimate(tariff, {Net.OFF: 75}, used_in_month=500).amount == Decimal("116.25")
    assert estimate(tariff, {Net.OFF: 600}, option=PACKAGE) == Charge(parts=600, included=600)
    assert estimate(tariff, {}) == Charge()


def test_each_net_has_its_price_and_an_unknown_one_the_dearer() -> None:
    # 10 included ones go to the cheapest, 20 × 0.50 + 5 × 2.50 + 4 × 2.50
    assert estimate(NETS, {Net.OFF: 5, Net.ON: 30, Net.UNPLACED: 4}) == Charge(
        parts=39, included=10, amount=Decimal("32.50")
    )
    assert (NETS.knows_nets, PLAIN.knows_nets) == (True, False)
    only_on = Tariff(name="b", currency="RUB", price_per_part=Decimal(2), on_net_per_part=Decimal(0))
    assert [only_on.price(net) for net in (Net.ON, Net.OFF, Net.UNPLACED)] == [0, 2, 2]


def test_the_included_parts_begin_anew_on_the_billing_day() -> None:
    tariff = Tariff(name="a", currency="RUB", price_per_part=Decimal(3), included_parts=2)
    book = account(tariff, 15)
    instants = [
        moscow(2026, 3, 14, 23, 0),
        moscow(2026, 3, 14, 23, 30),
        moscow(2026, 3, 14, 23, 59, 59),  # the third of its month: 3
        moscow(2026, 3, 15, 0, 0),
        moscow(2026, 3, 20),
        moscow(2026, 4, 14, 23, 59),  # again the third: 3
        moscow(2026, 4, 15),
    ]
    assert [book.charge(at, Net.OFF).amount for at in instants] == [0, 0, 3, 0, 0, 3, 0]


@pytest.mark.parametrize(
    ("year", "last_day"), [(2028, 29), (2027, 28)], ids=["with 29 February", "without one"]
)
@pytest.mark.parametrize("day", [29, 30, 31])
def test_a_billing_day_that_february_lacks_is_its_last_day(year: int, last_day: int, day: int) -> None:
    tariff = Tariff(name="a", currency="RUB", price_per_part=Decimal(1), included_parts=1)
    book = account(tariff, day)
    charged = [
        book.charge(moscow(year, 2, last_day - 1, 12), Net.OFF).amount,
        book.charge(moscow(year, 2, last_day - 1, 23, 59), Net.OFF).amount,
        book.charge(moscow(year, 2, last_day, 0, 0), Net.OFF).amount,
        book.charge(moscow(year, 3, day - 1, 23, 59), Net.OFF).amount,
        book.charge(moscow(year, 3, day, 0, 0), Net.OFF).amount,
    ]
    assert charged == [0, 1, 0, 1, 0]


def test_shares_are_those_of_the_limits_and_lose_no_part() -> None:
    assert split(3000, [100, 100, 100]) == [1000, 1000, 1000]
    assert split(10, [100, 50, 0]) == [7, 3, 0]
    assert split(5, [0, 0]) == [3, 2]
    assert split(0, [1, 2]) == [0, 0]
    assert split(7, []) == []


def test_currencies_are_not_compared() -> None:
    charge = Charge(parts=1, amount=Decimal(1))
    rub = Offer(name="a", currency="RUB", charge=charge)
    assert cheapest([rub, Offer(name="b", currency="EUR", charge=charge)]) is None
    assert cheapest([]) is None
    assert cheapest([Offer(name="c", currency="RUB", charge=charge, fees=Decimal(1)), rub]) is rub


@pytest.mark.parametrize(
    ("amount", "language", "text"),
    [
        ("6000", "ru", "6 000,00 ₽"),
        ("1234567.5", "ru", "1 234 567,50 ₽"),
        ("0.06", "ru", "0,06 ₽"),
        ("0.065", "ru", "0,065 ₽"),
        ("-12.3", "ru", "−12,30 ₽"),
        ("6000", "en", "₽6,000.00"),
        ("0", "en", "₽0.00"),
    ],
)
def test_money_is_written_as_the_language_writes_it(amount: str, language: str, text: str) -> None:
    written = money.written(Decimal(amount), "RUB", language)
    assert written.replace("\N{NO-BREAK SPACE}", " ") == text
    assert money.written(Decimal(1), "CHF", "ru") == "1,00\N{NO-BREAK SPACE}CHF"


def test_money_is_read_as_people_type_it() -> None:
    assert money.parse(" 0,06 ") == Decimal("0.06")
    assert money.parse("2.5") == Decimal("2.5")
    for text in ("", "x", "-1", "1e3", "NaN", "Infinity", "0.00001", "1 000", "٣"):
        assert money.parse(text) is None, text
    assert money.cents(Decimal("0.125")) == Decimal("0.13")


prices = st.decimals(0, 100, places=4)
tariffs = st.builds(
    Tariff,
    name=st.just("any"),
    currency=st.just("RUB"),
    price_per_part=prices,
    on_net_per_part=st.none() | prices,
    off_net_per_part=st.none() | prices,
    included_parts=st.integers(0, 60),
)
sent = st.lists(st.tuples(st.integers(0, 40 * 24), st.sampled_from(Net)), max_size=80).map(
    lambda parts: sorted(parts, key=lambda one: one[0])
)


def charged(book: Account, parts: list[tuple[int, Net]]) -> Charge:
    whole = Charge()
    for hours, net in parts:
        whole += book.charge(datetime(2028, 2, 1, tzinfo=UTC) + timedelta(hours=hours), net)
    return whole


@given(tariffs, sent, st.integers(0, 80), st.integers(1, 31))
def test_what_is_charged_in_two_pieces_is_charged_in_one(
    tariff: Tariff, parts: list[tuple[int, Net]], cut: int, day: int
) -> None:
    whole = charged(account(tariff, day), parts)
    book = account(tariff, day)
    assert charged(book, parts[:cut]) + charged(book, parts[cut:]) == whole
    assert whole.amount >= 0
    assert 0 <= whole.included <= whole.parts == len(parts)


@given(tariffs, sent, st.integers(0, 100))
def test_an_estimate_is_never_below_what_is_charged_in_any_order(
    tariff: Tariff, parts: list[tuple[int, Net]], used: int
) -> None:
    counts = {net: sum(one is net for _, one in parts) for net in Net}
    book = account(tariff, 1)
    charged(book, [(0, Net.OFF)] * used)
    # all within the month that was begun
    actual = charged(book, [(1, net) for _, net in parts])
    assert estimate(tariff, counts, used_in_month=used).amount >= actual.amount >= 0


@given(tariffs, st.integers(0, 200), st.integers(0, 200))
def test_more_parts_never_cost_less(tariff: Tariff, parts: int, more: int) -> None:
    small = estimate(tariff, {Net.OFF: parts}).amount
    large = estimate(tariff, {Net.OFF: parts + more}).amount
    assert large == small + estimate(tariff, {Net.OFF: more}, used_in_month=parts).amount


@given(
    st.lists(st.tuples(tariffs, st.decimals(0, 500, places=2)), min_size=1, max_size=6), st.integers(0, 500)
)
def test_the_cheapest_is_never_dearer_than_any_other(
    offered: list[tuple[Tariff, Decimal]], parts: int
) -> None:
    offers = [
        Offer(name=str(at), currency="RUB", charge=estimate(tariff, {Net.ON: parts}), fees=fee)
        for at, (tariff, fee) in enumerate(offered)
    ]
    best = cheapest(offers)
    assert best is not None
    assert all(best.total <= offer.total for offer in offers)


@given(st.integers(0, 10_000), st.lists(st.integers(0, 1000), min_size=1, max_size=8))
def test_a_split_gives_out_every_part_once(parts: int, weights: list[int]) -> None:
    given_out = split(parts, weights)
    assert sum(given_out) == parts
    assert min(given_out) >= 0
    if any(weights):
        assert all(given == 0 for given, weight in zip(given_out, weights, strict=True) if weight == 0)
