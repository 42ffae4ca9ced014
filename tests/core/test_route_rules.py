"""The rules that choose SIMs: read from the top, each with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.route_rules import (
    Addressee,
    Choice,
    Pool,
    Route,
    RouteRule,
    RouteRuleKind,
    SimFacts,
    choose,
)

MTS, BEELINE, OFFICE = 1, 2, 3
POOL = Pool(
    sims={
        MTS: SimFacts(sim_id=MTS, name="склад", operator="МТС"),
        BEELINE: SimFacts(sim_id=BEELINE, name="офис", operator="Билайн"),
        OFFICE: SimFacts(sim_id=OFFICE, name="касса", operator="МТС"),
    },
    prices={MTS: 0.06, BEELINE: 0.1 - 0.04, OFFICE: 1.5},
)
WHO = Addressee(msisdn="+79161234567", kind=MailingKind.INFORMATION)


def rule(rule_id: int, kind: RouteRuleKind, *sims: int, **values: object) -> RouteRule:
    return replace(RouteRule(rule_id=rule_id, kind=kind, sim_ids=frozenset(sims)), **values)  # type: ignore[arg-type]


SAME = rule(1, RouteRuleKind.SAME_SIM)
OPERATOR = rule(2, RouteRuleKind.OPERATOR)
CHEAPEST = rule(3, RouteRuleKind.CHEAPEST)


def said(choice: Choice) -> list[tuple[int, str]]:
    return [(step.rule_id, step.reason.code) for step in choice.steps]


def test_without_rules_the_default_spread_chooses() -> None:
    assert choose([], WHO, POOL) == Choice(route=None, steps=())


def test_the_first_rule_that_fits_decides() -> None:
    who = replace(WHO, last_sim_id=BEELINE, operator="МТС")
    first = choose([SAME, OPERATOR], who, POOL)
    assert first.route is not None
    assert (first.route.sim_ids, first.route.rule_id, first.route.strict) == ({BEELINE}, 1, False)
    assert said(first) == [(1, "route_same_sim")]
    second = choose([OPERATOR, SAME], who, POOL)
    assert second.route is not None
    assert (second.route.sim_ids, second.route.rule_id) == ({MTS, OFFICE}, 2)


def test_a_rule_that_finds_nothing_is_passed_over_and_says_why() -> None:
    choice = choose([SAME, OPERATOR, CHEAPEST], WHO, replace(POOL, prices={}))
    assert choice.route is None
    assert said(choice) == [
        (1, "route_step_no_history"),
        (2, "route_step_operator_unknown"),
        (3, "route_step_no_prices"),
    ]
    tele2 = choose([OPERATOR], replace(WHO, operator="Т2"), POOL)
    assert said(tele2) == [(2, "route_step_no_sim_of_operator")]


def test_operators_are_compared_however_they_are_written() -> None:
    choice = choose([OPERATOR], replace(WHO, operator='ПАО "ВымпелКом"'), POOL)
    assert choice.route is not None
    assert choice.route.sim_ids == {BEELINE}


def test_prices_that_are_equal_but_for_rounding_are_equal() -> None:
    choice = choose([CHEAPEST], WHO, POOL)
    assert choice.route is not None
    assert choice.route.reason is not None
    assert choice.route.sim_ids == {MTS, BEELINE}
    assert choice.route.reason.params == {"price": "0.06"}


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"kinds": frozenset({MailingKind.INFORMATION, MailingKind.URGENT})}, True),
        ({"kinds": frozenset({MailingKind.ADVERTISING})}, False),
        ({"group_id": 5}, True),
        ({"group_id": 6}, False),
        ({"list_id": 7}, True),
        ({"list_id": 5}, False),
        ({"mailing_id": 9}, True),
        ({"mailing_id": 7}, False),
        ({"group_id": 5, "list_id": 7, "mailing_id": 9}, True),
        ({"group_id": 5, "kinds": frozenset({MailingKind.SERVICE})}, False),
    ],
)
def test_every_condition_of_a_rule_must_hold(conditions: dict[str, object], fits: bool) -> None:
    who = replace(WHO, group_ids=frozenset({5}), list_ids=frozenset({7}), mailing_id=9)
    choice = choose([rule(1, RouteRuleKind.ONLY, OFFICE, **conditions)], who, POOL)
    if not fits:
        assert choice.route is None
        assert said(choice) == [(1, "route_step_not_for_it")]
        return
    assert choice.route is not None
    assert choice.route.reason is not None
    assert (choice.route.sim_ids, choice.route.strict) == ({OFFICE}, True)
    assert choice.route.reason.params == {"sims": ["касса"]}


KEPT = rule(8, RouteRuleKind.RESERVE, OFFICE, kinds=frozenset({MailingKind.URGENT}))


def test_what_is_kept_for_others_is_taken_from_the_rules_below_it() -> None:
    last = replace(WHO, last_sim_id=OFFICE, operator="МТС")
    choice = choose([KEPT, SAME, OPERATOR], last, POOL)
    assert said(choice) == [(8, "route_step_reserved"), (1, "route_step_taken"), (2, "route_operator")]
    assert choice.route is not None
    assert (choice.route.sim_ids, choice.route.without) == ({MTS}, {OFFICE})


def test_a_rule_above_goes_before_what_is_kept() -> None:
    choice = choose([SAME, KEPT], replace(WHO, last_sim_id=OFFICE), POOL)
    assert choice.route is not None
    assert (choice.route.sim_ids, choice.route.without) == ({OFFICE}, frozenset())


def test_the_cheapest_of_those_that_are_not_kept_is_taken() -> None:
    kept = replace(KEPT, sim_ids=frozenset({MTS, BEELINE}))
    choice = choose([kept, CHEAPEST], WHO, POOL)
    assert choice.route is not None
    assert choice.route.sim_ids == {OFFICE}


def test_without_another_rule_everything_but_what_is_kept_is_left() -> None:
    choice = choose([KEPT], WHO, POOL)
    assert choice.route == Route(sim_ids=None, without=frozenset({OFFICE}))
    assert choose([KEPT], replace(WHO, kind=MailingKind.URGENT), POOL).route is None


SOME = st.frozensets(st.integers(1, 6), max_size=6)
ROUTES = st.builds(
    Route,
    sim_ids=st.none() | st.frozensets(st.integers(1, 6), min_size=1),
    without=SOME,
    strict=st.booleans(),
).map(lambda route: replace(route, sim_ids=route.sim_ids - route.without if route.sim_ids else None))


@given(ROUTES, SOME, SOME)
def test_ways_are_what_the_route_wants_or_at_least_permits(
    route: Route, able: frozenset[int], serving: frozenset[int]
) -> None:
    ways = route.ways(able, serving)
    assert ways <= {sim for sim in able if route.permits(sim)}
    assert not ways & route.without
    wanted = {sim for sim in able if route.wants(sim)}
    assert wanted <= ways
    if route.strict and route.sim_ids is not None:
        assert ways == wanted
    if route.sim_ids is not None and route.sim_ids & serving:
        assert ways == wanted
