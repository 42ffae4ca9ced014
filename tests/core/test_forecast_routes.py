"""Messages of a forecast that rules give to some SIMs; golden instants reckoned by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_office import NOW, end, ends, sim, work

from pbx_sms.core.forecast import MailingWork, Rows
from pbx_sms.core.mailing import MailingKind

BOTH = frozenset({1, 2})
FIRST = frozenset({1})


def after(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("limits", "rows", "ends_s", "by_sim"),
    [
        # begun at 0, 10 and 20, answered two seconds later
        ({}, {"sim_ids": FIRST}, 22, {1: 3}),
        ({}, {"without": FIRST}, 22, {2: 3}),
        # the other SIM stands idle
        ({}, {"preferred": FIRST}, 22, {1: 3}),
        ({}, {"preferred": BOTH}, 12, {1: 2, 2: 1}),
        # an hour that is full passes: the first part counted at 2
        ({"per_hour": 2}, {"preferred": FIRST}, 3604, {1: 3}),
        # a day that is full does not: seen at 20
        ({"per_day": 2}, {"preferred": FIRST}, 22, {1: 2, 2: 1}),
        # a SIM that nobody has is not waited for, nor is one that the rows may not take
        ({}, {"preferred": frozenset({7})}, 12, {1: 2, 2: 1}),
        ({}, {"preferred": FIRST, "without": FIRST}, 22, {2: 3}),
    ],
)
def test_what_goes_through_the_sims_of_a_rule(
    limits: dict[str, int], rows: dict[str, Any], ends_s: float, by_sim: dict[int, int]
) -> None:
    sims = [sim(1, min_gap_s=10.0, **limits), sim(2, min_gap_s=10.0)]
    found = end(sims, work([1, 1, 1], **rows))
    assert (found.ends_at, dict(found.parts_by_sim)) == (after(ends_s), by_sim)


def test_a_preferred_sim_that_rests_is_not_waited_for() -> None:
    resting = replace(sim(1, min_gap_s=10.0), ready_at=NOW + timedelta(hours=1))
    found = end([resting, sim(2, min_gap_s=10.0)], work([1, 1, 1], preferred=FIRST))
    assert (found.ends_at, dict(found.parts_by_sim)) == (after(22), {2: 3})


def test_a_message_too_long_for_its_preferred_sim_goes_through_another() -> None:
    found = end([sim(1, per_day=1), sim(2)], work([2, 1], preferred=FIRST))
    assert found.never is None
    assert dict(found.parts_by_sim) == {1: 1, 2: 2}


def test_two_sims_that_prefer_to_leave_things_to_each_other_and_have_no_room_end_all_the_same() -> None:
    # each passes over what is the other's; both are full at once
    sims = [sim(1, per_day=2, min_gap_s=10.0), sim(2, per_day=2, min_gap_s=10.0)]
    mailing = MailingWork(
        key="m",
        kind=MailingKind.INFORMATION,
        rows=[
            Rows(parts=[1] * 4, places=[0, 2, 4, 6], preferred=frozenset({1})),
            Rows(parts=[1] * 4, places=[1, 3, 5, 7], preferred=frozenset({2})),
        ],
    )
    found = ends(sims, mailing)["m"]
    assert dict(found.parts_by_sim) == {1: 4, 2: 4}
    # the third and fourth of each a day after the first two were answered, at 2 and at 12
    assert found.ends_at == after(86_400 + 12 + 2)


_SETS = st.frozensets(st.integers(1, 4), max_size=3)


@given(
    st.lists(
        st.builds(
            lambda parts, sim_ids, preferred, without: Rows(
                parts=parts, sim_ids=sim_ids, preferred=preferred, without=without
            ),
            st.lists(st.integers(1, 3), min_size=1, max_size=12),
            st.one_of(st.none(), _SETS.filter(bool)),
            _SETS,
            _SETS,
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.integers(0, 6), min_size=1, max_size=3),
)
def test_whatever_the_rules_each_message_goes_once_through_a_sim_it_may_take_or_is_counted_as_left(
    rows: list[Rows], days: list[int]
) -> None:
    placed, next_place = [], 0
    for one in rows:
        placed.append(replace(one, places=range(next_place, next_place + len(one.parts))))
        next_place += len(one.parts)
    mailing = MailingWork(key="m", kind=MailingKind.INFORMATION, rows=placed)
    sims = [sim(number, per_day=day, min_gap_s=5.0) for number, day in enumerate(days, 1)]
    told: list[Any] = []
    found = ends(sims, mailing, trace=told.append)["m"]
    row_of = {place: one for one in placed for place in one.places or ()}
    assert len({sent.place for sent in told}) == len(told)
    assert all(row_of[sent.place].permits(sent.sim_id) for sent in told)
    assert len(told) + found.messages_left == next_place
    assert (found.never is None) == (found.messages_left == 0)
    may = [
        one
        for one in placed
        if any(one.permits(number.sim_id) and not 0 < number.limits.per_day < 3 for number in sims)
    ]
    assert len(told) >= sum(len(one.parts) for one in may)
