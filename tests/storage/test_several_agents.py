"""Several agents on one server: who uses a SIM, what a lost answer leaves, what a lost connection costs."""

from __future__ import annotations

import contextlib
import select as readiness
import threading
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from postgresql_server import PostgresqlServer
from queue_rig import UNKNOWN, Rig
from sqlalchemy import text, update

from pbx_sms.core.verdict import ACCEPTED
from pbx_sms.errors import Conflict
from pbx_sms.storage import agent_lock, devices, queue, sim_owner
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.schema import agents
from pbx_sms.storage.wakeup import Wakeup

IMSI = "250019999999999"
SILENCE = timedelta(seconds=60)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


# who uses a SIM


def owner(rig: Rig, agent_id: int) -> str | None:
    return rig.do(
        lambda connection, _: sim_owner.owner_elsewhere(connection, IMSI, agent_id, rig.now - SILENCE)
    )


def alive(rig: Rig, agent_id: int) -> None:
    """As its housekeeping tells every few seconds."""
    with rig.database.begin() as connection:
        connection.execute(update(agents).where(agents.c.agent_id == agent_id).values(seen_at=rig.now))


def find_sim(rig: Rig, modem_id: int) -> int:
    return rig.do(lambda connection, new: devices.sim_found(connection, modem_id, IMSI, rig.now, new))


def test_a_sim_belongs_to_the_first_that_found_it_while_that_one_lives(rig: Rig) -> None:
    first, second = rig.agent("pbx1"), rig.agent("pbx2")
    modem = rig.modem(first, "gsm1")
    assert owner(rig, first) is None
    find_sim(rig, modem)
    alive(rig, first)
    assert (owner(rig, first), owner(rig, second)) == (None, "pbx1")
    rig.later(seconds=59)
    assert owner(rig, second) == "pbx1"
    rig.later(seconds=2)
    assert owner(rig, second) is None


def test_a_sim_is_free_when_its_agent_stops_or_lets_go(rig: Rig) -> None:
    first, second = rig.agent("pbx1"), rig.agent("pbx2")
    modem = rig.modem(first, "gsm1")
    find_sim(rig, modem)
    alive(rig, first)
    rig.do(lambda connection, _: devices.sim_gone(connection, modem))
    assert owner(rig, second) is None
    find_sim(rig, modem)
    rig.later(seconds=1)
    with rig.database.begin() as connection:
        connection.execute(update(agents).where(agents.c.name == "pbx1").values(stopped_at=rig.now))
    assert owner(rig, second) is None


def test_a_taken_sim_begins_nothing_for_its_former_agent(rig: Rig) -> None:
    """It was cut off, its stock is old; what is still its own stays with it for another SIM."""
    first, second = rig.agent("pbx1"), rig.agent("pbx2")
    old, new = rig.modem(first, "gsm1"), rig.modem(second, "gsm1")
    sim = find_sim(rig, old)
    message = rig.message()
    rig.take(message, first)
    find_sim(rig, new)
    denied = rig.denied(message, sim, first, modem_id=old)
    assert denied.shortage is not None
    assert (denied.shortage.reason.code, rig.state(message)) == ("waits_for_sim", "leased")
    rig.granted(message, sim, first, modem_id=None)


# what a cut-off agent still holds


def test_renewing_tells_which_leases_are_still_held(rig: Rig) -> None:
    first, second = rig.agent("pbx1"), rig.agent("pbx2")
    kept, lost, sent = rig.message(), rig.message(), rig.message()
    for message in (kept, lost, sent):
        rig.take(message, first)
    rig.do(lambda connection, _: queue.release(connection, [lost, sent], first))
    rig.take(lost, second)
    ids = [kept, lost, sent]
    held = rig.do(lambda connection, _: queue.renew(connection, ids, first, rig.now + SILENCE))
    assert held == {kept}


@pytest.mark.parametrize("answer", [ACCEPTED, UNKNOWN])
def test_an_answer_that_comes_after_a_person_decided_changes_nothing(rig: Rig, answer: object) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message()
    rig.take(message, agent)
    granted = rig.granted(message, sim, agent)
    rig.later(seconds=901)
    rig.do(lambda connection, new: queue.abandon_overdue(connection, rig.now, new))
    assert rig.reason(message) == "agent_lost"
    rig.resolve(message, Decision.FAILED)
    rig.settle(granted, sim, answer)  # type: ignore[arg-type]
    assert rig.state(message) == "failed"


# an intent whose commit was not confirmed


def withdraw(rig: Rig, message: int, agent: int, sim: int) -> bool:
    return rig.do(lambda connection, new: queue.withdraw(connection, message, agent, sim, rig.now, new))


def test_an_intent_nobody_knew_of_is_taken_back_with_its_quota(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message()
    rig.take(message, agent)
    rig.granted(message, sim, agent)
    assert withdraw(rig, message, agent, sim)
    row = rig.row(message)
    assert (row.state, row.agent_id, row.attempt_count) == ("queued", None, 0)
    assert rig.reason(message) == "intent_not_confirmed"
    assert rig.part_states(message) == ["pending"]
    assert rig.attempts(message) == []
    assert not withdraw(rig, message, agent, sim)
    rig.submit(message, sim, agent)
    assert rig.state(message) == "submitted"


def test_of_a_begun_message_only_the_part_that_was_not_sent_is_taken_back(rig: Rig) -> None:
    agent, sim = rig.agent(), rig.sim()
    message = rig.message(3)
    rig.submit(message, sim, agent)
    rig.granted(message, sim, agent)
    assert withdraw(rig, message, agent, sim)
    row = rig.row(message)
    assert (row.state, row.bound_sim_id) == ("queued", sim)
    assert rig.part_states(message) == ["submitted", "pending", "pending"]
    rig.submit(message, sim, agent, [ACCEPTED, ACCEPTED])
    assert rig.state(message) == "submitted"
    assert [attempt.part for attempt in rig.attempts(message) if attempt.kind == "accepted"] == [1, 3, 2]


def test_nothing_of_another_agent_or_sim_or_between_parts_is_taken_back(rig: Rig) -> None:
    agent, other, sim, next_sim = rig.agent("pbx1"), rig.agent("pbx2"), rig.sim(), rig.sim()
    message = rig.message(2)
    rig.take(message, agent)
    assert not withdraw(rig, message, agent, sim)
    granted = rig.granted(message, sim, agent)
    assert not withdraw(rig, message, other, sim)
    assert not withdraw(rig, message, agent, next_sim)
    rig.settle(granted, sim)
    assert not withdraw(rig, message, agent, sim)
    assert rig.state(message) == "submitting"


# the end of a mailing


def test_a_mailing_does_not_finish_while_one_of_its_messages_is_sent_again(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    rig = Rig(database)
    agent, sim = rig.agent(), rig.sim()
    mailing = rig.mailing()
    message = rig.message(mailing_id=mailing)
    rig.submit(message, sim, agent, [UNKNOWN])
    finished: list[list[int]] = []
    finishing = threading.Thread(target=lambda: finished.append(rig.finish()))
    with database.begin() as connection:
        queue.resolve(connection, message, Decision.RESEND, rig.now, [])
        finishing.start()
        _until_somebody_waits_for_a_lock(database)
    finishing.join()
    assert finished == [[]]
    assert (rig.mailing_state(mailing), rig.state(message)) == ("running", "queued")
    database.close()


def _until_somebody_waits_for_a_lock(database: Database) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = :name")
    with database.read() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
    while True:
        with database.read() as connection:
            if connection.execute(waiting, {"name": name}).scalar_one():
                return


# a server that goes away


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    """One that a test may stop."""
    started = PostgresqlServer.start()
    started.create("office")
    yield started
    started.stop()


def test_the_agents_name_is_kept_through_a_restart_of_the_server(server: PostgresqlServer) -> None:
    url = server.url("office")
    lock = agent_lock.take(url, "pbx1")
    lock.keep()
    server.halt()
    with pytest.raises(ConnectionError):
        lock.keep()
    server.resume()
    lock.keep()
    with pytest.raises(Conflict):
        agent_lock.take(url, "pbx1")
    lock.release()


def test_an_engine_learns_that_another_one_took_its_name_meanwhile(server: PostgresqlServer) -> None:
    url = server.url("office")
    cut_off = agent_lock.take(url, "pbx1")
    server.halt()
    server.resume()
    quicker = agent_lock.take(url, "pbx1")
    with pytest.raises(Conflict, match="agent_runs_already"):
        cut_off.keep()
    quicker.release()
    # the server frees the name when it notices that its session ended
    is_kept = False
    while not is_kept:
        with contextlib.suppress(Conflict):
            cut_off.keep()
            is_kept = True
    cut_off.release()


def test_a_listener_tells_that_its_server_went_away(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    waiting, watched = database.listen(), database.listen()
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(ConnectionError):
        waiting.wait(10.0)
    with pytest.raises(ConnectionError):
        _follow(watched)
    for listener in (waiting, watched):
        listener.close()
    again = database.listen()
    database.wake()
    assert again.wait(10.0)
    again.close()
    database.close()


def _follow(listener: Wakeup) -> None:
    """As the engine's event loop does it."""
    while True:
        readiness.select([listener.fileno()], [], [], 10.0)
        listener.drain()


def test_a_writer_that_falls_silent_in_its_transaction_holds_up_the_others_for_seconds_only(
    postgresql_url: str,
) -> None:
    """A PBX whose network is cut in the middle of a commit holds the lock that orders the events."""
    database = open_database(postgresql_url)
    with database.begin() as connection:
        limit = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    with database.read() as connection:
        reader = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    assert (limit, reader) == ("10s", "0")
    database.close()
