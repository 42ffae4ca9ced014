"""The people on paper: when each of them has had messages, and when one more has room.

The cap itself is `core.people.cap`, as at every real intent. Only whoever has had as many as the smallest cap
allows is looked at closely: of a list of a hundred thousand that is hardly anybody.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pbx_sms.core.people.cap import PersonCaps


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleOutlook:
    """The cap of a person and who has had messages, as it is now. No cap: nobody waits."""

    caps: PersonCaps = field(default_factory=PersonCaps)
    #: person → when each of their messages went that still counts, in order
    had: Mapping[Any, Sequence[datetime]] = field(default_factory=dict)


class People:
    """While the parts go: the messages of all mailings count for their people."""

    __slots__ = ("_caps", "_had", "_least")

    def __init__(self, outlook: PeopleOutlook, now_s: float) -> None:
        self._caps = outlook.caps
        #: whoever has had fewer than so many has room
        self._least = min(most for most in (outlook.caps.per_day, outlook.caps.per_week) if most)
        # what is being sent at this moment counts as now
        self._had = {
            person: [min(at.timestamp(), now_s) for at in went] for person, went in outlook.had.items()
        }

    def free_at(self, person: Hashable, at_s: float) -> float:
        """When the person has room for one more message, not before `at_s`."""
        had = self._had.get(person)
        if had is None or len(had) < self._least:
            return at_s
        went = [datetime.fromtimestamp(one, UTC) for one in had]
        over = self._caps.over(datetime.fromtimestamp(at_s, UTC), went)
        return at_s if over is None else over.free_at.timestamp()

    def went(self, person: Hashable, at_s: float) -> None:
        """A message to the person has gone, whatever its kind."""
        insort(self._had.setdefault(person, []), at_s)


def people_of(outlook: PeopleOutlook | None, now_s: float) -> People | None:
    """None where no cap is set: nobody needs to be looked at."""
    return People(outlook, now_s) if outlook is not None and outlook.caps else None
