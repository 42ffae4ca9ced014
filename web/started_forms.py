"""Which mailing each check page has started: a form is good for one Start, however often it is sent."""

from __future__ import annotations

import threading
from collections import OrderedDict

#: forms remembered; what is forgotten is caught by the question about a text that was sent before
MAX_REMEMBERED = 10_000


class StartedForms:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mailings: OrderedDict[str, tuple[threading.Lock, list[int]]] = OrderedDict()

    def of(self, once: str) -> tuple[threading.Lock, list[int]]:
        """(held by whoever starts the form's mailing, the mailing's id once there is one)."""
        with self._lock:
            entry = self._mailings.setdefault(once, (threading.Lock(), []))
            while len(self._mailings) > MAX_REMEMBERED:
                self._mailings.popitem(last=False)
            return entry
