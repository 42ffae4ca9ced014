"""What is foreseen: for each mailing its end, or why it has none, and how much goes on each day."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pbx_sms.core.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Of one mailing. Either `ends_at`, or `never` with the reason; what can go, goes and is counted."""

    ends_at: datetime | None
    never: Reason | None
    #: when its first message is begun
    begins_at: datetime | None
    messages: int
    parts: int
    #: parts on each day in the office's zone, in order; their sum is what can be sent
    parts_by_day: Mapping[date, int] = field(default_factory=dict)
    parts_by_sim: Mapping[int, int] = field(default_factory=dict)
    #: messages that no SIM can ever take, or that the cut-off leaves behind
    messages_left: int = 0
    #: what most of the time goes into: hour, day, reserve, month, warm_up, recipients (the quotas), gap,
    #: modem, windows, person_cap
    limited_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    made_at: datetime
    mailings: Mapping[Hashable, Ending]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of a rehearsal: when its first part goes, which of the mailing, through which SIM."""

    at: datetime
    key: Hashable
    #: place of the message in its mailing
    place: int
    sim_id: int
    parts: int
