"""Rules that people change while two PBXs send: on PostgreSQL, every process for itself and all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from made_lists import make_list, people
from queue_rig import Rig
from racing import race
from sqlalchemy import func, select

from pbx_sms.config import Settings
from pbx_sms.operations import mailings
from pbx_sms.operations.routing import replanning, rules
from pbx_sms.storage import queue
from pbx_sms.storage.engine import open_database
from pbx_sms.storage.queue import Granted
from pbx_sms.storage.routing import routes
from pbx_sms.storage.schema import attempts, messages

pytestmark = pytest.mark.timeout(90)

PEOPLE = 90
#: of MTS and of Beeline
IMSIS = ("250010000000001", "250990000000002")


@pytest.fixture
def rig(postgresql_url: str) -> Iterator[Rig]:
    database = open_database(postgresql_url)
    yield Rig(database)
    database.close()


def settings_of() -> Settings:
    hours = {"information_window": "always", "advertising_window": "always", "quiet_hours": ""}
    return Settings.model_validate({"agent": {"name": "pbx1"}, "planner": hours})


def send(rig: Rig, agent_id: int, sim_id: int, mailing_id: int) -> list[tuple[int, bool]]:
    """As an engine: takes what is there, leaves what its route forbids, begins the rest. What was begun, and
    whether the route that the message had then leads through the SIM."""
    begun: list[tuple[int, bool]] = []
    idle = 0
    while idle < 25:
        leased = rig.lease(agent_id, mailing_id, limit=4)
        idle += 1
        for message in leased:
            route_id = message.route_id
            with rig.read() as connection:
                route = routes.read(connection, [route_id])[route_id] if route_id is not None else None
            if route is None or route.sim_ids is None or sim_id in route.sim_ids:
                answer = rig.begin(message.message_id, sim_id, agent_id, route_id=route_id)
                if isinstance(answer, Granted):
                    idle = 0
                    row = rig.row(message.message_id)
                    begun.append((message.message_id, row.route_id == route_id))
        with rig.database.begin() as connection:
            queue.release(connection, [message.message_id for message in leased], agent_id)
    return begun


def change(rig: Rig, rounds: int) -> int:
    """A person who cannot decide: only one SIM, only the other, any."""
    settings = settings_of()
    reached = 0
    for number in range(rounds):
        added = rules.add(rig.database, settings, kind="only", sim_names=[IMSIS[number % 2]], position=1)
        reached += added["waiting"]
        replanning.look(rig.database, settings)
        rules.remove(rig.database, settings, rule_id=added["rule_id"])
        replanning.look(rig.database, settings)
    return reached


def test_rules_that_change_while_two_pbxs_send_break_nobodys_transaction_and_no_route(rig: Rig) -> None:
    agents = [rig.agent("pbx1"), rig.agent("pbx2")]
    sims = [rig.sim(imsi=imsi) for imsi in IMSIS]
    list_id = make_list(rig.database, people(PEOPLE))
    made = mailings.create(rig.database, settings_of(), list_id=list_id, text="Новость", start=True)
    mailing = int(made["mailing_id"])
    rig.now = rig.database.now()
    first, second, reached = race(
        _either,
        rig.database.url,
        [
            ("send", agents[0], sims[0], mailing),
            ("send", agents[1], sims[1], mailing),
            ("change", 6),
        ],
    )
    assert reached > 0, "the rules changed while something waited"
    assert all(with_its_route for _, with_its_route in first + second)
    assert first
    assert second
    with rig.read() as connection:
        begun = connection.execute(
            select(func.count()).select_from(attempts).where(attempts.c.started_at.is_not(None))
        ).scalar_one()
        states = set(connection.execute(select(messages.c.state)).scalars())
    assert begun == len(first) + len(second) == len({one for one, _ in first + second})
    assert states <= {"submitting", "queued"}
    # whatever still waits waits under the rules as they are
    replanning.look(rig.database, settings_of())
    assert replanning.waiting_count(rig.database) == 0


def _either(rig: Rig, what: str, *arguments: Any) -> Any:
    rig.now = rig.database.now()
    work: dict[str, Callable[..., Any]] = {"send": send, "change": change}
    return work[what](rig, *arguments)
