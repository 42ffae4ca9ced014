"""What scripts are told, as it is read: in order, once a cursor has begun, and what each row knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from queue_rig import NOW, Rig
from sqlalchemy import update

from pbx_sms.storage import events, script_news, script_orders
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import inbound, messages


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def test_a_cursor_begins_behind_what_happened_and_never_goes_back(rig: Rig) -> None:
    rig.do(lambda _, new: new.extend([NewEvent(at=rig.now, kind="stop")] * 3))
    with rig.database.begin() as connection:
        newest = events.newest_id(connection)
        assert script_news.begin(connection, "pbx1", rig.now) == newest
    rig.do(lambda _, new: new.extend([NewEvent(at=rig.now, kind="stop")] * 2))
    with rig.database.begin() as connection:
        # another agent begins later, with a cursor of its own
        assert script_news.begin(connection, "pbx2", rig.now) == newest + 2
        script_news.move(connection, "pbx1", newest + 1, rig.now)
        script_news.move(connection, "pbx1", newest, rig.now)
        assert script_news.begin(connection, "pbx1", rig.now) == newest + 1
        assert [row.event_id for row in script_news.read_after(connection, newest + 1, 10)] == [newest + 2]


def test_what_is_too_old_ends_before_the_first_that_is_not(rig: Rig) -> None:
    def event(hours: int) -> NewEvent:
        return NewEvent(at=NOW - timedelta(hours=hours), kind="stop")

    rig.do(lambda _, new: new.extend([event(30), event(26), event(3), event(25), event(1)]))
    since_at = NOW - timedelta(hours=24)
    with rig.read() as connection:
        first = events.newest_id(connection) - 4
        assert script_news.last_before(connection, first - 1, since_at) == first + 1
        # a clock that was wrong in between hides nothing that is new
        assert script_news.last_before(connection, first + 2, since_at) == first + 3
        assert script_news.last_before(connection, first + 4, since_at) == first + 4


def test_an_answer_is_kept_once_and_forgotten_after_its_time(database: Database) -> None:
    with database.begin() as connection:
        for answer in ({"State": "first"}, {"State": "second"}):
            script_orders.keep(connection, "Group", "id-1", "digest", answer, NOW)
        found = script_orders.find(connection, "Group", "id-1")
        assert found is not None
        assert found.answer == {"State": "first"}
        assert script_orders.find(connection, "Stop", "id-1") is None
        assert script_orders.forget(connection, NOW) == 0
        assert script_orders.forget(connection, NOW + timedelta(seconds=1)) == 1
        assert script_orders.find(connection, "Group", "id-1") is None


def test_the_story_of_a_message_and_its_answer(rig: Rig) -> None:
    agent_id = rig.agent()
    sim_id = rig.sim(label="склад")
    rig.do(lambda connection, _: script_news.begin(connection, "pbx1", NOW))
    message_id = rig.message()
    with rig.database.begin() as connection:
        connection.execute(
            update(messages).where(messages.c.message_id == message_id).values(request_key="order-7")
        )
    rig.do(lambda _, new: new.append(_queued(message_id)))
    rig.do(lambda _, new: new.append(_queued(message_id)))
    rig.submit(message_id, sim_id, agent_id)
    inbound_id = rig.insert(
        inbound, sim_id=sim_id, sender="+79161234567", text="да", received_at=NOW, message_id=message_id
    )
    came = NewEvent(at=NOW, kind="inbound", sim_id=sim_id, inbound_id=inbound_id)
    rig.do(lambda _, new: new.append(came))
    with rig.read() as connection:
        rows = [
            row for row in script_news.read_after(connection, 0, 100) if row.kind in ("message", "inbound")
        ]
        assert script_news.first_event_of(connection, message_id) == rows[0].event_id
    first, again, *_, submitted, answer = rows
    assert (first.is_first, again.is_first) == (True, False)
    assert {row.request_key for row in rows[:-1]} == {"order-7"}
    assert (submitted.state, submitted.sim_label) == ("submitted", "склад")
    assert (answer.text, answer.answers_message_id, answer.answers_key) == ("да", message_id, "order-7")


def _queued(message_id: int) -> NewEvent:
    return NewEvent(at=NOW, kind="message", state="queued", message_id=message_id)
