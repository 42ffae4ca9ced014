"""An installation in the middle of its work: imported, started, sent in part, with all that goes with it.

Nothing is written by hand: the real import, the real Start and the real engine over simulated modems.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.engine.daemon import Engine, make_modems
from pbx_sms.operations import lists, mailings, messages, stop_list, users
from pbx_sms.simulator import Simulator
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import inbound
from pbx_sms.storage.schema import messages as messages_table
from pbx_sms.storage.users import Role

#: «ё», an emoji, a quote and a line break: what encodings and JSON stumble over
TEXT = '{Имя}, заказ №{Заказ} готов 😀 "ждём" вас\nв офисе до вечера, возьмите паспорт и договор'
_ROWS = 30
_SENT = 12


def customers() -> bytes:
    rows = [f"+7916{place:07d};Ёлкин {place};{84000 + place}" for place in range(_ROWS)]
    return "\n".join(
        ["Телефон;Имя;Заказ", *rows, "нет;Без номера;1", f"{'8916' + '0' * 7};Повтор;2"]
    ).encode()


def message_count(database: Database, *states: str) -> int:
    with database.read() as connection:
        return int(
            connection.execute(
                select(func.count()).select_from(messages_table).where(messages_table.c.state.in_(states))
            ).scalar_one()
        )


def inbound_count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(inbound)).scalar_one())


async def until(database: Database, condition: Callable[[], bool]) -> None:
    """Returns when it holds; looked at whenever something was committed."""
    wakeup = database.listen()
    try:
        while not await asyncio.to_thread(condition):
            await asyncio.to_thread(wakeup.wait, 1.0)
    finally:
        wakeup.close()


async def fill(database: Database, folder: Path) -> None:
    """Users, a list and its mailing, of which a dozen are sent and the rest waits; one unknown, one inbound
    message, a number on the stop list, a single message, a removed list."""
    faults = {"fault": [{"action": "no_answer_not_accepted", "nth": 4, "modem": 0}]}
    async with Simulator(folder, modems=2, faults=faults, report_delay_s=0, boot_scale=0) as simulator:
        free = dict.fromkeys(("per_hour", "per_month", "min_gap_s", "service_reserve_per_day"), 0)
        made = Settings.model_validate(
            {
                "agent": {"name": "pbx1"},
                "modem": [{"name": f"gsm{n}", "port": str(port)} for n, port in enumerate(simulator.ports)],
                "limits": free | {"per_day": 2 * _SENT},
                "sending": {"submit_timeout_s": 1},
                "planner": {"information_window": "always", "quiet_hours": ""},
            }
        )
        await asyncio.to_thread(_order, database, made)
        engine = Engine(made, database, make_modems(made)[0], chance=random.Random(1))
        running = asyncio.create_task(engine.run())
        waiting = asyncio.create_task(
            until(
                database,
                lambda: (
                    message_count(database, "submitted", "delivered") >= _SENT
                    and message_count(database, "unknown") == 1
                ),
            )
        )
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        await simulator.control({"cmd": "inbound", "modem": 1, "from": "+79161112233", "text": "СТОП"})
        await until(database, lambda: inbound_count(database) == 1)
        engine.request_stop()
        await running
        await waiting


def _order(database: Database, made: Settings) -> None:
    users.add(database, made, name="анна", role=Role.OPERATOR, password="correct horse")
    read = lists.import_list(database, made, customers(), file_name="клиенты.csv", by="анна")
    removed = lists.import_list(database, made, customers(), file_name="лишний.csv", by="анна")
    lists.remove_list(database, removed["list_id"])
    stop_list.add(database, made, number="+79160000029", note="звонил, просил не писать")
    mailings.create(database, made, list_id=read["list_id"], text=TEXT, repeats="first", start=True)
    messages.send(database, made, number="+79165550000", text="Код 1234", kind=MailingKind.URGENT, key="k1")
