"""The event log: ids in the order of the commits, so that a reader never misses one."""

from __future__ import annotations

import multiprocessing
import threading

import pytest
from queue_rig import ACCEPTED, Rig
from racing import race, write_events
from sqlalchemy import Connection, delete, func, select

from pbx_sms.core.reason import Reason
from pbx_sms.storage import devices, events
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import events as table

WRITERS, TRANSACTIONS = 3, 60


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


@pytest.mark.timeout(300)
def test_a_reader_that_asks_for_larger_ids_never_misses_an_event_of_concurrent_writers(rig: Rig) -> None:
    writing = threading.Thread(
        target=race,
        args=(write_events, rig.database.url, [(n, TRANSACTIONS) for n in range(WRITERS)]),
        daemon=True,
    )
    writing.start()
    seen: list[tuple[int, int, int]] = []
    last = 0
    done = False
    while True:
        with rig.read() as connection:
            found = events.read_after(connection, last, 7)
        for row in found:
            assert row.event_id > last
            last = row.event_id
            assert row.sim_id is not None
            seen.append((row.sim_id, row.part or 0, row.parts_submitted or 0))
        if not found:
            if done:
                break
            # one more look after the last commit
            done = not writing.is_alive()
    writing.join()
    expected = {
        (w, n, place) for w in range(WRITERS) for n in range(TRANSACTIONS) for place in range(1 + n % 3)
    }
    assert len(seen) == len(expected)
    assert set(seen) == expected
    # the events of one transaction lie beside each other, in their order
    for writer in range(WRITERS):
        mine = [each for each in seen if each[0] == writer]
        assert mine == sorted(mine)
    assert not multiprocessing.active_children()


def test_an_id_is_visible_only_when_all_smaller_ones_are(rig: Rig) -> None:
    if rig.database.is_sqlite:
        # one writer at a time: there is no second transaction that could overtake the first
        with rig.database.begin() as first:
            events.append(first, [NewEvent(at=rig.now, kind="stop")])
        assert len(rig.event_rows("stop")) == 1
        return
    second_has_begun = threading.Event()
    order: list[str] = []

    def second() -> None:
        with rig.database.begin() as connection:
            second_has_begun.set()
            events.append(connection, [NewEvent(at=rig.now, kind="stop", state="second")])
            order.append("second")

    with rig.database.begin() as connection:
        events.append(connection, [NewEvent(at=rig.now, kind="stop", state="first")])
        thread = threading.Thread(target=second)
        thread.start()
        second_has_begun.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert [row.state for row in rig.event_rows("stop")] == ["first", "second"]


def test_ids_are_never_used_again(rig: Rig) -> None:
    def add() -> int:
        rig.do(lambda _, new: new.append(NewEvent(at=rig.now, kind="stop")))
        with rig.read() as connection:
            return events.newest_id(connection)

    first = add()
    with rig.database.begin() as connection:
        connection.execute(delete(table))
    assert add() > first


def test_an_empty_log_has_the_newest_id_zero_and_nothing_is_appended_for_nothing(rig: Rig) -> None:
    with rig.database.begin() as connection:
        events.append(connection, [])
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
    with rig.read() as connection:
        assert events.newest_id(connection) == 0
        assert events.read_after(connection, 0) == []


def test_an_event_is_read_with_what_the_live_log_shows(rig: Rig) -> None:
    agent, mailing = rig.agent(), rig.mailing()
    sim = rig.sim(label="МТС склад")
    modem = rig.modem(agent, "gsm1")
    with rig.database.begin() as connection:
        devices.sim_found(connection, modem, rig_imsi(rig, sim), rig.now, [])
    message = rig.message(2, mailing, "+79161234567")
    rig.submit(message, sim, agent, [ACCEPTED, ACCEPTED])
    with rig.read() as connection:
        rows = events.read_after(connection, 0, mailing_id=mailing)
    assert [(r.state, r.parts_submitted) for r in rows] == [
        ("submitting", 0),
        ("submitting", 1),
        ("submitted", 2),
    ]
    row = rows[-1]
    assert (row.number, row.parts, row.text, row.sim_label, row.modem) == (
        "+79161234567",
        2,
        "Привет",
        "МТС склад",
        "gsm1",
    )


def rig_imsi(rig: Rig, sim: int) -> str:
    return str(rig.sim_row(sim).imsi)


def test_only_the_events_of_a_mailing_and_no_more_than_asked_for(rig: Rig) -> None:
    mailing, other = rig.mailing(), rig.mailing()
    new = [NewEvent(at=rig.now, kind="mailing", mailing_id=m) for m in (mailing, other, mailing, mailing)]
    with rig.database.begin() as connection:
        events.append(connection, new)
    with rig.read() as connection:
        rows = events.read_after(connection, 0, 2, mailing_id=mailing)
        assert [r.mailing_id for r in rows] == [mailing, mailing]
        assert [r.mailing_id for r in events.read_after(connection, rows[-1].event_id)] == [mailing]


def test_a_reason_is_stored_with_its_parameters(rig: Rig) -> None:
    reason = Reason("gave_up", {"attempts": 10, "last": "+CMS ERROR: 38"})
    rig.do(lambda _, new: new.append(NewEvent(at=rig.now, kind="message", reason=reason)))
    with rig.read() as connection:
        (row,) = events.read_after(connection, 0)
    assert (row.reason, row.reason_params, row.at) == (reason.code, dict(reason.params), rig.now)


def test_an_event_of_a_change_that_was_rolled_back_does_not_exist(rig: Rig) -> None:
    def work(connection: Connection, _: list[NewEvent]) -> None:
        events.append(connection, [NewEvent(at=rig.now, kind="stop")])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rig.do(work)
    with rig.read() as connection:
        assert events.read_after(connection, 0) == []
