"""`inbox` with its orders and `notify`, as processes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from pbx_sms.config import Settings
from pbx_sms.operations import users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import inbound, sims
from pbx_sms.storage.users import Role

if TYPE_CHECKING:
    from conftest import Command

NUMBER = "+79161234567"


def receive(stored: Database, sender: str, text: str) -> None:
    with stored.begin() as connection:
        sim_id = connection.execute(select(sims.c.sim_id)).scalar_one()
        connection.execute(
            insert(inbound).values(
                sim_id=sim_id,
                sender=sender,
                msisdn=sender if sender.startswith("+") else None,
                text=text,
                received_at=stored.now() - timedelta(minutes=1),
            )
        )


def test_a_message_is_answered_and_the_conversation_shown(
    pbx_sms: Command, stored: Database, sim: str
) -> None:
    receive(stored, NUMBER, "Когда автобус?")
    receive(stored, "MegaBank", "Реклама")
    sent = pbx_sms("inbox", "reply", "1", "В 15:00", "--json").object()
    assert (sent["state"], sent["duplicate"]) == ("queued", False)
    told = pbx_sms("inbox", "show", "1", "--json").object()
    assert [(one["direction"], one["text"]) for one in told["thread"]] == [
        ("in", "Когда автобус?"),
        ("out", "В 15:00"),
    ]
    assert "Когда автобус?" in pbx_sms("inbox", "show", "1").out
    assert "cannot be answered" in pbx_sms("inbox", "reply", "2", "x").refusal()
    assert "no inbound message 9" in pbx_sms("inbox", "reply", "9", "x").refusal()


def test_marks_of_a_message(pbx_sms: Command, stored: Database, sim: str) -> None:
    receive(stored, NUMBER, "Когда автобус?")
    receive(stored, "MegaBank", "Реклама")
    users.add(stored, Settings(), name="anna", role=Role.RECEPTIONIST, password="correct horse")
    assert "anna looks after" in pbx_sms("inbox", "assign", "1", "anna").out
    assert pbx_sms("inbox", "done", "1", "--json").object()["state"] == "done"
    assert "already" in pbx_sms("inbox", "done", "1").refusal()
    assert [row["inbound_id"] for row in pbx_sms("inbox", "--open", "--json").objects()] == [2]
    assert pbx_sms("inbox", "reopen", "1").status == 0
    told = pbx_sms("inbox", "show", "1", "--json").object()
    assert [(one["mark"], one["user"]) for one in told["marks"]] == [
        ("assigned", "anna"),
        ("done", None),
        ("reopened", None),
    ]
    assert all(one["by"] and one["at"].endswith("Z") for one in told["marks"])
    assert told["marks"][0]["reason_text"].endswith("anna looks after it")
    rows = pbx_sms("inbox", "--number", "89161234567", "--user", "anna", "--json").objects()
    assert [row["inbound_id"] for row in rows] == [1]


def test_notifications_are_listed_and_tried_again(pbx_sms: Command) -> None:
    assert pbx_sms("notify", "list", "--json").objects() == []
    assert "[notify]" in pbx_sms("notify", "test").refusal()
    assert "no notification 7" in pbx_sms("notify", "retry", "7").refusal()
    settings = pbx_sms.config.read_text(encoding="utf-8")
    pbx_sms.write_config(settings + '[notify]\nwebhook_url = "http://127.0.0.1:1/"\ntimeout_s = 2\n')
    tested = pbx_sms("notify", "test")
    assert tested.status == 1
    assert "cannot be reached" in tested.out
    (row,) = pbx_sms("notify", "list", "--state", "waiting", "--json").objects()
    assert (row["channel"], row["kind"], row["attempts"]) == ("webhook", "test", 1)
    assert pbx_sms("notify", "retry", "1", "--json").object()["attempts"] == 0
