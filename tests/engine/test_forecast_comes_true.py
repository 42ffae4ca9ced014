"""What is foreseen is what the engine then does: the end, and what has gone by each midnight, within two in a
hundred."""

from __future__ import annotations

from collections import Counter

import pytest
from engine_rig import imsi_of
from foreseen_runs import DAY, LIMITS, MakeRig, assert_true, foreseen, measured
from sqlalchemy import update

from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.operations.forecasts import rehearse
from pbx_sms.operations.planning import MailingHours, Planner, windows
from pbx_sms.storage.schema import messages


@pytest.mark.parametrize(("reserve", "in_a_day", "days"), [(0, 400, 15), (10, 360, 17)])
async def test_three_thousand_of_two_parts_over_four_sims(
    make_rig: MakeRig, reserve: int, in_a_day: int, days: int
) -> None:
    rig = await measured(make_rig, limits=LIMITS | {"service_reserve_per_day": reserve})
    large = rig.mailing([2] * 3000)
    ending = foreseen(rig, large)
    assert ending.ends_at is not None
    assert (ending.ends_at - rig.clock.true_now()) // DAY + 1 == days
    assert set(list(ending.parts_by_day.values())[:-1]) == {in_a_day}
    assert ending.limited_by == ("reserve" if reserve else "day")
    await assert_true(rig, (large, ending))


async def test_two_mailings_of_one_kind_share(make_rig: MakeRig) -> None:
    rig = await measured(make_rig)
    long, short = rig.mailing([1, 2, 3] * 200), rig.mailing([1] * 500)
    await assert_true(rig, (long, foreseen(rig, long)), (short, foreseen(rig, short)))


async def test_an_urgent_one_in_the_middle(make_rig: MakeRig) -> None:
    rig = await measured(make_rig)
    large = rig.mailing([2] * 700)
    await rig.passes(1.5 * 86_400)
    urgent = rig.mailing([3] * 60, kind=MailingKind.URGENT)
    await assert_true(rig, (urgent, foreseen(rig, urgent)), (large, foreseen(rig, large)))


async def test_quotas_that_are_half_used_at_the_start(make_rig: MakeRig) -> None:
    rig = await measured(make_rig)
    rig.modems[3].unplug()
    first = rig.mailing([1] * 170)
    await rig.passes(7 * 3600)
    assert rig.is_finished(first)
    rig.modems[3].plug()
    await rig.passes(5 * 3600)
    second = rig.mailing([2] * 400)
    await assert_true(rig, (second, foreseen(rig, second)))


async def test_the_limit_of_the_hour_and_a_long_gap(make_rig: MakeRig) -> None:
    rig = await measured(
        make_rig,
        modems=2,
        limits={"per_hour": 12, "per_day": 200, "min_gap_s": 40.0, "service_reserve_per_day": 0},
    )
    mailing = rig.mailing([1, 1, 4, 2] * 90)
    ending = foreseen(rig, mailing)
    assert ending.limited_by == "hour"
    await assert_true(rig, (mailing, ending))


async def test_sims_with_limits_of_their_own_and_a_billing_month(make_rig: MakeRig) -> None:
    # the month of the first ends on the 6th, in the middle of the mailing
    own = [
        {"imsi": imsi_of(1), "per_month": 150, "billing_day": 6},
        {"imsi": imsi_of(2), "per_day": 30, "min_gap_s": 20.0},
    ]
    rig = await measured(make_rig, modems=2, sim=own)
    mailing = rig.mailing([2] * 250)
    await assert_true(rig, (mailing, foreseen(rig, mailing)))


async def test_a_new_sim_that_warms_up(make_rig: MakeRig) -> None:
    rig = await measured(make_rig, modems=2, limits=LIMITS | {"warm_up_per_day": 20})
    mailing = rig.mailing([2] * 300)
    ending = foreseen(rig, mailing)
    assert ending.limited_by == "warm_up"
    await assert_true(rig, (mailing, ending))


async def test_windows_in_two_zones_of_recipients(make_rig: MakeRig) -> None:
    rig = await measured(
        make_rig,
        modems=2,
        limits={"per_hour": 20, "min_gap_s": 6.0},
        planner={"information_window": "10:00-18:00", "quiet_hours": ""},
    )
    mailing = rig.mailing([1, 2] * 250, state=MailingState.PAUSED)
    hours = MailingHours(rig.settings, MailingKind.INFORMATION)
    with rig.database.begin() as connection:
        for zone, odd in (("Europe/Moscow", 0), ("Asia/Vladivostok", 1)):
            connection.execute(
                update(messages)
                .where(messages.c.mailing_id == mailing, messages.c.message_id % 2 == odd)
                .values(zone=zone)
            )
        zones = {"Europe/Moscow", "Asia/Vladivostok"}
        windows.write(connection, mailing, hours, zones, rig.database.now())
    rig.resume(mailing)
    ending = foreseen(rig, mailing)
    assert ending.limited_by in ("hour", "windows")
    await assert_true(rig, (mailing, ending), planner=Planner(rig.settings))


async def test_the_time_a_part_takes_is_learned(make_rig: MakeRig) -> None:
    rig = await measured(make_rig, modems=2, limits={"per_day": 0, "min_gap_s": 1.0}, latency_s=9.0)
    before = rig.mailing([1] * 10)
    await rig.passes(120)
    assert rig.is_finished(before)
    mailing = rig.mailing([2] * 600)
    ending = foreseen(rig, mailing)
    assert ending.limited_by == "modem"
    await assert_true(rig, (mailing, ending))


async def test_a_rehearsal_sends_nothing_and_is_what_then_happens(make_rig: MakeRig) -> None:
    rig = await measured(make_rig, modems=3)
    mailing = rig.mailing([1, 2] * 100)
    rig.pause(mailing)
    before = rig.mailing([1] * 12, kind=MailingKind.URGENT)
    await rig.passes(120)
    assert rig.is_finished(before)
    accepted = len(rig.cell.ledger)
    rehearsed = rehearse(rig.database, rig.settings, mailing)
    await rig.passes(600)
    assert len(rig.cell.ledger) == accepted
    rehearsed = rehearse(rig.database, rig.settings, mailing)
    resumed_at = rig.clock.true_now()
    rig.resume(mailing)
    await rig.passes(86_400 + 3600)
    assert rig.is_finished(mailing)
    sent_at = {entry.number: entry.at for entry in rig.cell.ledger[accepted:] if entry.part == 1}
    assert {line.letter.msisdn for line in rehearsed.lines} == set(sent_at)
    # a part is accepted a second after it is begun; who gets the last parts of a day is a matter of chance
    off = [
        line
        for line in rehearsed.lines
        if abs((sent_at[line.letter.msisdn] - line.at).total_seconds() - 1.0)
        > max(30.0, 0.02 * (line.at - resumed_at).total_seconds())
    ]
    assert len(off) <= 0.02 * len(rehearsed.lines)
    by_sim = Counter(entry.imsi for entry in rig.cell.ledger[accepted:])
    foreseen_by_sim: Counter[str] = Counter()
    for line in rehearsed.lines:
        foreseen_by_sim[line.sim] += line.letter.parts
    assert all(abs(by_sim[imsi] - parts) <= 3 for imsi, parts in foreseen_by_sim.items())


async def test_people_who_have_had_messages_wait_for_their_cap(make_rig: MakeRig) -> None:
    rig = await measured(make_rig, people={"per_person_per_day": 1, "per_person_per_week": 2})
    # a third of the people get the second mailing's message a day late, whoever had both then a week late
    before = rig.mailing([1] * 60, first_index=0)
    await rig.passes(2 * 3600)
    assert rig.is_finished(before)
    first = rig.mailing([2] * 90, first_index=0)
    second = rig.mailing([1] * 120, first_index=30)
    service = rig.mailing([3] * 10, first_index=60, kind=MailingKind.SERVICE)
    ending = foreseen(rig, second)
    assert ending.limited_by == "person_cap"
    await assert_true(rig, (service, foreseen(rig, service)), (first, foreseen(rig, first)), (second, ending))
