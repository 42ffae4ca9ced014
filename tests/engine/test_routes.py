"""Messages with routes: through which SIM they go, what that costs the others, and what the log says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from engine_rig import CALM, Rig, imsi_of, number_of

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.reason import Reason
from pbx_sms.core.route_rules import Route
from pbx_sms.operations.routing import rules
from pbx_sms.storage.schema import events

MakeRig = Callable[..., Rig]


def strictly(*sim_ids: int) -> Route:
    return Route(sim_ids=frozenset(sim_ids), strict=True, reason=Reason("route_only", {"sims": ["x"]}))


def rather(*sim_ids: int) -> Route:
    return Route(sim_ids=frozenset(sim_ids), reason=Reason("route_same_sim"))


def sim_ids(rig: Rig) -> list[int]:
    """By the numbers of the modems."""
    return [rig.sim(modem.imsi).sim_id for modem in rig.modems]


def carried(rig: Rig) -> dict[str, str]:
    """number → IMSI."""
    return {entry.number: entry.imsi for entry in rig.cell.ledger}


def why(rig: Rig, mailing: int) -> Counter[str | None]:
    """The reasons of the events with which the mailing's messages began to be submitted."""
    return Counter(
        row.reason_code
        for row in rig.rows(events)
        if row.mailing_id == mailing and row.kind == "message" and row.state == "submitting"
    )


@pytest.mark.parametrize("make_route", [strictly, rather])
async def test_each_message_goes_through_the_sim_of_its_route(
    make_rig: MakeRig, make_route: Callable[..., Route]
) -> None:
    rig = make_rig(modems=4)
    await rig.start()
    ids = sim_ids(rig)
    mailing = rig.mailing(80, first_index=0, route_of=lambda index: make_route(ids[index % 4]))
    await rig.until(lambda: rig.is_finished(mailing))
    assert carried(rig) == {number_of(index): imsi_of(index % 4) for index in range(80)}
    assert why(rig, mailing) == {make_route(1).reason.code: 80}  # type: ignore[union-attr]


@pytest.mark.parametrize(("order", "within_s"), [("mixed", 21.5), ("sorted", 24.0)])
async def test_same_sim_and_same_operator_cost_busy_sims_next_to_nothing(
    make_rig: MakeRig, order: str, within_s: float
) -> None:
    rig = make_rig(modems=8)
    await rig.start()
    ids = sim_ids(rig)

    def route_of(index: int) -> Route:
        place = index if order == "mixed" else index // 20
        return rather(ids[place % 8]) if index % 2 else rather(*ids[place % 8 // 4 * 4 :][:4])

    started_s = asyncio.get_running_loop().time()
    mailing = rig.mailing(160, route_of=route_of)
    await rig.until(lambda: rig.is_finished(mailing))
    # 20 messages a SIM, a second each; nobody looks further ahead than the stock
    assert asyncio.get_running_loop().time() - started_s < within_s
    counts = Counter(entry.imsi for entry in rig.cell.ledger)
    assert len(counts) == 8
    assert max(counts.values()) <= (20 if order == "mixed" else 23)


async def test_messages_of_one_busy_sim_keep_no_idle_one_waiting(make_rig: MakeRig) -> None:
    rig = make_rig(modems=4)
    await rig.start()
    first = sim_ids(rig)[0]
    started_s = asyncio.get_running_loop().time()
    mailing = rig.mailing(160, route_of=lambda index: strictly(first) if index < 100 else None)
    await rig.until(lambda: len(rig.cell.ledger) >= 80)
    # the other three went on with the free ones behind a hundred that they may not take
    assert asyncio.get_running_loop().time() - started_s < 22.0
    await rig.until(lambda: rig.is_finished(mailing))
    assert Counter(entry.imsi for entry in rig.cell.ledger)[imsi_of(0)] == 100


async def test_two_mailings_for_one_sim_share_it(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    first = sim_ids(rig)[0]
    one, other = (rig.mailing(30, route_of=lambda index: strictly(first)) for _ in range(2))
    await rig.passes(20.5)
    counts = [rig.states(mailing).get("submitted", 0) for mailing in (one, other)]
    # turns of seven parts
    assert abs(counts[0] - counts[1]) <= 7
    await rig.until(lambda: rig.is_finished(one, other))


async def test_a_strict_route_waits_for_its_sim_and_says_so(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    first = sim_ids(rig)[0]
    rig.set_sim(imsi_of(0), state="disabled", reason_code="sim_held")
    await rig.passes(2)
    mailing = rig.mailing(6, route_of=lambda index: strictly(first))
    free = rig.mailing(6)
    await rig.until(lambda: rig.is_finished(free))
    await rig.passes(60)
    assert rig.states(mailing) == {"queued": 6}
    assert rig.mailing_row(mailing).reason_code == "sim_held"
    rig.set_sim(imsi_of(0), state="ready", reason_code=None)
    await rig.until(lambda: rig.is_finished(mailing), within_s=30)
    assert {entry.imsi for entry in rig.cell.ledger[6:]} == {imsi_of(0)}
    assert rig.mailing_row(mailing).reason_code is None


async def test_a_preferred_sim_that_is_gone_is_not_waited_for_and_the_log_says_so(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    first = sim_ids(rig)[0]
    rig.modems[0].unplug()
    await rig.passes(5)
    mailing = rig.mailing(10, route_of=lambda index: rather(first))
    await rig.until(lambda: rig.is_finished(mailing), within_s=30)
    assert why(rig, mailing) == {"route_elsewhere": 10}
    said = next(row for row in rig.rows(events) if row.reason_code == "route_elsewhere")
    assert said.reason_params == {"sims": [imsi_of(0)]}


async def test_a_sim_without_network_gives_way_where_the_rule_prefers_it_and_is_waited_for_where_it_must(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    rig.modems[0].lose_network()
    await rig.passes(5)
    for imsi, price in ((imsi_of(0), 0.1), (imsi_of(1), 0.9)):
        rig.set_sim(imsi, price_per_part=price)
    strict = {"kind": "only", "sim_names": [imsi_of(0)], "kinds": ["service"]}
    for rule in (strict, {"kind": "cheapest"}):
        rules.add(rig.database, rig.settings, **rule)  # type: ignore[arg-type]
    waiting = rig.mailing(3, kind=MailingKind.SERVICE, by_rules=True)
    passing = rig.mailing(5, by_rules=True)
    await rig.until(lambda: rig.is_finished(passing), within_s=30)
    # the cheapest is not up: another takes them, and each says so with the SIM that was preferred
    assert {entry.imsi for entry in rig.cell.ledger} == {imsi_of(1)}
    assert why(rig, passing) == {"route_elsewhere": 5}
    said = next(row for row in rig.rows(events) if row.reason_code == "route_elsewhere")
    assert said.reason_params == {"sims": [imsi_of(0)]}
    # what must go through it waits and says why, in the mailing and in the log
    await rig.passes(60)
    assert rig.states(waiting) == {"queued": 3}
    assert rig.mailing_row(waiting).reason_code == "modem_not_registered"
    assert rig.mailing_row(waiting).reason_params == {"modem": "gsm1"}
    assert "modem_not_registered" in {row.reason_code for row in rig.mailing_events(waiting)}
    assert rig.modem_row("gsm1").state == "searching"
    rig.modems[0].find_network()
    await rig.until(lambda: rig.is_finished(waiting), within_s=60)
    assert {entry.imsi for entry in rig.cell.ledger[5:]} == {imsi_of(0)}
    assert why(rig, waiting) == {"route_only": 3}
    # and what prefers it goes through it again
    back = rig.mailing(2, by_rules=True)
    await rig.until(lambda: rig.is_finished(back), within_s=60)
    assert why(rig, back) == {"route_cheapest": 2}


async def test_a_preferred_sim_that_loses_the_network_in_the_middle_gives_the_rest_to_others(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    first = sim_ids(rig)[0]
    mailing = rig.mailing(20, route_of=lambda index: rather(first))
    await rig.until(lambda: len(rig.cell.ledger) == 8)
    rig.modems[0].lose_network()
    await rig.until(lambda: rig.is_finished(mailing), within_s=60)
    counts = why(rig, mailing)
    assert counts["route_same_sim"] + counts["route_elsewhere"] == 20
    by_sim = Counter(entry.imsi for entry in rig.cell.ledger)
    assert by_sim == {imsi_of(0): counts["route_same_sim"], imsi_of(1): counts["route_elsewhere"]}
    assert by_sim[imsi_of(0)] <= 10
    rig.assert_each_once(mailing)


async def test_a_preferred_sim_whose_day_is_used_up_gives_the_rest_to_others(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"per_day": 10}, pace=CALM)
    await rig.start()
    first = sim_ids(rig)[0]
    mailing = rig.mailing(18, route_of=lambda index: rather(first))
    await rig.until(lambda: rig.is_finished(mailing), within_s=600)
    assert Counter(entry.imsi for entry in rig.cell.ledger) == {imsi_of(0): 10, imsi_of(1): 8}
    assert why(rig, mailing) == {"route_same_sim": 10, "route_elsewhere": 8}


async def test_a_preferred_sim_whose_hour_is_used_up_is_waited_for(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"per_hour": 5, "per_day": 100}, pace=CALM)
    await rig.start()
    first = sim_ids(rig)[0]
    mailing = rig.mailing(8, route_of=lambda index: rather(first))
    await rig.until(lambda: rig.is_finished(mailing), within_s=2 * 3600)
    assert Counter(entry.imsi for entry in rig.cell.ledger) == {imsi_of(0): 8}


async def test_a_call_is_waited_for_as_well(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    first = sim_ids(rig)[0]
    rig.modems[0].ring()
    await rig.passes(1)
    mailing = rig.mailing(4, route_of=lambda index: rather(first))
    await rig.passes(60)
    assert rig.states(mailing) == {"queued": 4}
    assert rig.mailing_row(mailing).reason_code == "waits_for_call"
    rig.modems[0].hang_up()
    await rig.until(lambda: rig.is_finished(mailing), within_s=60)
    assert {entry.imsi for entry in rig.cell.ledger} == {imsi_of(0)}


async def test_sims_that_are_kept_for_others_are_never_taken(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    kept = sim_ids(rig)[2]
    ordinary = rig.mailing(30, route_of=lambda index: Route(sim_ids=None, without=frozenset({kept})))
    await rig.passes(3)
    started_s = asyncio.get_running_loop().time()
    urgent = rig.mailing(2, kind=MailingKind.URGENT, first_index=7)
    await rig.until(lambda: rig.is_finished(urgent))
    assert asyncio.get_running_loop().time() - started_s < 3
    await rig.until(lambda: rig.is_finished(ordinary))
    by_sim = Counter(entry.imsi for entry in rig.cell.ledger if entry.number not in map(number_of, (7, 8)))
    assert by_sim[imsi_of(2)] == 0
    assert why(rig, ordinary) == {None: 30}


async def test_an_urgent_message_for_one_sim_is_not_kept_out_by_ordinary_ones_for_it(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    first = sim_ids(rig)[0]
    rig.mailing(50, route_of=lambda index: strictly(first))
    await rig.passes(5)
    before = len(rig.cell.ledger)
    urgent = rig.mailing(1, kind=MailingKind.URGENT, route_of=lambda index: strictly(first))
    await rig.until(lambda: rig.is_finished(urgent), within_s=10)
    assert len(rig.cell.ledger) - before <= 3


async def test_an_urgent_message_that_waits_for_its_sim_delays_no_other_sim(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, limits={"per_day": 3})
    await rig.start()
    first = sim_ids(rig)[0]
    rig.mailing(4, kind=MailingKind.URGENT, route_of=lambda index: strictly(first))
    await rig.passes(10)
    ordinary = rig.mailing(3)
    await rig.until(lambda: rig.is_finished(ordinary), within_s=20)
    assert Counter(entry.imsi for entry in rig.cell.ledger) == {imsi_of(0): 3, imsi_of(1): 3}


async def test_a_message_too_large_for_its_only_sim_says_so_and_blocks_nobody(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2, sim=[{"imsi": imsi_of(0), "per_day": 2}])
    await rig.start()
    first = sim_ids(rig)[0]
    mailing = rig.mailing([3, 1, 1], route_of=lambda index: strictly(first))
    preferring = rig.mailing([3], route_of=lambda index: rather(first))
    await rig.until(lambda: rig.is_finished(preferring), within_s=30)
    await rig.passes(5)
    assert rig.states(mailing) == {"queued": 1, "submitted": 2}
    assert rig.messages_of(mailing)[0].reason_code == "quota_never"


async def test_a_message_that_got_another_route_after_its_lease_is_looked_at_again(make_rig: MakeRig) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    ids = sim_ids(rig)
    rig.modems[0].ring()
    rig.modems[1].ring()
    await rig.passes(1)
    mailing = rig.mailing(2, route_of=lambda index: strictly(ids[0]))
    other = rig.mailing(1, first_index=0, route_of=lambda index: strictly(ids[1]))
    await rig.passes(1)
    with rig.database.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE messages SET route_id = (SELECT route_id FROM messages WHERE mailing_id = ?)"
            " WHERE mailing_id = ?",
            (other, mailing),
        )
    rig.modems[0].hang_up()
    rig.modems[1].hang_up()
    await rig.until(lambda: rig.is_finished(mailing, other), within_s=60)
    assert {entry.imsi for entry in rig.cell.ledger} == {imsi_of(1)}


async def test_a_sim_of_another_pbx_is_left_to_that_pbx(make_rig: MakeRig) -> None:
    here = make_rig(modems=1, agent="pbx1")
    there = make_rig(modems=1, agent="pbx2", first_modem=1)
    await here.start()
    await there.start()
    theirs = here.sim(imsi_of(1)).sim_id
    strict = here.mailing(10, route_of=lambda index: strictly(theirs))
    loose = here.mailing(10, route_of=lambda index: rather(theirs))
    await here.until(lambda: here.is_finished(strict, loose), within_s=60)
    assert Counter(entry.imsi for entry in here.cell.ledger) == {imsi_of(1): 20}
    await there.stop()
    loose = here.mailing(5, route_of=lambda index: rather(theirs))
    strict = here.mailing(5, route_of=lambda index: strictly(theirs))
    await here.until(lambda: here.is_finished(loose), within_s=60)
    await here.passes(60)
    assert why(here, loose) == {"route_elsewhere": 5}
    assert here.states(strict) == {"queued": 5}
    assert here.mailing_row(strict).reason_code == "route_waits"
