"""Open hours on dates that hurt. Golden instants are reckoned by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.planning import weekly_hours
from pbx_sms.core.planning.calendar import Calendar
from pbx_sms.core.planning.open_hours import HoursRule, Interval, OpenHours

NO_DAYS_OFF = Calendar()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rule(hours: str, zone: str = "Europe/Moscow", calendar: Calendar = NO_DAYS_OFF) -> HoursRule:
    return HoursRule(hours=weekly_hours.parse(hours), zone=ZoneInfo(zone), calendar=calendar)


def first(hours: OpenHours, at: str) -> tuple[str, str | None] | None:
    found = hours.interval_at_or_after(utc(at))
    if found is None:
        return None
    until = found.until_at
    return found.from_at.strftime("%Y-%m-%d %H:%M"), until and until.strftime("%Y-%m-%d %H:%M")


def test_without_rules_it_is_open_without_end() -> None:
    at = utc("2026-03-01 12:00")
    assert OpenHours().interval_at_or_after(at) == Interval(at, None)


def test_inside_an_interval_that_interval_is_given() -> None:
    hours = OpenHours(rules=(rule("09:00-20:00 Mon-Sat"),))
    assert first(hours, "2026-11-27 12:00") == ("2026-11-27 06:00", "2026-11-27 17:00")
    # its last instant is not in it
    assert first(hours, "2026-11-27 17:00") == ("2026-11-28 06:00", "2026-11-28 17:00")


def test_a_sunday_is_passed_over() -> None:
    hours = OpenHours(rules=(rule("09:00-20:00 Mon-Sat"),))
    assert first(hours, "2026-11-28 17:00") == ("2026-11-30 06:00", "2026-11-30 17:00")


def test_the_new_years_holidays_of_russia_are_passed_over() -> None:
    hours = OpenHours(rules=(rule("10:00-18:00 Mon-Fri", calendar=Calendar(country="RU")),))
    # 31 December 2026 is a day off that was moved; 9 January 2027 is a Saturday
    assert first(hours, "2026-12-30 15:00") == ("2027-01-11 07:00", "2027-01-11 15:00")


def test_an_own_working_day_opens_a_saturday_with_the_hours_of_monday() -> None:
    calendar = Calendar(working_days=frozenset({date(2026, 11, 28)}))
    hours = OpenHours(rules=(rule("10:00-18:00 Mon-Fri", calendar=calendar),))
    assert first(hours, "2026-11-27 15:00") == ("2026-11-28 07:00", "2026-11-28 15:00")


def test_the_29th_of_february_is_a_day_like_others() -> None:
    calendar = Calendar(days_off=frozenset({date(2028, 2, 28)}))
    hours = OpenHours(rules=(rule("00:00-24:00", calendar=calendar),))
    assert first(hours, "2028-02-28 12:00") is not None
    assert first(hours, "2028-02-28 12:00")[0] == "2028-02-28 21:00"  # type: ignore[index]


def test_a_window_over_midnight_is_one_interval_and_belongs_to_the_day_it_begins() -> None:
    hours = OpenHours(rules=(rule("23:00-02:00 Fri"),))
    assert first(hours, "2026-11-23 00:00") == ("2026-11-27 20:00", "2026-11-27 23:00")
    # on Saturday at 01:00 in Moscow
    assert first(hours, "2026-11-27 22:00") == ("2026-11-27 20:00", "2026-11-27 23:00")


def test_nothing_is_left_of_a_night_that_reaches_into_a_day_off() -> None:
    calendar = Calendar(days_off=frozenset({date(2026, 11, 28)}))
    hours = OpenHours(rules=(rule("23:00-02:00", calendar=calendar),))
    assert first(hours, "2026-11-27 12:00") == ("2026-11-27 20:00", "2026-11-27 21:00")
    assert first(hours, "2026-11-27 21:00") == ("2026-11-29 20:00", "2026-11-29 23:00")


def test_the_night_over_which_clocks_are_set_forward_is_an_hour_shorter() -> None:
    # Berlin, 29 March 2026: 02:00 → 03:00 at 01:00 UTC
    hours = OpenHours(rules=(rule("23:00-04:00", "Europe/Berlin"),))
    assert first(hours, "2026-03-28 12:00") == ("2026-03-28 22:00", "2026-03-29 02:00")


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # it begins in the gap: with the gap's end
        ("02:30-05:00", ("2026-03-29 01:00", "2026-03-29 03:00")),
        # it ends in the gap: with the gap's beginning
        ("01:00-02:30", ("2026-03-29 00:00", "2026-03-29 01:00")),
        # it lies in the gap: that night has none, the next has
        ("02:10-02:50", ("2026-03-30 00:10", "2026-03-30 00:50")),
    ],
)
def test_hours_in_the_gap_of_spring(window: str, expected: tuple[str, str]) -> None:
    hours = OpenHours(rules=(rule(window, "Europe/Berlin"),))
    assert first(hours, "2026-03-28 23:00") == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # 02:00 to 03:00 comes twice, at 00:00 and at 01:00 UTC: it begins the second time …
        ("02:30-05:00", ("2026-10-25 01:30", "2026-10-25 04:00")),
        # … and ends the first time
        ("01:00-02:30", ("2026-10-24 23:00", "2026-10-25 00:30")),
        # unless nothing would be left
        ("02:10-02:50", ("2026-10-25 00:10", "2026-10-25 00:50")),
        # over it: an hour longer
        ("23:00-04:00", ("2026-10-24 21:00", "2026-10-25 03:00")),
    ],
)
def test_hours_in_the_repeated_hour_of_autumn(window: str, expected: tuple[str, str]) -> None:
    hours = OpenHours(rules=(rule(window, "Europe/Berlin"),))
    assert first(hours, "2026-10-24 20:00") == expected


def test_a_midnight_that_comes_twice_parts_no_two_days() -> None:
    # Havana, 1 November 2026: 01:00 → 00:00
    hours = OpenHours(
        rules=(rule("00:00-24:00", "America/Havana", Calendar(days_off=frozenset({date(2026, 11, 3)}))),)
    )
    found = hours.interval_at_or_after(utc("2026-10-31 12:00"))
    assert found is not None
    assert found.until_at == utc("2026-11-03 05:00")


@pytest.mark.parametrize(
    ("zone", "window", "at", "expected"),
    [
        # Chatham (+12:45 in winter, +13:45 in summer): at 03:45 back to 02:45, and at 02:45 on to 03:45
        ("Pacific/Chatham", "02:30-04:00", "2026-04-03 15:00", ("2026-04-04 12:45", "2026-04-04 15:15")),
        ("Pacific/Chatham", "03:00-04:00", "2026-04-03 15:00", ("2026-04-04 14:15", "2026-04-04 15:15")),
        ("Pacific/Chatham", "02:30-04:00", "2026-09-26 12:30", ("2026-09-26 13:45", "2026-09-26 14:15")),
        # Lord Howe sets its clocks by half an hour: 01:30 to 02:00 comes twice, 02:00 to 02:30 is left out
        ("Australia/Lord_Howe", "01:45-04:00", "2026-04-04 12:00", ("2026-04-04 15:15", "2026-04-04 17:30")),
        ("Australia/Lord_Howe", "02:10-04:00", "2026-10-03 12:00", ("2026-10-03 15:30", "2026-10-03 17:00")),
        # Samoa went over the date line and had no 30 December 2011: after the 29th came the 31st
        ("Pacific/Apia", "02:30-04:00", "2011-12-30 00:00", ("2011-12-30 12:30", "2011-12-30 14:00")),
    ],
)
def test_zones_with_odd_clocks(zone: str, window: str, at: str, expected: tuple[str, str]) -> None:
    assert first(OpenHours(rules=(rule(window, zone),)), at) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # quiet from 22:30 until 02:30, which is left out in spring and comes twice in autumn
        ("2026-03-28 22:00", ("2026-03-29 01:00", "2026-03-29 20:30")),
        ("2026-10-24 22:00", ("2026-10-25 01:30", "2026-10-25 21:30")),
    ],
)
def test_quiet_hours_on_the_nights_of_summer_time(at: str, expected: tuple[str, str]) -> None:
    quiet = weekly_hours.complement_of_day(22 * 60 + 30, 2 * 60 + 30)
    hours = OpenHours(rules=(HoursRule(hours=quiet, zone=ZoneInfo("Europe/Berlin")),))
    assert first(hours, at) == expected


def test_quiet_hours_of_the_recipient_are_taken_from_the_offices_window() -> None:
    quiet = HoursRule(
        hours=weekly_hours.complement_of_day(21 * 60, 9 * 60), zone=ZoneInfo("Asia/Vladivostok")
    )
    hours = OpenHours(rules=(rule("09:00-18:00 Mon-Fri"), quiet))
    # Moscow 09:00 is 16:00 in Vladivostok, whose 21:00 is 14:00 in Moscow
    assert first(hours, "2026-11-27 00:00") == ("2026-11-27 06:00", "2026-11-27 11:00")


def test_hours_that_are_decent_from_kaliningrad_to_kamchatka() -> None:
    zones = ("Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka")
    hours = OpenHours(rules=tuple(rule("09:00-21:00", zone) for zone in zones))
    # 09:00 in Kaliningrad is 07:00 UTC, 21:00 in Kamchatka 09:00 UTC
    assert first(hours, "2026-11-27 00:00") == ("2026-11-27 07:00", "2026-11-27 09:00")


def test_zones_on_both_sides_of_the_date_line_have_different_days() -> None:
    # on Monday in Kiritimati (+14) it is Sunday in Pago Pago (-11): both are inside Mon-Fri never at once
    # before Tuesday there
    hours = OpenHours(
        rules=(rule("00:00-24:00 Mon", "Pacific/Kiritimati"), rule("00:00-24:00 Sun", "Pacific/Pago_Pago"))
    )
    assert first(hours, "2026-11-23 12:00") == ("2026-11-29 11:00", "2026-11-30 10:00")


def test_rules_that_leave_nothing_in_common_are_never_open() -> None:
    hours = OpenHours(rules=(rule("09:00-10:00"), rule("11:00-12:00")))
    assert hours.interval_at_or_after(utc("2026-11-27 00:00")) is None


def test_a_start_and_a_cut_off_cut_the_intervals() -> None:
    hours = OpenHours(
        rules=(rule("09:00-20:00"),), start_at=utc("2026-12-01 07:00"), cut_off_at=utc("2026-12-02 07:30")
    )
    assert first(hours, "2026-11-27 12:00") == ("2026-12-01 07:00", "2026-12-01 17:00")
    assert first(hours, "2026-12-01 17:00") == ("2026-12-02 06:00", "2026-12-02 07:30")
    assert first(hours, "2026-12-02 07:30") is None


def test_a_cut_off_before_the_next_opening_means_never() -> None:
    hours = OpenHours(rules=(rule("09:00-20:00"),), cut_off_at=utc("2026-12-02 05:00"))
    assert first(hours, "2026-12-01 18:00") is None


def test_a_long_opening_comes_in_pieces_that_touch() -> None:
    calendar = Calendar(days_off=frozenset({date(2027, 6, 1)}))
    hours = OpenHours(rules=(rule("00:00-24:00", calendar=calendar),))
    at, count = utc("2026-11-27 12:00"), 0
    while at < utc("2027-05-31 21:00"):
        found = hours.interval_at_or_after(at)
        assert found is not None
        assert found.contains(at)
        assert found.until_at is not None
        at, count = found.until_at, count + 1
    assert at == utc("2027-05-31 21:00")
    assert count > 1


@given(
    seconds=st.integers(0, 5 * 365 * 86_400),
    zone=st.sampled_from(
        [
            "Europe/Berlin",
            "Australia/Lord_Howe",
            "America/Havana",
            "Asia/Beirut",
            "Pacific/Apia",
            "Pacific/Chatham",
            "Pacific/Kiritimati",
            "America/Sao_Paulo",
        ]
    ),
    from_minute=st.integers(0, 1439),
    length=st.integers(1, 1440),
)
def test_while_it_is_open_the_local_clock_shows_a_time_inside_the_hours(
    seconds: int, zone: str, from_minute: int, length: int
) -> None:
    at = utc("2025-01-01 00:00") + timedelta(seconds=seconds)
    span = weekly_hours.Span(from_minute, from_minute + length)
    hours = OpenHours(rules=(HoursRule(hours=weekly_hours.WeeklyHours(((span,),) * 7), zone=ZoneInfo(zone)),))
    found = hours.interval_at_or_after(at)
    assert found is not None
    assert found.until_at is None or found.until_at > at
    if found.until_at is None:
        return
    instants = [found.from_at, found.until_at - timedelta(seconds=1)]
    instants += [found.from_at + (found.until_at - found.from_at) * step / 7 for step in range(1, 7)]
    for instant in instants:
        local = instant.astimezone(ZoneInfo(zone))
        minute = local.hour * 60 + local.minute
        assert span.contains(minute) or span.contains(minute + 1440)
