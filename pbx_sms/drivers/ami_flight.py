"""A message that was handed to the driver: what Asterisk tells of it, and what that proves.

The newer drivers tell of no acceptance while delivery reports are wanted. Then it is the device's queue that
tells, and only this together: it is as short as before, the device kept its SIM and its connection all the
while, and no refusal came within a moment after. A driver that loses its modem or waits too long for it drops
its queue in silence, and the queue is as short then: that is *unknown*.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import ACCEPTED, Kind, Scope, Verdict

#: how a session with Asterisk ends
_LINK_LOST = frozenset({"ami_lost", "ami_silent", "ami_closed", "ami_unreachable"})


@dataclass(slots=True)
class Flight:
    """Set by the events of one hand-over; `news` wakes who waits."""

    attempt_id: int
    part_count: int
    #: of the driver, where it tells by id; None until it is known
    message_id: str | None = None
    is_accepted: bool = False
    is_refused: bool = False
    lost: Reason | None = None
    #: it ended, and nobody knows how
    doubt: Reason | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def accept(self) -> None:
        self.is_accepted = True
        self.news.set()

    def refuse(self) -> None:
        self.is_refused = True
        self.news.set()

    def leave_open(self, reason: Reason) -> None:
        self.doubt = reason
        self.news.set()

    def lose(self, reason: Reason) -> None:
        self.lost = self.lost or reason
        self.news.set()

    def verdict(self) -> Verdict | None:
        """What is proven so far; None: nothing."""
        if self.is_accepted:
            return ACCEPTED
        if self.is_refused and self.part_count == 1:
            return refused()
        if self.is_refused:
            # the driver goes on with the other parts: one was refused, of the others nobody knows
            return unknown("NotSent", Reason("ami_part_refused", {"parts": self.part_count}))
        if self.doubt is not None:
            return unknown("NotSent", self.doubt)
        if self.lost is not None:
            return unknown("lost", in_flight(self.lost))
        return None


def in_flight(loss: Reason) -> Reason:
    """What happened to the session or the device, said of the message that was in its hands."""
    if loss.code == "ami_no_answer":
        return Reason("ami_hand_over_unanswered")
    if loss.code in _LINK_LOST:
        return Reason("ami_lost_unknown")
    return Reason("modem_lost_unknown", {"code": loss.code})


def refused() -> Verdict:
    """One part, and the modem said an error to it: which one, the driver does not tell."""
    return Verdict(
        kind=Kind.TEMPORARY,
        scope=Scope.SIM,
        code="NotSent",
        reason=Reason("ami_refused"),
        certainly_not_taken=True,
        evidence="the driver tells a failure only for an ERROR of the modem to the only part of the message",
    )


def unknown(code: str, reason: Reason) -> Verdict:
    return Verdict(kind=Kind.UNKNOWN, scope=Scope.MODEM, code=code, reason=reason, certainly_not_taken=False)
