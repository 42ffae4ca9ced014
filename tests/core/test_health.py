"""Health of SIMs: patterns across recipients and SIMs, never one code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import health
from pbx_sms.core.health import Delivery, Pattern, Tried
from pbx_sms.core.verdict import Kind, Scope

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def tried(
    minutes_ago: float, number: int, *, sim_id: int = 1, accepted: bool = False, code: str = ""
) -> Tried:
    return Tried(
        at=NOON - timedelta(minutes=minutes_ago),
        sim_id=sim_id,
        msisdn=f"+7900{number:07}",
        accepted=accepted,
        code=code or ("accepted" if accepted else "+CMS ERROR: 500"),
    )


REFUSED_FOR_THREE = [tried(1, 3), tried(2, 2), tried(3, 1)]


def test_one_or_two_recipients_are_no_pattern() -> None:
    assert health.judge_sim([tried(1, 1), tried(2, 2)], [], 0).pattern is Pattern.NONE
    assert health.judge_sim([tried(n, 1) for n in range(9)], [], 0).pattern is Pattern.NONE


def test_refusals_before_an_accepted_part_do_not_count() -> None:
    own = [tried(1, 1), tried(2, 9, accepted=True), tried(3, 2), tried(4, 3)]
    assert health.judge_sim(own, [], 0).pattern is Pattern.NONE


def test_a_sim_that_is_refused_for_three_recipients_while_another_passes_is_suspect() -> None:
    judged = health.judge_sim(REFUSED_FOR_THREE, [tried(2, 7, sim_id=2, accepted=True)], 10)
    assert judged.pattern is Pattern.SIM
    assert judged.reason is not None
    assert judged.reason.code == "sim_refused_for_all"
    assert judged.reason.params["recipients"] == 3
    assert judged.reason.params["passed"] == 1
    assert "+CMS ERROR: 500" in judged.reason.params["codes"]


def test_what_passed_before_the_refusals_began_says_nothing_about_now() -> None:
    judged = health.judge_sim(REFUSED_FOR_THREE, [tried(60, 7, sim_id=2, accepted=True)], 10)
    assert judged.pattern is Pattern.ALONE


def test_when_all_sims_are_refused_none_of_them_is_to_blame() -> None:
    judged = health.judge_sim(REFUSED_FOR_THREE, [tried(1, 7, sim_id=2), tried(2, 8, sim_id=3)], 10)
    assert judged.pattern is Pattern.NETWORK


@pytest.mark.parametrize("parts", [50, 97, 100, 103, 148, 200])
def test_a_wall_near_a_round_number_of_parts_looks_like_the_operators_limit(parts: int) -> None:
    own = [*REFUSED_FOR_THREE, *(tried(4 + n, 20 + n, accepted=True) for n in range(3))]
    judged = health.judge_sim(own, [tried(1, 7, sim_id=2, accepted=True)], parts)
    assert judged.pattern is Pattern.DAILY_LIMIT
    assert judged.reason is not None
    assert judged.reason.params["parts"] == parts


@pytest.mark.parametrize("parts", [0, 20, 46, 60, 90, 125])
def test_a_wall_elsewhere_does_not_look_like_a_limit(parts: int) -> None:
    own = [*REFUSED_FOR_THREE, *(tried(4 + n, 20 + n, accepted=True) for n in range(3))]
    judged = health.judge_sim(own, [tried(1, 7, sim_id=2, accepted=True)], parts)
    assert judged.pattern is Pattern.SIM


def test_refusals_among_what_came_before_are_no_sudden_wall() -> None:
    own = [*REFUSED_FOR_THREE, tried(4, 20, accepted=True), tried(5, 21)]
    judged = health.judge_sim(own, [tried(1, 7, sim_id=2, accepted=True)], 100)
    assert judged.pattern is Pattern.SIM


def test_an_outage_at_a_round_number_is_no_limit() -> None:
    own = [*REFUSED_FOR_THREE, *(tried(4 + n, 20 + n, accepted=True) for n in range(3))]
    assert health.judge_sim(own, [tried(1, 7, sim_id=2)], 100).pattern is Pattern.NETWORK


@pytest.mark.parametrize(
    ("kind", "scope", "code", "says"),
    [
        (Kind.ACCEPTED, Scope.MESSAGE, "accepted", True),
        (Kind.TEMPORARY, Scope.SIM, "+CMS ERROR: 42", False),
        (Kind.PERMANENT, Scope.SIM, "+CMS ERROR: 28", False),
        (Kind.TEMPORARY, Scope.MESSAGE, "+CMS ERROR: 21", False),
        (Kind.UNKNOWN, Scope.MODEM, "+CMS ERROR: 500", False),
        (Kind.UNKNOWN, Scope.MODEM, "timeout", False),
        (Kind.PERMANENT, Scope.MESSAGE, "+CMS ERROR: 1", None),
        (Kind.TEMPORARY, Scope.MODEM, "+CMS ERROR: 302", None),
        (Kind.UNKNOWN, Scope.MODEM, "port lost", None),
        (Kind.UNKNOWN, Scope.MESSAGE, "engine_stopped", None),
    ],
)
def test_only_what_the_network_or_its_silence_says_is_about_the_sim(
    kind: Kind, scope: Scope, code: str, says: bool | None
) -> None:
    assert health.says_accepted(kind, scope, code) is says


def test_evidence_never_shows_a_whole_number() -> None:
    judged = health.judge_sim(REFUSED_FOR_THREE, [], 0)
    assert judged.reason is not None
    assert "+79000000001" not in judged.reason.params["numbers"]
    assert health.masked("+79161234567") == "+7916•••4567"


def test_a_number_that_two_working_sims_refuse_is_suspect() -> None:
    assert health.number_is_suspect([1, 2], [1, 2, 3])
    assert not health.number_is_suspect([1, 1], [1, 2])
    assert not health.number_is_suspect([1, 2], [1])


def test_a_sim_whose_parts_do_not_arrive_while_the_others_do_is_found() -> None:
    suspects = health.sims_that_deliver_too_little(
        [
            Delivery(sim_id=1, due=30, delivered=2),
            Delivery(sim_id=2, due=30, delivered=27),
            Delivery(sim_id=3, due=30, delivered=28),
        ]
    )
    assert list(suspects) == [1]
    assert suspects[1].params == {"delivered": 2, "due": 30, "others_percent": 92}


def test_too_few_reports_or_nobody_to_compare_with_find_nobody() -> None:
    assert not health.sims_that_deliver_too_little([Delivery(sim_id=1, due=100, delivered=0)])
    assert not health.sims_that_deliver_too_little(
        [Delivery(sim_id=1, due=19, delivered=0), Delivery(sim_id=2, due=100, delivered=99)]
    )


@given(
    st.lists(
        st.builds(
            Delivery,
            sim_id=st.integers(1, 6),
            due=st.integers(0, 200),
            delivered=st.integers(0, 0),
        ),
        max_size=6,
        unique_by=lambda delivery: delivery.sim_id,
    )
)
def test_when_nothing_arrives_anywhere_no_sim_is_blamed(deliveries: list[Delivery]) -> None:
    assert not health.sims_that_deliver_too_little(deliveries)
