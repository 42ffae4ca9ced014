"""Hours of the week as people write them."""

from __future__ import annotations

import pytest

from pbx_sms.core.planning import weekly_hours
from pbx_sms.core.planning.weekly_hours import EVERY_HOUR, Span
from pbx_sms.errors import Refused


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("09:00-18:00 Mon-Fri", "09:00-18:00 Mon-Fri"),
        ("9-18 пн-пт", "09:00-18:00 Mon-Fri"),
        ("9:00 – 18:00 Monday - Friday, 10-16 Sat", "09:00-18:00 Mon-Fri, 10:00-16:00 Sat"),
        ("09:00-12:00 Mon,Wed; 13:00-18:00 Mon,Wed", "09:00-12:00 Mon,Wed, 13:00-18:00 Mon,Wed"),
        ("22:00-02:00 Fri-Mon", "22:00-02:00 Mon,Fri,Sat,Sun"),
        ("09:00-21:00", "09:00-21:00"),
        ("00:00-24:00", "always"),
        ("always", "always"),
        ("", "always"),
    ],
)
def test_what_people_write_is_read_and_written_one_way(text: str, canonical: str) -> None:
    hours = weekly_hours.parse(text)
    assert str(hours) == canonical
    assert weekly_hours.parse(str(hours)) == hours


@pytest.mark.parametrize(
    "text",
    [
        "nine to six",
        "09:00",
        "25:00-26:00",
        "09:60-18:00",
        "09:00-18:00 Xyz",
        "24:00-08:00",
        "9-18 Mon-Fri-Sat",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        weekly_hours.parse(text)
    assert refused.value.code == "window_unreadable"


def test_quiet_hours_over_midnight_leave_the_day() -> None:
    assert str(weekly_hours.complement_of_day(21 * 60, 9 * 60)) == "09:00-21:00"


def test_quiet_hours_at_noon_leave_two_spans() -> None:
    left = weekly_hours.complement_of_day(13 * 60, 14 * 60)
    assert left.of(0) == (Span(0, 780), Span(840, 1440))


def test_no_quiet_hours_leave_everything() -> None:
    assert weekly_hours.complement_of_day(540, 540) == EVERY_HOUR
