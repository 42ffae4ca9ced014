"""Starts that die, meet each other, or are overtaken by a cancel."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from made_mailings import ROOT, MakeSettings, count, draft, mailing_row, rows_of

from pbx_sms.errors import Conflict, NotFound
from pbx_sms.operations import mailings
from pbx_sms.operations.mailings.claims import new_claim
from pbx_sms.storage import starts
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import left_out, messages, parts
from pbx_sms.storage.starts import Claim


def test_what_a_dead_start_left_behind_is_removed_by_the_next_one(
    database: Database, database_url: str, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings(), rows=4_100)
    die_while_starting(database_url, mailing_id)
    assert 0 < count(database, messages) < 4_100
    assert mailing_row(database, mailing_id).state == "draft"

    mailings.start(database, settings(), mailing_id)
    assert rows_of(database, mailing_id) == list(range(2, 4_102))
    assert count(database, parts) == 4_100


def test_what_a_dead_start_left_behind_is_removed_by_cancel(
    database: Database, database_url: str, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings(), rows=4_100)
    die_while_starting(database_url, mailing_id)
    mailings.cancel(database, mailing_id)
    assert mailing_row(database, mailing_id).state == "cancelled"
    assert count(database, messages) == count(database, parts) == count(database, left_out) == 0


def die_while_starting(database_url: str, mailing_id: int) -> None:
    """A process that starts the mailing and is gone after the first rows."""
    program = (
        "import os, sys\n"
        "from pbx_sms.config import Settings\n"
        "from pbx_sms.operations import mailings\n"
        "from pbx_sms.storage import engine\n"
        "database = engine.open_database(sys.argv[1])\n"
        "mailings.start(database, Settings(), int(sys.argv[2]), progress=lambda done, total: os._exit(137))\n"
    )
    died = subprocess.run([sys.executable, "-c", program, database_url, str(mailing_id)], cwd=ROOT)
    assert died.returncode == 137


def test_of_two_processes_that_start_a_mailing_at_once_one_does_and_the_other_is_told(
    database: Database, database_url: str, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings(), rows=3_000)
    program = (
        "import sys\n"
        "from pbx_sms.config import Settings\n"
        "from pbx_sms.errors import Conflict\n"
        "from pbx_sms.operations import mailings\n"
        "from pbx_sms.storage import engine\n"
        "database = engine.open_database(sys.argv[1])\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n"
        "    print(mailings.start(database, Settings(), int(sys.argv[2]))['state'])\n"
        "except Conflict as conflict:\n"
        "    print(conflict.code)\n"
    )
    command = [sys.executable, "-c", program, database_url, str(mailing_id)]
    with (
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as two,
    ):
        for process in (one, two):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = {process.communicate()[0].strip() for process in (one, two)}
    assert answers in ({"running", "mailing_being_started"}, {"running", "mailing_is_running"})
    assert rows_of(database, mailing_id) == list(range(2, 3_002))


@pytest.mark.parametrize(("age_s", "is_taken_over"), [(5, False), (60, True)])
def test_a_start_on_another_machine_is_taken_over_only_when_it_was_silent_for_long(
    database: Database, settings: MakeSettings, age_s: float, is_taken_over: bool
) -> None:
    mailing_id = draft(database, settings())
    elsewhere = Claim(token="x", host="another-machine", pid=1)
    at = database.now() - timedelta(seconds=age_s)
    with database.begin() as connection:
        assert starts.claim_start(connection, mailing_id, elsewhere, at)
    if is_taken_over:
        assert mailings.start(database, settings(), mailing_id)["state"] == "running"
        return
    with pytest.raises(Conflict) as raised:
        mailings.start(database, settings(), mailing_id)
    assert raised.value.code == "mailing_being_started"


def test_a_start_that_was_taken_over_writes_nothing_more(database: Database, settings: MakeSettings) -> None:
    mailing_id = draft(database, settings(), rows=4_100)
    other = new_claim()
    written = []

    def take_over(_done: int, _total: int) -> None:
        with database.begin() as connection:
            assert starts.claim_start(connection, mailing_id, other, database.now())
        written.append(count(database, messages))

    with pytest.raises(Conflict) as raised:
        mailings.start(database, settings(), mailing_id, progress=take_over)
    assert raised.value.code == "mailing_being_started"
    assert written == [count(database, messages)]
    with database.begin() as connection:
        held = starts.holder(connection, mailing_id)
    assert held is not None
    assert held.claim == other


def test_cancel_stops_a_start_that_is_at_work_and_leaves_no_message(
    database: Database, settings: MakeSettings
) -> None:
    mailing_id = draft(database, settings(), rows=4_100)
    with pytest.raises(Conflict):
        mailings.start(
            database,
            settings(),
            mailing_id,
            progress=lambda _done, _total: mailings.cancel(database, mailing_id) and None,
        )
    assert mailing_row(database, mailing_id).state == "cancelled"
    assert count(database, messages) == 0


def test_a_start_that_fails_half_way_gives_the_draft_free(database: Database, settings: MakeSettings) -> None:
    mailing_id = draft(database, settings(), rows=2_500)

    def fail(_done: int, _total: int) -> None:
        raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="terminal"):
        mailings.start(database, settings(), mailing_id, progress=fail)
    row = mailing_row(database, mailing_id)
    assert (row.state, row.reason_code) == ("draft", None)
    mailings.start(database, settings(), mailing_id)
    assert rows_of(database, mailing_id) == list(range(2, 2_502))


def test_there_is_nothing_to_start_where_there_is_no_mailing(
    database: Database, settings: MakeSettings
) -> None:
    with pytest.raises(NotFound) as raised:
        mailings.start(database, settings(), 99)
    assert raised.value.code == "mailing_not_found"
