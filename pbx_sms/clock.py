"""The one source of time. Everything that needs it is given a `Clock`; tests give one of their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, UTC. May jump either way when somebody sets it."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, from an arbitrary start."""
        ...


class SystemClock:
    """This machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class SteadyClock:
    """Time that never goes back: the larger of a source's clock and what is known to have been reached.

    What is known to have been reached is the newest stored instant, advanced by the monotonic clock. So a
    wall clock that is set back frees no quota, and time does not stand still meanwhile either.
    """

    def __init__(self, source: Clock, newest_at: datetime | None = None) -> None:
        self._source = source
        self._reached_at = newest_at or source.now()
        self._reached_monotonic = source.monotonic()

    def now(self) -> datetime:
        monotonic = self._source.monotonic()
        at_least = self._reached_at + timedelta(seconds=monotonic - self._reached_monotonic)
        now = max(self._source.now(), at_least)
        self._reached_at, self._reached_monotonic = now, monotonic
        return now

    def seen(self, instant_at: datetime) -> None:
        """Raises what is known to have been reached."""
        if instant_at > self.now():
            self._reached_at, self._reached_monotonic = instant_at, self._source.monotonic()
