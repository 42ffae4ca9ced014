"""A database that is locked or full in the middle of a mailing: no part twice, no outcome lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import pytest
from engine_rig import Rig
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

MakeRig = Callable[..., Rig]


@pytest.fixture
def impatient() -> Iterator[None]:
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    event.listen(Engine, "connect", configure)
    yield
    event.remove(Engine, "connect", configure)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("at_s", [0.2, 0.5, 0.95, 1.4, 2.0, 3.3])
async def test_a_locked_database_delays_and_repeats_nothing(make_rig: MakeRig, at_s: float) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    mailing = rig.mailing([1, 3, 2] * 10)
    path = make_url(rig.database.url).database
    assert path is not None
    other = sqlite3.connect(path, isolation_level=None)
    try:
        for _ in range(4):
            await rig.passes(at_s)
            other.execute("BEGIN IMMEDIATE")
            before = len(rig.cell.tries)
            await rig.passes(45)
            # what was in flight is answered; nothing follows without its intent
            assert len(rig.cell.tries) - before <= 3
            other.execute("ROLLBACK")
    finally:
        other.close()
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    assert rig.states(mailing) == {"submitted": 30}


async def test_a_full_disk_delays_and_repeats_nothing(make_rig: MakeRig) -> None:
    full = False
    rig = make_rig(modems=2)
    await rig.start()
    mailing = rig.mailing([1, 2] * 10)

    listening = refuse_writes(lambda: full)
    event.listen(Engine, "before_cursor_execute", listening)
    try:
        for moment in (0.3, 1.1, 0.8, 2.6):
            await rig.passes(moment)
            full = True
            before = len(rig.cell.tries)
            await rig.passes(100)
            assert len(rig.cell.tries) - before <= 2
            full = False
    finally:
        event.remove(Engine, "before_cursor_execute", listening)
    await rig.until(lambda: rig.is_finished(mailing))
    rig.assert_each_once(mailing)
    assert rig.states(mailing) == {"submitted": 20}


def refuse_writes(is_full: Callable[[], bool]) -> Callable[..., None]:
    def refuse(connection: Connection, cursor: object, statement: str, *_: object) -> None:
        if is_full() and statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
            # as the library wraps it when the disk says so
            raise OperationalError(statement, None, sqlite3.OperationalError("database or disk is full"))

    return refuse
