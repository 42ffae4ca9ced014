"""What a SIM has used, when the next parts fit, and that the answer is exact at the edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from queue_rig import NOW, UNLIMITED, ZONE, Rig
from sqlalchemy import delete, insert

from pbx_sms.core import quota
from pbx_sms.core.quota import SimLimits, Usage
from pbx_sms.storage import usage
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import attempts
from pbx_sms.storage.schema.types import FAR_FUTURE
from pbx_sms.storage.usage import Shortage

LONG_AGO = NOW - timedelta(days=400)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def count(
    rig: Rig, sim: int, *counted_at: datetime | None, uses_reserve: bool = False, msisdn: str = "+7916"
) -> None:
    with rig.database.begin() as connection:
        for at in counted_at:
            connection.execute(
                insert(attempts).values(
                    message_id=1,
                    part=1,
                    sim_id=sim,
                    msisdn=msisdn,
                    counted_at=at,
                    uses_reserve=uses_reserve,
                )
            )


def short(
    rig: Rig, sim: int, limits: SimLimits, parts: int = 1, *, uses_reserve: bool = False
) -> Shortage | None:
    windows = quota.windows(limits, rig.now, ZONE, first_seen_at=LONG_AGO, uses_reserve=uses_reserve)
    with rig.read() as connection:
        return usage.shortage(connection, sim, parts, windows, rig.now, unsettled_s=5.0)


def test_an_unused_sim_has_room(rig: Rig) -> None:
    assert short(rig, rig.sim(), SimLimits()) is None


@pytest.mark.parametrize(
    ("limits", "length"),
    [
        (replace(UNLIMITED, per_hour=2), timedelta(hours=1)),
        (replace(UNLIMITED, per_day=2), timedelta(days=1)),
        (replace(UNLIMITED, per_month=2), timedelta(days=30)),
    ],
)
def test_a_place_is_free_exactly_when_its_part_has_left_the_window(
    rig: Rig, limits: SimLimits, length: timedelta
) -> None:
    sim = rig.sim()
    first, second = rig.now - timedelta(minutes=30), rig.now
    count(rig, sim, first, second)
    for parts, leaves in ((1, first), (2, second)):
        found = short(rig, sim, limits, parts)
        assert found is not None
        assert found.until_at == leaves + length
        rig.now = leaves + length - timedelta(microseconds=1)
        assert short(rig, sim, limits, parts) is not None
        rig.now = leaves + length
        assert short(rig, sim, limits, parts) is None


def test_the_window_that_holds_up_the_longest_is_told(rig: Rig) -> None:
    sim = rig.sim()
    count(rig, sim, rig.now - timedelta(minutes=10))
    found = short(rig, sim, replace(UNLIMITED, per_hour=1, per_day=1))
    assert found is not None
    assert found.reason.code == "quota_day"
    assert found.reason.params["until"] == found.until_at.isoformat()  # type: ignore[union-attr]


def test_what_is_reserved_counts_everywhere_and_is_looked_at_again_soon(rig: Rig) -> None:
    sim = rig.sim()
    count(rig, sim, FAR_FUTURE)
    found = short(rig, sim, replace(UNLIMITED, per_month=1))
    assert found is not None
    assert found.until_at == rig.now + timedelta(seconds=5)


def test_what_was_refused_and_what_other_sims_sent_does_not_count(rig: Rig) -> None:
    sim, other = rig.sim(), rig.sim()
    count(rig, sim, None, None)
    count(rig, other, rig.now)
    assert short(rig, sim, replace(UNLIMITED, per_hour=1)) is None
    with rig.read() as connection:
        assert usage.usage(connection, sim, SimLimits(), rig.now, ZONE) == Usage()


def test_service_messages_do_not_fill_what_is_for_ordinary_ones(rig: Rig) -> None:
    sim = rig.sim()
    limits = replace(UNLIMITED, per_day=4, service_reserve_per_day=2)
    count(rig, sim, rig.now, rig.now, uses_reserve=True)
    assert short(rig, sim, limits, 2) is None
    count(rig, sim, rig.now)
    ordinary, service = short(rig, sim, limits, 2), short(rig, sim, limits, 1, uses_reserve=True)
    assert ordinary is not None
    assert service is None


def test_what_is_larger_than_a_limit_never_fits(rig: Rig) -> None:
    found = short(rig, rig.sim(), replace(UNLIMITED, per_hour=6), 7)
    assert found is not None
    assert (found.reason.code, found.until_at) == ("quota_never", None)
    assert found.reason.params == {"rule": "hour", "max_parts": 6, "parts": 7}


def test_the_usage_counts_each_window_by_itself(rig: Rig) -> None:
    sim = rig.sim()
    count(rig, sim, rig.now, FAR_FUTURE)
    count(rig, sim, rig.now - timedelta(hours=1), uses_reserve=True)
    count(rig, sim, rig.now - timedelta(days=1), rig.now - timedelta(days=30))
    with rig.read() as connection:
        found = usage.usage(connection, sim, SimLimits(), rig.now, ZONE)
        billed = usage.usage(connection, sim, SimLimits(billing_day=22), rig.now, ZONE)
    assert found == Usage(hour=2, day=3, ordinary_day=2, month=4)
    # the month began at midnight in Moscow
    assert billed.month == 3


def recipients(rig: Rig, sim: int, msisdn: str, most: int, billing_day: int | None = None) -> Shortage | None:
    limits = replace(UNLIMITED, recipients_per_month=most, billing_day=billing_day)
    with rig.read() as connection:
        return usage.recipients_shortage(connection, sim, msisdn, limits, rig.now, ZONE, unsettled_s=5.0)


def test_a_new_recipient_fits_when_enough_others_have_left_the_month(rig: Rig) -> None:
    sim = rig.sim()
    for days, msisdn in ((20, "+1"), (10, "+2"), (5, "+1"), (3, "+3")):
        count(rig, sim, rig.now - timedelta(days=days), msisdn=msisdn)
    assert recipients(rig, sim, "+2", 1) is None
    assert recipients(rig, sim, "+4", 4) is None
    assert recipients(rig, sim, "+4", 0) is None
    for most, days in ((3, 10), (2, 5), (1, 3)):
        found = recipients(rig, sim, "+4", most)
        assert found is not None
        assert found.until_at == rig.now + timedelta(days=30 - days)
    billed = recipients(rig, sim, "+4", 3, billing_day=1)
    assert billed is not None
    assert billed.until_at == datetime(2026, 12, 1, tzinfo=ZONE)


def test_a_recipient_whose_part_is_not_settled_counts(rig: Rig) -> None:
    sim = rig.sim()
    count(rig, sim, FAR_FUTURE, msisdn="+1")
    found = recipients(rig, sim, "+2", 1)
    assert found is not None
    assert found.until_at == rig.now + timedelta(seconds=5)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5000), st.integers(1, 3), st.booleans()), min_size=1, max_size=25
    ),
    per_hour=st.integers(3, 6),
    per_day=st.integers(5, 12),
)
def test_whoever_waits_until_told_never_passes_a_limit_and_never_waits_in_vain(
    rig: Rig, steps: list[tuple[int, int, bool]], per_hour: int, per_day: int
) -> None:
    rig.now = NOW
    sim = rig.sim()
    limits = replace(UNLIMITED, per_hour=per_hour, per_day=per_day, service_reserve_per_day=1)
    with rig.database.begin() as connection:
        connection.execute(delete(attempts))
    sent: list[tuple[datetime, bool]] = []
    for seconds, parts, ordinary in steps:
        rig.later(seconds=seconds)
        found = short(rig, sim, limits, parts, uses_reserve=not ordinary)
        if found is not None:
            assert found.until_at is not None
            assert found.until_at > rig.now
            # a moment before, at least this window is still full
            rig.now = found.until_at - timedelta(microseconds=1)
            assert short(rig, sim, limits, parts, uses_reserve=not ordinary) is not None
            rig.now = found.until_at
        if short(rig, sim, limits, parts, uses_reserve=not ordinary) is None:
            count(rig, sim, *[rig.now] * parts, uses_reserve=not ordinary)
            sent += [(rig.now, ordinary)] * parts
    for most, length, of in (
        (per_hour, timedelta(hours=1), (True, False)),
        (per_day, timedelta(days=1), (True, False)),
        (per_day - 1, timedelta(days=1), (True,)),
    ):
        for start, _ in sent:
            assert sum(1 for at, kind in sent if kind in of and start <= at < start + length) <= most
