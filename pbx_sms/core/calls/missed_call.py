"""Which rule a missed call falls under, and what keeps its caller from getting an SMS.

Pure: the office's zone, its calendar and the numbering of its country are arguments. What only the database
knows (a stop, an earlier message, whether the caller was reached meanwhile) is asked by `operations`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from pbx_sms.core import template
from pbx_sms.core.calls.call_book import Missed
from pbx_sms.core.msisdn import Accepted, Normalizer, Rejected
from pbx_sms.core.planning.calendar import Calendar
from pbx_sms.core.planning.open_hours import HoursRule, OpenHours
from pbx_sms.core.planning.weekly_hours import EVERY_HOUR, WeeklyHours
from pbx_sms.core.reason import Reason

#: what a text may name
COLUMNS = ("caller", "queue", "time", "did")
#: own extensions have this many digits at most
_EXTENSION_DIGITS = 6
#: so many digits at the end tell a number, whatever stands before them
_TELLING_DIGITS = 10
_FEWEST_DIGITS = 7


class DaysOff(StrEnum):
    #: they are days as any other
    ANY = "any"
    #: the rule does not hold on them
    NEVER = "never"
    #: it holds on them alone
    ONLY = "only"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCallRule:
    name: str
    text: str
    #: where the call came to; of what is empty, any
    dids: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    #: when it came, by the office's clock
    hours: WeeklyHours = EVERY_HOUR
    days_off: DaysOff = DaysOff.ANY
    once_per_h: float = 24.0
    wait_s: float = 60.0

    def is_about(self, call: Missed) -> bool:
        return (
            (not self.dids or any(same_number(did, call.did) for did in self.dids))
            and (not self.queues or call.queue in self.queues)
            and (not self.contexts or call.context in self.contexts)
        )

    def holds_at(self, at: datetime, zone: tzinfo, calendar: Calendar) -> bool:
        is_off = calendar.day_off(at.astimezone(zone).date()) is not None
        if (self.days_off is DaysOff.NEVER and is_off) or (self.days_off is DaysOff.ONLY and not is_off):
            return False
        return OpenHours(rules=(HoursRule(hours=self.hours, zone=zone),)).is_open(at)


def rule_of(
    rules: Sequence[MissedCallRule], call: Missed, zone: tzinfo, calendar: Calendar
) -> tuple[MissedCallRule, bool] | None:
    """The first rule about such a call that holds at its time, and True; the first about it, and False, where
    none of them holds then; None where no rule is about it."""
    about = [rule for rule in rules if rule.is_about(call)]
    for rule in about:
        if rule.holds_at(call.called_at, zone, calendar):
            return rule, True
    return (about[0], False) if about else None


def number_of(caller: str, normalizer: Normalizer) -> str | Reason:
    """The caller's MSISDN, or why nothing can go there."""
    if not caller:
        return Reason("missed_hidden")
    digits = sum(char.isdigit() for char in caller)
    if digits <= _EXTENSION_DIGITS and not caller.startswith("+"):
        return Reason("missed_extension", {"caller": caller})
    found = normalizer.normalize(caller)
    if isinstance(found, Rejected):
        return Reason(found.code, {"value": caller})
    assert isinstance(found, Accepted)
    return found.msisdn


def text_of(rule: MissedCallRule, call: Missed, zone: tzinfo) -> str:
    bound = template.parse(rule.text).bind(COLUMNS)
    at = call.called_at.astimezone(zone)
    return bound.render((call.caller, call.queue or "", f"{at:%H:%M}", call.did))


def same_number(one: str, other: str) -> bool:
    """Whether two ways of writing mean one number: with or without the country, the plus, spaces."""
    if one == other:
        return True
    first, second = _digits(one), _digits(other)
    if min(len(first), len(second)) < _FEWEST_DIGITS:
        return bool(first) and first == second and one.strip("+ ") == other.strip("+ ")
    first, second = first[-_TELLING_DIGITS:], second[-_TELLING_DIGITS:]
    return first.endswith(second) or second.endswith(first)


def is_among(number: str, others: Collection[str]) -> bool:
    """Whether one of them means the same number."""
    end = _digits(number)[-_FEWEST_DIGITS:]
    return any(_digits(other).endswith(end) and same_number(number, other) for other in others)


def _digits(number: str) -> str:
    return "".join(char for char in number if char.isdigit())
