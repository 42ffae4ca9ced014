"""The language a user reads the pages in."""

from __future__ import annotations

from sqlalchemy import update

from pbx_sms.sentences import LANGUAGES
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import users


def choose(database: Database, *, user_id: int, language: str) -> None:
    """Stores the choice; a user who is gone meanwhile is no mistake. `language` is "en" or "ru"."""
    if language not in LANGUAGES:
        raise ValueError(f"no language {language!r}")
    with database.begin() as connection:
        connection.execute(update(users).where(users.c.user_id == user_id).values(language=language))
