"""What must hold of a forecast for any office, and what if."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_office import DAY, MOSCOW, NOW, UNLIMITED, end, ends, sim, work

from pbx_sms.core.forecast import Change, Sent, SimOutlook, UsedPart, What, foresee, with_change
from pbx_sms.core.forecast.changes import parse
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.quota import SimLimits

# what if


@pytest.mark.parametrize(
    "text", ["", "more-sims", "more-sims=0", "more-sims=x", "parts=0", "sims=1", "per-day=-1"]
)
def test_what_nobody_can_ask_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@pytest.mark.parametrize(
    ("change", "earlier"),
    [
        (Change(What.MORE_SIMS, 1), True),
        (Change(What.PER_DAY, 150), True),
        (Change(What.PARTS, 1), True),
        (Change(What.PER_DAY, 50), False),
        (Change(What.GAP, 600), False),
    ],
    ids=str,
)
def test_what_if_changes_the_end_as_one_would_think(change: Change, earlier: bool) -> None:
    office, mailing = [sim(1, per_day=100), sim(2, per_day=100)], work([2] * 700)
    limits = replace(UNLIMITED, per_day=100)
    sims, works = with_change(change, office, [mailing], "m", limits, NOW)
    before, after = end(office, mailing).ends_at, end(sims, *works).ends_at
    assert before is not None
    assert after is not None
    assert (after < before) is earlier


# for any office

LIMITS = st.builds(
    SimLimits,
    per_hour=st.sampled_from([0, 7, 12, 30]),
    per_day=st.sampled_from([0, 10, 25, 100]),
    per_month=st.sampled_from([0, 60, 300]),
    min_gap_s=st.sampled_from([0.0, 6.0, 40.0]),
    service_reserve_per_day=st.sampled_from([0, 3]),
    billing_day=st.sampled_from([None, 5, 31]),
)
PARTS = st.lists(st.integers(1, 3), min_size=1, max_size=120)


@st.composite
def offices(draw: st.DrawFn, *, limits: SimLimits | None = None) -> list[SimOutlook]:
    chosen = limits or draw(LIMITS)
    used = draw(st.lists(st.integers(0, 40 * 24 * 60), max_size=40))
    return [
        SimOutlook(
            sim_id=sim_id,
            limits=chosen,
            first_seen_at=NOW - 90 * DAY,
            used=[UsedPart(NOW - timedelta(minutes=ago), True) for ago in sorted(used, reverse=True)],
            part_s=3.0,
        )
        for sim_id in range(1, draw(st.integers(1, 3)) + 1)
    ]


@given(offices(), PARTS, PARTS)
def test_the_parts_of_the_days_are_the_parts_of_the_mailing(
    office: list[SimOutlook], parts: list[int], others: list[int]
) -> None:
    for found in ends(office, work(parts), work(others, "other", MailingKind.SERVICE)).values():
        assert found.never is None
        assert sum(found.parts_by_day.values()) == found.parts
        assert sum(found.parts_by_sim.values()) == found.parts


@given(offices(), st.integers(1, 3), st.integers(1, 150), LIMITS)
def test_more_sims_never_end_later_than_by_one_message(
    office: list[SimOutlook], parts: int, count: int, limits: SimLimits
) -> None:
    mailing = work([parts] * count)
    more, works = with_change(Change(What.MORE_SIMS, 1), office, [mailing], "m", limits, NOW)
    before, after = end(office, mailing).ends_at, end(more, *works).ends_at
    assert before is not None
    assert after is not None
    one_message_s = parts * max(3.0, limits.min_gap_s)
    assert after <= before + timedelta(seconds=one_message_s)


@given(offices(), st.integers(1, 3), st.integers(1, 150), st.integers(1, 50))
def test_a_higher_limit_never_ends_later(office: list[SimOutlook], parts: int, count: int, more: int) -> None:
    mailing = work([parts] * count)
    for limit in ("per_hour", "per_day", "per_month"):
        higher = [
            replace(
                one,
                limits=replace(
                    one.limits, **{limit: value + more if (value := getattr(one.limits, limit)) else 0}
                ),
            )
            for one in office
        ]
        before, after = end(office, mailing).ends_at, end(higher, mailing).ends_at
        assert before is not None
        assert after is not None
        assert after <= before, limit


@given(offices(), PARTS, PARTS)
def test_no_window_ever_holds_more_than_its_limit(
    office: list[SimOutlook], parts: list[int], others: list[int]
) -> None:
    told: list[Sent] = []
    foresee(office, [work(parts), work(others, "other")], now=NOW, zone=MOSCOW, trace=told.append)
    for one in office:
        used = [part.counted_at for part in one.used]
        instants = sorted(
            used + [sent.at for sent in told if sent.sim_id == one.sim_id for _ in range(sent.parts)]
        )
        for allowed, length in ((one.limits.per_hour, timedelta(hours=1)), (one.limits.per_day, DAY)):
            for sent in told:
                if allowed and sent.sim_id == one.sim_id:
                    # what is begun here counts from its answer, so a little later than it is begun
                    inside = [
                        at for at in instants if sent.at - length + timedelta(minutes=5) < at <= sent.at
                    ]
                    assert len(inside) <= max(allowed, sum(at <= NOW for at in inside)), (allowed, sent)
