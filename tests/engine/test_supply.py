"""What the stock lacks of a queue whose messages may not take every SIM."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.engine.supply import Supply

SIMS = frozenset(range(1, 9))


def test_messages_that_may_take_any_sim_are_wanted_twice_the_sims() -> None:
    supply = Supply(SIMS)
    for count in range(16):
        assert supply.wanted == 16 - count
        supply.add(None)
    assert supply.wanted == 0


def test_more_for_one_sim_than_it_soon_sends_count_for_nothing() -> None:
    supply = Supply(SIMS)
    for _ in range(100):
        supply.add({3})
    assert supply.wanted == 14
    assert not supply.lacks({3})
    assert supply.lacks({3, 4})


def test_what_several_may_take_is_shared_among_those_that_lack_something() -> None:
    supply = Supply({1, 2})
    supply.add({1})
    supply.add({1})
    supply.add({1, 2})
    supply.add({1, 2})
    assert supply.wanted == 0
    assert not supply.lacks({1, 2})


def test_sims_that_cannot_send_lack_nothing() -> None:
    supply = Supply({1})
    supply.add({9})
    assert not supply.lacks({9})
    assert supply.wanted == 2


@given(st.lists(st.frozensets(st.sampled_from(sorted(SIMS)), min_size=1), max_size=300))
def test_filling_up_what_is_lacking_ends_with_every_sim_supplied(ways: list[frozenset[int]]) -> None:
    supply = Supply(SIMS)
    taken = [
        way for way in [*ways, *(frozenset({sim}) for sim in SIMS for _ in range(2))] if _take(supply, way)
    ]
    assert supply.wanted == 0
    for sim in SIMS:
        assert sum(sim in way for way in taken) >= 2
    # and not one that all its SIMs had enough without
    assert len(taken) <= 2 * len(SIMS) + len(SIMS)


def _take(supply: Supply, way: frozenset[int]) -> bool:
    if not supply.lacks(way):
        return False
    supply.add(way)
    return True
