"""Several PBXs share a mailing of which some go first: never more than that before a person's word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from queue_rig import ACCEPTED, SIM_REFUSED, TEMPORARY, Rig
from racing import race
from sqlalchemy import select, update

from pbx_sms.errors import Conflict
from pbx_sms.operations import mailings as orders
from pbx_sms.storage import queue
from pbx_sms.storage.engine import open_database
from pbx_sms.storage.queue import Granted
from pbx_sms.storage.schema import attempts, mailings, messages, sims

pytestmark = pytest.mark.timeout(180)

FIRST, ALL = 5, 30


@pytest.fixture
def rig(postgresql_url: str) -> Iterator[Rig]:
    database = open_database(postgresql_url)
    yield Rig(database)
    database.close()


def send(rig: Rig, agent_id: int, sim_id: int, answers: list[Any]) -> int:
    """As an engine does it, until there was nothing to take for a while: takes what it may, is refused now
    and then, and ends what is over. How many messages it began."""
    begun = idle = 0
    while idle < 10:
        idle += 1
        with rig.database.begin() as connection:
            queues = queue.waiting_queues(connection)
            taken = [
                leased.message_id
                for key in queues
                for leased in queue.lease(
                    connection, key, agent_id=agent_id, limit=2, sim_ids=[sim_id], now=rig.now,
                    until_at=rig.later(seconds=60),
                )
            ]  # fmt: skip
        for message_id in taken:
            answer = rig.begin(message_id, sim_id, agent_id)
            if isinstance(answer, Granted):
                idle = 0
                begun += 1
                rig.settle(answer, sim_id, answers[begun % len(answers)], reference=begun % 256)
                again_at_once(rig, sim_id, message_id)
        rig.finish()
    return begun


def again_at_once(rig: Rig, sim_id: int, message_id: int) -> None:
    """What was refused may go again through any SIM, and its SIM goes on."""
    with rig.database.begin() as connection:
        which = messages.c.message_id == message_id
        connection.execute(update(messages).where(which).values(not_before_at=None, bound_sim_id=None))
        connection.execute(update(sims).where(sims.c.sim_id == sim_id).values(state="ready", until_at=None))


def pause_and_resume(rig: Rig, mailing_id: int) -> int:
    """A person who cannot decide, but does not say the word."""
    done = 0
    for order in (orders.pause, orders.resume) * 15:
        try:
            order(rig.database, mailing_id)
            done += 1
        except Conflict:
            # the trial is over meanwhile: it waits for another word
            continue
    return done


def test_three_pbxs_never_send_more_than_the_first_before_the_word(rig: Rig) -> None:
    agents = [rig.agent(f"pbx{place}") for place in (1, 2, 3)]
    sim_ids = [rig.sim() for _ in agents]
    mailing = rig.mailing(reroute=True)
    ids = [rig.message(mailing_id=mailing) for _ in range(ALL)]
    with rig.database.begin() as connection:
        connection.execute(update(mailings).values(trial_count=FIRST, trial_until_id=ids[FIRST - 1]))
    answers = [ACCEPTED, TEMPORARY, ACCEPTED, SIM_REFUSED]
    work = [("send", agent, sim, answers) for agent, sim in zip(agents, sim_ids, strict=True)]
    race(_either, rig.database.url, [*work, ("person", mailing)])
    assert tried(rig) <= set(ids[:FIRST])
    if rig.mailing_state(mailing) == "paused" and not waits_for_word(rig, mailing):
        orders.resume(rig.database, mailing)
    race(_either, rig.database.url, work)
    assert tried(rig) == set(ids[:FIRST])
    assert rig.mailing_state(mailing) == "paused"
    assert waits_for_word(rig, mailing)
    orders.let_go(rig.database, mailing)
    race(_either, rig.database.url, work)
    assert tried(rig) == set(ids)


def waits_for_word(rig: Rig, mailing_id: int) -> bool:
    return orders.show(rig.database, mailing_id).get("reason") == "trial_waits_for_word"


def tried(rig: Rig) -> set[int]:
    """Messages of which anything was begun."""
    with rig.read() as connection:
        return set(connection.execute(select(attempts.c.message_id)).scalars())


def _either(rig: Rig, what: str, *arguments: Any) -> Any:
    return send(rig, *arguments) if what == "send" else pause_and_resume(rig, *arguments)
