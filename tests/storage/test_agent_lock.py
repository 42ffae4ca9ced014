"""One engine per agent name."""

from __future__ import annotations

import os
import signal

import pytest

from pbx_sms.errors import Conflict
from pbx_sms.storage import agent_lock


def test_a_second_engine_of_the_same_name_is_refused(database_url: str) -> None:
    held = agent_lock.take(database_url, "pbx1")
    with pytest.raises(Conflict, match="agent_runs_already") as refused:
        agent_lock.take(database_url, "pbx1")
    assert refused.value.params == {"agent": "pbx1"}
    held.release()
    agent_lock.take(database_url, "pbx1").release()


def test_engines_of_different_names_run_side_by_side(database_url: str) -> None:
    names = ["pbx1", "pbx2", "офис / склад", "a" * 300]
    held = [agent_lock.take(database_url, name) for name in names]
    for each in held:
        each.release()


def test_releasing_again_is_no_error(database_url: str) -> None:
    held = agent_lock.take(database_url, "pbx1")
    held.release()
    held.release()


def test_an_engine_that_was_killed_holds_nothing(sqlite_url: str) -> None:
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        agent_lock.take(sqlite_url, "pbx1")
        os.write(write_end, b"!")
        signal.pause()
    os.read(read_end, 1)
    os.close(read_end)
    os.close(write_end)
    with pytest.raises(Conflict):
        agent_lock.take(sqlite_url, "pbx1")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    agent_lock.take(sqlite_url, "pbx1").release()
