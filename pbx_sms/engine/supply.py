"""How much each SIM finds in the stock of one queue, where messages may not take every SIM.

Every SIM that can send is to find `EACH` messages: enough to go on while the next ones are leased, and not
so many that those of one busy SIM fill the stock and keep out what idle SIMs could send.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

EACH = 2.0
_NOTHING_MORE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the SIMs can send within seconds; see `engine.room`."""

    #: rank → SIMs that have room for it and are answering
    sim_ids: Mapping[int, frozenset[int]]
    #: messages in stock that none of them can send
    stuck: frozenset[int]


class Supply:
    def __init__(self, sim_ids: Collection[int], each: float = EACH) -> None:
        self._lack = dict.fromkeys(sim_ids, each)
        self._free_count = 0

    def add(self, ways: Collection[int] | None) -> None:
        """A message that may take these SIMs (None: any). What several may take is shared among those that
        lack something."""
        if ways is None:
            self._free_count += 1
            return
        lacking = [sim_id for sim_id in ways if self._lack.get(sim_id, 0.0) > _NOTHING_MORE]
        for sim_id in lacking:
            self._lack[sim_id] -= 1.0 / len(lacking)

    def lacks(self, ways: Collection[int]) -> bool:
        """One of these SIMs would find too little."""
        return any(self._lack.get(sim_id, 0.0) > _NOTHING_MORE for sim_id in ways)

    @property
    def wanted(self) -> int:
        """Messages that are to be leased, if they can take whichever SIM."""
        lack = math.fsum(left for left in self._lack.values() if left > 0.0)
        return max(0, math.ceil(lack - _NOTHING_MORE) - self._free_count)
