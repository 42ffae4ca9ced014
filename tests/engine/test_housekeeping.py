"""The slow rounds, and the watch over the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from doubles.modem import Rule
from engine_rig import CALM, SLOW, Rig, imsi_of, most_within
from sqlalchemy import update

from pbx_sms.storage.schema import agents, messages, parts

MakeRig = Callable[..., Rig]


@pytest.mark.parametrize("jump", [timedelta(minutes=61), timedelta(days=1), timedelta(days=400)])
async def test_a_clock_that_jumps_ahead_holds_new_parts_and_says_why(
    make_rig: MakeRig, jump: timedelta
) -> None:
    rig = make_rig(limits={"per_hour": 5, "min_gap_s": 4.0}, pace=CALM)
    await rig.start()
    mailing = rig.mailing(15)
    await rig.passes(10)
    rig.clock.set_by(jump)
    await rig.passes(40)
    row = rig.mailing_row(mailing)
    assert row.reason_code == "clock_jumped"
    assert abs(row.reason_params["seconds"] - jump.total_seconds()) < 10
    # what was asked for at once, before anybody had noticed, was judged by the old time
    assert len(rig.cell.ledger) <= 5
    await rig.passes(400)
    assert len(rig.cell.ledger) <= 5
    # a time server takes it back: no quota was freed meanwhile
    rig.clock.set_by(-jump)
    await rig.passes(60)
    assert rig.mailing_row(mailing).reason_code == "quota_hour"
    await rig.until(lambda: rig.is_finished(mailing), within_s=30_000)
    assert most_within(rig.cell.ledger, timedelta(hours=1)) <= 5
    rig.assert_each_once(mailing)


async def test_a_jump_that_stays_is_believed_in_the_end(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_hour": 5})
    await rig.start()
    rig.clock.set_by(timedelta(days=2))
    # noticed with the next round; the quotas do not follow the jump meanwhile
    await rig.passes(6)
    assert rig.database.now() < rig.clock.true_now() + timedelta(minutes=1)
    mailing = rig.mailing(3)
    await rig.passes(500)
    assert rig.cell.ledger == []
    await rig.until(lambda: rig.is_finished(mailing), within_s=300)
    assert rig.database.now() > rig.clock.true_now() + timedelta(days=1)
    assert rig.mailing_row(mailing).reason_code is None


@pytest.mark.parametrize("restart", [True, False])
async def test_a_clock_that_is_set_back_frees_nothing(make_rig: MakeRig, restart: bool) -> None:
    rig = make_rig(limits={"per_day": 10}, pace=SLOW)
    await rig.start()
    mailing = rig.mailing(60)
    await rig.until(lambda: len(rig.cell.ledger) == 10)
    for _ in range(3):
        rig.clock.set_by(-timedelta(days=3))
        if restart:
            await rig.stop()
            await rig.start()
        await rig.passes(3600)
        assert len(rig.cell.ledger) == 10
        assert rig.mailing_row(mailing).reason_code == "quota_day"
    await rig.passes(2 * 86_400)
    assert len(rig.cell.ledger) > 10
    assert most_within(rig.cell.ledger, timedelta(days=1)) <= 10


async def test_an_inbound_message_is_taken_while_new_parts_are_held(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.clock.set_by(timedelta(hours=5))
    rig.modems[0].receive("+79261112233", "Вопрос")
    await rig.until(lambda: rig.modems[0].stored_count == 0, within_s=10)


async def test_what_another_agent_leased_and_left_goes_on(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.modems[0].lose_network()
    mailing = rig.mailing(3)
    await rig.passes(3)
    with rig.database.begin() as connection:
        connection.execute(
            update(messages).values(
                state="leased", agent_id=77, lease_until_at=rig.database.now() + timedelta(seconds=40)
            )
        )
    rig.modems[0].find_network()
    await rig.passes(30)
    assert rig.states(mailing) == {"leased": 3}
    await rig.until(lambda: rig.is_finished(mailing), within_s=60)
    rig.assert_each_once(mailing)


async def test_reports_that_never_came_are_given_up_after_the_validity(make_rig: MakeRig) -> None:
    rig = make_rig(pace=CALM, sending={"validity_h": 2})
    await rig.start()
    mailing = rig.mailing(2, wants_report=True)
    await rig.until(lambda: rig.is_finished(mailing))
    assert {row.report for row in rig.rows(parts)} == {"pending"}
    await rig.passes(3 * 3600 + 120)
    assert {row.report for row in rig.rows(parts)} == {"none"}
    assert rig.states(mailing) == {"submitted": 2}


async def test_the_agent_shows_that_it_lives(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    await rig.passes(100)
    row = rig.rows(agents)[0]
    assert rig.database.now() - row.seen_at < timedelta(seconds=10)
    assert row.stopped_at is None
    await rig.stop()
    assert rig.rows(agents)[0].stopped_at is not None


async def test_a_death_in_the_middle_leaves_only_parts_in_flight_unknown(make_rig: MakeRig) -> None:
    rig = make_rig(modems=4)
    await rig.start()
    mailing = rig.mailing([1, 2, 3] * 14)
    await rig.passes(7.5)
    in_flight = sum(1 for row in rig.rows(parts) if row.state == "submitting")
    assert in_flight >= 3
    await rig.die()
    again = make_rig(modems=4)
    await again.start()
    assert again.states(mailing).get("unknown", 0) == in_flight
    await again.until(lambda: again.is_finished(mailing))
    states = Counter(row.state for row in again.messages_of(mailing))
    assert states == {"unknown": in_flight, "submitted": 42 - in_flight}
    again.assert_no_part_twice()
    for row in again.messages_of(mailing):
        sent = [entry for entry in again.cell.ledger if entry.number == row.msisdn]
        if row.state == "submitted":
            assert [entry.part for entry in sent] == list(range(1, row.part_count + 1))
            assert len({(entry.imsi, entry.reference) for entry in sent}) == 1
        else:
            assert row.reason_code == "engine_stopped"


async def test_a_rest_ends_by_itself(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.set_sim(imsi_of(0), state="suspended", until_at=rig.database.now() + timedelta(minutes=10))
    mailing = rig.mailing(2)
    await rig.passes(500)
    assert rig.cell.ledger == []
    await rig.until(lambda: rig.is_finished(mailing), within_s=150)
    assert rig.sim(imsi_of(0)).state == "ready"


async def test_nothing_happens_for_days_and_then_it_works(make_rig: MakeRig) -> None:
    rig = make_rig(pace=SLOW)
    rig.cell.rules = [Rule(latency_s=0.5)]
    await rig.start()
    await rig.passes(86_400)
    mailing = rig.mailing(2)
    await rig.until(lambda: rig.is_finished(mailing), within_s=10)
