"""Whether a call is on: calls come first, so the modem is left alone until it is over.

A call begins with RING, +CRING or a connection; it ends with NO CARRIER, BUSY, NO ANSWER or ^CEND, or, if it
was never taken, when RING stays away. A missed end is found by `at_modem`'s poll with +CPAS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_BEGINS = frozenset({"RING", "+CRING", "+CLIP"})
_CONNECTED = frozenset({"^CONN", "^ORIG", "^CONF"})
_ENDS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "^CEND"})


class CallWatch:
    def __init__(self, ring_silence_s: float, on_change: Callable[[bool], None]) -> None:
        self.in_call = False
        self._ring_silence_s = ring_silence_s
        self._on_change = on_change
        self._silence: asyncio.TimerHandle | None = None

    def notice(self, name: str) -> bool:
        """Takes what is about calls; False for anything else."""
        if name in _BEGINS:
            self._set(True)
            self._stop_timer()
            self._silence = asyncio.get_running_loop().call_later(self._ring_silence_s, self.end)
        elif name in _CONNECTED:
            self._set(True)
            self._stop_timer()
        elif name in _ENDS:
            self.end()
        else:
            return False
        return True

    def end(self) -> None:
        self._stop_timer()
        self._set(False)

    def close(self) -> None:
        """Forgets the call without telling."""
        self._stop_timer()
        self.in_call = False

    def _set(self, in_call: bool) -> None:
        if in_call is not self.in_call:
            self.in_call = in_call
            self._on_change(in_call)

    def _stop_timer(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
