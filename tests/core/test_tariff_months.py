"""Parts that cross the billing day: each month has its own included parts. By hand, on dates that hurt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.tariff import Account, Charge, Going, Net, Tariff, estimate_by_month

MOSCOW = ZoneInfo("Europe/Moscow")
#: summer time begins and ends on Sundays, at 01:00 UTC
BERLIN = ZoneInfo("Europe/Berlin")
#: summer time begins at midnight: that midnight does not exist
BEIRUT = ZoneInfo("Asia/Beirut")

#: three roubles a part beyond the ten of a month
PLAN = Tariff(name="P", currency="RUB", price_per_part=Decimal(3), included_parts=10)


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def ours(*times: str, parts: int = 1, zone: ZoneInfo = MOSCOW) -> list[Going]:
    return [Going(at(time, zone), parts, Net.UNPLACED) for time in times]


def months(
    goings: Iterable[Going],
    *,
    now: str,
    day: int,
    zone: ZoneInfo = MOSCOW,
    tariff: Tariff = PLAN,
    used: int = 0,
) -> list[tuple[str, int, int, str]]:
    """(first day, parts, of them included, amount) of each month."""
    found = estimate_by_month(
        tariff, goings, billing_day=day, zone=zone, now=at(now, zone), used_in_month=used
    )
    return [
        (
            f"{month.begins_at.astimezone(zone):%Y-%m-%d %H:%M}",
            month.charge.parts,
            month.charge.included,
            f"{month.charge.amount}",
        )
        for month in found
    ]


def test_parts_before_and_after_the_billing_day_have_the_included_parts_of_their_months() -> None:
    # 8 of 10 are used: of 5 parts in November 2 are left, 3 cost 9; of 12 in December 10 are included
    goings = ours("2026-11-30T12:00", parts=5) + ours("2026-12-01T12:00", parts=12)
    assert months(goings, now="2026-11-30T11:00", day=1, used=8) == [
        ("2026-11-01 00:00", 5, 2, "9"),
        ("2026-12-01 00:00", 12, 10, "6"),
    ]


@pytest.mark.parametrize(
    ("year", "last"),
    [(2027, 28), (2028, 29)],
)
def test_the_thirty_first_is_the_last_day_of_february(year: int, last: int) -> None:
    before, first = f"{year}-02-{last - 1}T23:59:59", f"{year}-02-{last}T00:00:00"
    goings = ours(before, first, parts=11)
    assert months(goings, now=f"{year}-02-20T12:00", day=31) == [
        (f"{year}-01-31 00:00", 11, 10, "3"),
        (f"{year}-02-{last} 00:00", 11, 10, "3"),
    ]
    # and the month after it begins on 31 March
    goings = ours(f"{year}-03-30T23:59:59", f"{year}-03-31T00:00:00", parts=11)
    assert [month[0] for month in months(goings, now=first, day=31)] == [
        f"{year}-02-{last} 00:00",
        f"{year}-03-31 00:00",
    ]


@pytest.mark.parametrize(
    ("year", "begins"),
    [(2028, "2028-02-29"), (2027, "2027-02-28")],
)
def test_the_twenty_ninth_of_february_is_there_every_four_years(year: int, begins: str) -> None:
    goings = ours(f"{begins}T00:00:00", parts=1)
    assert months(goings, now=f"{year}-02-10T00:00", day=29) == [(f"{begins} 00:00", 1, 1, "0")]


@pytest.mark.parametrize(
    ("day", "zone", "before", "first"),
    [
        # the night to 29 March 2026 lacks an hour, the night to 25 October has one twice
        (29, BERLIN, "2026-03-28T23:59:59", "2026-03-29T00:00:00"),
        (30, BERLIN, "2026-03-29T23:59:59", "2026-03-30T00:00:00"),
        (25, BERLIN, "2026-10-24T23:59:59", "2026-10-25T00:00:00"),
        (26, BERLIN, "2026-10-25T23:59:59", "2026-10-26T00:00:00"),
        # 29 March 2026 begins at 01:00 there
        (29, BEIRUT, "2026-03-28T23:59:59", "2026-03-29T01:00:00"),
    ],
)
def test_a_night_in_which_the_clock_is_set_parts_the_months_at_its_midnight(
    day: int, zone: ZoneInfo, before: str, first: str
) -> None:
    goings = ours(before, first, parts=11, zone=zone)
    found = months(goings, now=before, day=day, zone=zone)
    assert [(parts, included) for _, parts, included, _ in found] == [(11, 10), (11, 10)]


def test_a_month_of_which_nothing_is_left_gives_nothing_to_the_next_but_one() -> None:
    goings = ours("2026-11-10T12:00", "2027-01-10T12:00", parts=10)
    assert months(goings, now="2026-11-10T12:00", day=1) == [
        ("2026-11-01 00:00", 10, 10, "0"),
        ("2027-01-01 00:00", 10, 10, "0"),
    ]


def test_what_other_mailings_send_before_ours_uses_up_what_is_included_and_later_ones_do_not() -> None:
    goings = [
        Going(at("2026-11-10T10:00"), 6, None),
        *ours("2026-11-10T11:00", parts=5),
        Going(at("2026-11-10T12:00"), 100, None),
        Going(at("2026-12-02T12:00"), 9, None),
        *ours("2026-12-03T12:00", parts=2),
    ]
    # 4 left of 10 for 5 parts; in December 1 left for 2
    assert months(goings, now="2026-11-10T09:00", day=1) == [
        ("2026-11-01 00:00", 5, 4, "3"),
        ("2026-12-01 00:00", 2, 1, "3"),
    ]


def test_what_only_others_send_costs_us_nothing() -> None:
    assert months([Going(at("2026-11-10T10:00"), 6, None)], now="2026-11-10T09:00", day=1) == []


_NETS = st.sampled_from([Net.ON, Net.OFF, Net.UNPLACED, None])
_STEPS = st.lists(st.tuples(st.integers(0, 20), _NETS), max_size=40)


@given(_STEPS, st.integers(1, 31), st.integers(0, 12))
def test_the_estimate_is_never_below_what_the_same_parts_then_cost(
    steps: list[tuple[int, Net | None]], day: int, used: int
) -> None:
    tariff = Tariff(
        name="N",
        currency="RUB",
        price_per_part=Decimal(2),
        on_net_per_part=Decimal(1),
        off_net_per_part=Decimal(5),
        included_parts=7,
    )
    now = at("2028-01-30T12:00")
    goings = []
    when = now
    for days, net in steps:
        when += timedelta(days=days, hours=3)
        goings.append(Going(when, 1, net))
    account = Account(tariff=tariff, option=None, billing_day=day, zone=MOSCOW)
    for _ in range(used):
        account.charge(now, Net.ON)
    charged = Charge()
    for going in goings:
        one = account.charge(going.at, going.net or Net.OFF)
        charged += one if going.net is not None else Charge()
    found = estimate_by_month(tariff, goings, billing_day=day, zone=MOSCOW, now=now, used_in_month=used)
    whole = sum((month.charge for month in found), Charge())
    assert whole.parts == charged.parts
    assert whole.amount >= charged.amount
