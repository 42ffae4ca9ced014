"""How often a password may be guessed: counts failures by name with address, and by address alone.

Kept in memory: one process serves the pages, and a restart that forgives is no way in for a guesser.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable

#: failures of one name from one address before it has to wait
MAX_PER_NAME = 5
#: failures from one address, whatever the name: an office behind one router shares it
MAX_PER_ADDRESS = 30
WINDOW_S = 15 * 60.0
#: names and addresses remembered; beyond it the oldest is forgotten, so that memory stays bounded
MAX_REMEMBERED = 10_000


class FailedSignIns:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()

    def wait_s(self, name: str, address: str) -> float:
        """How long this name has to wait before its password is looked at again; 0 = not at all."""
        with self._lock:
            return max(
                self._wait_s((name.casefold(), address), MAX_PER_NAME),
                self._wait_s((address,), MAX_PER_ADDRESS),
            )

    def failed(self, name: str, address: str) -> None:
        with self._lock:
            for key in ((name.casefold(), address), (address,)):
                self._failures.setdefault(key, deque(maxlen=MAX_PER_ADDRESS)).append(self._monotonic())
                self._failures.move_to_end(key)
            while len(self._failures) > MAX_REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forgets the failures of the name; the address keeps its own, or one known password would
        reset the count of a guesser."""
        with self._lock:
            self._failures.pop((name.casefold(), address), None)

    def _wait_s(self, key: tuple[str, ...], allowed: int) -> float:
        instants = self._failures.get(key)
        if instants is None:
            return 0.0
        start = self._monotonic() - WINDOW_S
        while instants and instants[0] <= start:
            instants.popleft()
        if not instants:
            del self._failures[key]
            return 0.0
        return instants[-allowed] - start if len(instants) >= allowed else 0.0
