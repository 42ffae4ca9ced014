"""Which fault hits this part: the rules in force with their counters.

A rule counts, for each modem apart, the parts that its `number`, `number_regex`, `part` and `modem` let
through (of faults at the hand-over to an Asterisk, the messages); `nth`, `after` and `every` speak of that
count, `times` of how often the rule struck on all modems together. Of several rules that would decide the
answer the first in the file does; rules about the report and lasting conditions add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pbx_sms.simulator.fault_rule import FaultRule, Phase
from pbx_sms.simulator.submit_tpdu import SubmitTpdu


@dataclass(frozen=True, slots=True)
class Strike:
    """What was asked for about one part."""

    #: decides the answer
    answer: FaultRule | None = None
    reports: tuple[FaultRule, ...] = ()
    states: tuple[FaultRule, ...] = ()


NONE = Strike()


class Faults:
    def __init__(self, rules: tuple[FaultRule, ...] = ()) -> None:
        self._rules = rules
        self._counts: Counter[tuple[int, str]] = Counter()
        self._strikes: Counter[int] = Counter()

    def replace(self, rules: tuple[FaultRule, ...]) -> None:
        """Puts other rules in force; counting starts anew."""
        self._rules = rules
        self._counts.clear()
        self._strikes.clear()

    def at_once(self, names: frozenset[str]) -> list[FaultRule]:
        """The lasting conditions that hold without waiting for a part, for the modem called `names`."""
        return [
            rule
            for index, rule in enumerate(self._rules)
            if rule.phase is Phase.STATE
            and not rule.counts_parts
            and rule.concerns_modem(names)
            and self._strikes_again(index, rule)
        ]

    def at_prompt(self, key: str, names: frozenset[str]) -> FaultRule | None:
        for index, rule in enumerate(self._rules):
            if rule.phase is Phase.PROMPT and rule.concerns_modem(names) and self._counted(index, rule, key):
                return rule
        return None

    def at_submit(
        self, key: str, names: frozenset[str], submit: SubmitTpdu, is_over: Callable[[int], bool]
    ) -> Strike:
        """`key` names the modem in the counters; `is_over` says whether its SIM used up a daily limit."""
        if not self._rules:
            return NONE
        answer: FaultRule | None = None
        reports: list[FaultRule] = []
        states: list[FaultRule] = []
        for index, rule in enumerate(self._rules):
            if rule.phase in (Phase.PROMPT, Phase.HAND_OVER) or (
                rule.phase is Phase.STATE and not rule.counts_parts
            ):
                continue
            if not rule.concerns_modem(names) or not rule.concerns_part(submit.number, submit.part):
                continue
            if rule.action == "limit_per_day" and not is_over(rule.params["limit"]):
                continue
            if rule.phase is Phase.SUBMIT and answer is not None:
                self._counts[index, key] += 1
            elif self._counted(index, rule, key):
                if rule.phase is Phase.SUBMIT:
                    answer = rule
                elif rule.phase is Phase.REPORT:
                    reports.append(rule)
                else:
                    states.append(rule)
        return Strike(answer, tuple(reports), tuple(states))

    def at_hand_over(self, key: str, names: frozenset[str], number: str) -> tuple[FaultRule, ...]:
        """A whole message is given to the driver that holds the modem. All that strike, in their order."""
        return tuple(
            rule
            for index, rule in enumerate(self._rules)
            if rule.phase is Phase.HAND_OVER
            and rule.concerns_modem(names)
            and rule.concerns_part(number, 1)
            and self._counted(index, rule, key)
        )

    def _counted(self, index: int, rule: FaultRule, key: str) -> bool:
        self._counts[index, key] += 1
        return rule.hits(self._counts[index, key]) and self._strikes_again(index, rule)

    def _strikes_again(self, index: int, rule: FaultRule) -> bool:
        if rule.times is not None and self._strikes[index] >= rule.times:
            return False
        self._strikes[index] += 1
        return True
