"""Windows of a quota: rolling, of the billing month, the reserve, the first week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.quota import (
    DAY,
    HOUR,
    MONTH,
    Rule,
    SimLimits,
    Usage,
    billing_month,
    month_window,
    used_share,
    windows,
)

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
#: summer time begins and ends at midnight
SANTIAGO = ZoneInfo("America/Santiago")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=365)
INSTANTS = st.timedeltas(timedelta(days=-2500), timedelta(days=3000)).map(lambda offset: NOW + offset)


def rules(limits: SimLimits, *, uses_reserve: bool = False, first_seen_at: datetime = OLD) -> dict[Rule, int]:
    found = windows(limits, NOW, MOSCOW, first_seen_at=first_seen_at, uses_reserve=uses_reserve)
    return {window.rule: window.max_parts for window in found}


def test_the_defaults_are_those_of_an_ordinary_sim() -> None:
    assert rules(SimLimits()) == {Rule.HOUR: 30, Rule.DAY: 100, Rule.RESERVE: 90, Rule.MONTH: 3000}


def test_no_limit_is_no_window() -> None:
    assert rules(SimLimits(per_hour=0, per_day=0, per_month=0)) == {}


def test_the_reserve_binds_only_ordinary_messages() -> None:
    limits = SimLimits(per_hour=0, per_month=0, per_day=100, service_reserve_per_day=10)
    assert rules(limits) == {Rule.DAY: 100, Rule.RESERVE: 90}
    assert rules(limits, uses_reserve=True) == {Rule.DAY: 100}
    (reserve,) = (
        w for w in windows(limits, NOW, MOSCOW, first_seen_at=OLD, uses_reserve=False) if w.ordinary_only
    )
    assert reserve.rule is Rule.RESERVE


def test_a_reserve_larger_than_the_day_leaves_nothing_to_ordinary_messages() -> None:
    limits = SimLimits(per_hour=0, per_month=0, per_day=5, service_reserve_per_day=10)
    assert rules(limits)[Rule.RESERVE] == 0
    assert used_share(limits, Usage()) == 0.0


@pytest.mark.parametrize(("age", "warms_up"), [(timedelta(0), True), (timedelta(days=7), False)])
def test_the_warm_up_lasts_a_week(age: timedelta, warms_up: bool) -> None:
    limits = SimLimits(warm_up_per_day=20)
    assert (Rule.WARM_UP in rules(limits, first_seen_at=NOW - age)) is warms_up
    assert Rule.WARM_UP in rules(limits, first_seen_at=NOW - timedelta(days=7) + timedelta(microseconds=1))


def test_a_rolling_part_leaves_when_its_time_is_over() -> None:
    for window in windows(SimLimits(), NOW, MOSCOW, first_seen_at=OLD, uses_reserve=False):
        assert window.length in (HOUR, DAY, MONTH)
        assert window.free_at(window.since_at) == NOW


# the billing month


def local(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("day", "now", "start", "end"),
    [
        (1, "2026-01-01T00:00", "2026-01-01", "2026-02-01"),
        (15, "2026-01-14T23:59:59", "2025-12-15", "2026-01-15"),
        (15, "2026-12-15T00:00", "2026-12-15", "2027-01-15"),
        (31, "2026-02-10T12:00", "2026-01-31", "2026-02-28"),
        (31, "2026-02-28T00:00", "2026-02-28", "2026-03-31"),
        (31, "2026-03-30T12:00", "2026-02-28", "2026-03-31"),
        (31, "2026-04-30T00:00", "2026-04-30", "2026-05-31"),
        (30, "2028-02-29T00:00", "2028-02-29", "2028-03-30"),
        (29, "2028-02-28T23:59", "2028-01-29", "2028-02-29"),
        (29, "2027-02-28T00:00", "2027-02-28", "2027-03-29"),
    ],
)
def test_the_month_begins_on_its_day_or_on_the_months_last(day: int, now: str, start: str, end: str) -> None:
    assert billing_month(local(now), day, MOSCOW) == (local(start), local(end))


def test_a_month_may_end_at_a_midnight_that_does_not_exist() -> None:
    now = datetime(2029, 8, 2, 12, tzinfo=UTC)
    _, end = billing_month(now, 2, SANTIAGO)
    assert end == datetime(2029, 9, 2, 4, tzinfo=UTC)
    window = month_window(SimLimits(billing_day=2), now, SANTIAGO)
    assert window.free_at(now) == datetime(2029, 9, 2, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "start", "end"),
    [
        # the 31st in February, by the midnights of zones that are far from Greenwich and from full hours
        ("Pacific/Kiritimati", "2027-02-28T09:59", "2027-02-27T10:00", "2027-03-30T10:00"),
        ("Pacific/Kiritimati", "2027-02-27T09:59", "2027-01-30T10:00", "2027-02-27T10:00"),
        ("Pacific/Chatham", "2028-02-28T10:15", "2028-02-28T10:15", "2028-03-30T10:15"),
        ("Asia/Kamchatka", "2028-02-28T12:00", "2028-02-28T12:00", "2028-03-30T12:00"),
        ("Europe/Kaliningrad", "2028-02-28T21:59", "2028-01-30T22:00", "2028-02-28T22:00"),
        # Samoa had no 30 December 2011: midnights of the 29th and of the 31st are a day apart
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00", "2012-01-29T10:00"),
    ],
)
def test_the_month_on_both_sides_of_the_date_line(zone: str, now: str, start: str, end: str) -> None:
    day = 30 if zone == "Pacific/Apia" else 31
    at, *expected = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, start, end))
    assert billing_month(at, day, ZoneInfo(zone)) == tuple(expected)


def test_a_rolling_day_and_hour_are_as_long_as_any_other_when_clocks_are_set() -> None:
    # 28 March 2026, 10:00 in Berlin: a day later it is 11:00 there
    counted_at = datetime(2026, 3, 28, 9, tzinfo=UTC)
    limits = SimLimits(per_hour=1, per_day=1, per_month=0, service_reserve_per_day=0)
    found = windows(limits, counted_at, BERLIN, first_seen_at=counted_at, uses_reserve=False)
    free = [window.free_at(counted_at).astimezone(BERLIN).strftime("%d %H:%M") for window in found]
    assert free == ["28 11:00", "29 11:00"]


def test_the_month_begins_at_the_offices_midnight_on_both_sides_of_summer_time() -> None:
    start, end = billing_month(datetime(2026, 3, 20, tzinfo=UTC), 15, BERLIN)
    assert (start.astimezone(UTC).hour, end.astimezone(UTC).hour) == (23, 22)


@pytest.mark.parametrize("zone", [MOSCOW, BERLIN, SANTIAGO])
@given(
    now=INSTANTS,
    day=st.integers(1, 31),
)
def test_every_instant_lies_in_one_billing_month_and_the_next_begins_where_it_ends(
    zone: ZoneInfo, now: datetime, day: int
) -> None:
    start, end = (each.astimezone(UTC) for each in billing_month(now, day, zone))
    assert start <= now < end
    assert timedelta(days=27) < end - start < timedelta(days=32)
    following, _ = billing_month(end, day, zone)
    assert following.astimezone(UTC) == end


@pytest.mark.parametrize("zone", [MOSCOW, BERLIN, SANTIAGO])
@given(
    now=INSTANTS,
    day=st.integers(1, 31),
)
def test_what_was_counted_as_the_month_began_is_in_it_and_all_leave_together(
    zone: ZoneInfo, now: datetime, day: int
) -> None:
    window = month_window(SimLimits(billing_day=day), now, zone)
    start, end = (each.astimezone(UTC) for each in billing_month(now, day, zone))
    assert window.since_at.astimezone(UTC) == start - timedelta(microseconds=1)
    assert window.free_at(start) == window.free_at(now) == end


# how much is used


def test_the_tightest_limit_tells_the_share() -> None:
    limits = SimLimits(per_hour=30, per_day=100, per_month=3000, service_reserve_per_day=10)
    assert used_share(limits, Usage()) == 0.0
    assert used_share(limits, Usage(hour=15, day=20, ordinary_day=20, month=600)) == 0.5
    assert used_share(limits, Usage(hour=0, day=45, ordinary_day=45, month=0)) == 0.5
    assert used_share(limits, Usage(hour=0, day=0, ordinary_day=0, month=3000)) == 1.0
    new = SimLimits(warm_up_per_day=20)
    assert used_share(new, Usage(day=10), warming_up=True) == 0.5


def test_sims_without_limits_are_compared_by_what_they_carried() -> None:
    limits = SimLimits(per_hour=0, per_day=0, per_month=0)
    few, many = (used_share(limits, Usage(month=parts)) for parts in (10, 20))
    assert 0 < few < many < 0.001


def test_what_goes_and_what_comes_back_is_added_up() -> None:
    used = Usage(hour=1, day=2, ordinary_day=1, month=3)
    assert used.plus(2, ordinary=True) == Usage(hour=3, day=4, ordinary_day=3, month=5)
    assert used.plus(2, ordinary=False).plus(-2, ordinary=False) == used


def test_only_what_is_set_overrides() -> None:
    limits = SimLimits().overridden({"per_day": 50, "per_hour": None, "billing_day": 15, "label": "МТС"})
    assert (limits.per_day, limits.per_hour, limits.billing_day) == (50, 30, 15)
    assert limits.overridden({"per_day": 0}).per_day == 0
