"""The network behind in-memory modems: the ledger of accepted parts, and what happens to which part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pbx_sms.core import tpdu
from pbx_sms.core.tpdu import StatusReport
from pbx_sms.drivers.modem import Submission
from pbx_sms.simulator import network_tpdu

if TYPE_CHECKING:
    from doubles.modem import MemoryModem

SMSC = "+79168999100"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One part that the network took."""

    at: datetime
    imsi: str
    modem: str
    number: str
    text: str
    reference: int | None
    part: int
    parts: int
    tp_mr: int


@dataclass(slots=True, kw_only=True)
class Rule:
    """What happens to the parts it matches, `times` of them (None = all).

    `code`: the modem's final answer ("+CMS ERROR: 42"). `taken`: the network has the part although no good
    answer comes. `silent`: no answer before the time-out. `late_s`: the answer comes after so long.
    `vanish`: the port is gone. `raises`: refused before anything was written. `report`: seconds until the
    report, None = never; `report_first`: before the answer. `statuses`: of the reports, one after the other.
    """

    number: str | None = None
    imsi: str | None = None
    part: int | None = None
    #: skip that many matching parts first
    after: int = 0
    times: int | None = None
    code: str | None = None
    taken: bool = False
    silent: bool = False
    late_s: float | None = None
    vanish: bool = False
    raises: str | None = None
    latency_s: float | None = None
    #: seconds between the acceptance and the answer
    answer_after_s: float = 0.0
    report_first: bool = False
    report_s: float | None = None
    statuses: tuple[int, ...] = (0,)

    def strikes(self, submission: Submission, imsi: str, part: int) -> bool:
        if self.number is not None and submission.msisdn != self.number:
            return False
        if (self.imsi is not None and imsi != self.imsi) or (self.part is not None and part != self.part):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            if self.times == 0:
                return False
            self.times -= 1
        return True


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Cell:
    """The network, and its ledger in the order in which parts were taken."""

    now: Callable[[], datetime] = utc_now
    #: seconds until the delivery report of an accepted part; None = no reports
    report_s: float | None = None
    ledger: list[Accepted] = field(default_factory=list)
    #: (at, imsi) of every submission that reached a modem
    tries: list[tuple[datetime, str, str]] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    _references: dict[str, int] = field(default_factory=dict)

    def rule_for(self, submission: Submission, imsi: str, part: int) -> Rule:
        return next((rule for rule in self.rules if rule.strikes(submission, imsi, part)), Rule())

    def take(self, modem: MemoryModem, submission: Submission) -> list[int]:
        """The network accepts; returns the TP-MR of each segment."""
        given = []
        for segment in submission.segments:
            reference = self._references[modem.imsi] = (self._references.get(modem.imsi, 41) + 1) % 256
            given.append(reference)
            self.ledger.append(
                Accepted(
                    at=self.now(),
                    imsi=modem.imsi,
                    modem=modem.name,
                    number=submission.msisdn,
                    text=segment.text,
                    reference=submission.concat_reference,
                    part=segment.number,
                    parts=segment.total,
                    tp_mr=reference,
                )
            )
        return given

    def report(self, number: str, reference: int, status: int) -> StatusReport:
        now = self.now()
        raw = (
            f"{network_tpdu.smsc_field(SMSC)}06{reference:02X}{network_tpdu.address_field(number)}"
            f"{network_tpdu.timestamp(now)}{network_tpdu.timestamp(now)}{status:02X}"
        )
        decoded = tpdu.decode(raw)
        assert isinstance(decoded, StatusReport)
        return decoded
