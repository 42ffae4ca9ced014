"""Another process holds the database for longer than the engine waits: sending pauses, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sending_run import SendingRun
from sqlalchemy import text

from pbx_sms.storage.engine import BUSY_TIMEOUT_S

LOCKED = "database is locked"
#: what a person does who opens a transaction in the shell of SQLite and goes to lunch
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[SendingRun]:
    with SendingRun(tmp_path, tmp_path) as made:
        yield made


def test_a_database_that_another_process_holds_too_long_stops_sending_and_then_it_goes_on(
    run: SendingRun,
) -> None:
    run.start_engine()
    run.until(lambda: run.log().count("holds sim=") == 2)
    part_count = run.start_mailing(24)
    run.until(lambda: sum(run.accepted().values()) >= 4 and run.in_flight() > 0)
    path = run.url.removeprefix("sqlite:///")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        run.until(lambda: LOCKED in run.log())
        # what was in the air is answered; the answers wait, and nothing else is begun
        run.until(lambda: set(run.accepted()) == run.begun())
        accepted = run.accepted()
        assert run.in_flight() > 0
        assert max(accepted.values()) == 1
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.stdin.flush()
    run.until(run.is_finished)
    assert run.states() == {"submitted": 24}
    assert sum(run.accepted().values()) == part_count
    assert max(run.accepted().values()) == 1
    assert run.stop_engine() == 0


def test_a_lock_that_lasts_less_than_the_patience_is_not_noticed(run: SendingRun) -> None:
    run.start_engine()
    run.until(lambda: run.log().count("holds sim=") == 2)
    run.start_mailing(6)
    run.until(lambda: run.in_flight() > 0)
    with run.database.begin() as connection:
        begun, accepted = run.begun(), run.accepted()
        run.until(lambda: set(run.accepted()) == begun)
        assert set(accepted) <= begun
        connection.execute(text("SELECT 1"))
    run.until(run.is_finished)
    assert run.states() == {"submitted": 6}
    assert LOCKED not in run.log()
    assert "Traceback" not in run.log()


def test_every_connection_waits_as_long_as_is_promised(run: SendingRun) -> None:
    with run.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_TIMEOUT_S * 1000
    with run.database.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_TIMEOUT_S * 1000
