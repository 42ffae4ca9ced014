"""Several processes at once on one database: nothing leased twice, begun twice or counted past a limit."""

from __future__ import annotations

from collections import Counter

import pytest
from queue_rig import Rig
from racing import begin_again_and_again, begin_each, lease_all, race, stop_each
from sqlalchemy import func, select

from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import attempts, messages

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def test_several_agents_never_lease_one_message(rig: Rig) -> None:
    mailing = rig.mailing()
    ids = [rig.message(mailing_id=mailing) for _ in range(120)]
    agents = [rig.agent(f"pbx{number}") for number in range(4)]
    taken = race(lease_all, rig.database.url, [(agent, mailing) for agent in agents])
    assert sorted(sum(taken, [])) == ids
    with rig.read() as connection:
        held = connection.execute(select(messages.c.agent_id, messages.c.message_id).order_by("message_id"))
        by_agent = {agent: sorted(each) for agent, each in zip(agents, taken, strict=True)}
        found: dict[int, list[int]] = {agent: [] for agent in agents}
        for agent, message in held:
            found[agent].append(message)
    assert found == by_agent


@pytest.mark.parametrize("settles", [True, False])
def test_two_engines_that_believe_to_hold_one_sim_never_pass_its_quota(rig: Rig, settles: bool) -> None:
    sim = rig.sim()
    agents = [rig.agent("pbx1"), rig.agent("pbx2")]
    shares: dict[int, list[int]] = {agent: [] for agent in agents}
    for number in range(40):
        message, agent = rig.message(1 + number % 2), agents[number % 2 ^ number // 2 % 2]
        rig.take(message, agent)
        shares[agent].append(message)
    race(
        begin_each,
        rig.database.url,
        [(agent, sim, shares[agent], 15, settles) for agent in agents],
    )
    with rig.read() as connection:
        counted = connection.execute(
            select(func.count()).where(attempts.c.sim_id == sim, attempts.c.counted_at.is_not(None))
        ).scalar_one()
    assert 13 <= counted <= 15


def test_one_agent_that_holds_messages_twice_begins_each_once(rig: Rig) -> None:
    agent, sims = rig.agent(), [rig.sim(), rig.sim()]
    ids = [rig.message(1 + number % 3) for number in range(30)]
    for message in ids:
        rig.take(message, agent)
    begun = race(begin_again_and_again, rig.database.url, [(agent, sim, ids) for sim in sims])
    assert Counter(sum(begun, [])) == Counter(ids)
    with rig.read() as connection:
        started = connection.execute(
            select(func.count()).where(attempts.c.started_at.is_not(None))
        ).scalar_one()
    assert started == len(ids)


def test_a_stop_and_an_intent_at_the_same_moment_end_one_way(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    numbers = [f"+7916000{place:04d}" for place in range(40)]
    ids = [rig.message(msisdn=number) for number in numbers]
    for message in ids:
        rig.take(message, agent)
    race(_either, rig.database.url, [("begin", agent, sim, ids), ("stop", numbers[::-1])])
    for message in ids:
        begun = len(rig.attempts(message))
        assert (rig.state(message), begun) in {("submitting", 1), ("suppressed", 0)}


def _either(rig: Rig, what: str, *arguments: object) -> object:
    work = {"begin": begin_again_and_again, "stop": stop_each}[what]
    return work(rig, *arguments)  # type: ignore[operator]
