"""Repeating by rule, with the dates that hurt: month ends, 29 February, summer time, the date line."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.planning.recurrence import (
    AroundDate,
    Birthday,
    EveryDays,
    LeapDay,
    Monthly,
    Rule,
    ShortMonth,
    Weekly,
    from_json,
    is_due,
    next_due_day,
    occurrences,
    to_json,
)
from pbx_sms.core.planning.wall_clock import instant_at
from pbx_sms.core.planning.written_date import WrittenDate, read
from pbx_sms.errors import Refused

BERLIN = ZoneInfo("Europe/Berlin")
MOSCOW = ZoneInfo("Europe/Moscow")
APIA = ZoneInfo("Pacific/Apia")
TEN = time(10, 0)


def days(rule: Rule, after: datetime, n: int, zone: ZoneInfo = MOSCOW) -> list[str]:
    return [one.day.isoformat() for one in islice(occurrences(rule, zone, after), n)]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


# the clock on the wall


@pytest.mark.parametrize(
    ("day", "at", "zone", "instant"),
    [
        # 02:00 → 03:00 at 01:00 UTC
        (date(2026, 3, 29), time(2, 30), BERLIN, utc(2026, 3, 29, 1, 0)),
        (date(2026, 3, 29), time(2, 0), BERLIN, utc(2026, 3, 29, 1, 0)),
        (date(2026, 3, 29), time(1, 59), BERLIN, utc(2026, 3, 29, 0, 59)),
        (date(2026, 3, 29), time(3, 0), BERLIN, utc(2026, 3, 29, 1, 0)),
        # 03:00 → 02:00 at 01:00 UTC: half past two comes twice
        (date(2026, 10, 25), time(2, 30), BERLIN, utc(2026, 10, 25, 0, 30)),
        (date(2026, 10, 25), time(3, 0), BERLIN, utc(2026, 10, 25, 2, 0)),
        # Samoa had no 30 December 2011: after the 29th at 24:00 (UTC-10) came the 31st (UTC+14)
        (date(2011, 12, 29), TEN, APIA, utc(2011, 12, 29, 20, 0)),
        (date(2011, 12, 30), TEN, APIA, utc(2011, 12, 30, 10, 0)),
        (date(2011, 12, 31), TEN, APIA, utc(2011, 12, 30, 20, 0)),
        # midnight left out: 00:00 → 01:00
        (date(2018, 11, 4), time(0, 0), ZoneInfo("America/Sao_Paulo"), utc(2018, 11, 4, 3, 0)),
        (date(2026, 1, 1), time(0, 0), ZoneInfo("Pacific/Kiritimati"), utc(2025, 12, 31, 10, 0)),
    ],
)
def test_a_time_on_the_wall_is_one_instant(day: date, at: time, zone: ZoneInfo, instant: datetime) -> None:
    assert instant_at(day, at, zone) == instant


@given(
    st.dates(date(1990, 1, 1), date(2035, 12, 31)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(["Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo", "Australia/Lord_Howe"]),
)
def test_the_instants_of_one_time_of_day_never_go_back(day: date, at: time, name: str) -> None:
    zone = ZoneInfo(name)
    first, second = instant_at(day, at, zone), instant_at(day + timedelta(days=1), at, zone)
    assert first <= second
    # never before the wall shows it
    assert first.astimezone(zone).replace(tzinfo=None) >= datetime.combine(day, at)


# by the calendar


def test_every_monday_and_thursday() -> None:
    rule = Weekly(weekdays=frozenset({0, 3}), at=TEN)
    # Wednesday 30 December 2026; 10:00 in Moscow is 07:00 UTC
    assert days(rule, utc(2026, 12, 30, 12), 4) == ["2026-12-31", "2027-01-04", "2027-01-07", "2027-01-11"]


def test_what_is_due_now_has_come_already() -> None:
    rule = Weekly(weekdays=frozenset({3}), at=TEN)
    assert days(rule, utc(2026, 12, 31, 7), 1) == ["2027-01-07"]
    assert days(rule, utc(2026, 12, 31, 6, 59), 1) == ["2026-12-31"]


def test_the_31st_is_the_last_day_of_shorter_months_or_is_left_out_there() -> None:
    after = utc(2028, 1, 1)
    last = Monthly(day=31, at=TEN)
    assert days(last, after, 5) == ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"]
    skip = Monthly(day=31, at=TEN, short_month=ShortMonth.SKIP)
    assert days(skip, after, 4) == ["2028-01-31", "2028-03-31", "2028-05-31", "2028-07-31"]
    assert days(Monthly(day=29, at=TEN), utc(2027, 2, 1), 2) == ["2027-02-28", "2027-03-29"]


def test_every_ten_days_counts_over_the_end_of_the_year() -> None:
    rule = EveryDays(days=10, first=date(2026, 12, 15), at=TEN)
    assert days(rule, utc(2026, 1, 1), 4) == ["2026-12-15", "2026-12-25", "2027-01-04", "2027-01-14"]
    assert days(rule, utc(2027, 1, 4, 12), 1) == ["2027-01-14"]


def test_the_nights_of_summer_time_have_each_their_one_time() -> None:
    rule = EveryDays(days=1, first=date(2026, 1, 1), at=time(2, 30))
    spring = [one.at for one in islice(occurrences(rule, BERLIN, utc(2026, 3, 27, 12)), 3)]
    assert spring == [utc(2026, 3, 28, 1, 30), utc(2026, 3, 29, 1, 0), utc(2026, 3, 30, 0, 30)]
    autumn = [one.at for one in islice(occurrences(rule, BERLIN, utc(2026, 10, 24, 12)), 3)]
    assert autumn == [utc(2026, 10, 25, 0, 30), utc(2026, 10, 26, 1, 30), utc(2026, 10, 27, 1, 30)]


def test_the_second_half_past_two_of_the_night_is_not_another_one() -> None:
    rule = EveryDays(days=1, first=date(2026, 1, 1), at=time(2, 30))
    between = utc(2026, 10, 25, 0, 45)
    assert next(occurrences(rule, BERLIN, between)).day == date(2026, 10, 26)


def test_a_day_that_a_zone_left_out_fires_at_its_end_and_the_next_day_in_its_time() -> None:
    rule = EveryDays(days=1, first=date(2011, 12, 1), at=TEN)
    found = list(islice(occurrences(rule, APIA, utc(2011, 12, 29, 12)), 3))
    assert [(one.day.day, one.at) for one in found] == [
        (29, utc(2011, 12, 29, 20)),
        (30, utc(2011, 12, 30, 10)),
        (31, utc(2011, 12, 30, 20)),
    ]


def test_start_and_end_are_days_of_the_office() -> None:
    rule = EveryDays(days=1, first=date(2026, 1, 1), at=time(23, 30))
    found = occurrences(rule, MOSCOW, utc(2026, 1, 1), start_on=date(2026, 2, 27), end_on=date(2026, 3, 1))
    assert [one.day.isoformat() for one in found] == ["2026-02-27", "2026-02-28", "2026-03-01"]


# by a column

LEAPLING = WrittenDate(year=1984, month=2, day=29)


@pytest.mark.parametrize(
    ("leap_day", "year", "due"),
    [
        (LeapDay.FEBRUARY_28, 2027, date(2027, 2, 28)),
        (LeapDay.MARCH_1, 2027, date(2027, 3, 1)),
        (LeapDay.FEBRUARY_28, 2028, date(2028, 2, 29)),
        (LeapDay.MARCH_1, 2028, date(2028, 2, 29)),
        (LeapDay.MARCH_1, 2100, date(2100, 3, 1)),
    ],
)
def test_somebody_born_on_29_february_has_one_birthday_a_year(
    leap_day: LeapDay, year: int, due: date
) -> None:
    rule = Birthday(column="Родился", at=TEN, leap_day=leap_day)
    year_days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    assert [day for day in year_days if day.year == year and is_due(rule, LEAPLING, day)] == [due]
    assert next_due_day(rule, LEAPLING, date(year, 1, 1)) == due


def test_who_was_born_on_28_february_or_1_march_is_not_touched_by_the_choice() -> None:
    for leap_day in LeapDay:
        rule = Birthday(column="Родился", at=TEN, leap_day=leap_day)
        assert is_due(rule, WrittenDate(month=2, day=28), date(2027, 2, 28))
        assert not is_due(rule, WrittenDate(month=2, day=28), date(2027, 3, 1))
        assert is_due(rule, WrittenDate(month=3, day=1), date(2027, 3, 1))


def test_a_birthday_needs_no_year_and_a_date_does() -> None:
    written = WrittenDate(month=1, day=5)
    assert next_due_day(Birthday(column="Д", at=TEN), written, date(2026, 12, 30)) == date(2027, 1, 5)
    assert next_due_day(AroundDate(column="Д", at=TEN), written, date(2026, 12, 30)) is None
    assert not is_due(AroundDate(column="Д", at=TEN), written, date(2027, 1, 5))


def test_days_before_and_after_a_date_cross_months_and_years() -> None:
    visit = WrittenDate(year=2028, month=3, day=1)
    before = AroundDate(column="Визит", at=TEN, offset_days=-1)
    assert next_due_day(before, visit, date(2028, 1, 1)) == date(2028, 2, 29)
    assert is_due(before, visit, date(2028, 2, 29))
    after = AroundDate(column="Визит", at=TEN, offset_days=365)
    assert next_due_day(after, visit, date(2028, 1, 1)) == date(2029, 3, 1)
    # once only: it does not come again the year after
    assert next_due_day(after, visit, date(2029, 3, 2)) is None


def test_a_birthday_a_week_before_is_told_in_the_old_year() -> None:
    rule = Birthday(column="Д", at=TEN, offset_days=-7)
    assert next_due_day(rule, WrittenDate(month=1, day=3), date(2026, 12, 1)) == date(2026, 12, 27)
    assert is_due(rule, WrittenDate(month=1, day=3), date(2026, 12, 27))


@given(
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(-30, 365),
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
)
def test_the_next_due_day_of_a_birthday_is_the_first_that_is_due(
    month: int, day: int, offset_days: int, first: date
) -> None:
    rule = Birthday(column="Д", at=TEN, offset_days=offset_days)
    written = WrittenDate(month=month, day=day)
    looked = (first + timedelta(days=n) for n in range(367))
    assert next_due_day(rule, written, first) == next(one for one in looked if is_due(rule, written, one))


# what is refused, what is stored


@pytest.mark.parametrize(
    "make",
    [
        lambda: Weekly(weekdays=frozenset(), at=TEN),
        lambda: Weekly(weekdays=frozenset({7}), at=TEN),
        lambda: Monthly(day=32, at=TEN),
        lambda: EveryDays(days=0, first=date(2026, 1, 1), at=TEN),
        lambda: AroundDate(column="Д", at=TEN, offset_days=-31),
        lambda: Birthday(column="Д", at=TEN, offset_days=366),
    ],
)
def test_a_rule_without_sense_is_refused(make: object) -> None:
    with pytest.raises(Refused):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    "rule",
    [
        Weekly(weekdays=frozenset({0, 6}), at=time(9, 5)),
        Monthly(day=31, at=TEN, short_month=ShortMonth.SKIP),
        EveryDays(days=3, first=date(2026, 2, 28), at=TEN),
        AroundDate(column="Визит", at=TEN, offset_days=-2),
        Birthday(column="Родился", at=TEN, leap_day=LeapDay.MARCH_1, offset_days=-7),
    ],
)
def test_a_stored_rule_is_the_rule(rule: Rule) -> None:
    assert from_json(to_json(rule)) == rule


# dates in cells


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22.11.2026", (2026, 11, 22)),
        ("22.11.2026 13:05", (2026, 11, 22)),
        (" 1.2.1984 г.", (1984, 2, 1)),
        ("01.02.84", (1984, 2, 1)),
        ("01.02.26", (2026, 2, 1)),
        ("29.02", (None, 2, 29)),
        ("29.02.", (None, 2, 29)),
        ("2026-11-22", (2026, 11, 22)),
        ("2026-11-22T10:00:00", (2026, 11, 22)),
        ("22/11/2026", (2026, 11, 22)),
        ("11/22/2026", (2026, 11, 22)),
        ("05/05/2026", (2026, 5, 5)),
        ("9 мая 1945 года", (1945, 5, 9)),
        ("8 марта", (None, 3, 8)),
        ("29 Feb 1984", (1984, 2, 29)),
        ("3 November, 2026", (2026, 11, 3)),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, expected: tuple[int | None, int, int]) -> None:
    written = read(text)
    assert written is not None
    assert (written.year, written.month, written.day) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "нет",
        "05/06/2026",
        "29.02.2027",
        "31.04",
        "32.01.2026",
        "46348",
        "2026",
        "1.13.2026",
        "5 мюля",
        "5 марок",
        "0.1.2026",
    ],
)
def test_what_is_no_certain_date_is_not_read(text: str) -> None:
    assert read(text) is None
