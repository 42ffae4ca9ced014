"""Why a message waits for its hours, told by the recipient's clock on both sides of the date line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbx_sms.core.planning.opening import why_closed

AT = datetime(2026, 12, 31, 19, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "time", "date"),
    [
        ("Pacific/Kiritimati", "09:45", "01.01.2027"),
        ("Pacific/Chatham", "09:30", "01.01.2027"),
        ("Asia/Kamchatka", "07:45", "01.01.2027"),
        ("Europe/Kaliningrad", "21:45", "31.12.2026"),
        ("Pacific/Pago_Pago", "08:45", "31.12.2026"),
        ("UTC+12:45", "08:30", "01.01.2027"),
    ],
)
def test_the_opening_is_told_by_the_recipients_clock_and_date(zone: str, time: str, date: str) -> None:
    reason = why_closed(zone, AT)
    assert reason.code == "waits_for_recipients_hour"
    assert dict(reason.params) == {"time": time, "date": date, "zone": zone, "until": AT.isoformat()}


def test_where_nobody_knows_the_zone_and_where_it_does_not_matter() -> None:
    assert why_closed("all:RU", AT).code == "waits_for_decent_hour"
    assert why_closed("", AT).code == "waits_for_window"
    assert why_closed("", None).code == "window_never_opens_again"
