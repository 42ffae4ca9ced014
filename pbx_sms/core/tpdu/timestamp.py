"""TP-Service-Centre-Time-Stamp and TP-Discharge-Time (3GPP 23.040 §9.2.3.11, §9.2.3.13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

TIMESTAMP_OCTETS = 7
#: no clock on earth is farther from UTC
_MAX_QUARTER_HOURS = 14 * 4


def decode_timestamp(octets: bytes) -> datetime | None:
    """The instant of seven octets, in the zone the network wrote; None if they are no date.

    Years 00 to 80 are 2000 to 2080. A zone that no clock has (farther than 14 hours, or not decimal)
    is unknown: the reading is kept and taken as UTC, which beats losing it.
    """
    fields = [_decimal(octet) for octet in octets[: TIMESTAMP_OCTETS - 1]]
    if None in fields or len(octets) < TIMESTAMP_OCTETS:
        return None
    year, month, day, hour, minute, second = (field or 0 for field in fields)
    try:
        return datetime(
            year + (2000 if year <= 80 else 1900), month, day, hour, minute, second, tzinfo=_zone(octets[6])
        )
    except ValueError:
        return None


def _decimal(octet: int) -> int | None:
    """Two decimal digits with swapped semi-octets."""
    tens, ones = octet & 0x0F, octet >> 4
    return tens * 10 + ones if tens < 10 and ones < 10 else None


def _zone(octet: int) -> timezone:
    """Quarters of an hour; bit 3 of the stored octet is the sign, which "-0" makes harmless."""
    quarters = _decimal(octet & 0xF7)
    if quarters is None or quarters > _MAX_QUARTER_HOURS or quarters == 0:
        return UTC
    offset = timedelta(minutes=15 * quarters)
    return timezone(-offset if octet & 0x08 else offset)
