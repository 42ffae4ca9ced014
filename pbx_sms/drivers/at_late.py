"""The attempt whose answer is missing, until it comes or cannot be told from another's any more.

Only one attempt can be waiting: no part is handed over before the modem is known to be idle, and from the
moment at which the next one asks for its TPDU, an answer belongs to that one.
"""

from __future__ import annotations

from collections.abc import Callable

from pbx_sms.core import network_codes
from pbx_sms.core.verdict import ACCEPTED, Kind, Phase
from pbx_sms.drivers.at_parser import Final
from pbx_sms.drivers.at_submit import Told, reference_of
from pbx_sms.drivers.modem import LateAnswer, ModemEvent, Outcome

_MAY_STILL_COME = frozenset({network_codes.TIMEOUT, network_codes.NO_REFERENCE})


class LateAnswers:
    def __init__(self, say: Callable[[ModemEvent], None]) -> None:
        self._say = say
        self._attempt_id: int | None = None
        self._make: str | None = None

    def expect(self, told: Told, attempt_id: int, make: str | None) -> bool:
        """Whether an answer may still come after what was told; if so it is waited for."""
        if told.accepted or told.phase is not Phase.AFTER_TPDU or told.code not in _MAY_STILL_COME:
            return False
        self._attempt_id, self._make = attempt_id, make
        return True

    def give_up(self) -> None:
        self._attempt_id = None

    def notice_reference(self, line: str) -> None:
        """A +CMGS that nobody waits for: the network took the part after all."""
        self._settle(Outcome(verdict=ACCEPTED, references=(reference_of(line),)))

    def notice_final(self, final: Final) -> None:
        """A final result of no running command; only one that proves a refusal settles anything."""
        if final.ok:
            return
        verdict = network_codes.decide(final.text, phase=Phase.AFTER_TPDU, make=self._make)
        if verdict.kind is not Kind.UNKNOWN:
            self._settle(Outcome(verdict=verdict, references=(None,)))

    def _settle(self, outcome: Outcome) -> None:
        if self._attempt_id is not None:
            attempt_id, self._attempt_id = self._attempt_id, None
            self._say(LateAnswer(attempt_id=attempt_id, outcome=outcome))
