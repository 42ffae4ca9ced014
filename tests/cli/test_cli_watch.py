"""`mailing watch` as a process: every event once, in order, until the mailing is over."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from terminal import Terminal

from pbx_sms.config import Settings
from pbx_sms.operations import mailings, stop_list
from pbx_sms.storage import events, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import messages

if TYPE_CHECKING:
    from conftest import Command


@pytest.fixture
def running(pbx_sms: Command, customers: Path) -> int:
    """A running mailing of two messages."""
    order = ("mailing", "create", "--list", str(customers), "--text", "{Имя}", "--start", "--json")
    created = pbx_sms(*order).object()
    assert created["messages"] == 2
    return int(created["mailing_id"])


@pytest.fixture
def finish(stored: Database) -> Callable[[], None]:
    """Ends the mailing as the engine would once nothing of it waits."""

    def end() -> None:
        for number in ("+79161234501", "+79161234502"):
            stop_list.add(stored, Settings(), number=number)
        with stored.begin() as connection:
            new: list[NewEvent] = []
            assert len(queue.finish_mailings(connection, stored.now(), new)) == 1
            events.append(connection, new)
        stored.wake()

    return end


def test_watch_shows_every_event_as_it_comes_and_ends_with_the_mailing(
    pbx_sms: Command, running: int, finish: Callable[[], None]
) -> None:
    with pbx_sms.start("mailing", "watch", str(running), "--json") as process:
        assert process.stdout is not None
        seen = [json.loads(process.stdout.readline()) for _ in range(2)]
        finish()
        seen += [json.loads(line) for line in process.stdout]
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 0
    assert [(event["kind"], event["state"], event.get("number")) for event in seen] == [
        ("mailing", "draft", None),
        ("mailing", "running", None),
        ("message", "suppressed", "+79161234501"),
        ("message", "suppressed", "+79161234502"),
        ("mailing", "finished", None),
    ]
    ids = [event["event_id"] for event in seen]
    assert ids == sorted(set(ids))
    assert seen[2]["reason"] == "stop_list"
    assert seen[2]["reason_text"]
    assert set(seen[2]) == {
        "event_id",
        "at",
        "kind",
        "message_id",
        "number",
        "state",
        "reason",
        "reason_text",
    }

    resumed = pbx_sms("mailing", "watch", str(running), "--json", "--after", str(ids[2])).objects()
    assert resumed == seen[3:]


def test_in_a_pipe_watch_prints_a_line_per_event_and_no_bar(
    pbx_sms: Command, running: int, finish: Callable[[], None]
) -> None:
    finish()
    watched = pbx_sms("mailing", "watch", str(running))
    assert (watched.status, watched.err) == (0, "")
    lines = watched.out.splitlines()
    assert len(lines) == 5
    assert "+79161234501  suppressed  " in lines[2]
    assert lines[4].endswith("mailing  finished")


def test_a_terminal_has_a_bar_below_the_lines(
    pbx_sms: Command, running: int, finish: Callable[[], None]
) -> None:
    with Terminal(pbx_sms, "mailing", "watch", str(running)) as terminal:
        terminal.wait_for("Nothing is sent because the engine does not run")
        terminal.wait_for("0/2  running")
        finish()
        terminal.wait_for("finished")
        terminal.wait_for("100 %  2/2  finished")
        assert terminal.wait() == 0


def test_a_cancelled_mailing_ends_the_watch(pbx_sms: Command, stored: Database, running: int) -> None:
    mailings.cancel(stored, running)
    seen = pbx_sms("mailing", "watch", str(running), "--json").objects()
    assert ("mailing", "cancelled") in [(event["kind"], event["state"]) for event in seen]


def test_with_reports_watch_goes_on_until_each_has_come(
    pbx_sms: Command, stored: Database, running: int
) -> None:
    with stored.begin() as connection:
        connection.execute(
            update(messages).values(state="submitted", submitted_at=stored.now(), wants_report=True)
        )
        new: list[NewEvent] = []
        queue.finish_mailings(connection, stored.now(), new)
        events.append(connection, new)
    without = pbx_sms("mailing", "watch", str(running))
    assert without.out.splitlines()[-1].endswith("finished")
    with Terminal(pbx_sms, "mailing", "watch", str(running), "--reports") as terminal:
        terminal.wait_for("waiting for delivery reports: 2")
        with stored.begin() as connection:
            connection.execute(update(messages).values(state="delivered"))
        stored.wake()
        assert terminal.wait() == 0


def test_an_interrupted_watch_ends_quietly(pbx_sms: Command, running: int) -> None:
    with pbx_sms.start("mailing", "watch", str(running)) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (130, "")


def test_watching_what_is_not_there_is_refused(pbx_sms: Command) -> None:
    assert "no mailing 9" in pbx_sms("mailing", "watch", "9").refusal()
