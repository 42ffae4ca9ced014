"""Fixtures of the pages' tests: an office over a real SQLite database, and its words compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from office import Office

from pbx_sms.config import Settings
from pbx_sms.storage.engine import Database
from web import create_app

TRANSLATIONS = Path(__file__).parents[2] / "web" / "translations"


@pytest.fixture(scope="session", autouse=True)
def _compiled_words() -> None:
    """What `pybabel compile` does at set-up, so that one test file can be run alone."""
    for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        with path.open("rb") as source:
            catalog = read_po(source)
        with path.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalog)


@pytest.fixture
def office(
    sqlite_database: Database, sqlite_url: str, settings: Callable[..., Settings]
) -> Iterator[Office]:
    made = settings(database={"url": sqlite_url}, web={"threads": 8}, lists={"max_file_mb": 1})
    app = create_app(made, sqlite_database)
    app.testing = True
    # a mistake in a page is shown to the test as the page that people would get
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield Office(app, sqlite_database, made)
    app.extensions["pbx_sms_broadcaster"].close()
