"""The inbox, read page by page; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import insert

from pbx_sms.config import Settings
from pbx_sms.operations import inbox
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import inbound

IMSI = "250011234567890"


def test_the_newest_come_first_and_pages_follow_each_other(
    database: Database, settings: Callable[..., Settings]
) -> None:
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, "gsm1", None, now)
        sim_id = devices.sim_found(connection, modem_id, IMSI, now, [])
        for number in range(5):
            connection.execute(
                insert(inbound).values(
                    # the last one came through a SIM that is forgotten
                    sim_id=sim_id if number else 99,
                    sender="MegaBank",
                    text=str(number),
                    received_at=now - timedelta(hours=5 - number),
                    missing_parts=number,
                )
            )
    own = settings(sim=[{"imsi": IMSI, "label": "МТС склад"}])
    first = inbox.read(database, own, limit=2)
    assert [row["text"] for row in first] == ["4", "3"]
    rest = inbox.read(database, own, before_id=first[-1]["inbound_id"])
    assert [row["text"] for row in rest] == ["2", "1", "0"]
    since = inbox.read(database, own, since_at=now - timedelta(hours=2))
    assert [row["text"] for row in since] == ["4", "3"]
    assert first[0] == {
        "inbound_id": first[0]["inbound_id"],
        "received_at": now - timedelta(hours=1),
        "sent_at": None,
        "sim": IMSI,
        "sim_label": "МТС склад",
        "sender": "MegaBank",
        "number": None,
        "text": "4",
        "missing_parts": 4,
        "is_stop": False,
    }
    assert (rest[-1]["sim"], rest[-1]["sim_label"]) == (None, None)
