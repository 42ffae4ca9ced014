"""TP-Validity-Period in its relative form, one octet (3GPP 23.040 §9.2.3.12.1)."""

from __future__ import annotations

from pbx_sms.errors import Refused

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S
_WEEK_S = 7 * _DAY_S

#: the longest period that can be written: 63 weeks
MAX_VALIDITY_S = 63 * _WEEK_S


def encode_validity(validity_s: int) -> int:
    """The octet for `validity_s`, rounded **up** to what can be written: a message may live a little
    longer than asked, never shorter. The steps are 5 minutes up to 12 hours, 30 minutes up to a day,
    days up to 30, weeks up to 63; what is longer becomes 63 weeks. `Refused` unless positive.
    """
    if validity_s <= 0:
        raise Refused("validity_not_positive", seconds=validity_s)
    if validity_s <= 12 * _HOUR_S:
        return _rounded_up(validity_s, 5 * _MINUTE_S) - 1
    if validity_s <= _DAY_S:
        return _rounded_up(validity_s - 12 * _HOUR_S, 30 * _MINUTE_S) + 143
    if validity_s <= 30 * _DAY_S:
        return _rounded_up(validity_s, _DAY_S) + 166
    # four weeks end before thirty days do, hence the first week count is five
    return min(_rounded_up(validity_s, _WEEK_S) + 192, 255)


def validity_seconds(octet: int) -> int:
    """The period that `octet` (0 to 255) stands for, in seconds."""
    if octet <= 143:
        return (octet + 1) * 5 * _MINUTE_S
    if octet <= 167:
        return 12 * _HOUR_S + (octet - 143) * 30 * _MINUTE_S
    if octet <= 196:
        return (octet - 166) * _DAY_S
    return (octet - 192) * _WEEK_S


def _rounded_up(duration_s: int, step_s: int) -> int:
    return -(-duration_s // step_s)
