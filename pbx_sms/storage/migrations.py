"""Bringing the schema to the newest migration.

Apart from `engine`, and loaded late by who calls it: Alembic costs every start a tenth of a second.
"""

from __future__ import annotations

from alembic.config import Config

from alembic import command
from pbx_sms.storage.engine import MIGRATIONS, reachable


def alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Brings the schema to the newest migration. Raises `Refused` when the database cannot be reached."""
    with reachable(url):
        command.upgrade(alembic_config(url), "head")
