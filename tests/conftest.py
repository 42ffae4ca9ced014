"""Shared fixtures: real databases, settings, a clean environment, and a check that nothing is left open.

`database` runs a test twice, on SQLite and on a private PostgreSQL server that lives for the session;
`sqlite_database` is for what stands above storage. Both are copies of a migrated template: migrations
themselves are the subject of `storage/test_migrations.py` alone.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from postgresql_server import PostgresqlServer

from pbx_sms.config import Settings
from pbx_sms.storage import engine, migrations
from pbx_sms.storage.engine import Database

#: how long an example takes says something about the machine's load, nothing about the product
hypothesis.settings.register_profile("pbx_sms", deadline=None, print_blob=True)
hypothesis.settings.load_profile("pbx_sms")

# a shell that starts this in the background lets it ignore Ctrl-C, and so all that is started from here
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

#: what a person's shell may carry into the tests
FOREIGN_PREFIXES = ("PBX_SMS_", "PG", "FLASK_", "GUNICORN_")

#: children that outlive a test on purpose
_session_children: set[int] = set()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(FOREIGN_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """Fails a test that leaves a terminal, a socket, a child process or a thread behind."""
    before = _open_things()
    yield
    left = _open_things() - before
    if left:
        # an object in a reference cycle is closed by the collector, which then warns: an error as well
        gc.collect()
        left = _open_things() - before
    if left:
        pytest.fail("left open: " + ", ".join(sorted(left)))


def _open_things() -> set[str]:
    things = set()
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except FileNotFoundError:
            continue
        if target.startswith(("socket:", "/dev/pts/", "/dev/ptmx", "/dev/tty")):
            things.add(f"{descriptor} → {target}")
    for task in os.listdir("/proc/self/task"):
        try:
            children = Path(f"/proc/self/task/{task}/children").read_text().split()
        except FileNotFoundError:
            continue
        things.update(
            f"process {_command_line(pid)}" for pid in children if int(pid) not in _session_children
        )
    things.update(f"thread {thread.name}" for thread in threading.enumerate() if not thread.daemon)
    return {thing for thing in things if "resource_tracker" not in thing}


def _command_line(pid: str) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return pid
    return f"{pid} {b' '.join(words).decode(errors='replace').strip() or '(not waited for)'}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A private server with a migrated template database."""
    server = PostgresqlServer.start()
    _session_children.add(server.pid)
    try:
        server.create("template_pbx_sms")
        migrations.upgrade(server.url("template_pbx_sms"))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "pbx-sms.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an empty, migrated SQLite database of this test's own."""
    path = tmp_path / "pbx-sms.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The address of an empty, migrated PostgreSQL database of this test's own."""
    name = postgresql_server.create_from("template_pbx_sms")
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated database; a test that asks for it runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database; a test that asks for it runs on both kinds."""
    opened = engine.open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """An empty SQLite database, for what stands above storage."""
    opened = engine.open_database(sqlite_url)
    yield opened
    opened.close()


_ANY_HOUR = {"information_window": "always", "advertising_window": "always", "quiet_hours": ""}


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """Makes settings: `settings(limits={"per_day": 5}, modem=[…])` as if these sections stood in the file.

    Without a `planner` every hour is open: the clock on the wall decides no test.
    """

    def make(**sections: Any) -> Settings:
        return Settings.model_validate({"agent": {"name": "pbx1"}, "planner": _ANY_HOUR} | sections)

    return make
