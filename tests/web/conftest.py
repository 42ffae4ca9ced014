"""Fixtures of the pages' tests: an office over a real SQLite database, and its words compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from jinja2 import FileSystemBytecodeCache
from office import Office, compile_words

from pbx_sms.config import Settings
from pbx_sms.storage.engine import Database
from web import create_app


@pytest.fixture(scope="session", autouse=True)
def _compiled_words() -> None:
    compile_words()


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Every test has an application of its own; the templates are the same."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def office(
    sqlite_database: Database,
    sqlite_url: str,
    settings: Callable[..., Settings],
    compiled_templates: FileSystemBytecodeCache,
) -> Iterator[Office]:
    made = settings(
        database={"url": sqlite_url}, web={"threads": 8, "live_logs": 4}, lists={"max_file_mb": 1}
    )
    app = create_app(made, sqlite_database)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    # a mistake in a page is shown to the test as the page that people would get
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield Office(app, sqlite_database, made)
    app.extensions["pbx_sms_broadcaster"].close()
