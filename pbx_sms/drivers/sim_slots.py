"""The SIM slots of a modem, numbered from 1, and the one that is wished. The next `open()` of the modem makes
the wished slot active and identifies the SIM in it."""

from __future__ import annotations


class SimSlots:
    def __init__(self, count: int = 1) -> None:
        self.count = count
        #: None: the modem has one slot, and nothing is asked of it
        self.wished: int | None = None if count == 1 else 1

    def select(self, slot: int) -> None:
        if not 1 <= slot <= self.count:
            raise ValueError(f"slot {slot} of {self.count}")
        if self.count > 1:
            self.wished = slot
