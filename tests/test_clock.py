"""Time that never goes back, and does not follow every jump ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.clock import DISTRUST_S, JUMP, SteadyClock, SystemClock

BEGINNING = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@dataclass
class SetClock:
    """A machine's clocks, moved by the test."""

    wall_at: datetime = BEGINNING
    monotonic_s: float = 1000.0
    boot_id: str = "test"

    def now(self) -> datetime:
        return self.wall_at

    def monotonic(self) -> float:
        return self.monotonic_s

    def passes(self, seconds: float) -> None:
        self.wall_at += timedelta(seconds=seconds)
        self.monotonic_s += seconds


def test_the_machines_clock_is_aware_and_its_monotonic_one_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
    assert clock.boot_id == SystemClock().boot_id


def test_it_is_the_wall_clock_while_nobody_touches_that() -> None:
    source = SetClock()
    clock = SteadyClock(source)
    for _ in range(5):
        source.passes(7.5)
        assert clock.now() == source.now()


def test_a_wall_clock_set_back_neither_turns_it_back_nor_stops_it() -> None:
    source = SetClock()
    clock = SteadyClock(source)
    source.wall_at -= timedelta(hours=5)
    assert clock.now() == BEGINNING
    source.passes(60)
    assert clock.now() == BEGINNING + timedelta(seconds=60)


def test_what_was_stored_before_the_start_is_the_least_it_can_be() -> None:
    newest_at = BEGINNING + timedelta(hours=3)
    source = SetClock()
    clock = SteadyClock(source, newest_at)
    assert clock.now() == newest_at
    source.passes(10)
    assert clock.now() == newest_at + timedelta(seconds=10)


def test_what_is_seen_raises_it_and_never_lowers_it() -> None:
    source = SetClock()
    clock = SteadyClock(source)
    clock.seen(BEGINNING - timedelta(days=1))
    assert clock.now() == BEGINNING
    clock.seen(BEGINNING + timedelta(hours=1))
    assert clock.now() == BEGINNING + timedelta(hours=1)


def test_a_small_step_ahead_is_followed_at_once() -> None:
    source = SetClock()
    clock = SteadyClock(source)
    source.wall_at += JUMP
    assert clock.now() == BEGINNING + JUMP


def test_a_jump_ahead_is_followed_only_after_it_has_stayed() -> None:
    source = SetClock()
    clock = SteadyClock(source)
    source.wall_at += timedelta(hours=1)
    assert clock.now() == BEGINNING
    source.passes(DISTRUST_S - 1)
    assert clock.now() == BEGINNING + timedelta(seconds=DISTRUST_S - 1)
    source.passes(1)
    assert clock.now() == source.now()


def test_a_jump_that_is_taken_back_leaves_no_trace() -> None:
    source = SetClock()
    clock = SteadyClock(source)
    source.wall_at += timedelta(hours=1)
    clock.now()
    source.passes(60)
    clock.now()
    source.wall_at -= timedelta(hours=1)
    assert clock.now() == BEGINNING + timedelta(seconds=60) == source.now()


def test_one_that_is_kept_follows_no_jump_until_it_is_told_to() -> None:
    source = SetClock()
    clock = SteadyClock(source)
    clock.keep()
    source.wall_at += timedelta(hours=1)
    source.passes(DISTRUST_S * 2)
    assert clock.now() == BEGINNING + timedelta(seconds=DISTRUST_S * 2)
    assert clock.ahead() == timedelta(hours=1)
    clock.follow(clock.ahead())
    assert clock.now() == source.now()
    assert clock.ahead() == timedelta(0)


@given(
    st.lists(
        st.tuples(st.floats(0, 5000), st.floats(-100_000, 100_000), st.booleans()), min_size=1, max_size=40
    )
)
def test_whatever_is_done_to_the_wall_clock_time_goes_on_at_least_as_fast_as_it_passes(
    steps: list[tuple[float, float, bool]],
) -> None:
    source = SetClock()
    clock = SteadyClock(source)
    last_at = clock.now()
    for passed_s, set_by_s, is_set in steps:
        source.passes(passed_s)
        if is_set:
            source.wall_at += timedelta(seconds=set_by_s)
        now = clock.now()
        # microseconds are rounded
        assert now >= last_at + timedelta(seconds=passed_s) - 2 * MOMENT
        last_at = now
