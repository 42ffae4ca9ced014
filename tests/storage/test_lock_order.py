"""Who locks what first, on PostgreSQL: no two transactions ever wait for each other.

What is held is looked at while the transaction in question waits: whoever waits for the first message may
hold no later one, whoever waits for a message no mailing and no SIM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from queue_rig import SIM_REFUSED, Rig
from racing import begin_cut, cancel_each, race, receive_stops, stop_each
from sqlalchemy import insert, select, text
from test_health import send, wake
from test_incoming import deliver
from test_incoming import store as receive

from pbx_sms.core.cutting import CHAN_DONGLE
from pbx_sms.core.people.cap import PersonCaps
from pbx_sms.operations import mailings as mailing_orders
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.queue import Granted
from pbx_sms.storage.schema import inbound_parts, messages

pytestmark = pytest.mark.timeout(300)

#: two parts of ours, three of the driver's
LONG = "x" * 306
MESSAGE, MAILING, SIM = "messages", "mailings", "sims"
_KEYS = {MESSAGE: "message_id", MAILING: "mailing_id", SIM: "sim_id"}


@pytest.fixture
def rig(postgresql_url: str) -> Iterator[Rig]:
    database = open_database(postgresql_url)
    yield Rig(database)
    database.close()


class Another:
    """A transaction of somebody else's."""

    def __init__(self, database: Database) -> None:
        self._connection = psycopg.connect(database.url.replace("+psycopg", ""))

    def __enter__(self) -> Another:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def hold(self, table: str, key: int) -> None:
        self._connection.execute(
            f"SELECT 1 FROM {table} WHERE {_KEYS[table]} = %s FOR NO KEY UPDATE".encode(), (key,)
        )

    def could_hold(self, table: str, key: int) -> bool:
        """Without waiting, and without keeping it."""
        try:
            with self._connection.transaction():
                self._connection.execute(
                    f"SELECT 1 FROM {table} WHERE {_KEYS[table]} = %s FOR NO KEY UPDATE NOWAIT".encode(),
                    (key,),
                )
        except psycopg.errors.LockNotAvailable:
            return False
        return True


def somebody_waits(rig: Rig) -> bool:
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with rig.read() as connection:
        return bool(connection.execute(query).scalar_one())


def held_meanwhile(
    rig: Rig, first: tuple[str, int], work: Callable[[], Any], others: list[tuple[str, int]]
) -> list[tuple[str, int]]:
    """Which of the others `work` holds while it waits for the first; then it is let go on."""
    with ThreadPoolExecutor(1) as pool, Another(rig.database) as another:
        another.hold(*first)
        running = pool.submit(work)
        while not somebody_waits(rig):
            assert not running.done(), running.result()
        held = [one for one in others if not another.could_hold(*one)]
        another.__exit__()
        running.result()
    return held


def stops(rig: Rig, mailing: int, ids: list[int]) -> None:
    numbers = [rig.row(one).msisdn for one in ids]
    rig.do(lambda connection, new: queue.suppress(connection, numbers, rig.now, new))


def cancels(rig: Rig, mailing: int, ids: list[int]) -> None:
    mailing_orders.cancel(rig.database, mailing)


def expires(rig: Rig, mailing: int, ids: list[int]) -> None:
    rig.later(hours=2)
    rig.expire()


def lifts_a_cap(rig: Rig, mailing: int, ids: list[int]) -> None:
    rig.do(lambda connection, new: queue.release_changed(connection, PersonCaps(per_day=7, per_week=7)))


@pytest.mark.parametrize("order", [stops, cancels, expires, lifts_a_cap])
def test_several_messages_are_locked_by_their_ids(rig: Rig, order: Callable[..., None]) -> None:
    mailing = rig.mailing()
    # the later message has the smaller number: no index that might be used knows the ids' order
    ids = [
        rig.message(
            mailing_id=mailing,
            msisdn=f"+7916000{9999 - place:04d}",
            expires_at=rig.now + timedelta(hours=1),
        )
        for place in range(30)
    ]
    with rig.database.begin() as connection:
        # and the table holds the rows the other way round
        for one in reversed(ids):
            connection.execute(
                messages.update()
                .where(messages.c.message_id == one)
                .values(reason_code="person_cap_day", reason_params={"max_messages": 1, "until": ""})
            )
    held = held_meanwhile(
        rig,
        (MESSAGE, ids[0]),
        lambda: order(rig, mailing, ids),
        [(MESSAGE, one) for one in ids[1:]] + [(MAILING, mailing)],
    )
    assert held == []


def test_an_intent_locks_message_mailing_and_sim_in_this_order(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing(part_count=2)
    message = rig.message(2, mailing, text=LONG)
    rig.take(message, agent)

    def begins() -> None:
        assert isinstance(rig.begin(message, sim, agent, whole_message=True, cutting=CHAN_DONGLE), Granted)

    first = (MESSAGE, message)
    assert held_meanwhile(rig, first, lambda: _undone(rig, begins), [(MAILING, mailing), (SIM, sim)]) == []
    assert held_meanwhile(rig, (MAILING, mailing), begins, [first, (SIM, sim)]) == [first]


def _undone(rig: Rig, begins: Callable[[], None]) -> None:
    begins()
    with rig.database.begin() as connection:
        connection.execute(text("DELETE FROM attempts"))
        connection.execute(text("UPDATE parts SET state = 'pending' WHERE part < 3"))
        connection.execute(text("DELETE FROM parts WHERE part = 3"))
        connection.execute(text("UPDATE messages SET state = 'leased', part_count = 2"))
        connection.execute(text("UPDATE mailings SET part_count = 2"))


def test_a_stop_that_comes_in_locks_the_messages_before_its_sim(rig: Rig) -> None:
    sim, number = rig.sim(), "+79160000001"
    message = rig.message(msisdn=number)
    held = held_meanwhile(
        rig, (MESSAGE, message), lambda: receive(rig, sim, deliver("стоп", sender=number)), [(SIM, sim)]
    )
    assert held == []
    assert rig.state(message) == "suppressed"
    assert rig.sim_row(sim).active_at == rig.now


def test_who_only_names_a_sim_does_not_wait_for_its_intent(rig: Rig) -> None:
    """What comes in through it, or goes out in another transaction, refers to its row."""
    agent, sim, message = rig.agent(), rig.sim(), rig.message()
    rig.take(message, agent)
    with rig.database.begin() as connection:
        queue.begin_submit(connection, rig.begun(message, sim, agent), rig.now, [])
        with rig.database.begin() as other:
            other.execute(text("SET LOCAL lock_timeout = '1ms'"))
            other.execute(
                insert(inbound_parts).values(fingerprint="f", sim_id=sim, pdu="00", received_at=rig.now)
            )


def test_two_pbxs_that_find_all_sims_refused_lock_them_by_their_ids(rig: Rig) -> None:
    agent, sims = rig.agent(), [rig.sim(), rig.sim()]
    for sim in sims:
        send(rig, agent, sim)
    for _ in range(2):
        for sim in sims:
            wake(rig, sim)
            send(rig, agent, sim, SIM_REFUSED)
    wake(rig, sims[0])
    send(rig, agent, sims[0], SIM_REFUSED)
    wake(rig, sims[1])
    message = rig.message()
    rig.take(message, agent)
    granted = rig.granted(message, sims[1], agent)
    held = held_meanwhile(
        rig, (SIM, sims[0]), lambda: rig.settle(granted, sims[1], SIM_REFUSED), [(SIM, sims[1])]
    )
    assert held == []
    assert rig.sim_row(sims[0]).reason_code == "all_sims_refused"


def test_intents_that_cut_stops_that_come_in_and_orders_of_persons_never_wait_for_each_other(
    rig: Rig,
) -> None:
    """Every transaction of every process is carried out: none is broken by the server."""
    agents = [rig.agent("pbx1"), rig.agent("pbx2")]
    sims = [rig.sim(), rig.sim()]
    mailings = [rig.mailing(part_count=2) for _ in range(3)]
    numbers = [f"+7916000{place:04d}" for place in range(90)]
    ids = [rig.message(2, mailings[place % 3], number, text=LONG) for place, number in enumerate(numbers)]
    for place, message in enumerate(ids):
        rig.take(message, agents[place % 2])
    race(
        _either,
        rig.database.url,
        [
            ("begin", agents[0], sims[0], ids[0::2]),
            ("begin", agents[1], sims[1], ids[1::2][::-1]),
            ("receive", sims[0], numbers[10:40]),
            ("receive", sims[1], numbers[20:50][::-1]),
            ("stop", numbers[::-1]),
            ("cancel", mailings[::-1]),
        ],
    )
    with rig.read() as connection:
        of_mailings = select(messages.c.state).where(messages.c.mailing_id.is_not(None))
        states = set(connection.execute(of_mailings).scalars())
    assert states <= {"submitting", "suppressed", "cancelled"}
    assert not any(rig.state(one) == "submitting" and len(rig.attempts(one)) != 3 for one in ids)


def _either(rig: Rig, what: str, *arguments: Any) -> Any:
    work = {"begin": begin_cut, "receive": receive_stops, "stop": stop_each, "cancel": cancel_each}[what]
    return work(rig, *arguments)  # type: ignore[operator]
