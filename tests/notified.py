"""What the tests of notifications share: a mail server's box, an SMS that comes in, and what is told then."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from sqlalchemy import update

from pbx_sms.config import Settings
from pbx_sms.core import tpdu
from pbx_sms.operations import notify
from pbx_sms.storage import devices, events, incoming
from pbx_sms.storage.engine import Database
from pbx_sms.storage.incoming_rules import IncomingRules
from pbx_sms.storage.schema import notifications as table


@dataclass
class MailBox:
    """What the mail server took; `answer` is what it says to a message."""

    port: int = 0
    answer: str = "250 OK"
    taken: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            parsed = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            self.taken.append(parsed)
        return self.answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def by_mail(mail: MailBox, **more: Any) -> dict[str, Any]:
    return {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.port,
        "smtp_tls": "none",
        "mail_from": "sms@office.example",
        "mail_to": ["anna@office.example", "boris@office.example"],
    } | more


def receive(database: Database, settings: Settings, text: str, number: int = 1) -> None:
    """An SMS comes in, as the engine writes it down."""
    now = database.now()
    new: list[events.NewEvent] = []
    data = text.encode("utf-16-be").hex().upper()
    pdu = f"00040B919761214365F700086211222100{number:02d}21{len(data) // 2:02X}{data}"
    decoded = tpdu.decode(pdu)
    assert isinstance(decoded, tpdu.Deliver)
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, "gsm1", None, now)
        sim_id = devices.sim_found(connection, modem_id, "250011234567890", now, new)
        rules = IncomingRules.of(settings)
        incoming.store(connection, sim_id, "250011234567890", decoded, pdu, now, rules, new)
        events.append(connection, new)


def told(database: Database, settings: Settings) -> list[tuple[Any, ...]]:
    rows = notify.list_notifications(database, settings)
    return [(row["channel"], row["kind"], row["state"], row["attempts"], row["reason"]) for row in rows]


def make_due(database: Database) -> None:
    """The wait for the next try is over."""
    with database.begin() as connection:
        connection.execute(update(table).values(next_at=database.now()))
