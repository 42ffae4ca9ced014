"""The zone of a recipient: what cells say, and what the number says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pbx_sms.core.planning import zones

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("Asia/Yekaterinburg", "Asia/Yekaterinburg"),
        (" asia/yekaterinburg ", "Asia/Yekaterinburg"),
        ("America/New York", "America/New_York"),
        ("UTC+5", "UTC+05:00"),
        ("utc +05:30", "UTC+05:30"),
        ("GMT-3:30", "UTC-03:30"),
        ("+7", "UTC+07:00"),
        ("UTC", "UTC+00:00"),
        ("МСК", "Europe/Moscow"),
        ("МСК+2", "UTC+05:00"),
        ("мск -1", "UTC+02:00"),
        ("UTC+15", None),
        ("5", None),
        ("Екатеринбург", None),
        ("", None),
    ],
)
def test_what_a_cell_says(value: str, key: str | None) -> None:
    assert zones.read(value) == key


def test_every_key_stands_for_zones_and_fits_the_column() -> None:
    for value in ("Asia/Yekaterinburg", "UTC+5", "GMT-3:30", "МСК", "UTC", "UTC+14", "UTC-12"):
        key = zones.read(value)
        assert key is not None
        assert len(key) <= zones.MAX_LENGTH
        assert len(zones.zones_of(key)) == 1
    (zone,) = zones.zones_of("UTC-03:30")
    assert NOON.astimezone(zone).utcoffset() == timedelta(hours=-3, minutes=-30)


def test_a_russian_mobile_number_may_be_anywhere_from_kaliningrad_to_kamchatka() -> None:
    key = zones.of_number("+79161234567", "RU")
    assert key == "all:RU"
    offsets = {NOON.astimezone(zone).utcoffset() for zone in zones.zones_of(key)}
    assert offsets == {timedelta(hours=hours) for hours in range(2, 13)}


@pytest.mark.parametrize(
    ("msisdn", "key"),
    [("+77011234567", "Asia/Almaty"), ("+4915112345678", "Europe/Berlin"), ("+375291234567", "Europe/Minsk")],
)
def test_a_country_with_one_zone_tells_it(msisdn: str, key: str) -> None:
    assert zones.of_number(msisdn, "RU") == key


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(ValueError, match="Europe/Nowhere"):
        zones.zones_of("Europe/Nowhere")


def test_the_zones_of_russia_are_known_here() -> None:
    assert all(ZoneInfo(name) for name in zones.RUSSIA)
