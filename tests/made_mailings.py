"""Mailings for tests: drafts of a few people, and what is stored of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from made_lists import make_list, people
from sqlalchemy import func, select

from pbx_sms.config import Settings
from pbx_sms.operations import mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.schema import messages

TEXT = "{Имя}, заказ {Заказ} готов"

ROOT = Path(__file__).resolve().parents[1]

MakeSettings = Callable[..., Settings]


def count(database: Database, table: Any) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def rows_of(database: Database, mailing_id: int) -> list[int]:
    with database.read() as connection:
        return list(
            connection.execute(
                select(messages.c.row)
                .where(messages.c.mailing_id == mailing_id)
                .order_by(messages.c.message_id)
            ).scalars()
        )


def mailing_row(database: Database, mailing_id: int) -> Any:
    with database.read() as connection:
        return connection.execute(
            select(mailings_table).where(mailings_table.c.mailing_id == mailing_id)
        ).one()


def draft(database: Database, settings: Settings, rows: int = 3, **choices: Any) -> int:
    list_id = make_list(database, people(rows))
    created = mailings.create(database, settings, list_id=list_id, text=TEXT, **choices)
    mailing_id: int = created["mailing_id"]
    return mailing_id
