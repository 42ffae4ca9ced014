"""`pbx-sms run`, a modem on a serial port, a real Asterisk, real calls: from the missed one to its SMS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sip_pbx import DIRECT, Pbx
from sqlalchemy import select
from whole_office import WholeOffice

from pbx_sms.operations import missed_calls
from pbx_sms.storage.schema import messages

ANN, BOB = "+79161234567", "+79261234568"
RULE = """
[[missed_call]]
name = "office"
dids = ["4951112233"]
text = "Мы не успели ответить {caller}, перезвоним"
wait_s = %s
"""


@pytest.fixture
def pbx(tmp_path: Path) -> Iterator[Pbx]:
    folder = tmp_path / "sipp"
    folder.mkdir()
    made = Pbx(folder)
    yield made
    made.remove()


def office(folder: Path, url: str, pbx: Pbx, wait_s: float) -> WholeOffice:
    return WholeOffice(folder, url, asterisk=pbx.server, more=RULE % wait_s)


async def until(here: WholeOffice, holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(here.until, holds)


def received(here: WholeOffice) -> list[tuple[str, str]]:
    return [(entry["number"], entry["text"]) for entry in here.simulator.ledger()]


def message_states(here: WholeOffice) -> dict[str, str]:
    with here.database.read() as connection:
        rows = connection.execute(select(messages.c.msisdn, messages.c.state)).all()
    assert len(rows) == len({row.msisdn for row in rows}), "two messages for one missed call"
    return {row.msisdn: row.state for row in rows}


def all_ended(here: WholeOffice) -> bool:
    return set(message_states(here).values()) <= {"delivered", "unknown"}


def states(here: WholeOffice) -> list[str]:
    rows = missed_calls.list_calls(here.database, here.settings, limit=99)
    return [row["state"] for row in reversed(rows)]


async def test_a_missed_call_becomes_an_sms_in_the_network(tmp_path: Path, sqlite_url: str, pbx: Pbx) -> None:
    with office(tmp_path, sqlite_url, pbx, wait_s=0) as here:
        await asyncio.to_thread(here.start_engine)
        await pbx.call("gives_up", DIRECT, "89161234567")
        await pbx.call("talks", "4951112266", "89261234568")
        await until(here, lambda: len(received(here)) == 1)
        assert received(here) == [(ANN, "Мы не успели ответить 89161234567, перезвоним")]
        assert await asyncio.to_thread(here.stop_engine) == 0
        assert states(here) == ["sent"]


async def test_an_engine_that_is_killed_between_the_call_and_its_message_sends_it_once(
    tmp_path: Path, sqlite_url: str, pbx: Pbx
) -> None:
    with office(tmp_path, sqlite_url, pbx, wait_s=2) as here:
        await asyncio.to_thread(here.start_engine)
        # killed while the message waits for its time
        await pbx.call("gives_up", DIRECT, "89161234567")
        await until(here, lambda: states(here) == ["waiting"])
        await asyncio.to_thread(here.kill_engine)
        await asyncio.to_thread(here.start_engine)
        await until(here, lambda: states(here) == ["sent"])
        # and at whatever moment it is in when the message has just been decided on
        await pbx.call("gives_up", DIRECT, "89261234568")
        await until(here, lambda: states(here) == ["sent", "sent"])
        await asyncio.to_thread(here.kill_engine)
        await asyncio.to_thread(here.start_engine)
        await until(here, lambda: message_states(here).keys() == {ANN, BOB} and all_ended(here))
        assert await asyncio.to_thread(here.stop_engine) == 0
        told = [number for number, _ in received(here)]
        # in the modem's hands at that moment: then nobody knows, and it is not sent again
        assert told == [ANN, BOB] or (told == [ANN] and message_states(here)[BOB] == "unknown")
