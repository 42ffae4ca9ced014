"""What every command needs, made when it is first asked for: settings, database, output, who is asking."""

from __future__ import annotations

import argparse
import getpass
import os
from functools import cached_property
from zoneinfo import ZoneInfo

from pbx_sms import config
from pbx_sms.cli.output import Output
from pbx_sms.config import Settings
from pbx_sms.storage import engine
from pbx_sms.storage.engine import Database

#: where numbers are written with a comma, and the office reads Russian
_RUSSIAN_COUNTRIES = frozenset({"RU", "BY", "KZ", "KG"})


class Context:
    """One run of the command. `close()` when it is over."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.config_path: str | None = args.config
        self._chosen_language: str | None = args.language or environment_language()
        self.output = Output(as_json=args.json, language=self._chosen_language or "en")
        self._database: Database | None = None

    @cached_property
    def settings(self) -> Settings:
        """Raises `ConfigError`."""
        settings = config.load(self.config_path)
        self.output.zone = ZoneInfo(settings.sending.time_zone)
        return settings

    @property
    def database(self) -> Database:
        """Raises `ConfigError`, `Refused`: database_unreachable, database_needs_upgrade."""
        if self._database is None:
            self._database = engine.open_database(self.settings.database.url)
        return self._database

    @cached_property
    def person(self) -> str:
        """The account that gives the order, for the record."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            # a container's user without a name
            return str(os.getuid())

    @property
    def text_language(self) -> str:
        """Of texts that are made for recipients and reports: a cron job without a language of its own must
        not write English decimals into Russian messages."""
        if self._chosen_language is not None:
            return self._chosen_language
        return "ru" if self.settings.sending.country in _RUSSIAN_COUNTRIES else "en"

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def environment_language() -> str | None:
    """ "ru" or "en" by the first of the variables that is set, in the order of POSIX; None where nobody
    chose one."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            if value.split(".")[0] in ("C", "POSIX"):
                return None
            return "ru" if value.lower().startswith("ru") else "en"
    return None
