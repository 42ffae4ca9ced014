"""Who goes next, and through which SIM."""

from __future__ import annotations

from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core.routing import FairShare, SimLoad, choose_sim

MAX_PARTS = 7
LENGTHS = st.lists(st.integers(1, MAX_PARTS), min_size=30, max_size=120)


def load(sim_id: int, used_share: float = 0.0, idle_since: float = 0.0) -> SimLoad:
    return SimLoad(sim_id=sim_id, used_share=used_share, idle_since=idle_since)


def test_the_smallest_used_share_goes_first() -> None:
    assert choose_sim([load(1, 0.5), load(2, 0.2), load(3, 0.9)]) == load(2, 0.2)


def test_ties_go_to_the_longest_idle_then_to_the_lower_id() -> None:
    assert choose_sim([load(1, 0.2, 50.0), load(2, 0.2, 10.0)]) == load(2, 0.2, 10.0)
    assert choose_sim([load(2), load(1)]) == load(1)


def test_no_sim_is_none() -> None:
    assert choose_sim([]) is None


@given(st.lists(st.integers(1, MAX_PARTS), max_size=200), st.integers(2, 6))
def test_equal_sims_never_differ_by_more_than_one_messages_parts(lengths: list[int], sims: int) -> None:
    used = dict.fromkeys(range(sims), 0)
    for parts in lengths:
        chosen = choose_sim(load(sim, used[sim] / 1000) for sim in used)
        assert chosen is not None
        used[chosen.sim_id] += parts
        assert max(used.values()) - min(used.values()) <= MAX_PARTS


def drain(share: FairShare[int], queues: dict[int, deque[int]]) -> list[tuple[int, int]]:
    """(queue, parts) in the order in which they went, until one queue is empty."""
    went = []
    while all(queues.values()):
        key = share.choose(queues, lambda key: queues[key][0] if queues[key] else None)
        assert key is not None
        went.append((key, queues[key].popleft()))
    return went


@given(st.lists(LENGTHS, min_size=2, max_size=4), st.integers(1, 2 * MAX_PARTS))
def test_queues_never_differ_by_more_than_a_turn_and_a_message(
    lengths: list[list[int]], quantum: int
) -> None:
    queues = {key: deque(each) for key, each in enumerate(lengths)}
    sent = Counter(dict.fromkeys(queues, 0))
    longest = max(map(max, lengths))
    for key, parts in drain(FairShare(quantum), queues):
        sent[key] += parts
        assert max(sent.values()) - min(sent.values()) <= quantum + longest


def test_a_small_mailing_does_not_wait_behind_a_large_one() -> None:
    queues = {1: deque([1] * 10_000), 2: deque([1] * 20)}
    went = drain(FairShare(MAX_PARTS), queues)
    assert len(went) <= 2 * 20 + MAX_PARTS


def test_a_queue_with_nothing_to_send_saves_no_turns_up() -> None:
    share: FairShare[str] = FairShare(3)
    for _ in range(100):
        assert share.choose(["a", "b"], lambda key: 1 if key == "a" else None) == "a"
    went = Counter(share.choose(["a", "b"], lambda _: 1) for _ in range(12))
    assert went["b"] <= 6 + 3


def test_a_queue_that_comes_later_is_served_soon() -> None:
    share: FairShare[str] = FairShare(3)
    for _ in range(50):
        share.choose(["a"], lambda _: 1)
    went = [share.choose(["a", "b"], lambda _: 1) for _ in range(7)]
    assert "b" in went


def test_a_message_longer_than_the_turn_still_goes() -> None:
    assert FairShare[str](1).choose(["a"], lambda _: 500) == "a"


def test_nothing_to_send_is_none() -> None:
    share: FairShare[str] = FairShare(1)
    assert share.choose([], lambda _: 1) is None
    assert share.choose(["a"], lambda _: None) is None


def test_a_turn_has_at_least_one_part() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        FairShare(0)
