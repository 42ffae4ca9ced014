"""A day of a series runs once: two engines at once, and SIGKILL between any two of its commits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from made_lists import make_list, number
from made_mailings import MakeSettings, count
from sqlalchemy import select, update

from pbx_sms.operations import series
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import lists, mailings, messages, series_runs, series_sent
from pbx_sms.storage.schema import series as series_table

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 40

#: fires what is due, and is killed right after the n-th commit of a write transaction
FIRE = """
import os, signal, sys
from sqlalchemy import Engine, event
from pbx_sms.config import Settings
from pbx_sms.operations import series
from pbx_sms.storage import engine
database = engine.open_database(sys.argv[1])
commits_left = int(sys.argv[2])
begin = database.begin
from contextlib import contextmanager
@contextmanager
def counted():
    global commits_left
    with begin() as connection:
        yield connection
    commits_left -= 1
    if commits_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
database.begin = counted
series.fire_due(database, Settings())
database.close()
"""


def born_today(today: date) -> list[tuple[str | None, str, str]]:
    return [(number(place), f"Имя{place}", f"{today:%d.%m}.1990") for place in range(PEOPLE)]


@pytest.fixture
def due(database: Database, settings: MakeSettings) -> int:
    """A series of birthdays that is due now."""
    now = database.now()
    today = series.today(settings(), now)
    rule = series.make_rule("birthday", at="00:00", first=today, column="Заказ")
    list_id = make_list(database, born_today(today))
    added = series.add(database, settings(), list_id=list_id, text="{Имя}, поздравляем!", rule=rule)
    series_id: int = added["series_id"]
    with database.begin() as connection:
        connection.execute(update(series_table).values(next_day=today, next_at=now - timedelta(seconds=1)))
    return series_id


def fire(url: str, commits: int = 0) -> bool:
    """Whether the process was killed."""
    done = subprocess.run(
        [sys.executable, "-c", FIRE, url, str(commits)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def recipients(database: Database) -> Counter[str]:
    """Messages that will be sent, by number."""
    with database.read() as connection:
        started = select(mailings.c.mailing_id).where(mailings.c.state == "running")
        return Counter(
            connection.execute(select(messages.c.msisdn).where(messages.c.mailing_id.in_(started))).scalars()
        )


def states(database: Database, table: Any) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(table.c.state)).scalars())


EVERYBODY_ONCE = Counter({number(place): 1 for place in range(PEOPLE)})


@pytest.mark.parametrize("commits", range(1, 9))
def test_a_run_that_is_killed_after_any_commit_is_completed_and_never_doubled(
    commits: int, database: Database, database_url: str, due: int
) -> None:
    was_killed = fire(database_url, commits)
    # the run was claimed, or nothing has happened yet
    assert was_killed or states(database, series_runs) == ["done"]
    assert not fire(database_url)
    assert not fire(database_url)
    assert recipients(database) == EVERYBODY_ONCE
    assert states(database, series_runs) == ["done"]
    assert states(database, mailings) == ["running"]
    assert count(database, series_sent) == PEOPLE
    # the uploaded list and the list of the day: nothing is left behind
    assert states(database, lists).count("ready") == 2


def test_the_commits_that_are_tried_are_all_there_are(
    database: Database, database_url: str, due: int
) -> None:
    assert not fire(database_url, commits=12)


def test_a_run_found_half_made_long_after_is_taken_back_and_waits(
    database: Database, database_url: str, due: int, settings: MakeSettings
) -> None:
    step = 1
    while fire(database_url, step) and count(database, mailings) == 0:
        with database.begin() as connection:
            connection.execute(series_runs.delete())
            connection.execute(
                update(series_table).values(
                    state="active",
                    next_day=series.today(settings(), database.now()),
                    next_at=database.now() - timedelta(seconds=1),
                )
            )
        step += 1
    # a draft, and everybody noted as having had it
    assert states(database, mailings) == ["draft"]
    with database.begin() as connection:
        connection.execute(update(series_runs).values(claimed_at=database.now() - timedelta(hours=9)))
    assert not fire(database_url)
    assert states(database, mailings) == ["cancelled"]
    assert count(database, series_sent) == 0
    shown = series.show(database, due)
    assert (shown["state"], shown["reason"]) == ("waits", "series_half_made")
    # a person's word makes it good
    series.run_now(database, settings(), due)
    assert recipients(database) == EVERYBODY_ONCE


def test_four_engines_at_once_make_one_mailing(database: Database, database_url: str, due: int) -> None:
    engines = [
        subprocess.Popen(
            [sys.executable, "-c", FIRE, database_url, "0"], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for engine in engines:
        _, complaint = engine.communicate()
        assert engine.returncode == 0, complaint
    assert recipients(database) == EVERYBODY_ONCE
    assert len(states(database, mailings)) == 1


def test_a_run_at_work_elsewhere_is_left_alone(
    database: Database, database_url: str, due: int, settings: MakeSettings
) -> None:
    assert fire(database_url, 2)
    with database.begin() as connection:
        # on another machine, seen a moment ago
        connection.execute(update(series_runs).values(host="other", pid=os.getpid(), seen_at=database.now()))
    assert not series.fire_due(database, settings())
    assert states(database, series_runs) == ["making"]
    with database.begin() as connection:
        connection.execute(update(series_runs).values(seen_at=database.now() - timedelta(seconds=31)))
    assert series.fire_due(database, settings())
    assert recipients(database) == EVERYBODY_ONCE
