"""What is decided about a missed call, once, and what becomes of it while it waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pbx_sms.config import Settings, parse
from pbx_sms.core.calls.call_book import Missed
from pbx_sms.errors import ConfigError
from pbx_sms.operations import missed_calls, stop_list
from pbx_sms.storage import missed_calls as rows_of
from pbx_sms.storage import schema
from pbx_sms.storage.engine import Database

ANN, BOB = "+79161234567", "+79261234568"


@pytest.fixture
def office(settings: Callable[..., Settings]) -> Settings:
    rule = {"name": "office", "contexts": ["from-trunk"], "text": "Перезвоним: {caller}", "wait_s": 60}
    return settings(asterisk={"secret": "s"}, missed_call=[rule])


def miss(database: Database, office: Settings, call_id: str, caller: str = ANN, ago_s: float = 0) -> Any:
    at = database.now() - timedelta(seconds=ago_s)
    call = Missed(
        call_id=call_id,
        caller=caller,
        did="4951112233",
        context="from-trunk",
        queue=None,
        called_at=at,
        missed_at=at,
    )
    return missed_calls.record(database, office, call)


def told(database: Database, office: Settings) -> list[tuple[str, str, str | None]]:
    rows = missed_calls.list_calls(database, office, limit=99)
    return [(row["caller"], row["state"], row["reason"]) for row in reversed(rows)]


def test_it_waits_for_its_time_and_goes_once(database: Database, office: Settings) -> None:
    assert miss(database, office, "1")["state"] == "waiting"
    assert not missed_calls.send_due(database, office)
    miss(database, office, "2", BOB, ago_s=61)
    assert missed_calls.send_due(database, office)
    assert not missed_calls.send_due(database, office)
    assert told(database, office) == [(ANN, "waiting", None), (BOB, "sent", None)]
    with database.read() as connection:
        (row,) = connection.execute(select(schema.messages)).all()
    # urgent and service messages use the reserve, and go before mailings
    assert (row.msisdn, row.text, row.mailing_id) == (BOB, f"Перезвоним: {BOB}", None)


def test_a_call_that_two_engines_tell_is_one(database: Database, office: Settings) -> None:
    assert miss(database, office, "1") is not None
    assert miss(database, office, "1") is None
    assert len(told(database, office)) == 1


def test_a_number_gets_one_message_in_so_many_hours(database: Database, office: Settings) -> None:
    miss(database, office, "1", ago_s=25 * 3600)
    assert missed_calls.send_due(database, office)
    miss(database, office, "2", ago_s=61)
    assert missed_calls.send_due(database, office)
    assert miss(database, office, "3")["reason"] == "missed_again"


def test_who_calls_again_is_held_and_waits_anew_when_missed_again(
    database: Database, office: Settings
) -> None:
    miss(database, office, "1", ago_s=50)
    miss(database, office, "2", BOB, ago_s=50)
    # another way of writing her number; a telephone of the office means nobody
    assert missed_calls.hold(database, {"8 916 123-45-67", "4567", "+79031112233"}, 30) == 1
    assert missed_calls.hold(database, (), 30) == 0
    rows = {row["caller"]: row for row in missed_calls.list_calls(database, office, limit=9)}
    assert rows[ANN]["next_at"] > rows[BOB]["next_at"] + timedelta(seconds=10)
    # nobody's wait becomes shorter, and what is not due yet is left alone
    assert missed_calls.hold(database, {ANN, BOB}, 1) == 0
    assert miss(database, office, "3", ago_s=59)["reason"] == "missed_again"
    rows = {row["call_id"]: row for row in missed_calls.list_calls(database, office, limit=9)}
    assert rows["1"]["next_at"] == rows["3"]["missed_at"] + timedelta(seconds=60)


def test_who_is_reached_while_waiting_gets_none_and_later_it_is_too_late(
    database: Database, office: Settings
) -> None:
    miss(database, office, "1")
    miss(database, office, "2", BOB)
    reach = missed_calls.reached
    assert reach(database, office, call_id="9", caller="100", others={"89161234567", "100"}) == 1
    assert reach(database, office, call_id="8", caller="89261234568", others={"4951112233"}) == 1
    assert reach(database, office, call_id="7", caller="89261234568", others={"4951112233"}) == 0
    assert told(database, office) == [
        (ANN, "left_out", "missed_called_back"),
        (BOB, "left_out", "missed_answered_later"),
    ]
    # called back before: a new call is a new matter
    assert miss(database, office, "3", ago_s=61)["state"] == "waiting"
    assert missed_calls.send_due(database, office)
    assert reach(database, office, call_id="6", caller=ANN, others=set()) == 0


def test_a_stop_while_it_waits_is_obeyed(database: Database, office: Settings) -> None:
    miss(database, office, "1", ago_s=61)
    stop_list.add(database, office, number=ANN)
    assert not missed_calls.send_due(database, office)
    assert told(database, office) == [(ANN, "left_out", "number_stopped")]


def test_a_crash_between_message_and_row_sends_nothing_twice(database: Database, office: Settings) -> None:
    miss(database, office, "1", ago_s=61)
    assert missed_calls.send_due(database, office)
    with database.begin() as connection:
        # as it was when the engine died: taken, the message queued, the row not yet settled
        connection.execute(
            update(schema.missed_calls).values(
                state="waiting", message_id=None, next_at=database.now() - timedelta(seconds=1)
            )
        )
    assert not missed_calls.send_due(database, office)
    assert told(database, office) == [(ANN, "sent", None)]
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.messages)).scalar_one() == 1


def test_engines_that_look_at_once_send_each_once(database: Database, office: Settings) -> None:
    for number in range(8):
        miss(database, office, str(number), f"+7916123450{number}", ago_s=61)
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(missed_calls.send_due(database, office)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(found)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.messages)).scalar_one() == 8
        assert rows_of.due(connection, database.now() + timedelta(days=1)) == []


RULE = '[asterisk]\nsecret = "s"\n[[missed_call]]\nname = "a"\ntext = "{text}"\n{where}\n'


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("hello", "", "say which calls"),
        ("{name}", 'dids = ["1"]', "may name {caller}"),
        ("{queue}", 'dids = ["1"]', "needs queues"),
        (" ", 'dids = ["1"]', "write what the caller is to read"),
        ("hello", 'dids = ["1"]\nhours = "noon"', "no window"),
        ("hello", 'dids = ["1"]\ndays_off = "sometimes"', "days_off"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(text: str, where: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(RULE.replace("{text}", text).replace("{where}", where))
    assert says in str(refused.value.problems)


def test_calls_are_listened_to_through_asterisk_only() -> None:
    with pytest.raises(ConfigError):
        parse('[opt_out_calls]\nnumbers = ["+74951110009"]\n')
