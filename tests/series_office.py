"""A database whose clock the test sets, for mailings that come again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from made_lists import MadeRow, make_list, people
from sqlalchemy import select

from pbx_sms.config import Settings
from pbx_sms.operations import series
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import messages

TEXT = "{Имя}, напоминаем о встрече"
#: a Wednesday, 10:00 in Moscow
WEDNESDAY = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


class Office:
    """A database whose clock the test sets, and settings."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.at = WEDNESDAY

    def now(self) -> datetime:
        return self.at

    def add(self, list_id: int | None = None, **choices: Any) -> int:
        if list_id is None and "audience" not in choices:
            list_id = make_list(self.database, people(3))
        rule = {"kind": "weekly", "at": "10:00", "weekdays": ["mon"]} | choices.pop("rule", {})
        made = series.make_rule(rule.pop("kind"), first=date(2026, 11, 25), **rule)
        added = series.add(
            self.database,
            self.settings,
            list_id=list_id,
            text=choices.pop("text", TEXT),
            rule=made,
            **choices,
        )
        series_id: int = added["series_id"]
        return series_id

    def birthdays(self, rows: list[MadeRow], **choices: Any) -> int:
        """The date stands in the column Заказ."""
        rule = {"kind": "birthday", "at": "10:00", "column": "заказ"} | choices.pop("rule", {})
        return self.add(make_list(self.database, rows), rule=rule, **choices)

    def fire(self, at: datetime | None = None) -> bool:
        self.at = at or self.at
        return series.fire_due(self.database, self.settings)

    def show(self, series_id: int) -> dict[str, Any]:
        return series.show(self.database, series_id)

    def runs(self, series_id: int) -> list[tuple[str, str]]:
        return [(run["day"], run["state"]) for run in reversed(self.show(series_id)["run_list"])]

    def sent(self) -> list[tuple[str, str]]:
        """(number, text) of all messages, in order."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(messages.c.msisdn, messages.c.text).order_by(messages.c.message_id)
            )
            return [(row.msisdn, row.text) for row in rows]
