"""Is it the SIM, the number, the operator's limit or the network? Judged by pattern, never by one code.

The same code means different things: what tells is who else was refused and who passed meanwhile. Pure:
the attempts are arguments, newest first; the judgement carries its evidence for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pbx_sms.core.network_codes import PORT_LOST
from pbx_sms.core.reason import Reason
from pbx_sms.core.verdict import Kind, Scope

#: distinct recipients refused in a row, from which on it is a pattern
PATTERN_RECIPIENTS = 3
#: operators think in round numbers
_ROUND = 50
_NEAR_ROUND = 3
#: reports that must be due before a share of them means anything
_ENOUGH_REPORTS = 20
#: a SIM delivers too little when its share is below this part of the other SIMs' share
_TOO_LITTLE = 0.4
_EVIDENCE = 5
#: outcomes that only tell what happened to this machine or to the stick
_OURS = frozenset({PORT_LOST, "engine_stopped", "agent_lost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One settled attempt."""

    at: datetime
    sim_id: int
    msisdn: str
    accepted: bool
    code: str
    message_id: int = 0


class Pattern(StrEnum):
    #: refusals like these happen; the SIM backs off and goes on
    NONE = "none"
    #: this SIM is refused for everybody while others pass
    SIM = "sim"
    #: a sudden wall near a round number of parts
    DAILY_LIMIT = "daily_limit"
    #: all SIMs are refused: no SIM is to blame
    NETWORK = "network"
    #: several in a row, and no other SIM to compare with
    ALONE = "alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    pattern: Pattern
    #: None for NONE
    reason: Reason | None = None


def says_accepted(kind: Kind, scope: Scope, code: str) -> bool | None:
    """What an outcome says about the SIM's standing with its network; None where it says nothing.

    A number that does not exist is nobody's fault, and a stick that hangs is not its SIM's. An answer that
    proves neither (38, 500, silence) is no success: operators at their limit answer like that.
    """
    if kind is Kind.ACCEPTED:
        return True
    if kind is Kind.UNKNOWN:
        return None if code in _OURS else False
    if scope is Scope.SIM or (scope is Scope.MESSAGE and kind is Kind.TEMPORARY):
        return False
    return None


def masked(msisdn: str) -> str:
    """A number that its owner recognises and nobody else learns: +7916•••4567."""
    return f"{msisdn[:5]}•••{msisdn[-4:]}" if len(msisdn) > 9 else msisdn


def refused_run(own: Sequence[Tried]) -> tuple[Tried, ...]:
    """The refusals since the SIM's network last took something; `own` newest first."""
    run: list[Tried] = []
    for tried in own:
        if tried.accepted:
            break
        run.append(tried)
    return tuple(run)


def is_pattern(run: Sequence[Tried]) -> bool:
    """Whether enough different recipients were refused to judge by. One recipient never is."""
    return len({tried.msisdn for tried in run}) >= PATTERN_RECIPIENTS


def judge_sim(own: Sequence[Tried], others: Sequence[Tried], accepted_24h: int) -> Judgement:
    """Judges a SIM that was refused just now.

    `own`: its newest attempts, newest first; `others`: those of all other SIMs in the same time;
    `accepted_24h`: parts that the network took from this SIM in the 24 hours before the refusals began.
    """
    run = refused_run(own)
    if not is_pattern(run):
        return Judgement(pattern=Pattern.NONE)
    recipients = {tried.msisdn for tried in run}
    since_at = run[-1].at
    meanwhile = [tried for tried in others if tried.at >= since_at]
    passed = sum(1 for tried in meanwhile if tried.accepted)
    evidence = {
        "recipients": len(recipients),
        "numbers": ", ".join(sorted({masked(number) for number in recipients})[:_EVIDENCE]),
        "codes": ", ".join(sorted({tried.code for tried in run})),
        "since_at": since_at.isoformat(),
        "until_at": run[0].at.isoformat(),
        "passed": passed,
    }
    if meanwhile and not passed:
        # before the daily limit: an outage that falls on a round number must not cost a day
        return Judgement(pattern=Pattern.NETWORK, reason=Reason("all_sims_refused", evidence))
    if _looks_like_a_limit(accepted_24h, own[len(run) :]):
        return Judgement(
            pattern=Pattern.DAILY_LIMIT,
            reason=Reason("looks_like_daily_limit", evidence | {"parts": accepted_24h}),
        )
    if passed:
        return Judgement(pattern=Pattern.SIM, reason=Reason("sim_refused_for_all", evidence))
    return Judgement(pattern=Pattern.ALONE, reason=Reason("several_refused", evidence))


def _looks_like_a_limit(accepted_24h: int, before: Sequence[Tried]) -> bool:
    """A wall: what came before it passed, and the count is near a multiple of fifty."""
    if accepted_24h < _ROUND - _NEAR_ROUND:
        return False
    distance = min(accepted_24h % _ROUND, _ROUND - accepted_24h % _ROUND)
    return distance <= _NEAR_ROUND and all(tried.accepted for tried in before[:PATTERN_RECIPIENTS])


def number_is_suspect(refused_by: Sequence[int], working: Sequence[int]) -> bool:
    """Whether a number failed on two SIMs that otherwise work.

    `refused_by`: SIMs that the network refused for this number; `working`: SIMs that passed for others
    since they refused it.
    """
    return len(set(refused_by) & set(working)) >= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Parts of one SIM whose report is due by now."""

    sim_id: int
    due: int
    delivered: int


def sims_that_deliver_too_little(deliveries: Sequence[Delivery]) -> dict[int, Reason]:
    """SIMs whose parts the network takes and does not deliver, while other SIMs' parts arrive.

    A recipient that is switched off is everybody's; what tells is the difference to the other SIMs.
    """
    suspects = {}
    for own in deliveries:
        rest = [other for other in deliveries if other.sim_id != own.sim_id]
        rest_due = sum(other.due for other in rest)
        if own.due < _ENOUGH_REPORTS or rest_due < _ENOUGH_REPORTS:
            continue
        share = own.delivered / own.due
        rest_share = sum(other.delivered for other in rest) / rest_due
        if share < rest_share * _TOO_LITTLE:
            suspects[own.sim_id] = Reason(
                "sim_does_not_deliver",
                {"delivered": own.delivered, "due": own.due, "others_percent": round(100 * rest_share)},
            )
    return suspects
