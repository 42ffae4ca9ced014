"""Every way in which a mailing can stand still has its reason, in words, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from engine_rig import CALM, Rig

from pbx_sms import sentences
from pbx_sms.core.quota import SimLimits, Usage
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.engine import waits
from pbx_sms.engine.sim_slot import SimSlot
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.usage import Shortage

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=30)
ORDINARY, URGENT = Queue(1, 0), Queue(2, 2)


def slot(number: int = 1) -> SimSlot:
    return SimSlot(
        sim_id=number,
        imsi=f"25001000000000{number}",
        modem_id=number,
        modem_name=f"gsm{number}",
        limits=SimLimits(),
        first_seen_at=NOW,
        usage=Usage(),
        registered=True,
    )


def shortage(code: str, until_at: datetime) -> Shortage:
    return Shortage(reason=Reason(code, {"max_parts": 5, "until": until_at.isoformat()}), until_at=until_at)


def why(queue: Queue, *slots: SimSlot, first_rank: int = 0, hold: Reason | None = None) -> Reason | None:
    return waits.explain([queue], slots, first_rank, hold, NOW, {}, {})[queue.mailing_id or 0]


def test_one_sim_that_may_send_is_enough() -> None:
    away = slot(1)
    away.registered = False
    assert why(ORDINARY, away, slot(2)) is None


def test_closed_hours_are_told_before_what_the_sims_wait_for() -> None:
    closed = {1: Reason("waits_for_window", {"until": LATER.isoformat()})}
    found = waits.explain([ORDINARY, URGENT], [], 0, None, NOW, {}, closed)
    assert found == {1: closed[1], 2: Reason("no_sim")}


def test_each_cause_has_its_own_reason() -> None:
    unregistered, in_call, asked, held, resting, used_up = (slot(number) for number in range(1, 7))
    unregistered.registered = False
    in_call.in_call = True
    asked.in_doubt = True
    held.state, held.state_reason = SimState.DISABLED, Reason("sim_held")
    resting.state, resting.until_at = SimState.SUSPENDED, LATER
    used_up.blocked[0] = shortage("quota_hour", LATER)
    causes = [why(ORDINARY, one) for one in (unregistered, in_call, asked, held, resting, used_up)]
    assert [cause.code if cause else None for cause in causes] == [
        "modem_not_registered",
        "waits_for_call",
        "waits_for_answer",
        "sim_held",
        "sim_rests",
        "quota_hour",
    ]
    for cause in causes:
        assert cause is not None
        for language in sentences.LANGUAGES:
            written = sentences.render(cause.code, cause.params, language)
            assert "{" not in written
            assert not written.startswith(cause.code)


def test_the_end_that_comes_first_is_told() -> None:
    first, second, third = slot(1), slot(2), slot(3)
    first.blocked[0] = shortage("quota_day", LATER + timedelta(hours=3))
    second.blocked[0] = shortage("quota_hour", LATER)
    third.registered = False
    told = why(ORDINARY, first, second, third)
    assert told is not None
    assert (told.code, told.params["until"]) == ("quota_hour", LATER.isoformat())


@pytest.mark.parametrize(("blocked", "expected"), [(False, None), (True, "quota_day")])
def test_what_an_ordinary_message_lacks_an_urgent_one_may_have(blocked: bool, expected: str | None) -> None:
    one = slot()
    one.blocked[0] = shortage("quota_reserve", LATER)
    if blocked:
        one.blocked[2] = shortage("quota_day", LATER)
    told = why(URGENT, one)
    assert (told.code if told else None) == expected


def test_a_shortage_that_is_over_is_none() -> None:
    one = slot()
    one.blocked[0] = shortage("quota_hour", NOW)
    assert why(ORDINARY, one) is None


def test_a_higher_kind_goes_first_and_is_told() -> None:
    told = why(ORDINARY, slot(), first_rank=2)
    assert told == Reason("higher_kind_first")
    assert why(URGENT, slot(), first_rank=2) is None


def test_without_sims_and_under_a_hold() -> None:
    assert why(ORDINARY) == Reason("no_sim")
    held = Reason("clock_jumped", {"seconds": 4000})
    assert why(ORDINARY, slot(), hold=held) == held


async def test_a_mailing_that_another_pbx_sends_does_not_stand_still(make_rig: Callable[..., Rig]) -> None:
    used_up = make_rig(limits={"per_hour": 3}, pace=CALM)
    await used_up.start()
    mailing = used_up.mailing(60)
    await used_up.until(lambda: used_up.mailing_row(mailing).reason_code == "quota_hour")
    sends = make_rig(agent="pbx2", first_modem=5, limits={"per_hour": 40, "min_gap_s": 6.0}, pace=CALM)
    await sends.start()
    # whose modems are free says so, though the other one had the last word
    await sends.until(lambda: sends.mailing_row(mailing).reason_code is None, within_s=120)
    seen = set()
    while len(sends.cell.ledger) < 30:
        await sends.passes(3)
        seen.add(sends.mailing_row(mailing).reason_code)
    assert seen == {None}


async def test_the_pbx_that_goes_on_first_explains_a_mailing_of_two(make_rig: Callable[..., Rig]) -> None:
    soon = make_rig(limits={"per_hour": 2}, pace=CALM)
    late = make_rig(agent="pbx2", first_modem=5, limits={"per_day": 2}, pace=CALM)
    await soon.start()
    await late.start()
    mailing = soon.mailing(30)
    await soon.until(lambda: len(soon.cell.ledger) == 4)
    await soon.passes(120)
    row = soon.mailing_row(mailing)
    assert row.reason_code == "quota_hour"
    assert datetime.fromisoformat(row.reason_params["until"]) - soon.database.now() < timedelta(hours=1)
