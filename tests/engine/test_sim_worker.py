"""One part after the other, and every way a part can end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from doubles.modem import Rule
from engine_rig import CALM, Rig, imsi_of, number_of

from pbx_sms.core.cutting import DriverCutting
from pbx_sms.storage.schema import events

MakeRig = Callable[..., Rig]


async def test_one_part_of_a_sim_is_in_flight_at_a_time_and_only_after_its_intent(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    mailing = rig.mailing([1, 3] * 10)
    await rig.until(lambda: rig.is_finished(mailing))
    attempts = sorted(rig.attempts(), key=lambda row: (row.sim_id, row.started_at, row.part))
    for before, after in zip(attempts, attempts[1:], strict=False):
        if before.sim_id == after.sim_id:
            assert before.ended_at <= after.started_at
    assert all(row.counted_at == row.ended_at for row in attempts)
    for entry, row in zip(
        sorted(rig.cell.ledger, key=lambda one: (one.number, one.part)),
        sorted(attempts, key=lambda one: (one.msisdn, one.part)),
        strict=True,
    ):
        assert row.started_at < entry.at <= row.ended_at


async def test_a_temporary_refusal_of_part_two_repeats_parts_two_and_three_only(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    rig.cell.rules = [Rule(part=2, code="+CMS ERROR: 21", times=2)]
    await rig.start()
    mailing = rig.mailing([3, 1, 1, 1])
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    parts = [row.part for row in rig.attempts() if row.message_id == rig.messages_of(mailing)[0].message_id]
    assert parts == [1, 2, 3, 2, 3, 2, 3] or Counter(parts) == {1: 1, 2: 3, 3: 1}


async def test_a_begun_message_that_is_refused_too_long_fails_as_incomplete(make_rig: MakeRig) -> None:
    rig = make_rig(sending={"resume_parts_s": 120})
    rig.cell.rules = [Rule(part=2, code="+CMS ERROR: 21")]
    await rig.start()
    mailing = rig.mailing([3, 1])
    await rig.until(lambda: rig.is_finished(mailing), within_s=200)
    first, second = rig.messages_of(mailing)
    assert (first.state, first.reason_code) == ("failed", "incomplete")
    assert (first.reason_params["sent"], first.reason_params["parts"]) == (1, 3)
    assert second.state == "submitted"
    assert [entry.part for entry in rig.cell.ledger if entry.number == first.msisdn] == [1]
    # what was reserved and never begun is given back
    assert sum(1 for row in rig.attempts() if row.counted_at is not None) == 2


@pytest.mark.parametrize("parts_before", [1, 2])
async def test_the_stop_list_holds_between_two_parts(make_rig: MakeRig, parts_before: int) -> None:
    rig = make_rig()
    await rig.start()
    mailing = rig.mailing([3], first_index=5)
    await rig.until(lambda: len(rig.cell.ledger) == parts_before)
    rig.stop_number(number_of(5))
    await rig.until(lambda: rig.is_finished(mailing))
    row = rig.messages_of(mailing)[0]
    assert (row.state, row.reason_code, row.reason_params["cause"]) == ("failed", "incomplete", "stop_list")
    # the part in flight at that moment was under way already
    assert len(rig.cell.ledger) <= parts_before + 1


async def test_a_stopped_number_gets_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"min_gap_s": 5.0})
    await rig.start()
    mailing = rig.mailing(4, first_index=5)
    await rig.until(lambda: len(rig.cell.ledger) == 1)
    rig.stop_number(number_of(7))
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.states(mailing) == {"submitted": 3, "suppressed": 1}
    assert number_of(7) not in rig.accepted_texts()


async def test_a_permanent_refusal_ends_the_message_with_the_networks_word(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.cell.rules = [Rule(number=number_of(5), code="+CMS ERROR: 1")]
    await rig.start()
    mailing = rig.mailing(3, first_index=5)
    await rig.until(lambda: rig.is_finished(mailing))
    row = rig.messages_of(mailing)[0]
    assert (row.state, row.reason_code, row.attempt_count) == ("failed", "number_unassigned", 1)
    assert rig.states(mailing) == {"failed": 1, "submitted": 2}
    assert sum(1 for one in rig.attempts() if one.counted_at is not None) == 2


@pytest.mark.parametrize("code", ["+CMS ERROR: 38", "+CMS ERROR: 332", "+CMS ERROR: 500", "ERROR"])
@pytest.mark.parametrize("taken", [True, False])
async def test_an_answer_that_proves_nothing_is_never_repeated(
    make_rig: MakeRig, code: str, taken: bool
) -> None:
    rig = make_rig(modems=2, pace=CALM)
    rig.cell.rules = [Rule(number=number_of(5), code=code, taken=taken)]
    await rig.start()
    mailing = rig.mailing(3, first_index=5)
    await rig.until(lambda: rig.is_finished(mailing))
    await rig.passes(3 * 3600)
    assert rig.states(mailing) == {"unknown": 1, "submitted": 2}
    assert [number for _, _, number in rig.cell.tries].count(number_of(5)) == 1
    unknown = next(row for row in rig.attempts() if row.kind == "unknown")
    assert unknown.counted_at is not None
    assert rig.messages_of(mailing)[0].reason_code


async def test_a_late_answer_settles_what_was_unknown(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.modems[0].submit_timeout_s = 10.0
    rig.cell.rules = [Rule(late_s=25.0, times=1)]
    await rig.start()
    mailing = rig.mailing([1, 1])
    await rig.until(lambda: rig.states(mailing).get("unknown") == 1)
    await rig.until(lambda: rig.states(mailing) == {"submitted": 2}, within_s=60)
    rig.assert_each_once(mailing)


async def test_a_late_answer_for_the_first_part_lets_the_rest_follow(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    for modem in rig.modems:
        modem.submit_timeout_s = 10.0
    rig.cell.rules = [Rule(part=1, late_s=25.0, times=1)]
    await rig.start()
    mailing = rig.mailing([3])
    await rig.until(lambda: rig.states(mailing) == {"unknown": 1})
    await rig.until(lambda: rig.is_finished(mailing) and rig.states(mailing) == {"submitted": 1})
    rig.assert_each_once(mailing)


async def test_a_sim_that_is_refused_stops_and_its_messages_wait_for_it(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, pace=CALM)
    refusing = Rule(imsi=imsi_of(0), code="+CMS ERROR: 42")
    rig.cell.rules = [refusing]
    await rig.start()
    mailing = rig.mailing(40)
    await rig.until(lambda: len(rig.cell.ledger) >= 30)
    await rig.passes(1800)
    sim = rig.sim(imsi_of(0))
    assert sim.failures_in_row >= 1
    told = [row.state for row in rig.rows(events) if row.kind == "sim" and row.sim_id == sim.sim_id]
    assert set(told) & {"throttled", "suspended", "quarantined"}
    waiting = [row for row in rig.messages_of(mailing) if row.state == "queued"]
    assert {row.bound_sim_id for row in waiting} == {sim.sim_id}
    assert all(row.reason_code for row in waiting)
    # it was not tried over and over, and all others went through the other SIM
    assert sum(1 for _, imsi, _ in rig.cell.tries if imsi == sim.imsi) <= 15
    assert 1 <= len(waiting) <= 6
    assert len(rig.cell.ledger) == 40 - len(waiting)
    rig.cell.rules = []
    rig.set_sim(imsi_of(0), state="ready", reason_code=None, until_at=None, failures_in_row=0)
    await rig.until(lambda: rig.is_finished(mailing), within_s=8000)
    rig.assert_each_once(mailing)


async def test_with_reroute_another_sim_sends_what_one_was_refused(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    rig.cell.rules = [Rule(imsi=imsi_of(0), code="+CMS ERROR: 42")]
    await rig.start()
    mailing = rig.mailing(10, reroute=True)
    await rig.until(lambda: rig.is_finished(mailing), within_s=120)
    assert {entry.imsi for entry in rig.cell.ledger} == {imsi_of(1)}
    rig.assert_each_once(mailing)


async def test_when_every_sim_rests_the_mailing_says_until_when(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    rig.cell.rules = [Rule(code="+CMS ERROR: 42", times=2)]
    await rig.start()
    mailing = rig.mailing(5)
    await rig.until(lambda: rig.mailing_row(mailing).reason_code == "sim_rests")
    until = min(rig.sim(imsi_of(number)).until_at for number in range(2))
    assert rig.mailing_row(mailing).reason_params["until"] == until.isoformat()
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.mailing_row(mailing).reason_code is None


async def test_nothing_is_lost_when_the_driver_refuses_before_the_first_octet(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    rig.cell.rules = [Rule(raises="modem_busy", times=3), Rule(part=2, raises="modem_busy", times=1)]
    await rig.start()
    mailing = rig.mailing([1, 2, 3, 1])
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    assert rig.states(mailing) == {"submitted": 4}


async def test_a_modem_that_splits_itself_gets_the_whole_message_once(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"per_hour": 7})
    rig.modems[0].takes_whole_messages = True
    await rig.start()
    mailing = rig.mailing([3, 1, 2, 2])
    await rig.passes(60)
    assert Counter(row.state for row in rig.messages_of(mailing)) == {"submitted": 3, "queued": 1}
    assert len(rig.cell.tries) == 3
    assert len(rig.cell.ledger) == 6
    assert rig.mailing_row(mailing).reason_code == "quota_hour"


async def test_a_text_that_one_modem_cannot_take_goes_through_the_other(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"min_gap_s": 1.0}, sending={"max_parts": 20})
    # the line of the first one is short: texts of one part pass it
    rig.modems[0].cutting = DriverCutting(max_octets=150)
    await rig.start()
    mailing = rig.mailing([1, 3, 3, 1, 3, 1, 1, 3])
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    assert {entry.imsi for entry in rig.cell.ledger if entry.parts == 3} == {rig.modems[1].imsi}
    assert {entry.imsi for entry in rig.cell.ledger} == {modem.imsi for modem in rig.modems}


async def test_a_text_that_no_modem_here_can_take_waits_and_says_why(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"min_gap_s": 1.0})
    rig.modems[0].cutting = DriverCutting(max_octets=150)
    await rig.start()
    mailing = rig.mailing([3, 1, 1])
    await rig.passes(60)
    assert Counter(row.state for row in rig.messages_of(mailing)) == {"submitted": 2, "queued": 1}
    (waiting,) = [row for row in rig.messages_of(mailing) if row.state == "queued"]
    assert waiting.reason_code == "text_too_long_for_line"
    assert waiting.not_before_at is not None
    assert len(rig.cell.tries) == 2


async def test_an_old_message_expires_and_is_not_sent(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"min_gap_s": 20.0})
    await rig.start()
    mailing = rig.mailing(10, validity_s=50.0)
    await rig.until(lambda: rig.is_finished(mailing))
    assert rig.states(mailing) == {"submitted": 3, "expired": 7}
    assert {row.reason_code for row in rig.messages_of(mailing) if row.state == "expired"} == {"expired"}


async def test_a_long_message_may_be_refused_as_often_as_a_short_one(make_rig: MakeRig) -> None:
    rig = make_rig(sending={"max_parts": 20})
    rig.cell.rules = [Rule(part=12, code="+CMS ERROR: 21", times=2)]
    await rig.start()
    mailing = rig.mailing([14])
    await rig.until(lambda: rig.is_finished(mailing), within_s=280)
    rig.assert_each_once(mailing)
    assert rig.states(mailing) == {"submitted": 1}


async def test_the_gap_between_two_parts_does_not_hold_up_a_stop(make_rig: MakeRig) -> None:
    rig = make_rig(limits={"min_gap_s": 60.0})
    await rig.start()
    mailing = rig.mailing([2])
    await rig.until(lambda: len(rig.cell.ledger) == 1)
    await rig.passes(2)
    stopped_at = rig.clock.true_now()
    await rig.stop()
    assert rig.clock.true_now() - stopped_at < timedelta(seconds=2)
    assert rig.states(mailing) == {"queued": 1}
    await rig.start()
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)


async def test_a_begun_message_goes_on_though_its_sims_day_is_full(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, limits={"per_day": 3, "service_reserve_per_day": 0})
    rig.cell.rules = [Rule(part=2, code="+CMS ERROR: 21", times=2)]
    await rig.start()
    mailing = rig.mailing([3, 1])
    begun = rig.messages_of(mailing)[0].message_id
    await rig.until(lambda: rig.messages_of(mailing)[0].state == "submitted", within_s=200)
    assert [entry.part for entry in rig.cell.ledger] == [1, 2, 3]
    assert {row.message_id for row in rig.attempts() if row.counted_at is not None} == {begun}
    assert rig.messages_of(mailing)[1].state in ("queued", "leased")


async def test_a_begun_message_of_a_paused_mailing_is_completed(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1)
    rig.cell.rules = [Rule(part=2, code="+CMS ERROR: 21", times=1)]
    await rig.start()
    mailing = rig.mailing([3, 1])
    await rig.until(lambda: len(rig.cell.ledger) == 1)
    rig.pause(mailing)
    await rig.until(lambda: rig.messages_of(mailing)[0].state == "submitted", within_s=200)
    assert [entry.part for entry in rig.cell.ledger] == [1, 2, 3]
    assert rig.messages_of(mailing)[1].state in ("queued", "leased")
