"""Who sends what next, seen from the network's ledger."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from doubles.modem import Rule
from engine_rig import CALM, Rig, imsi_of, number_of, text_of

from pbx_sms.core.mailing import MailingKind
from pbx_sms.operations.mailings import orders

MakeRig = Callable[..., Rig]


async def test_a_mailing_goes_out_whole_once_and_is_finished(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    mailing = rig.mailing([1, 3, 2, 1, 7, 1, 2, 1, 1, 4] * 3)
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    assert rig.states(mailing) == {"submitted": 30}
    assert len(rig.cell.ledger) == 69


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_higher_kind_goes_first(make_rig: MakeRig, waiting: bool) -> None:
    rig = make_rig(modems=2)
    kinds = [MailingKind.ADVERTISING, MailingKind.SERVICE, MailingKind.INFORMATION, MailingKind.URGENT]
    if not waiting:
        await rig.start()
    made = [rig.mailing(12, kind=kind, first_index=100 * number) for number, kind in enumerate(kinds)]
    if waiting:
        await rig.start()
    await rig.until(lambda: rig.is_finished(*made))
    order = [kinds[int(entry.number[-4:]) // 100] for entry in rig.cell.ledger]
    urgent, service = order.index(MailingKind.URGENT), order.index(MailingKind.SERVICE)
    assert order[urgent : urgent + 12] == [MailingKind.URGENT] * 12
    assert service == urgent + 12
    assert order[service : service + 12] == [MailingKind.SERVICE] * 12


async def test_an_urgent_message_waits_for_nothing_but_the_parts_in_flight(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"min_gap_s": 6.0})
    await rig.start()
    rig.mailing(200)
    await rig.passes(61.5)
    before = len(rig.cell.ledger)
    urgent = rig.mailing(2, kind=MailingKind.URGENT, first_index=7)
    await rig.until(lambda: rig.is_finished(urgent))
    numbers = [entry.number for entry in rig.cell.ledger[before:]]
    # at most one part of each SIM had its intent already
    assert max(numbers.index(number_of(index)) for index in (7, 8)) <= 3


async def test_the_wait_for_a_higher_kind_is_told_and_ends(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    await rig.start()
    low = rig.mailing(10)
    await rig.passes(3)
    high = rig.mailing(10, kind=MailingKind.URGENT)
    await rig.passes(5)
    assert rig.mailing_row(low).reason_code == "higher_kind_first"
    assert rig.mailing_row(high).reason_code is None
    await rig.until(lambda: rig.is_finished(low, high))
    assert rig.mailing_row(low).reason_code is None


@pytest.mark.parametrize("modems", [1, 2, 5])
async def test_mailings_of_one_kind_share_by_parts(make_rig: MakeRig, modems: int) -> None:
    rig = make_rig(modems=modems, latency_s=0.05)
    await rig.start()
    small = rig.mailing([1] * 280, first_index=0)
    large = rig.mailing([7] * 40, first_index=5000)
    await rig.until(lambda: rig.is_finished(small) or rig.is_finished(large))
    small_parts = sum(1 for entry in rig.cell.ledger if int(entry.number[-4:]) < 5000)
    large_parts = len(rig.cell.ledger) - small_parts
    assert abs(small_parts - large_parts) <= 2 * 7 * modems
    await rig.until(lambda: rig.is_finished(small, large))
    rig.assert_each_once(small, large)


async def test_a_small_mailing_does_not_wait_behind_a_large_one(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    large = rig.mailing(300)
    await rig.passes(20)
    small = rig.mailing(10)
    await rig.until(lambda: rig.is_finished(small), within_s=30)
    assert not rig.is_finished(large)


@pytest.mark.parametrize("part_count", [1, 3])
@pytest.mark.parametrize("gap_s", [0.0, 6.0])
async def test_equal_sims_never_differ_by_more_than_one_message(
    make_rig: MakeRig, part_count: int, gap_s: float
) -> None:
    rig = make_rig(modems=4, limits={"min_gap_s": gap_s, "per_day": 1000})
    await rig.start()
    mailing = rig.mailing([part_count] * 41)
    await rig.until(lambda: rig.is_finished(mailing), within_s=7200)
    carried = Counter({modem.imsi: 0 for modem in rig.modems})
    for entry in rig.cell.ledger:
        carried[entry.imsi] += 1
        assert max(carried.values()) - min(carried.values()) <= part_count


async def test_messages_of_different_length_are_spread_as_well(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3, limits={"per_day": 1000})
    await rig.start()
    mailing = rig.mailing([1, 7, 2, 5, 1, 1, 3, 7, 7, 1] * 5)
    await rig.until(lambda: rig.is_finished(mailing))
    carried = Counter({modem.imsi: 0 for modem in rig.modems})
    for entry in rig.cell.ledger:
        carried[entry.imsi] += 1
        assert max(carried.values()) - min(carried.values()) <= 7


async def test_the_sim_with_the_smallest_share_takes_the_message(make_rig: MakeRig) -> None:
    rig = make_rig(
        modems=2, limits={"per_day": 100}, sim=[{"imsi": imsi_of(1), "per_day": 300}], latency_s=0.0
    )
    await rig.start()
    for index in range(80):
        # one at a time: both SIMs are free whenever one is chosen
        mailing = rig.mailing(1, first_index=index)
        await rig.until(lambda one=mailing: rig.is_finished(one))  # type: ignore[misc]
    counts = Counter(entry.imsi for entry in rig.cell.ledger)
    assert counts == {imsi_of(0): 20, imsi_of(1): 60}


async def test_used_shares_fall_with_time(make_rig: MakeRig) -> None:
    """A SIM that carried a lot yesterday is the equal of one that did not."""
    rig = make_rig(modems=2, limits={"per_hour": 30}, pace=CALM)
    rig.modems[1].plugged = False
    await rig.start()
    first = rig.mailing(30)
    await rig.until(lambda: rig.is_finished(first))
    await rig.passes(7200)
    rig.modems[1].plug()
    await rig.until(lambda: rig.modems[1].is_open)
    await rig.passes(1)
    second = rig.mailing(20)
    await rig.until(lambda: rig.is_finished(second))
    counts = Counter(entry.imsi for entry in rig.cell.ledger[30:])
    assert counts == {imsi_of(0): 10, imsi_of(1): 10}


async def test_a_modem_that_never_answers_slows_nobody(make_rig: MakeRig) -> None:
    rig = make_rig(modems=4)
    rig.modems[0].submit_timeout_s = None
    rig.cell.rules.append(Rule(imsi=imsi_of(0), silent=True))
    await rig.start()
    mailing = rig.mailing(91)
    started_s = asyncio.get_running_loop().time()
    await rig.until(lambda: len(rig.cell.ledger) == 90)
    # three SIMs, one part a second each
    assert asyncio.get_running_loop().time() - started_s < 32
    assert rig.states(mailing) == {"submitted": 90, "submitting": 1}
    rig.modems[0].unplug()
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.states(mailing) == {"submitted": 90, "unknown": 1}


async def test_messages_bound_to_a_sim_that_hangs_keep_no_others_out(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    mailing = rig.mailing(60, first_index=100)
    bound = rig.sim(imsi_of(0)).sim_id
    rig.modems[0].submit_timeout_s = None
    rig.cell.rules.append(Rule(imsi=imsi_of(0), silent=True))
    with rig.database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE messages SET bound_sim_id = {bound} WHERE message_id <= 12")
    started_s = asyncio.get_running_loop().time()
    await rig.until(lambda: len(rig.cell.ledger) == 47)
    assert asyncio.get_running_loop().time() - started_s < 52
    assert rig.states(mailing)["submitted"] == 47


async def test_a_dead_number_holds_up_nobody(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, pace=CALM)
    await rig.start()
    rig.cell.rules.append(Rule(number=number_of(100), code="+CMS ERROR: 21"))
    mailing = rig.mailing(41, first_index=100)
    started_s = asyncio.get_running_loop().time()
    await rig.until(lambda: len(rig.cell.ledger) == 40)
    assert asyncio.get_running_loop().time() - started_s < 25
    await rig.until(lambda: rig.is_finished(mailing), within_s=100_000)
    dead = rig.messages_of(mailing)[0]
    assert (dead.state, dead.reason_code, dead.attempt_count) == ("failed", "gave_up", 10)
    assert dead.reason_params["last"] == "+CMS ERROR: 21"


async def test_a_message_larger_than_every_limit_waits_with_its_reason_and_blocks_nobody(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(modems=2, limits={"per_day": 5})
    await rig.start()
    mailing = rig.mailing([7, 1, 1, 2, 1])
    await rig.until(lambda: len(rig.cell.ledger) == 5)
    await rig.passes(5)
    large = rig.messages_of(mailing)[0]
    assert (large.state, large.reason_code) == ("queued", "quota_never")
    assert large.not_before_at > rig.database.now()
    assert rig.states(mailing) == {"queued": 1, "submitted": 4}
    assert orders_reason(rig, mailing) == "quota_never"


def orders_reason(rig: Rig, mailing: int) -> str | None:
    """What `mailing show` says."""
    reason = orders.show(rig.database, mailing).get("reason")
    return None if reason is None else str(reason)


async def test_ordinary_messages_that_the_reserve_forbids_leave_urgent_ones_alone(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_day": 5, "service_reserve_per_day": 5})
    await rig.start()
    ordinary = rig.mailing(2)
    await rig.passes(5)
    urgent = rig.mailing(3, kind=MailingKind.URGENT)
    await rig.until(lambda: rig.is_finished(urgent), within_s=30)
    assert rig.states(ordinary) == {"queued": 2}
    assert {row.reason_code for row in rig.messages_of(ordinary)} == {"quota_never"}


async def test_a_message_too_large_for_the_first_week_goes_after_it(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_day": 50, "warm_up_per_day": 3})
    await rig.start()
    mailing = rig.mailing([5])
    await rig.passes(60)
    assert rig.messages_of(mailing)[0].reason_code == "quota_never"
    rig.set_sim(imsi_of(0), first_seen_at=rig.database.now() - timedelta(days=8))
    await rig.stop()
    await rig.start()
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)


async def test_pause_resume_and_cancel_at_any_moment(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    mailing = rig.mailing([1, 2, 3] * 30)
    for moment in range(8):
        await rig.passes(0.7 + moment * 0.13)
        rig.pause(mailing)
        # what is begun is completed, nothing else begins
        await rig.passes(4)
        assert rig.under_way() == 0
        before = len(rig.cell.ledger)
        await rig.passes(30)
        assert len(rig.cell.ledger) == before
        rig.resume(mailing)
    await rig.passes(1.3)
    rig.cancel(mailing)
    await rig.until(lambda: rig.open_count() == 0)
    states = rig.states(mailing)
    assert set(states) <= {"submitted", "cancelled", "failed"}
    for row in rig.messages_of(mailing):
        if row.state == "failed":
            assert row.reason_code == "incomplete"
    whole = {row.msisdn for row in rig.messages_of(mailing) if row.state == "submitted"}
    sent = Counter(entry.number for entry in rig.cell.ledger)
    for row in rig.messages_of(mailing):
        assert sent[row.msisdn] == (row.part_count if row.msisdn in whole else sent[row.msisdn])
        if row.state == "cancelled":
            assert sent[row.msisdn] == 0


async def test_what_is_refused_after_the_cancel_ends_cancelled(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.cell.rules.append(Rule(code="+CMS ERROR: 42", latency_s=5.0))
    mailing = rig.mailing(3)
    await rig.passes(2)
    assert rig.under_way() >= 1
    rig.cancel(mailing)
    await rig.until(lambda: rig.open_count() == 0, within_s=60)
    assert rig.states(mailing) == {"cancelled": 3}


async def test_starting_wakes_an_idle_engine_at_once(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    await rig.passes(0.37)
    ordered_at = rig.clock.true_now()
    rig.mailing(1)
    await rig.until(lambda: bool(rig.cell.tries))
    # no timer passed in between: nothing was waited for but the wake-up
    assert rig.cell.tries[0][0] == ordered_at


async def test_a_sim_held_by_a_person_gets_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    rig.set_sim(imsi_of(0), state="disabled", reason_code="sim_held", until_at=None)
    mailing = rig.mailing(10)
    await rig.until(lambda: rig.is_finished(mailing))
    assert {entry.imsi for entry in rig.cell.ledger} == {imsi_of(1)}


async def test_a_hold_between_two_parts_resumes_with_the_rest(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    mailing = rig.mailing([3])
    await rig.until(lambda: len(rig.cell.ledger) == 1)
    imsi = rig.cell.ledger[0].imsi
    rig.set_sim(imsi, state="disabled", reason_code="sim_held", until_at=None)
    await rig.passes(20)
    assert rig.states(mailing) == {"queued": 1}
    rig.set_sim(imsi, state="ready", reason_code=None)
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)


async def test_leases_are_renewed_while_they_wait(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    await rig.start()
    rig.modems[0].submit_timeout_s = 3000.0
    rig.cell.rules.append(Rule(silent=True, times=1))
    mailing = rig.mailing(5)
    for _ in itertools.repeat(None, 40):
        await rig.passes(7)
        leased = [row for row in rig.messages_of(mailing) if row.state == "leased"]
        assert leased
        assert all(row.lease_until_at > rig.database.now() for row in leased)
    rig.modems[0].unplug()
    rig.modems[0].plug()
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.states(mailing) == {"submitted": 4, "unknown": 1}


async def test_a_stop_gives_back_what_was_leased(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    mailing = rig.mailing([1, 3] * 20)
    await rig.passes(3.5)
    assert rig.under_way() > 3
    await rig.stop()
    assert rig.under_way() == 0
    assert set(rig.states(mailing)) == {"queued", "submitted"}
    assert all(modem.state == "absent" for modem in [rig.modem_row(one.name) for one in rig.modems])
    await rig.start()
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    assert len(rig.accepted_texts()) == 40


async def test_texts_reach_their_own_numbers(make_rig: MakeRig) -> None:
    rig = make_rig(modems=4)
    await rig.start()
    mailing = rig.mailing([1, 2] * 20, first_index=300)
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.accepted_texts() == {
        number_of(index): text_of(1 + (index - 300) % 2, index) for index in range(300, 340)
    }
