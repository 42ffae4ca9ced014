"""Fixtures of the tests with a browser: one Chromium for a file of tests, an office, and its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_pages import running_chromium
from office import Office, compile_words
from pages_process import PagesProcess
from playwright.sync_api import Browser

from pbx_sms.config import Settings
from pbx_sms.storage.engine import Database
from web import create_app


# not for the whole run: while it is open, no other test can have an event loop of its own
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def compiled_words() -> None:
    compile_words()


@pytest.fixture
def office(
    compiled_words: None, sqlite_database: Database, sqlite_url: str, settings: Callable[..., Settings]
) -> Office:
    made = settings(database={"url": sqlite_url})
    return Office(create_app(made, sqlite_database), sqlite_database, made)


@pytest.fixture
def pages(office: Office, sqlite_url: str, tmp_path: Path) -> Iterator[PagesProcess]:
    with PagesProcess(tmp_path, sqlite_url) as process:
        yield process
