"""Messages that only a SIM in another slot may send change the slot, once nothing is in the way; each guard
alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from doubles.modem import Rule
from engine_rig import CALM, Rig, imsi_of
from made_history import accepted_parts
from sqlalchemy import insert, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.reason import Reason
from pbx_sms.core.route_rules import Route
from pbx_sms.core.slot_choice import back_off
from pbx_sms.drivers.sim_slots import SimSlots
from pbx_sms.storage.schema import events, messages, modems, sims

MakeRig = Callable[..., Rig]
FIRST, SECOND, THIRD = imsi_of(0), imsi_of(70), imsi_of(1)
#: as `slot_dwell_s` has it
DWELL_S = 300.0


def slotted(make_rig: MakeRig, *imsis: str, modem_count: int = 1, **more: Any) -> Rig:
    rig = make_rig(modems=modem_count, **({"pace": CALM} | more))
    rig.modems[0].slot_imsis = imsis
    rig.modems[0].slots = SimSlots(len(imsis))
    return rig


def seen_before(rig: Rig, imsi: str = SECOND, slot: int = 2, **values: Any) -> int:
    """The SIM was found in the slot of the first modem on an earlier day."""
    long_ago = rig.database.now() - timedelta(days=60)
    row = {"imsi": imsi, "state": "ready", "first_seen_at": long_ago, "slot": slot}
    with rig.database.begin() as connection:
        modem_id = connection.execute(select(modems.c.modem_id).where(modems.c.name == "gsm1")).scalar_one()
        key = connection.execute(insert(sims).values(row | {"slot_modem_id": modem_id} | values))
        assert key.inserted_primary_key is not None
        return int(key.inserted_primary_key[0])


def strictly(*sim_ids: int) -> Route:
    return Route(sim_ids=frozenset(sim_ids), strict=True, reason=Reason("route_only", {"sims": ["x"]}))


def told(rig: Rig, *codes: str) -> list[dict[str, Any]]:
    return [
        row.reason_params | {"code": row.reason_code, "at": row.at}
        for row in sorted(rig.rows(events), key=lambda row: row.event_id)
        if row.reason_code in (codes or ("slot_changed", "slot_changed_rests", "slot_changed_wanted"))
    ]


def carried(rig: Rig) -> Counter[str]:
    return Counter(entry.imsi for entry in rig.cell.ledger)


async def test_a_strict_route_to_a_sim_at_rest_changes_the_slot_and_the_log_says_why(
    make_rig: MakeRig,
) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    second = seen_before(rig)
    began_at = rig.database.now()
    mailing = rig.mailing(3, route_of=lambda index: strictly(second))
    await rig.until(lambda: rig.is_finished(mailing))
    assert carried(rig) == {SECOND: 3}
    (change,) = told(rig)
    assert (change["code"], change["from"], change["slot"]) == ("slot_changed_wanted", 1, 2)
    assert (change["sim"], change["wanted"]) == (FIRST, SECOND)
    # not before the slot was active for a while
    assert change["at"] - began_at >= timedelta(seconds=DWELL_S - 60)
    assert (rig.sim(SECOND).slot, rig.sim(FIRST).slot) == (2, 1)


async def test_a_message_bound_to_a_sim_at_rest_changes_the_slot(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    second = seen_before(rig)
    mailing = rig.mailing(1, state=MailingState.PAUSED)
    with rig.database.begin() as connection:
        connection.execute(update(messages).values(bound_sim_id=second))
    rig.resume(mailing)
    await rig.until(lambda: rig.is_finished(mailing))
    assert carried(rig) == {SECOND: 1}
    assert [change["code"] for change in told(rig)] == ["slot_changed_wanted"]


async def test_a_sim_that_is_never_idle_gives_way_between_two_messages(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    second = seen_before(rig)
    everybody = rig.mailing([3] * 400)
    bound = rig.mailing(2, route_of=lambda index: strictly(second))
    await rig.until(lambda: rig.is_finished(bound))
    assert not rig.is_finished(everybody)
    await rig.until(lambda: rig.is_finished(everybody))
    # fails where the parts of one message went through two SIMs
    rig.assert_each_once(everybody, bound)
    assert len(told(rig)) == 1, "the other SIM carries the rest as well"


async def test_two_sims_that_are_both_wanted_take_turns_and_no_more_often_than_allowed(
    make_rig: MakeRig,
) -> None:
    rig = slotted(make_rig, FIRST, SECOND, limits={"min_gap_s": 10.0})
    await rig.start()
    second = seen_before(rig)
    ids = (rig.sim(FIRST).sim_id, second)
    mailing = rig.mailing(200, route_of=lambda index: strictly(ids[index % 2]))
    await rig.until(lambda: rig.is_finished(mailing), within_s=6 * 3600)
    rig.assert_each_once(mailing)
    assert carried(rig) == {FIRST: 100, SECOND: 100}
    at = [change["at"] for change in told(rig)]
    assert len(at) > 2
    assert all(
        later - earlier >= timedelta(seconds=DWELL_S) for earlier, later in zip(at, at[1:], strict=False)
    )


async def stays(rig: Rig, **route: Any) -> None:
    """Nothing is changed within hours, and the messages wait."""
    mailing = rig.mailing(2, **route)
    await rig.passes(2 * 3600)
    assert told(rig) == []
    assert rig.states(mailing) == {"queued": 2}
    assert rig.modems[0].open_count == 1


@pytest.mark.parametrize("state", ["disabled", "quarantined", "suspended", "throttled"])
async def test_a_sim_that_may_not_send_is_not_visited(make_rig: MakeRig, state: str) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    until_at = rig.database.now() + timedelta(days=2)
    second = seen_before(rig, state=state, until_at=until_at)
    await stays(rig, route_of=lambda index: strictly(second))


async def test_a_sim_whose_quota_is_used_is_not_visited_before_it_has_room(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND, limits={"per_day": 5})
    await rig.start()
    second = seen_before(rig)
    at = rig.database.now() - timedelta(hours=20)
    with rig.database.begin() as connection:
        accepted_parts(connection, second, [at] * 5, first_message_id=10_000)
    mailing = rig.mailing(1, route_of=lambda index: strictly(second))
    await rig.passes(3 * 3600)
    assert told(rig) == []
    await rig.until(lambda: rig.is_finished(mailing), within_s=2 * 3600)
    assert [change["code"] for change in told(rig)] == ["slot_changed_wanted"]


async def test_what_another_sim_at_work_may_send_too_is_left_to_it(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND, modem_count=2)
    await rig.start()
    second = seen_before(rig)
    third = rig.sim(THIRD).sim_id
    mailing = rig.mailing(5, route_of=lambda index: strictly(second, third))
    await rig.until(lambda: rig.is_finished(mailing))
    await rig.passes(3600)
    assert carried(rig) == {THIRD: 5}
    assert told(rig) == []


async def test_a_route_that_only_prefers_the_sim_changes_nothing(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    second = seen_before(rig)
    mailing = rig.mailing(3, route_of=lambda index: Route(sim_ids=frozenset({second})))
    await rig.until(lambda: rig.is_finished(mailing))
    await rig.passes(3600)
    assert carried(rig) == {FIRST: 3}
    assert told(rig) == []


async def test_a_mailing_that_is_paused_or_not_due_changes_nothing(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    second = seen_before(rig)
    paused = rig.mailing(1, route_of=lambda index: strictly(second), state=MailingState.PAUSED)
    later = rig.mailing(1, route_of=lambda index: strictly(second))
    with rig.database.begin() as connection:
        connection.execute(
            update(messages)
            .where(messages.c.mailing_id == later)
            .values(not_before_at=rig.database.now() + timedelta(hours=2))
        )
    await rig.passes(3600)
    assert told(rig) == []
    rig.cancel(paused)
    await rig.until(lambda: rig.is_finished(later), within_s=2 * 3600)
    assert len(told(rig)) == 1


async def test_a_call_is_not_cut_off(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    second = seen_before(rig)
    await rig.passes(60)
    rig.modems[0].ring()
    mailing = rig.mailing(1, route_of=lambda index: strictly(second))
    await rig.passes(3600)
    assert told(rig) == []
    rig.modems[0].hang_up()
    await rig.until(lambda: rig.is_finished(mailing))
    assert carried(rig) == {SECOND: 1}


async def test_a_begun_message_is_completed_first(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, SECOND)
    await rig.start()
    second = seen_before(rig)
    await rig.passes(DWELL_S)
    # its second part is refused for a while: it waits, begun, for its own SIM
    rig.cell.rules = [Rule(code="+CMS ERROR: 42", part=2, times=1)]
    long_one = rig.mailing([3])
    await rig.until(lambda: len(rig.cell.ledger) == 1)
    bound = rig.mailing(1, route_of=lambda index: strictly(second))
    await rig.until(lambda: rig.is_finished(long_one, bound))
    rig.assert_each_once(long_one, bound)
    assert carried(rig) == {FIRST: 3, SECOND: 1}


async def test_a_slot_that_does_not_have_the_sim_any_more_names_it_and_is_left_alone_for_longer_each_time(
    make_rig: MakeRig,
) -> None:
    rig = slotted(make_rig, FIRST, "")
    await rig.start()
    second = seen_before(rig)
    mailing = rig.mailing(1, route_of=lambda index: strictly(second))
    everybody = rig.mailing(50)
    await rig.passes(6 * 3600)
    failures = told(rig, "slot_failed")
    assert {(one["sim"], one["slot"], one["why"]["code"]) for one in failures} == {(SECOND, 2, "sim_missing")}
    at = [one["at"] for one in failures]
    assert 3 <= len(at) <= 6, "tried again, and no more often than that"
    pauses = [later - earlier for earlier, later in zip(at, at[1:], strict=False)]
    for number, pause in enumerate(pauses, 1):
        assert pause >= back_off(number)
    # the first SIM went on meanwhile
    assert rig.is_finished(everybody)
    assert rig.states(mailing) == {"queued": 1}
    assert rig.modem_row("gsm1").state == "registered"


async def test_a_sim_that_was_exchanged_is_not_sought_any_more(make_rig: MakeRig) -> None:
    rig = slotted(make_rig, FIRST, imsi_of(80))
    await rig.start()
    second = seen_before(rig)
    mailing = rig.mailing(1, route_of=lambda index: strictly(second))
    await rig.passes(3 * 3600)
    assert len(told(rig)) == 1
    assert (rig.sim(SECOND).slot, rig.sim(imsi_of(80)).slot) == (None, 2)
    assert rig.states(mailing) == {"queued": 1}


async def test_a_modem_with_one_slot_looks_for_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(modems=1, pace=CALM)
    await rig.start()
    second = seen_before(rig)
    await stays(rig, route_of=lambda index: strictly(second))
    await asyncio.sleep(0)
