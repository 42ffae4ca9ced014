"""When something that was certainly not taken may be tried again. Chance is an argument in [0, 1)."""

from __future__ import annotations

from datetime import datetime, timedelta

#: seconds before the n-th retry of a message, the last for all that follow
_MESSAGE_DELAYS_S = (5, 20, 80, 320, 1280, 3600)
#: of a message that has an accepted part: the rest must arrive within minutes
_BEGUN_DELAYS_S = (2, 5, 10, 20, 40)
#: seconds for which a SIM or modem backs off after the n-th refusal in a row
_DEVICE_DELAYS_S = (10, 60, 300, 900, 3600)

#: tries of one message before it is given up
MAX_ATTEMPTS = 10


def jittered(seconds: float, chance: float) -> timedelta:
    """0.8 to 1.4 times the delay: many retries must not meet at one instant."""
    return timedelta(seconds=seconds * (0.8 + 0.6 * chance))


def message_retry_at(now: datetime, attempt_count: int, *, begun: bool, chance: float) -> datetime:
    """When a message may be tried again after its `attempt_count`-th attempt (from 1)."""
    delays = _BEGUN_DELAYS_S if begun else _MESSAGE_DELAYS_S
    index = min(max(attempt_count, 1), len(delays)) - 1
    return now + jittered(delays[index], chance)


def device_retry_at(now: datetime, failures_in_row: int, *, chance: float) -> datetime:
    """When a SIM or modem may be used again after its n-th refusal in a row (from 1)."""
    index = min(max(failures_in_row, 1), len(_DEVICE_DELAYS_S)) - 1
    return now + jittered(_DEVICE_DELAYS_S[index], chance)
