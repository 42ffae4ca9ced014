"""When something that was certainly not taken is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_sms.core import retry

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CHANCES = st.floats(0, 1, exclude_max=True)


def waits(begun: bool, chance: float, tries: int = retry.MAX_ATTEMPTS) -> list[float]:
    return [
        (retry.message_retry_at(NOW, n, begun=begun, chance=chance) - NOW).total_seconds()
        for n in range(1, tries + 1)
    ]


@given(CHANCES)
def test_a_message_waits_longer_after_each_refusal_up_to_an_hour(chance: float) -> None:
    found = waits(False, chance)
    assert found == sorted(found)
    assert found[0] < 10
    assert 0.8 * 3600 <= found[-1] <= 1.4 * 3600


@given(CHANCES)
def test_the_rest_of_a_begun_message_is_tried_several_times_within_its_five_minutes(chance: float) -> None:
    assert sum(waits(True, chance, 7)) < 300


@given(st.integers(1, 20))
def test_many_retries_do_not_meet_at_one_instant(n: int) -> None:
    early = retry.message_retry_at(NOW, n, begun=False, chance=0.0) - NOW
    late = retry.message_retry_at(NOW, n, begun=False, chance=0.999) - NOW
    assert late > 1.7 * early


@given(CHANCES, st.integers(1, 50))
def test_a_device_backs_off_longer_after_each_failure(chance: float, failures: int) -> None:
    this = retry.device_retry_at(NOW, failures, chance=chance)
    following = retry.device_retry_at(NOW, failures + 1, chance=chance)
    assert NOW < this <= following <= NOW + timedelta(seconds=1.4 * 3600)


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_is_the_first(count: int) -> None:
    first = retry.message_retry_at(NOW, 1, begun=False, chance=0.5)
    assert retry.message_retry_at(NOW, count, begun=False, chance=0.5) == first
    assert retry.device_retry_at(NOW, count, chance=0.5) == retry.device_retry_at(NOW, 1, chance=0.5)
