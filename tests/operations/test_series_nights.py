"""Series at a time that a night leaves out or shows twice, and on a birthday that most years lack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from made_lists import number
from made_mailings import MakeSettings
from series_office import Office

from pbx_sms.storage.engine import Database

MINUTE = timedelta(minutes=1)


def office_in(database: Database, settings: MakeSettings, zone: str, patch: pytest.MonkeyPatch) -> Office:
    office = Office(database, settings(sending={"time_zone": zone}))
    patch.setattr(database, "now", office.now)
    return office


@pytest.mark.parametrize(
    ("zone", "due_at", "again_after"),
    [
        # Berlin, 28 March 2027: 02:00 → 03:00; the first instant behind the gap
        ("Europe/Berlin", datetime(2027, 3, 28, 1, 0, tzinfo=UTC), None),
        # 31 October 2027: half past two comes twice, the first time counts
        ("Europe/Berlin", datetime(2027, 10, 31, 0, 30, tzinfo=UTC), 60 * MINUTE),
        # Sunday begins in Kiritimati on Saturday at 10:00 UTC
        ("Pacific/Kiritimati", datetime(2027, 3, 27, 12, 30, tzinfo=UTC), None),
        ("Pacific/Chatham", datetime(2027, 1, 2, 12, 45, tzinfo=UTC), None),
    ],
)
def test_a_sunday_at_half_past_two_has_it_once(
    sqlite_database: Database,
    settings: MakeSettings,
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    due_at: datetime,
    again_after: timedelta | None,
) -> None:
    office = office_in(sqlite_database, settings, zone, monkeypatch)
    office.at = due_at - timedelta(hours=20)
    office.add(rule={"weekdays": ["sun"], "at": "02:30"})
    office.fire(due_at - MINUTE)
    assert office.sent() == []
    office.fire(due_at)
    assert len(office.sent()) == 3
    for later in (due_at + MINUTE, due_at + (again_after or 30 * MINUTE)):
        office.fire(later)
    assert len(office.sent()) == 3


def test_somebody_born_on_29_february_is_congratulated_once_in_a_year_without_it(
    sqlite_database: Database, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = office_in(sqlite_database, settings, "Europe/Moscow", monkeypatch)
    office.at = datetime(2027, 2, 26, 12, tzinfo=UTC)
    office.birthdays([(number(1), "Анна", "29.02.1984")], text="{Имя}, с днём рождения!")
    for days in range(1, 6):
        office.fire(datetime(2027, 2, 26, 7, tzinfo=UTC) + timedelta(days=days))
    assert len(office.sent()) == 1
