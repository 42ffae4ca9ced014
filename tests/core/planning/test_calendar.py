"""Days off: a country's holidays with the days that were moved, the office's own, and whose date it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pbx_sms.core.planning import weekly_hours
from pbx_sms.core.planning.calendar import OWN_DAY_OFF, Calendar, is_known
from pbx_sms.core.planning.open_hours import HoursRule, OpenHours

RUSSIA = Calendar(country="RU")


@pytest.mark.parametrize(
    ("day", "is_off"),
    [
        (date(2026, 1, 8), True),
        (date(2026, 3, 8), True),
        # stands for Sunday 8 March
        (date(2026, 3, 9), True),
        (date(2026, 3, 10), False),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), True),
        (date(2028, 2, 28), False),
        (date(2028, 2, 29), False),
        (date(2028, 3, 8), True),
    ],
)
def test_the_holidays_of_russia(day: date, is_off: bool) -> None:
    assert bool(RUSSIA.day_off(day)) is is_off


def test_the_offices_own_days_go_before_and_working_days_before_all() -> None:
    leap, women = date(2028, 2, 29), date(2028, 3, 8)
    calendar = Calendar(country="RU", days_off=frozenset({leap}), working_days=frozenset({women}))
    assert calendar.day_off(leap) == OWN_DAY_OFF
    assert calendar.day_off(women) is None
    both = Calendar(days_off=frozenset({leap}), working_days=frozenset({leap}))
    assert both.day_off(leap) is None


def test_a_country_that_nobody_knows_has_no_holidays() -> None:
    assert (is_known("RU"), is_known("XX")) == (True, False)
    assert Calendar(country="XX").day_off(date(2027, 1, 1)) is None
    assert Calendar().day_off(date(2027, 1, 1)) is None


@pytest.mark.parametrize(
    ("zone", "closes", "opens"),
    [
        # 1 May by each recipient's own date: it begins in Kiritimati a day before it does in Pago Pago
        ("Pacific/Kiritimati", "2026-04-30 10:00", "2026-05-01 10:00"),
        ("Pacific/Chatham", "2026-04-30 11:15", "2026-05-01 11:15"),
        ("Asia/Kamchatka", "2026-04-30 12:00", "2026-05-01 12:00"),
        ("Europe/Kaliningrad", "2026-04-30 22:00", "2026-05-01 22:00"),
        ("Pacific/Pago_Pago", "2026-05-01 11:00", "2026-05-02 11:00"),
    ],
)
def test_a_holiday_is_the_day_by_the_recipients_clock(zone: str, closes: str, opens: str) -> None:
    calendar = Calendar(days_off=frozenset({date(2026, 5, 1)}))
    rule = HoursRule(hours=weekly_hours.EVERY_HOUR, zone=ZoneInfo(zone), calendar=calendar)
    hours = OpenHours(rules=(rule,))
    before = hours.interval_at_or_after(datetime.fromisoformat(closes).replace(tzinfo=UTC))
    assert before is not None
    assert before.from_at == datetime.fromisoformat(opens).replace(tzinfo=UTC)
    assert hours.is_open(datetime.fromisoformat(opens).replace(tzinfo=UTC))
    assert not hours.is_open(datetime.fromisoformat(closes).replace(tzinfo=UTC))
