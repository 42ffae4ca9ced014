"""An office whose SIMs have prices: for tests of what a mailing costs."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import update

from pbx_sms.config import Settings
from pbx_sms.drivers.modem import ModemState
from pbx_sms.operations import tariffs
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import sims

IMSIS = ("250010000000001", "250010000000002")
MOSCOW = ZoneInfo("Europe/Moscow")
#: one SIM sends ten parts a day
TEN_A_DAY = {"per_hour": 0, "per_day": 10, "per_month": 0, "service_reserve_per_day": 0}


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


def add_sims(database: Database, count: int = 1) -> list[int]:
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        found = []
        for number, imsi in enumerate(IMSIS[:count], 1):
            modem_id = devices.register_modem(connection, agent_id, f"gsm{number}", None, now)
            found.append(devices.sim_found(connection, modem_id, imsi, now, []))
            devices.modem_changed(connection, modem_id, ModemState.REGISTERED, None, now, [])
        # seen long before any of the days below
        connection.execute(update(sims).values(first_seen_at=moscow("2026-01-01T00:00")))
    return found


def priced(database: Database, settings: Settings, *names: str, **values: str) -> None:
    tariffs.add(database, settings, name="P", values={"price_per_part": "3"} | values)
    for name in names:
        tariffs.give(database, settings, sim=name, tariff="P")
