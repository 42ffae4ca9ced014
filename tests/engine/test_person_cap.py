"""A person's cap in the engine: audited in the network's ledger, whatever mailings, PBXs and restarts."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from doubles.modem import Rule
from engine_rig import CALM, SLOW, Rig, number_of

from pbx_sms.core.mailing import MailingKind
from pbx_sms.engine.pace import Pace
from pbx_sms.operations import person_caps

MakeRig = Callable[..., Rig]
DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: weeks go by: what is not told by a wake-up is noticed hours later
SLOWER = Pace(look_s=7200.0, lease_s=43_200.0, round_s=14_400.0, poll_s=86_400.0, usage_s=7200.0)
#: ordinary messages have one or three parts here, service messages two: the ledger tells them apart
ORDINARY, SERVICE = (1, 3), 2


def ordinary_messages(rig: Rig) -> dict[str, list[datetime]]:
    """number → when each ordinary message began, by the network's clock."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for entry in rig.cell.ledger:
        if entry.part == 1 and entry.parts != SERVICE:
            found[entry.number].append(entry.at)
    return found


def most_of_one_person(rig: Rig, window: timedelta) -> int:
    return max(
        sum(1 for at in instants if first <= at < first + window)
        for instants in ordinary_messages(rig).values()
        for first in instants
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(4))
async def test_no_sequence_of_mailings_pbxs_and_restarts_gives_a_person_more(
    make_rig: MakeRig, number: int
) -> None:
    chance = random.Random(f"person {number}")
    per_day, per_week = chance.choice([(1, 0), (2, 5), (0, 3), (1, 4)])
    people = {"per_person_per_day": per_day, "per_person_per_week": per_week}

    def pbx(place: int) -> Rig:
        return make_rig(
            modems=2, agent=f"pbx{place}", first_modem=2 * place, pace=SLOWER, people=people, seed=number
        )

    rigs = [pbx(place) for place in range(1 + number % 2)]
    rigs[0].cell.rules = [
        Rule(code="+CMS ERROR: 38", after=chance.randrange(9), times=3),
        Rule(silent=True, after=chance.randrange(20), times=2),
        Rule(silent=True, taken=True, after=chance.randrange(20), times=2),
    ]
    for rig in rigs:
        await rig.start()
    made = []
    for _ in range(9):
        kind = chance.choice((MailingKind.INFORMATION, MailingKind.ADVERTISING, MailingKind.SERVICE))
        parts = SERVICE if kind is MailingKind.SERVICE else chance.choice(ORDINARY)
        made.append(rigs[0].mailing([parts] * chance.randrange(2, 7), kind=kind, first_index=0))
        for other in rigs[1:]:
            other.database.wake()
        await rigs[0].passes(chance.choice((1.0, 40.0, 4000.0, 50_000.0, 90_000.0)))
        if chance.random() < 0.4:
            place = chance.randrange(len(rigs))
            old = rigs[place]
            await (old.die() if chance.random() < 0.5 else old.stop())
            await old.passes_stopped(chance.choice((1.0, 600.0)))
            rigs[place] = pbx(place)
            await rigs[place].start()
        if len(rigs) == 1 and chance.random() < 0.3:
            rigs[0].clock.set_by(timedelta(seconds=chance.choice((-86_400, -30, 30, 3600, 86_400))))
    # nothing fails of it: in the end everything has gone
    await rigs[0].until(lambda: rigs[0].is_finished(*made), within_s=40 * 86_400)
    for window, most in ((DAY, per_day), (WEEK, per_week)):
        assert not most or most_of_one_person(rigs[0], window) <= most
    assert rigs[0].open_count() == 0


async def test_who_has_had_enough_waits_and_the_rest_of_the_mailing_goes_at_once(make_rig: MakeRig) -> None:
    rig = make_rig(pace=SLOW, people={"per_person_per_day": 1})
    await rig.start()
    first = rig.mailing(5, first_index=0)
    await rig.until(lambda: rig.is_finished(first))
    second = rig.mailing(10, first_index=0)
    await rig.until(lambda: rig.states(second) == {"queued": 5, "submitted": 5}, within_s=60)
    waiting = [row for row in rig.messages_of(second) if row.state == "queued"]
    assert {row.msisdn for row in waiting} == {number_of(index) for index in range(5)}
    assert {row.reason_code for row in waiting} == {"person_cap_day"}
    # a third one is not held up by the second
    third = rig.mailing(3, first_index=50)
    await rig.until(lambda: rig.is_finished(third), within_s=60)
    await rig.until(lambda: rig.is_finished(second), within_s=90_000)
    assert most_of_one_person(rig, DAY) == 1


async def test_a_cap_that_is_chosen_while_it_runs_holds_from_the_next_message_on(make_rig: MakeRig) -> None:
    rig = make_rig(pace=CALM)
    await rig.start()
    for _ in range(2):
        mailing = rig.mailing(4, first_index=0)
        await rig.until(lambda mailing=mailing: rig.is_finished(mailing))  # type: ignore[misc]
    person_caps.choose(rig.database, rig.settings, per_day=2)
    held = rig.mailing(4, first_index=0)
    await rig.passes(600)
    assert rig.states(held) == {"queued": 4}
    person_caps.choose(rig.database, rig.settings, per_day=3)
    await rig.until(lambda: rig.is_finished(held), within_s=60)
    again = rig.mailing(4, first_index=0)
    await rig.passes(600)
    assert rig.states(again) == {"queued": 4}
    person_caps.choose(rig.database, rig.settings, per_day=0)
    await rig.until(lambda: rig.is_finished(again), within_s=60)
