"""Messages spread evenly: equally far from each other in the time that is open, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pbx_sms.core.planning import weekly_hours
from pbx_sms.core.planning.open_hours import HoursRule, Interval, OpenHours
from pbx_sms.core.planning.spread import Spread


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spread_over(hours: str, zone: str, from_at: str, until_at: str, count: int) -> list[datetime]:
    rule = HoursRule(hours=weekly_hours.parse(hours), zone=ZoneInfo(zone))
    intervals = list(OpenHours(rules=(rule,)).intervals(utc(from_at), utc(until_at)))
    spread = Spread(intervals, count)
    return [spread.at(index) for index in range(count)]


@pytest.mark.parametrize(
    ("from_at", "until_at", "minutes"),
    [
        # Berlin, the night to 29 March 2026: 22:00 to 06:00 are seven hours
        ("2026-03-28 12:00", "2026-03-29 12:00", 60),
        # the night to 25 October: nine hours
        ("2026-10-24 12:00", "2026-10-25 12:00", 540 / 7),
        # any other night: eight
        ("2026-11-24 12:00", "2026-11-25 12:00", 480 / 7),
    ],
)
def test_a_night_on_which_clocks_are_set_is_shared_out_by_its_real_length(
    from_at: str, until_at: str, minutes: float
) -> None:
    times = spread_over("22:00-06:00", "Europe/Berlin", from_at, until_at, 7)
    apart = [later - earlier for earlier, later in pairwise(times)]
    assert all(abs(one - timedelta(minutes=minutes)) < timedelta(milliseconds=1) for one in apart)
    assert times[0].astimezone(ZoneInfo("Europe/Berlin")).hour == 22


def test_over_the_days_around_such_a_night_nothing_falls_into_closed_hours() -> None:
    times = spread_over("01:00-04:00", "Europe/Berlin", "2026-03-27 12:00", "2026-03-30 12:00", 16)
    # three hours, two (02:00 to 03:00 is not there), three: one each half hour
    assert [time.astimezone(ZoneInfo("Europe/Berlin")).strftime("%d %H:%M") for time in times] == [
        *("28 01:00", "28 01:30", "28 02:00", "28 02:30", "28 03:00", "28 03:30"),
        *("29 01:00", "29 01:30", "29 03:00", "29 03:30"),
        *("30 01:00", "30 01:30", "30 02:00", "30 02:30", "30 03:00", "30 03:30"),
    ]


def test_the_repeated_hour_is_filled_both_times() -> None:
    times = spread_over("01:00-04:00", "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 12:00", 8)
    assert [time.strftime("%H:%M") for time in times] == [
        *("23:00", "23:30", "00:00", "00:30", "01:00", "01:30", "02:00", "02:30"),
    ]


def test_nothing_is_shared_out_without_an_end_or_to_nobody() -> None:
    at = utc("2026-11-27 12:00")
    for intervals, count in (([], 3), ([Interval(at, None)], 3), ([Interval(at, at)], 0)):
        with pytest.raises(ValueError, match="nothing|without end"):
            Spread(intervals, count)
