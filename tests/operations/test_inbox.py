"""The inbox, read page by page; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import inbox, messages, stop_list, users
from pbx_sms.storage import answered, devices, events
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import inbound, mailings
from pbx_sms.storage.schema import messages as table
from pbx_sms.storage.users import Role

IMSI = "250011234567890"


def test_the_newest_come_first_and_pages_follow_each_other(
    database: Database, settings: Callable[..., Settings]
) -> None:
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, "gsm1", None, now)
        sim_id = devices.sim_found(connection, modem_id, IMSI, now, [])
        for number in range(5):
            connection.execute(
                insert(inbound).values(
                    # the last one came through a SIM that is forgotten
                    sim_id=sim_id if number else 99,
                    sender="MegaBank",
                    text=str(number),
                    received_at=now - timedelta(hours=5 - number),
                    missing_parts=number,
                )
            )
    own = settings(sim=[{"imsi": IMSI, "label": "МТС склад"}])
    first = inbox.read(database, own, limit=2)
    assert [row["text"] for row in first] == ["4", "3"]
    rest = inbox.read(database, own, before_id=first[-1]["inbound_id"])
    assert [row["text"] for row in rest] == ["2", "1", "0"]
    since = inbox.read(database, own, since_at=now - timedelta(hours=2))
    assert [row["text"] for row in since] == ["4", "3"]
    assert first[0] == {
        "inbound_id": first[0]["inbound_id"],
        "received_at": now - timedelta(hours=1),
        "sent_at": None,
        "sim": IMSI,
        "sim_label": "МТС склад",
        "sender": "MegaBank",
        "number": None,
        "text": "4",
        "missing_parts": 4,
        "is_stop": False,
        "message_id": None,
        "mailing_id": None,
        "mailing": None,
        "state": "open",
        "assigned_to": None,
        "done_at": None,
        "done_by": None,
    }
    assert (rest[-1]["sim"], rest[-1]["sim_label"]) == (None, None)


NUMBER = "+79161234567"


def add_sim(database: Database, imsi: str, modem: str) -> int:
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, modem, None, now)
        return devices.sim_found(connection, modem_id, imsi, now, [])


def receive(database: Database, sim_id: int, text: str = "Вопрос", sender: str = NUMBER) -> int:
    """As the receiver writes it down, without stop words."""
    msisdn = sender if sender.startswith("+") else None
    with database.begin() as connection:
        found = answered.newest(connection, msisdn, sim_id) if msisdn else None
        key = connection.execute(
            insert(inbound).values(
                sim_id=sim_id,
                sender=sender,
                msisdn=msisdn,
                text=text,
                received_at=database.now(),
                message_id=found.message_id if found else None,
                mailing_id=found.mailing_id if found else None,
            )
        ).inserted_primary_key
    assert key is not None
    return int(key[0])


def sent(database: Database, made: Settings, sim_id: int, mailing_id: int | None = None) -> int:
    """A message that went to NUMBER through this SIM."""
    message_id = int(messages.send(database, made, number=NUMBER, text="Здравствуйте")["message_id"])
    with database.begin() as connection:
        connection.execute(
            update(table)
            .where(table.c.message_id == message_id)
            .values(
                state="submitted",
                sim_id=sim_id,
                first_accepted_at=database.now(),
                submitted_at=database.now(),
                mailing_id=mailing_id,
            )
        )
    return message_id


def add_mailing(database: Database, name: str) -> int:
    with database.begin() as connection:
        key = connection.execute(
            insert(mailings).values(
                name=name, kind="information", rank=0, state="running", text="x", created_at=database.now()
            )
        ).inserted_primary_key
    assert key is not None
    return int(key[0])


def test_an_answer_is_linked_to_the_newest_message_through_the_sim_it_came_to(
    database: Database, settings: Callable[..., Settings]
) -> None:
    made = settings()
    first, second = add_sim(database, IMSI, "gsm1"), add_sim(database, "250011234567891", "gsm2")
    spring, summer = add_mailing(database, "Весна"), add_mailing(database, "Лето")
    before = receive(database, first)
    sent(database, made, first, spring)
    through_first = sent(database, made, first, spring)
    through_second = sent(database, made, second, summer)
    # queued, and so seen by nobody
    messages.send(database, made, number=NUMBER, text="позже")
    to_first, to_second = receive(database, first), receive(database, second)
    to_third = receive(database, add_sim(database, "250011234567892", "gsm3"))
    rows = {row["inbound_id"]: row for row in inbox.read(database, made)}
    assert rows[before]["message_id"] is None
    assert (rows[to_first]["message_id"], rows[to_first]["mailing"]) == (through_first, "Весна")
    assert (rows[to_second]["message_id"], rows[to_second]["mailing"]) == (through_second, "Лето")
    assert rows[to_third]["message_id"] == through_second
    assert [row["inbound_id"] for row in inbox.read(database, made, mailing_id=spring)] == [to_first]
    assert len(inbox.read(database, made, number="8 916 123-45-67")) == 4
    assert inbox.read(database, made, number="+79160000000") == []


def test_a_conversation_shows_both_directions_in_order(
    database: Database, settings: Callable[..., Settings]
) -> None:
    made = settings()
    sim = add_sim(database, IMSI, "gsm1")
    sent(database, made, sim)
    asked = receive(database, sim, "Когда?")
    inbox.reply(database, made, asked, "Завтра", by="anna")
    told = inbox.show(database, made, asked)
    assert [(one["direction"], one["text"]) for one in told["thread"]] == [
        ("out", "Здравствуйте"),
        ("in", "Когда?"),
        ("out", "Завтра"),
    ]
    assert told["reason"] is None
    with pytest.raises(NotFound):
        inbox.show(database, made, 99)


def test_an_answer_goes_through_the_sim_that_was_written_to_and_no_other(
    database: Database, settings: Callable[..., Settings]
) -> None:
    made = settings()
    add_sim(database, IMSI, "gsm1")
    second = add_sim(database, "250011234567891", "gsm2")
    asked = receive(database, second)
    first_time = inbox.reply(database, made, asked, "Завтра", key="form-1", by="anna", done=True)
    again = inbox.reply(database, made, asked, "Завтра", key="form-1", by="anna", done=True)
    assert (first_time["duplicate"], again["duplicate"]) == (False, True)
    assert again["message_id"] == first_time["message_id"]
    with database.read() as connection:
        (row,) = connection.execute(table.select())
    assert (row.msisdn, row.bound_sim_id, row.rank, row.mailing_id) == (NUMBER, second, 1, None)
    (shown,) = inbox.read(database, made)
    assert (shown["state"], shown["done_by"]) == ("done", "anna")


@pytest.mark.parametrize("sender", ["MegaBank", "900"])
def test_a_name_and_a_short_code_cannot_be_answered(
    database: Database, settings: Callable[..., Settings], sender: str
) -> None:
    made = settings()
    asked = receive(database, add_sim(database, IMSI, "gsm1"), sender=sender)
    with pytest.raises(Refused) as refusal:
        inbox.reply(database, made, asked, "Завтра")
    assert refusal.value.code == "reply_needs_number"
    assert inbox.show(database, made, asked)["reason"] == "reply_needs_number"


def test_a_stopped_number_cannot_be_answered(database: Database, settings: Callable[..., Settings]) -> None:
    made = settings()
    asked = receive(database, add_sim(database, IMSI, "gsm1"))
    stop_list.add(database, made, number=NUMBER)
    with pytest.raises(Conflict) as refusal:
        inbox.reply(database, made, asked, "Завтра", done=True)
    assert refusal.value.code == "number_stopped"
    assert inbox.show(database, made, asked)["reason"] == "number_stopped"
    assert inbox.open_count(database) == 1


@pytest.mark.parametrize("text", ["", "  ", "я" * 1000])
def test_a_text_that_cannot_be_sent_is_refused(
    database: Database, settings: Callable[..., Settings], text: str
) -> None:
    made = settings()
    asked = receive(database, add_sim(database, IMSI, "gsm1"))
    with pytest.raises(Refused):
        inbox.reply(database, made, asked, text)
    with database.read() as connection:
        assert connection.execute(table.select()).all() == []


def test_marks_say_who_looks_after_a_message_and_that_it_is_done(
    database: Database, settings: Callable[..., Settings]
) -> None:
    made = settings()
    users.add(database, made, name="anna", role=Role.RECEPTIONIST, password="correct horse")
    sim = add_sim(database, IMSI, "gsm1")
    first, second = receive(database, sim), receive(database, sim)
    assert inbox.assign(database, made, first, "Anna", by="boris")["assigned_to"] == "anna"
    with pytest.raises(NotFound):
        inbox.assign(database, made, first, "nobody")
    with pytest.raises(NotFound):
        inbox.assign(database, made, 99, "anna")
    assert [row["inbound_id"] for row in inbox.read(database, made, assigned_to="anna")] == [first]
    assert inbox.mark_done(database, made, first, by="anna")["done_by"] == "anna"
    with pytest.raises(Conflict):
        inbox.mark_done(database, made, first)
    assert [row["inbound_id"] for row in inbox.read(database, made, is_open=True)] == [second]
    assert inbox.open_count(database) == 1
    assert inbox.reopen(database, made, first)["done_by"] is None
    with pytest.raises(Conflict):
        inbox.reopen(database, made, first)
    assert inbox.assign(database, made, first, None)["assigned_to"] is None
    assert inbox.open_count(database) == 2


def test_who_marked_a_message_and_when_is_kept_and_shown(
    database: Database, settings: Callable[..., Settings]
) -> None:
    made = settings()
    users.add(database, made, name="anna", role=Role.RECEPTIONIST, password="correct horse")
    sim = add_sim(database, IMSI, "gsm1")
    asked, again = receive(database, sim), receive(database, sim)
    assert inbox.show(database, made, asked)["marks"] == []
    since = database.now()
    inbox.assign(database, made, asked, "anna", by="boris")
    # what is so already is no mark, nor is what is refused
    inbox.assign(database, made, asked, "anna", by="vera")
    with pytest.raises(Conflict):
        inbox.reopen(database, made, asked, by="vera")
    inbox.reply(database, made, asked, "Завтра", by="anna", done=True)
    inbox.reopen(database, made, asked, by="boris")
    inbox.assign(database, made, asked, None)
    inbox.mark_done(database, made, again, by="vera")
    told = inbox.show(database, made, asked)
    assert [(one["mark"], one["user"], one["by"]) for one in told["marks"]] == [
        ("assigned", "anna", "boris"),
        ("done", None, "anna"),
        ("reopened", None, "boris"),
        ("unassigned", None, None),
    ]
    assert all(since <= one["at"] <= database.now() for one in told["marks"])
    # beside each message of the conversation its own
    in_thread = [one["marks"] for one in told["thread"] if one["direction"] == "in"]
    assert [len(marks) for marks in in_thread] == [4, 1]
    assert in_thread[0] == told["marks"]
    with database.read() as connection:
        found = events.read_after(connection, 0)
    marks = [(event.state, event.reason) for event in found if event.kind == "inbound"]
    assert ("assigned", "inbox_mark_assigned") in marks
    assert len(marks) == 5
