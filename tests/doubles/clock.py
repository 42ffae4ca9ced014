"""Virtual time: an event loop that never waits, and the clock that goes with it.

When nothing is ready the loop's time jumps to the next timer, so days pass in milliseconds and always in the
same order. Real descriptors still work: they are looked at before every jump.
"""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import Any

#: a Monday, in the middle of an office's day
BEGINNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_FIRST_S = 1000.0


class NothingWillHappenError(RuntimeError):
    """Everybody waits, and no timer is set: the test would hang for ever."""


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = _FIRST_S

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            raise NothingWillHappenError
        self.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual seconds from an arbitrary start."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s

    def passes(self, time: timedelta) -> None:
        """Time passes while the loop does not run."""
        self._jumping.now_s += time.total_seconds()


class VirtualClock:
    """The `pbx_sms.clock.Clock` of a loop. `set_by` is what somebody does to the wall clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._set_by = timedelta(0)

    def now(self) -> datetime:
        return self.true_now() + self._set_by

    def true_now(self) -> datetime:
        """What the wall clock would say if nobody had touched it."""
        return BEGINNING + timedelta(seconds=self._loop.time() - _FIRST_S)

    def monotonic(self) -> float:
        return self._loop.time()

    @property
    def boot_id(self) -> str:
        """Loops of different tests share no database."""
        return "virtual"

    def set_by(self, change: timedelta) -> None:
        self._set_by += change
