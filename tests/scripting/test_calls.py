"""Missed calls and calls that demand to stop, with a real Asterisk and real SIP calls on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sip_pbx import BUSY, DIRECT, MENU, OPT_OUT, QUEUE, Pbx
from sqlalchemy import select

from pbx_sms.config import Settings
from pbx_sms.engine.companions import accompany
from pbx_sms.operations import missed_calls, stop_list
from pbx_sms.scripting import desks
from pbx_sms.scripting.session import ScriptSession
from pbx_sms.storage import schema
from pbx_sms.storage.engine import Database

ANN, BOB = "+79161234567", "+79261234568"


@pytest.fixture(scope="module")
def shared_pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    made = Pbx(tmp_path_factory.mktemp("sipp"))
    yield made
    made.remove()


@pytest.fixture
def pbx(shared_pbx: Pbx) -> Pbx:
    return shared_pbx


Listen = Callable[..., Awaitable[ScriptSession]]


@pytest.fixture
async def listen(pbx: Pbx, sqlite_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Listen]:
    """Begins a session with these settings; `end` of it is the fixture's business."""
    running: list[asyncio.Task[None]] = []

    async def start(**sections: Any) -> ScriptSession:
        made = office(pbx, settings, sqlite_url, **sections)
        session = ScriptSession(made, desks.configured(made), link_rest_s=0.05)
        running.append(asyncio.create_task(accompany(session)))
        assert await session.wait_up(20)
        return session

    yield start
    for task in running:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def office(pbx: Pbx, settings: Callable[..., Settings], url: str, **sections: Any) -> Settings:
    rules = [
        {
            "name": "office",
            "dids": [DIRECT, BUSY, MENU, "4951112266"],
            "text": "{time}: {caller}",
            "wait_s": 0,
        },
        {"name": "queue", "queues": ["sales"], "text": "{queue}: {caller}", "wait_s": 0},
    ]
    return settings(
        **{
            "database": {"url": url},
            "asterisk": {"port": pbx.server.port, "secret": "s3cret"},
            "missed_call": rules,
            "opt_out_calls": {"numbers": [f"+7 {OPT_OUT}"]},
        }
        | sections
    )


async def told(database: Database, settings: Settings, count: int) -> list[dict[str, Any]]:
    """The missed calls, oldest first, once there are so many."""
    rows: list[dict[str, Any]] = []

    def is_told() -> bool:
        rows[:] = missed_calls.list_calls(database, settings, limit=99)
        return len(rows) >= count

    await until(is_told)
    return rows[::-1]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - the database and Asterisk tell nobody
            await asyncio.sleep(0.02)


async def test_who_is_missed_by_number_and_in_a_queue_gets_one_message_each(
    pbx: Pbx, listen: Listen, sqlite_database: Database
) -> None:
    session = await listen()
    await pbx.call("talks", "4951112266", "89261234568")
    await pbx.call("gives_up", DIRECT, "89161234567")
    await pbx.call("gives_up", QUEUE, "89261234568")
    await pbx.call("finds_busy", BUSY, "89161234567")
    await pbx.call("gives_up", DIRECT, "84957654321")
    await pbx.call("gives_up", DIRECT, "anonymous", "anonymous.invalid")
    rows = await told(sqlite_database, session.settings, 5)
    assert missed_calls.send_due(sqlite_database, session.settings)
    assert not missed_calls.send_due(sqlite_database, session.settings)
    rows = await told(sqlite_database, session.settings, 5)
    assert [(row["number"], row["rule"], row["queue"], row["state"], row["reason"]) for row in rows] == [
        (ANN, "office", None, "sent", None),
        (BOB, "queue", "sales", "sent", None),
        (ANN, "office", None, "left_out", "missed_again"),
        (None, "office", None, "left_out", "landline"),
        (None, "office", None, "left_out", "missed_hidden"),
    ]
    with sqlite_database.read() as connection:
        queued = connection.execute(select(schema.messages)).all()
    # she called again after him, and her message waited from then on
    assert [(row.msisdn, row.text) for row in queued] == [
        (BOB, "sales: 89261234568"),
        (ANN, rows[0]["text"]),
    ]
    assert rows[0]["text"].endswith(": 89161234567")
    assert rows[0]["call_id"]


async def test_who_is_called_back_or_rings_again_and_is_answered_gets_none(
    pbx: Pbx, listen: Listen, sqlite_database: Database, sqlite_url: str, settings: Callable[..., Settings]
) -> None:
    rules = [{"name": "patient", "contexts": ["from-trunk"], "text": "{caller}", "wait_s": 3600}]
    session = await listen(missed_call=rules)
    await pbx.call("gives_up", DIRECT, "89161234567")
    await pbx.call("gives_up", QUEUE, "89261234568")
    # a voice menu that "answers" is nobody
    await pbx.call("talks", MENU, "+79031234569")
    waiting = await told(sqlite_database, session.settings, 3)
    assert [row["state"] for row in waiting] == ["waiting"] * 3
    # the extension 100 calls the first one, the second one calls again
    await pbx.call("talks", "89161234567", "100")
    await pbx.call("talks", "4951112266", "+79261234568")
    # what is told afterwards shows that the calls before were dealt with
    await pbx.call("gives_up", DIRECT, "89171234560")
    rows = await told(sqlite_database, session.settings, 4)
    assert [(row["number"], row["reason"]) for row in rows[:3]] == [
        (ANN, "missed_called_back"),
        (BOB, "missed_answered_later"),
        ("+79031234569", None),
    ]
    assert rows[1]["reason_params"]["call"]


async def test_who_waits_in_the_queue_when_the_wait_is_over_gets_the_message_only_after_that_call(
    pbx: Pbx, listen: Listen, sqlite_database: Database
) -> None:
    wait_s = 1.5
    rules = [{"name": "short", "contexts": ["from-trunk"], "text": "{caller}", "wait_s": wait_s}]
    session = await listen(missed_call=rules)
    await pbx.call("gives_up", DIRECT, "89161234567")
    (row,) = await told(sqlite_database, session.settings, 1)
    over_at = row["missed_at"] + timedelta(seconds=wait_s)
    assert row["next_at"] == over_at
    again = asyncio.create_task(pbx.call("waits", QUEUE, "+79161234567"))

    def first() -> dict[str, Any]:
        return missed_calls.list_calls(sqlite_database, session.settings, limit=99)[-1]

    await until(lambda: first()["next_at"] > over_at + timedelta(seconds=10))
    await until(lambda: sqlite_database.now() > over_at)
    assert not missed_calls.send_due(sqlite_database, session.settings)
    assert not again.done()
    await again
    second, row = (await told(sqlite_database, session.settings, 2))[::-1]
    assert (second["reason"], row["state"]) == ("missed_again", "waiting")
    # it waits from the second call on, and for no longer than the rule says
    await until(lambda: first()["next_at"] == second["missed_at"] + timedelta(seconds=wait_s))
    await until(lambda: missed_calls.send_due(sqlite_database, session.settings))
    assert first()["state"] == "sent"
    with sqlite_database.read() as connection:
        assert len(connection.execute(select(schema.messages)).all()) == 1


async def test_a_call_to_the_number_for_it_stops_the_caller_at_once(
    pbx: Pbx, listen: Listen, sqlite_database: Database
) -> None:
    session = await listen()
    call = asyncio.create_task(pbx.call("gives_up", OPT_OUT, "89161234567"))
    await until(lambda: stop_list.count(sqlite_database) == 1)
    (entry,) = stop_list.list_entries(sqlite_database, session.settings)
    await call
    assert (entry["number"], entry["source"], entry["note"]) == (ANN, "call", OPT_OUT)
    assert entry["call_id"]
    # who is stopped gets nothing after a missed call, and the demand itself was none
    await pbx.call("gives_up", DIRECT, "89161234567")
    (row,) = await told(sqlite_database, session.settings, 1)
    assert (row["did"], row["state"], row["reason"]) == (DIRECT, "left_out", "number_stopped")
    # a landline that calls there is no mistake of ours, and stops nothing
    await pbx.call("gives_up", OPT_OUT, "84957654321")
    await pbx.call("gives_up", DIRECT, "89171234560")
    await told(sqlite_database, session.settings, 2)
    assert len(stop_list.list_entries(sqlite_database, session.settings)) == 1


async def test_two_engines_at_one_pbx_write_a_call_down_once(
    pbx: Pbx, listen: Listen, sqlite_database: Database
) -> None:
    session = await listen()
    await listen()
    for caller in ("89161234567", "89261234568"):
        await pbx.call("gives_up", DIRECT, caller)
    await told(sqlite_database, session.settings, 2)
    await pbx.call("gives_up", QUEUE, "89171234560")
    rows = await told(sqlite_database, session.settings, 3)
    assert [row["number"] for row in rows] == [ANN, BOB, "+79171234560"]


async def test_asterisk_that_dies_in_mid_call_makes_no_missed_call(
    tmp_path: Path, sqlite_url: str, settings: Callable[..., Settings], sqlite_database: Database
) -> None:
    own = Pbx(tmp_path)
    made = office(own, settings, sqlite_url)
    session = ScriptSession(made, desks.configured(made), link_rest_s=0.05)
    running = asyncio.create_task(accompany(session))
    try:
        assert await session.wait_up(20)
        await own.call("gives_up", DIRECT, "89161234567")
        await told(sqlite_database, made, 1)
        number = session.number
        call = asyncio.create_task(own.call("gives_up", DIRECT, "89261234568"))
        await asyncio.to_thread(own.server.kill)
        await until(lambda: not session.is_up)
        await asyncio.to_thread(own.server.start)
        await until(lambda: session.number > number and session.is_up)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.to_thread(own.server.cli, "dialplan reload")
        await own.call("gives_up", DIRECT, "89171234560")
        rows = await told(sqlite_database, made, 2)
        assert [row["number"] for row in rows] == [ANN, "+79171234560"]
        assert missed_calls.send_due(sqlite_database, made)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        own.remove()
