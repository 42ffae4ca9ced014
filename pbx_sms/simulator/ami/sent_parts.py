"""What the driver remembers of messages whose delivery reports are to come (its `smsdb`)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class SentMessage:
    number: str
    payload: str
    part_count: int
    wants_report: bool
    #: of the older driver, which tells the outcome by it
    message_id: str = ""
    is_refused: bool = False
    #: a fault: each event about it is told so often
    told_count: int = 1
    #: TP-MR of the accepted parts, in order, and the TP-Status that each was reported with
    references: list[int] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def all_accepted(self) -> bool:
        return len(self.references) == self.part_count and not self.is_refused

    @property
    def all_reported(self) -> bool:
        return self.all_accepted and set(self.references) <= self.statuses.keys()

    def report_text(self) -> str:
        """TP-Status of each part in decimal, as the driver writes them."""
        return "".join(f"{self.statuses[reference]:03d}," for reference in self.references)


class SentParts:
    def __init__(self) -> None:
        self._messages: list[SentMessage] = []

    def add(self, message: SentMessage) -> None:
        self._messages.append(message)

    def forget(self, message: SentMessage) -> None:
        if message in self._messages:
            self._messages.remove(message)

    def reported(self, number: str, reference: int, status: int) -> SentMessage | None:
        """The message that this report completes; None while parts are missing, or where nobody waits."""
        for message in self._messages:
            if message.number == number and reference in message.references:
                message.statuses[reference] = status
                if message.all_reported:
                    self._messages.remove(message)
                    return message
                return None
        return None
