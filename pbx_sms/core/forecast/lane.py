"""Messages that go one after the other, on paper: which is next, and when it may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Final

from pbx_sms.core.forecast.people import People
from pbx_sms.core.forecast.pool import Sim
from pbx_sms.core.forecast.work import Rows

FOREVER: Final = float("inf")


class Lane:
    """Messages of one mailing that go in order: those of one size where SIMs differ in what they take, of one
    zone, of one set of SIMs. One whose person has had enough steps aside until there is room again; nothing
    waits behind it."""

    __slots__ = (
        "_aside",
        "_back",
        "_next",
        "_people",
        "_persons",
        "_places",
        "_waits_for_people",
        "earliest_s",
        "from_s",
        "is_mixed",
        "parts",
        "preferred",
        "sim_ids",
        "strict_to",
        "until_s",
        "waiting",
        "windows",
    )

    def __init__(
        self,
        rows: Rows,
        sim_ids: frozenset[int] | None,
        starts_s: float,
        preferred: Sequence[Sim] = (),
        strict_to: Sequence[Sim] = (),
        people: People | None = None,
        *,
        waits_for_people: bool = True,
    ) -> None:
        self.earliest_s = None if rows.earliest is None else [at.timestamp() for at in rows.earliest]
        self.parts = rows.parts
        self._places = rows.places
        self._people = people if rows.people is not None else None
        self._persons = rows.people or ()
        self._waits_for_people = waits_for_people
        self.sim_ids = sim_ids
        #: the SIMs that rules leave it to, and to nobody else; none where any may take it
        self.strict_to = tuple(strict_to)
        #: the SIMs it is left to while one of them serves today
        self.preferred = tuple(preferred)
        self.windows = rows.windows
        #: the open interval that was found last
        self.from_s = starts_s
        self.until_s = FOREVER if rows.windows is None else starts_s
        #: index of the first message that was not looked at yet
        self._next = 0
        #: (when there is room, index) of those whose person has had enough, and those that came back
        self._aside: list[tuple[float, int]] = []
        self._back: list[int] = []
        self.is_mixed = len(set(self.parts)) > 1
        #: SIMs that lacked room for the next message, and its parts
        self.waiting: dict[int, tuple[Sim, int]] = {}

    @property
    def left(self) -> int:
        """Messages that have not gone."""
        return len(self.parts) - self._next + len(self._back) + len(self._aside)

    @property
    def has_next(self) -> bool:
        return self._next < len(self.parts) or bool(self._back)

    @property
    def _index(self) -> int:
        # what stepped aside stood before everything that was not looked at yet
        return self._back[0] if self._back else self._next

    @property
    def place(self) -> int:
        """Of the next message, in the mailing."""
        return self._index if self._places is None else self._places[self._index]

    @property
    def next_parts(self) -> int:
        return self.parts[self._index]

    def take(self, end_s: float) -> None:
        """The next message goes, and is answered at `end_s`."""
        index = self._pop()
        if self._people is not None and (person := self._persons[index]) is not None:
            self._people.went(person, end_s)

    def waits_for_person(self, opens_s: float) -> bool:
        """It opens at that instant because somebody has room again."""
        return bool(self._aside) and self._aside[0][0] == opens_s

    def is_left_to_others(self, sim: Sim, ordinary: bool, at_s: float) -> bool:
        """The next message goes through a SIM that it prefers to this one."""
        return sim not in self.preferred and any(one.serves(ordinary, at_s) for one in self.preferred)

    def goes_at(self, at_s: float) -> float:
        """`at_s` where the next message may be begun now, its person aside, else when it may; infinity:
        never."""
        aside = self._aside
        while aside and aside[0][0] <= at_s:
            heappush(self._back, heappop(aside)[1])
        opens_s = self._next_at(at_s) if self.has_next else FOREVER
        if opens_s > at_s and aside:
            # looked at again then: its window may be closed
            return min(opens_s, max(aside[0][0], self.from_s))
        return opens_s

    def steps_aside(self, at_s: float) -> bool:
        """The next message's person has had enough: it waits until there is room."""
        if self._people is None or not self._waits_for_people:
            return False
        person = self._persons[self._index]
        free_s = at_s if person is None else self._people.free_at(person, at_s)
        if free_s <= at_s:
            return False
        heappush(self._aside, (free_s, self._pop()))
        return True

    def _pop(self) -> int:
        if self._back:
            return heappop(self._back)
        self._next += 1
        return self._next - 1

    def _next_at(self, at_s: float) -> float:
        if self.earliest_s is not None and self.earliest_s[self._index] > at_s:
            # looked at again then: its window may be closed
            return max(self.earliest_s[self._index], self.from_s)
        return self._opens_at(at_s)

    def _opens_at(self, at_s: float) -> float:
        if at_s < self.until_s:
            return at_s if at_s >= self.from_s else self.from_s
        if self.windows is None or self.until_s == FOREVER:
            return FOREVER
        found = self.windows(datetime.fromtimestamp(at_s, UTC))
        if found is None:
            self.from_s = self.until_s = FOREVER
            return FOREVER
        self.from_s = found.from_at.timestamp()
        self.until_s = FOREVER if found.until_at is None else found.until_at.timestamp()
        if self.until_s <= at_s:
            # an interval that is over opens nothing: whoever gave it would give it again for ever
            self.from_s = self.until_s = FOREVER
            return FOREVER
        return max(at_s, self.from_s)
