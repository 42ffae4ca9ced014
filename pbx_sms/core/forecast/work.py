"""What is to be sent: the parts of each row of each mailing, in order, and when and through which SIMs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pbx_sms.core.mailing import MailingKind


class OpenInterval(Protocol):
    """A time in which messages may be begun; `until_at` None: it does not end."""

    @property
    def from_at(self) -> datetime: ...

    @property
    def until_at(self) -> datetime | None: ...


#: the first open interval that contains or follows an instant; None: never again
Windows = Callable[[datetime], OpenInterval | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Messages of one mailing that share their windows and their SIMs, in the order of the list."""

    #: parts of each message
    parts: Sequence[int]
    #: place of each message in the mailing; None: these are all of its messages
    places: Sequence[int] | None = None
    #: when they may be begun; None: at any time
    windows: Windows | None = None
    #: where they are spread evenly: each not before its instant, in their order
    earliest: Sequence[datetime] | None = None
    #: who each message is to, None for one that counts for nobody; None: nobody's cap matters
    people: Sequence[Hashable | None] | None = None
    #: the SIMs that alone may send them; None: any
    sim_ids: frozenset[int] | None = None
    #: SIMs that send them as long as one of these is up and has room today; then any
    preferred: frozenset[int] = frozenset()
    #: SIMs that are kept for others
    without: frozenset[int] = frozenset()

    def permits(self, sim_id: int) -> bool:
        return sim_id not in self.without and (self.sim_ids is None or sim_id in self.sim_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingWork:
    """What is left of one mailing, or of the single messages of one rank."""

    key: Hashable
    kind: MailingKind
    rows: Sequence[Rows]
    #: not before this instant: a mailing that is planned; None: at once
    starts_at: datetime | None = None
    #: what has not gone by then is not sent any more
    cut_off_at: datetime | None = None

    @property
    def message_count(self) -> int:
        return sum(len(rows.parts) for rows in self.rows)

    @property
    def part_count(self) -> int:
        return sum(sum(rows.parts) for rows in self.rows)
