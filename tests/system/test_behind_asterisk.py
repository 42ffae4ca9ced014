"""The engine as a process with modems on serial ports and behind Asterisk: one pool, through its crash."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from pbx_sms import config
from pbx_sms.core import segments
from pbx_sms.operations import stop_list
from pbx_sms.simulator.ami.device import Pace
from pbx_sms.simulator.ami.server import AmiPeer
from pbx_sms.simulator.simulator import ThreadedSimulator, running_simulator
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.schema import inbound, mailings, messages, modems

ROOT = Path(__file__).resolve().parents[2]
QUICK = Pace(command_s=2.0, prompt_s=1.0, pdu_s=2.0, retry_s=0.2, poll_s=0.2)


def number_of(index: int) -> str:
    return f"+7916{index:07}"


class Office:
    """Three modems: one on a serial port of ours, two that Asterisk holds."""

    def __init__(self, folder: Path, url: str, *, autodelete: bool = True) -> None:
        self._autodelete = autodelete
        self._folder = folder
        self._url = url
        self._stack = ExitStack()
        self.engine: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Office:
        self.simulator: ThreadedSimulator = self._stack.enter_context(
            running_simulator(self._folder / "sim", modems=3, report_delay_s=0.1, boot_scale=0.0)
        )
        self.peer = AmiPeer(self.simulator.ports[1:], pace=QUICK, autodelete=self._autodelete)
        self.asterisk(self.peer.start())
        self._stack.callback(lambda: self.asterisk(self.peer.die()))
        self.database: Database = open_database(self._url)
        self._stack.callback(self.database.close)
        self._listener = self.database.listen()
        self._stack.callback(self._listener.close)
        return self

    def __exit__(self, *_: object) -> None:
        if self.engine is not None:
            self.engine.kill()
            self.engine.wait()
        self._stack.close()

    def asterisk(self, order: Any) -> None:
        asyncio.run_coroutine_threadsafe(order, self.simulator._loop).result()

    def start(self) -> None:
        settings = self._folder / "pbx-sms.toml"
        settings.write_text(
            f"""
[database]
url = "{self._url}"
[agent]
name = "pbx1"
[asterisk]
port = {self.peer.port}
secret = "s3cret"
[limits]
per_hour = 0
per_day = 0
per_month = 0
min_gap_s = 0.0
service_reserve_per_day = 0
[[modem]]
name = "serial"
port = "{self.simulator.ports[0]}"
[[modem]]
name = "behind0"
driver = "chan_dongle"
device = "dongle0"
[[modem]]
name = "behind1"
driver = "chan_dongle"
device = "dongle1"
""",
            encoding="utf-8",
        )
        with (self._folder / "engine.log").open("wb") as log:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "pbx_sms", "--config", str(settings), "run"],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def until(self, holds: Any) -> None:
        assert self.engine is not None
        while not holds():
            if self.engine.poll() is not None:
                raise AssertionError((self._folder / "engine.log").read_text())
            self._listener.wait(0.2)

    def modem_states(self) -> dict[str, str]:
        with self.database.read() as connection:
            rows = connection.execute(select(modems.c.name, modems.c.state))
            return {row.name: row.state for row in rows}

    def states(self) -> Counter[str]:
        with self.database.read() as connection:
            return Counter(connection.execute(select(messages.c.state)).scalars())

    def inbound(self) -> list[str]:
        with self.database.read() as connection:
            found = select(inbound.c.text).order_by(inbound.c.inbound_id)
            return list(connection.execute(found).scalars())

    def mailing(self, count: int) -> None:
        now = self.database.now()
        with self.database.begin() as connection:
            mailing = {"name": "m", "kind": "information", "rank": 0, "state": "running", "text": "x"}
            key = connection.execute(
                insert(mailings).values(**mailing, message_count=count, created_at=now, started_at=now)
            ).inserted_primary_key
            assert key is not None
            texts = [f"Заказ {index} готов. " + "Ждём Вас! " * (7 * (index % 3)) for index in range(count)]
            new = [
                queue.NewMessage(
                    mailing_id=key[0],
                    msisdn=number_of(index),
                    text=text,
                    encoding=segments.measure(text).encoding,
                    part_count=segments.measure(text).parts,
                    rank=0,
                    row=index,
                    wants_report=True,
                )
                for index, text in enumerate(texts)
            ]
            queue.insert_messages(connection, new, now)
        self.database.wake()


@pytest.fixture
def office(tmp_path: Path, sqlite_url: str) -> Iterator[Office]:
    with Office(tmp_path, sqlite_url) as opened:
        yield opened


def test_sims_on_serial_ports_and_behind_asterisk_are_one_pool(office: Office) -> None:
    office.start()
    office.until(lambda: set(office.modem_states().values()) == {"registered"})
    office.mailing(24)
    office.until(lambda: office.states() == {"delivered": 24})
    ledger = office.simulator.ledger()
    assert len({entry["imsi"] for entry in ledger}) == 3
    taken = Counter((entry["number"], entry["part"]) for entry in ledger)
    assert set(taken.values()) == {1}
    assert {entry["number"] for entry in ledger} == {number_of(index) for index in range(24)}


def test_asterisk_dies_in_the_middle_and_nothing_is_sent_twice(office: Office) -> None:
    office.simulator.control({"cmd": "set", "latency_s": 0.15})
    office.start()
    office.until(lambda: set(office.modem_states().values()) == {"registered"})
    office.mailing(30)
    office.until(lambda: office.states()["delivered"] >= 4)
    office.asterisk(office.peer.die())
    office.until(lambda: office.modem_states()["behind0"] == office.modem_states()["behind1"] == "absent")
    assert office.modem_states()["serial"] == "registered"
    office.asterisk(office.peer.start())
    # a driver that died does not know any more whose report it gets
    ended = {"delivered", "submitted", "unknown"}
    office.until(lambda: sum(office.states()[state] for state in ended) == 30)
    # at most what each of its two modems had in hand
    assert office.states()["unknown"] <= 2
    taken = Counter((entry["number"], entry["part"]) for entry in office.simulator.ledger())
    assert set(taken.values()) == {1}
    assert office.engine is not None
    office.engine.send_signal(signal.SIGTERM)
    assert office.engine.wait() == 0


def test_what_the_driver_does_not_delete_is_stored_once_and_stops_once(
    tmp_path: Path, sqlite_url: str
) -> None:
    with Office(tmp_path, sqlite_url, autodelete=False) as office:
        office.start()
        office.until(lambda: set(office.modem_states().values()) == {"registered"})
        settings = config.load(str(tmp_path / "pbx-sms.toml"))

        def answer(text: str) -> None:
            order = {"cmd": "inbound", "modem": 1, "from": number_of(1), "text": text}
            assert office.simulator.control(order)["ok"]

        answer("СТОП")
        office.until(lambda: stop_list.count(office.database) == 1)
        # a person thinks better of it; the demand goes on lying on the SIM
        stop_list.remove(office.database, settings, number=number_of(1), why="asked for it again")
        # the driver is started anew and reads its SIM, and once more while we surely listen
        office.asterisk(office.peer.die())
        office.until(lambda: office.modem_states()["behind0"] == "absent")
        office.asterisk(office.peer.start())
        office.until(lambda: office.modem_states()["behind0"] == "registered")
        office.simulator._loop.call_soon_threadsafe(office.peer.devices[0].read_all)
        answer("Спасибо")
        office.until(lambda: "Спасибо" in office.inbound())
        assert office.inbound() == ["СТОП", "Спасибо"]
        assert stop_list.count(office.database) == 0
