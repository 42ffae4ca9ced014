"""Which SIMs a message may take, and why: the rules of a person over the default spread.

The rules are read from the top, once for each message when it is made. A rule that does not fit the
message is passed over; `reserve` takes its SIMs from every message it is not for, and reading goes on; the
first other rule that fits decides. Without one the default spread chooses, among the SIMs that are not
reserved for others. Pure: history, numbering plan and prices are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.operator_brand import brand
from pbx_sms.core.reason import Reason

#: prices that differ by less are the same: they come from sums of floating-point numbers
_PRICE_EQUAL = 1e-9


class RouteRuleKind(StrEnum):
    #: the SIM that had to do with the person last
    SAME_SIM = "same_sim"
    #: the SIMs of the recipient's own operator
    OPERATOR = "operator"
    #: these SIMs and no others: the message waits for them
    ONLY = "only"
    #: the SIMs with the lowest price of a part to this recipient
    CHEAPEST = "cheapest"
    #: these SIMs are kept for the messages of this rule: others never take them
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    rule_id: int
    kind: RouteRuleKind
    #: of ONLY and RESERVE
    sim_ids: frozenset[int] = frozenset()
    #: of the others: the message waits for its SIMs instead of taking another
    strict: bool = False
    # for which messages; nothing set = for all
    kinds: frozenset[MailingKind] = frozenset()
    group_id: int | None = None
    list_id: int | None = None
    mailing_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """A message that is being made, with what is known of its recipient."""

    msisdn: str
    kind: MailingKind
    mailing_id: int | None = None
    #: of those that rules name, the ones the number is in
    group_ids: frozenset[int] = frozenset()
    list_ids: frozenset[int] = frozenset()
    #: the SIM that had to do with the person last
    last_sim_id: int | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimFacts:
    sim_id: int
    #: what people call it
    name: str
    #: however it is written; None = not known
    operator: str | None = None
    #: a person holds it: only a rule that waits for its SIMs reckons with it
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The SIMs that a message goes through."""

    #: None: whichever is not in `without`
    sim_ids: frozenset[int] | None
    without: frozenset[int] = frozenset()
    #: it waits for its SIMs; else it takes another when none of them can send today
    strict: bool = False
    rule_id: int | None = None
    #: why these; None where they are only what others left
    reason: Reason | None = None

    def wants(self, sim_id: int) -> bool:
        """The SIM is one that the message should take."""
        return sim_id not in self.without and (self.sim_ids is None or sim_id in self.sim_ids)

    def permits(self, sim_id: int) -> bool:
        """The SIM is at least one that it may take when none of the wanted ones can send."""
        return self.wants(sim_id) or (not self.strict and sim_id not in self.without)

    def ways(self, sim_ids: frozenset[int], serving_today: frozenset[int]) -> frozenset[int]:
        """Those of `sim_ids` that may take the message now. `serving_today`: the SIMs, of whichever PBX, that
        are up and have room today, be they busy."""
        if self.sim_ids is None:
            return sim_ids - self.without
        if self.strict or self.sim_ids & serving_today:
            return sim_ids & self.sim_ids
        return sim_ids - self.without


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one rule said about the message."""

    rule_id: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    #: None: the default spread
    route: Route | None
    #: every rule down to the one that decided
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The SIMs there are, and what a part to the recipient costs with each where that is known."""

    sims: Mapping[int, SimFacts]
    prices: Mapping[int, float] = field(default_factory=dict)

    def names(self, sim_ids: Iterable[int]) -> list[str]:
        return [self.sims[one].name if one in self.sims else f"№{one}" for one in sorted(sim_ids)]


def applies(rule: RouteRule, addressee: Addressee) -> bool:
    """Whether the rule is for this message."""
    return (
        (not rule.kinds or addressee.kind in rule.kinds)
        and (rule.group_id is None or rule.group_id in addressee.group_ids)
        and (rule.list_id is None or rule.list_id in addressee.list_ids)
        and (rule.mailing_id is None or rule.mailing_id == addressee.mailing_id)
    )


def choose(rules: Sequence[RouteRule], addressee: Addressee, pool: Pool) -> Choice:
    """Reads the rules in their order; see above."""
    steps: list[Step] = []
    without: frozenset[int] = frozenset()

    def say(rule: RouteRule, code: str, **params: object) -> None:
        steps.append(Step(rule_id=rule.rule_id, reason=Reason(code, params)))

    for rule in rules:
        if not applies(rule, addressee):
            if rule.kind is RouteRuleKind.RESERVE:
                without |= rule.sim_ids
                say(rule, "route_step_reserved", sims=pool.names(rule.sim_ids))
            else:
                say(rule, "route_step_not_for_it")
            continue
        if rule.kind is RouteRuleKind.RESERVE:
            say(rule, "route_step_may_use", sims=pool.names(rule.sim_ids))
            continue
        found = _sims_of(rule, addressee, pool, without)
        if isinstance(found, Reason):
            steps.append(Step(rule_id=rule.rule_id, reason=found))
            continue
        sim_ids, reason = found
        if not sim_ids - without:
            say(rule, "route_step_taken", sims=pool.names(sim_ids))
            continue
        steps.append(Step(rule_id=rule.rule_id, reason=reason))
        route = Route(
            sim_ids=sim_ids - without,
            without=without,
            strict=rule.strict or rule.kind is RouteRuleKind.ONLY,
            rule_id=rule.rule_id,
            reason=reason,
        )
        return Choice(route=route, steps=tuple(steps))
    return Choice(route=Route(sim_ids=None, without=without) if without else None, steps=tuple(steps))


def _sims_of(
    rule: RouteRule, addressee: Addressee, pool: Pool, without: frozenset[int]
) -> tuple[frozenset[int], Reason] | Reason:
    """The SIMs that the rule names for this recipient, with the reason; or why it names none."""
    match rule.kind:
        case RouteRuleKind.SAME_SIM:
            if addressee.last_sim_id is None:
                return Reason("route_step_no_history")
            return frozenset({addressee.last_sim_id}), Reason("route_same_sim")
        case RouteRuleKind.OPERATOR:
            if addressee.operator is None:
                return Reason("route_step_operator_unknown")
            wanted = brand(addressee.operator)
            all_own = [sim for sim in pool.sims.values() if sim.operator and brand(sim.operator) == wanted]
            own = frozenset(sim.sim_id for sim in all_own if not sim.held)
            if not own and rule.strict:
                # it says that they are waited for: holding the last one sends nothing another way
                own = frozenset(sim.sim_id for sim in all_own)
            if not own:
                return Reason("route_step_no_sim_of_operator", {"operator": addressee.operator})
            return own, Reason("route_operator", {"operator": addressee.operator})
        case RouteRuleKind.CHEAPEST:
            prices = {sim_id: price for sim_id, price in pool.prices.items() if sim_id not in without}
            if not prices:
                return Reason("route_step_no_prices")
            lowest = min(prices.values())
            cheap = frozenset(one for one, price in prices.items() if price - lowest < _PRICE_EQUAL)
            return cheap, Reason("route_cheapest", {"price": f"{lowest:.10g}"})
        case _:
            return rule.sim_ids, Reason("route_only", {"sims": pool.names(rule.sim_ids)})
