"""An office for the tests of the pages: users, lists, SIMs, and a hand that sends through the real queue.

The hand does what the engine does, one part at a time and with the same functions, so that every event and
state a page shows was written by the code that writes them in service.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook

from pbx_sms.config import Settings
from pbx_sms.core.network_codes import decide
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.tpdu.status_report import StatusReport
from pbx_sms.core.verdict import ACCEPTED, Phase, Verdict
from pbx_sms.operations import lists, mailings, sign_ins
from pbx_sms.storage import devices, events, queue, users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import Granted
from pbx_sms.storage.users import Role
from web import access

TRANSLATIONS = Path(__file__).parents[1] / "web" / "translations"

PASSWORD = "correct horse"
NO_LIMITS = SimLimits(per_hour=0, per_day=0, per_month=0, min_gap_s=0, service_reserve_per_day=0)
_ZONE = ZoneInfo("Europe/Moscow")

COLUMNS = ("Имя", "Телефон", "Заказ", "Сумма")
ROWS: Sequence[Sequence[Any]] = (
    ("Сергей Михайлович", "+7 916 000-00-01", 84315, 1460),
    ("Анна Петровна", "8 (916) 000-00-02", 84316, 990.5),
    ("Ёлкин Пётр", "нет номера", 84317, 500),
    ("", "89160000004", 84318, 700),
    ("Анна Петровна", "+79160000002", 84319, 120),
    ("Мария", "9160000006", 84320, 60),
)


def compile_words() -> None:
    """What `pybabel compile` does at set-up, so that one test file can be run alone."""
    for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        with path.open("rb") as source:
            catalog = read_po(source)
        with path.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalog)


def workbook(rows: Sequence[Sequence[Any]] = ROWS, columns: Sequence[str] = COLUMNS) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Клиенты"
    for row in (columns, *rows):
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    book.close()
    return out.getvalue()


@cache
def _hash_of_the_password() -> str:
    return PasswordHasher().hash(PASSWORD)


class Office:
    def __init__(self, app: Flask, database: Database, settings: Settings) -> None:
        self.app, self.database, self.settings = app, database, settings
        self.prefix = settings.web.url_prefix
        self._agent_id = 0
        self._reference = 0

    def add_user(self, role: Role, name: str | None = None) -> str:
        """The name; the password is PASSWORD. Its hash is a real one, made once for all tests: making one
        is slow on purpose."""
        name = name or str(role)
        now = self.database.now()
        with self.database.begin() as connection:
            users.add(
                connection,
                name=name,
                password_hash=_hash_of_the_password(),
                role=role,
                now=now,
            )
        return name

    def client(self, role: Role | None = None, language: str = "en") -> FlaskClient:
        """A browser, signed in as a new user of `role` or signed out. What happens when a person signs in has
        its own tests; here the session is the one that it leads to."""
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        if role is not None:
            name = self.add_user(role)
            with self.database.read() as connection:
                user = users.by_name(connection, name)
            assert user is not None
            with client.session_transaction() as session:
                session["_user_id"] = str(user.user_id)
                session[access.TOKEN] = sign_ins.begin(
                    self.database, self.settings, user, address="127.0.0.1", browser="test"
                )
                session.permanent = True
        return client

    def get(self, client: FlaskClient, path: str, **options: Any) -> Any:
        return client.get(self.prefix + path, **options)

    def post(self, client: FlaskClient, path: str, *, headers: Any = None, **fields: Any) -> Any:
        """Posts a form with the token of the client's session."""
        return client.post(
            self.prefix + path, data=fields | {"csrf_token": self.token(client)}, headers=headers
        )

    def token(self, client: FlaskClient) -> str:
        page = client.get(self.prefix + "/sign-in", follow_redirects=True).text
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
        assert found, page
        return found.group(1)

    def add_list(self, rows: Sequence[Sequence[Any]] = ROWS, columns: Sequence[str] = COLUMNS) -> int:
        report = lists.import_list(
            self.database, self.settings, workbook(rows, columns), file_name="клиенты.xlsx", by="anna"
        )
        return int(report["list_id"])

    def start_mailing(self, list_id: int, text: str = "Заказ №{Заказ} готов", **options: Any) -> int:
        made = mailings.create(
            self.database, self.settings, list_id=list_id, text=text, repeats="all", start=True, **options
        )
        return int(made["mailing_id"])

    def add_sim(self, imsi: str, modem: str, operator: str, signal_dbm: int = -71) -> int:
        now = self.database.now()
        new_events: list[NewEvent] = []
        with self.database.begin() as connection:
            # once: what registers again has lost its modems
            self._agent_id = self._agent_id or devices.register_agent(connection, "pbx1", now)
            modem_id = devices.register_modem(connection, self._agent_id, modem, f"/dev/{modem}", now)
            devices.modem_changed(connection, modem_id, "registered", None, now, new_events)
            sim_id = devices.sim_found(connection, modem_id, imsi, now, new_events)
            devices.network_seen(connection, modem_id, operator, signal_dbm)
            events.append(connection, new_events)
        return sim_id

    def lease(self, limit: int = 1, sim_ids: Sequence[int] = ()) -> list[int]:
        now = self.database.now()
        until_at = now + timedelta(minutes=5)
        with self.database.begin() as connection:
            for waiting in queue.waiting_queues(connection):
                leased = queue.lease(
                    connection,
                    waiting,
                    agent_id=self._agent_id,
                    limit=limit,
                    sim_ids=sim_ids,
                    now=now,
                    until_at=until_at,
                )
                if leased:
                    return [one.message_id for one in leased]
        return []

    def send_one(self, sim_id: int, verdict: Verdict = ACCEPTED) -> int | None:
        """Sends the next message, all its parts; its id, or None where nothing waits."""
        for message_id in self.lease(1, [sim_id]):
            while (granted := self.begin(message_id, sim_id)) is not None:
                self.settle(granted, sim_id, verdict)
                if verdict is not ACCEPTED:
                    break
            return message_id
        return None

    def begin(self, message_id: int, sim_id: int) -> Granted | None:
        now = self.database.now()
        new_events: list[NewEvent] = []
        begun = queue.Begun(
            message_id=message_id,
            agent_id=self._agent_id,
            sim_id=sim_id,
            limits=NO_LIMITS,
            zone=_ZONE,
            sim_first_seen_at=now - timedelta(days=90),
            resume_parts_s=300,
            whole_message=False,
            until_at=now + timedelta(minutes=5),
        )
        with self.database.begin() as connection:
            answer = queue.begin_submit(connection, begun, now, new_events)
            events.append(connection, new_events)
        self.database.wake()
        return answer if isinstance(answer, Granted) else None

    def settle(self, granted: Granted, sim_id: int, verdict: Verdict = ACCEPTED) -> None:
        self._reference = (self._reference + 1) % 256
        references = tuple(self._reference for _ in granted.part_numbers)
        new_events: list[NewEvent] = []
        with self.database.begin() as connection:
            queue.settle(
                connection, granted, sim_id, verdict, references, self.database.now(), 0.5, new_events
            )
            events.append(connection, new_events)
        self.database.wake()

    def report(self, sim_id: int, number: str, reference: int, status: int = 0) -> None:
        now = self.database.now()
        report = StatusReport(
            raw="",
            smsc=None,
            reference=reference,
            recipient=number,
            service_at=now,
            discharge_at=now,
            status=status,
        )
        new_events: list[NewEvent] = []
        with self.database.begin() as connection:
            queue.record_report(connection, sim_id, report, "", now, timedelta(hours=24), new_events)
            events.append(connection, new_events)
        self.database.wake()

    def finish(self) -> None:
        """What the engine's housekeeping does: mailings with nothing left to send are finished."""
        new_events: list[NewEvent] = []
        with self.database.begin() as connection:
            queue.finish_mailings(connection, self.database.now(), new_events)
            events.append(connection, new_events)
        self.database.wake()


def refusal(code: str = "+CMS ERROR: 21") -> Verdict:
    """What the network answers when it refuses a part."""
    return decide(code, phase=Phase.AFTER_TPDU)
