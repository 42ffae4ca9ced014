"""Who goes next, and through which SIM. Pure: the dispatcher owns the instances and feeds them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimLoad:
    """A SIM that could take a message now."""

    sim_id: int
    #: of its tightest limit, see `quota.used_share`
    used_share: float
    #: monotonic seconds since when it has been idle
    idle_since: float


def choose_sim(candidates: Iterable[SimLoad]) -> SimLoad | None:
    """The one with the smallest used share of its tightest limit; ties by longest idle, then by id."""
    return min(candidates, key=lambda sim: (sim.used_share, sim.idle_since, sim.sim_id), default=None)


class FairShare(Generic[Key]):
    """Deficit round-robin in parts: queues of one rank get the same number of parts, whatever the length
    of their messages and however long the queues are.

    A queue's turn begins with `quantum` parts of credit; it goes on while its next message fits the
    credit, then the next queue's turn comes. A queue that has nothing to send loses its credit, so that
    it cannot save it up.
    """

    def __init__(self, quantum: int) -> None:
        if quantum < 1:
            raise ValueError("a turn needs at least one part")
        self._quantum = quantum
        self._credit: dict[Key, int] = {}
        self._turn: list[Key] = []

    def choose(self, queues: Iterable[Key], parts_of_next: Callable[[Key], int | None]) -> Key | None:
        """The queue whose next message goes now, charged for it; None when none has one.

        `parts_of_next` gives the parts of a queue's next message, None when it has nothing to send now.
        """
        waiting = {key: parts for key in queues if (parts := parts_of_next(key)) is not None}
        if not waiting:
            # nobody can send: nobody's turn passes
            return None
        self._turn = [key for key in self._turn if key in waiting]
        self._credit = {key: self._credit[key] for key in self._turn}
        for key in waiting:
            if key not in self._credit:
                self._turn.append(key)
                self._credit[key] = 0
        while True:
            key = self._turn[0]
            if self._credit[key] >= waiting[key]:
                self._credit[key] -= waiting[key]
                return key
            # the turn is over, or has not begun: give credit and let the others pass first
            self._turn.append(self._turn.pop(0))
            self._credit[key] += self._quantum

    def give_back(self, key: Key, parts: int) -> None:
        """The chosen message did not go: its queue is next again, or one of long messages that lack room
        would lose every turn to one of short messages."""
        if key in self._turn:
            self._turn.remove(key)
        self._turn.insert(0, key)
        self._credit[key] = self._credit.get(key, 0) + parts
