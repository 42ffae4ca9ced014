"""The one source of time. Everything that needs it is given a `Clock`; tests give one of their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, UTC. May jump either way when somebody sets it."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, from an arbitrary start."""
        ...

    @property
    def boot_id(self) -> str:
        """Within the same one, `monotonic` of two processes may be compared."""
        ...


class SystemClock:
    """This machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    @property
    def boot_id(self) -> str:
        return _boot_id()


@cache
def _boot_id() -> str:
    """Linux makes one up at every start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


#: of the wall clock against the monotonic one, above which it is not believed
JUMP = timedelta(seconds=60)
#: how long a jump is distrusted: time enough for a time server to take it back
DISTRUST_S = 600.0


class SteadyClock:
    """Time that never goes back: the larger of a source's clock and what is known to have been reached.

    What is known to have been reached is the newest stored instant, advanced by the monotonic clock. So a
    wall clock that is set back frees no quota, and time does not stand still meanwhile either. One that
    jumps ahead is followed only after it has stayed there for `DISTRUST_S`: what was once reached could not
    be taken back. Once `keep` was called it is not followed at all, until `follow` says so.
    """

    def __init__(self, source: Clock, newest_at: datetime | None = None) -> None:
        self._source = source
        self._reached_at = newest_at or source.now()
        self._reached_monotonic = source.monotonic()
        self._jumped_monotonic: float | None = None
        self._is_kept = False

    def now(self) -> datetime:
        monotonic = self._source.monotonic()
        at_least = self._reached_at + timedelta(seconds=monotonic - self._reached_monotonic)
        now = at_least if self._is_kept else max(self._source.now(), at_least)
        if now - at_least <= JUMP:
            self._jumped_monotonic = None
        elif self._jumped_monotonic is None:
            self._jumped_monotonic, now = monotonic, at_least
        elif monotonic - self._jumped_monotonic < DISTRUST_S:
            now = at_least
        else:
            self._jumped_monotonic = None
        self._reached_at, self._reached_monotonic = now, monotonic
        return now

    def keep(self) -> None:
        """From now on it advances by the monotonic clock alone."""
        self._is_kept = True

    def ahead(self) -> timedelta:
        """By how much the source's clock is ahead of this one."""
        return self._source.now() - self.now()

    def follow(self, by: timedelta) -> None:
        """Goes ahead, at once."""
        self._reached_at = self.now() + by

    def seen(self, instant_at: datetime) -> None:
        """Raises what is known to have been reached."""
        if instant_at > self.now():
            self._reached_at, self._reached_monotonic = instant_at, self._source.monotonic()
