"""The engine as a process, on the wire: pyserial, pseudo terminals, SQLite, signals."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, insert, select

from pbx_sms.core import segments
from pbx_sms.simulator.simulator import ThreadedSimulator, running_simulator
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.schema import events, inbound, mailings, messages, modems, parts, stop_list

ROOT = Path(__file__).resolve().parents[2]


def number_of(index: int) -> str:
    return f"+7916{index:07}"


def text_of(index: int) -> str:
    """One, two or three parts of Cyrillic, with characters outside the basic plane in the longest."""
    text = f"Здравствуйте! Заказ {index} готов к выдаче."
    return text + (" Ждём Вас по адресу: ул. Ленина, 5. 😀" * (2 * (index % 3)))


class Pbx:
    """Simulated modems, a database and any number of engine processes."""

    def __init__(self, folder: Path, url: str, *, modems: int, **simulator: Any) -> None:
        self._folder = folder
        self._url = url
        self._modem_count = modems
        self._stack = ExitStack()
        self._options = {"profile": "mixed", "report_delay_s": 0.1, "boot_scale": 0.0} | simulator
        self._engines: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Pbx:
        self.simulator: ThreadedSimulator = self._stack.enter_context(
            running_simulator(self._folder / "sim", modems=self._modem_count, **self._options)
        )
        self.database: Database = open_database(self._url)
        self._stack.callback(self.database.close)
        self._listener = self.database.listen()
        self._stack.callback(self._listener.close)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._engines:
            process.kill()
            process.wait()
        self._stack.close()

    # engines

    def start(self, agent: str = "pbx1", url: str | None = None) -> subprocess.Popen[bytes]:
        path = self._folder / f"{agent}-{len(self._engines)}.toml"
        lines = [
            f'[database]\nurl = "{url or self._url}"',
            f'[agent]\nname = "{agent}"',
            # the audit below counts one message for a number
            '[sending]\nstop_confirmation = ""',
            "[limits]\nper_hour = 0\nper_day = 0\nper_month = 0",
            "min_gap_s = 0.0\nservice_reserve_per_day = 0",
            '[planner]\ninformation_window = "always"\nquiet_hours = ""',
        ]
        lines += [
            f'[[modem]]\nname = "gsm{number + 1}"\nport = "{self._folder}/sim/modem{number}"'
            for number in range(self._modem_count)
        ]
        path.write_text("\n".join(lines) + "\n")
        with path.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "pbx_sms", "--config", str(path), "run"],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._engines.append(process)
        return process

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.log")))

    def until(self, holds: Callable[[], bool], engine: subprocess.Popen[bytes] | None = None) -> None:
        """Looks again at every wake-up, and now and then without one."""
        while not holds():
            if engine is not None and engine.poll() is not None:
                raise AssertionError(f"the engine ended with {engine.returncode}:\n{self.log()}")
            self._listener.wait(0.2)

    def started(self) -> subprocess.Popen[bytes]:
        engine = self.start()
        self.until(lambda: self.modem_states() == ["registered"] * self._modem_count, engine)
        return engine

    # orders

    def mailing(self, count: int, first: int = 0) -> int:
        now = self.database.now()
        with self.database.begin() as connection:
            key = connection.execute(
                insert(mailings).values(
                    name="m",
                    kind="information",
                    rank=0,
                    state="running",
                    text="x",
                    message_count=count,
                    created_at=now,
                    started_at=now,
                )
            ).inserted_primary_key
            assert key is not None
            new = []
            for index in range(first, first + count):
                measured = segments.measure(text_of(index))
                new.append(
                    queue.NewMessage(
                        msisdn=number_of(index),
                        text=text_of(index),
                        encoding=measured.encoding,
                        part_count=measured.parts,
                        rank=0,
                        wants_report=True,
                        mailing_id=key[0],
                        row=index,
                    )
                )
            queue.insert_messages(connection, new, now)
        self.database.wake()
        return int(key[0])

    # what there is

    def rows(self, table: Any) -> list[Row[Any]]:
        with self.database.read() as connection:
            return list(connection.execute(select(table)))

    def modem_states(self) -> list[str]:
        return [row.state for row in sorted(self.rows(modems), key=lambda row: row.name)]

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for row in self.rows(messages):
            found[row.state] += 1
        return dict(found)

    def is_finished(self, mailing_id: int) -> bool:
        return any(row.mailing_id == mailing_id and row.state == "finished" for row in self.rows(mailings))

    def all_delivered(self) -> bool:
        return set(self.counts()) == {"delivered"}

    def audit(self) -> None:
        """Each text with its number once: whole, in order, through one SIM, under one reference."""
        received: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for entry in self.simulator.ledger():
            received[entry["number"]].append(entry)
        for row in self.rows(messages):
            sent = received.pop(row.msisdn, [])
            numbers = [entry["part"] for entry in sent]
            assert len(numbers) == len(set(numbers)), f"accepted twice: {row.msisdn} {numbers}"
            if row.state in ("submitted", "delivered"):
                assert numbers == list(range(1, row.part_count + 1))
                assert "".join(entry["text"] for entry in sent) == row.text
                assert len({(entry["imsi"], entry["reference"]) for entry in sent}) == 1
        assert dict(received) == {}


@pytest.fixture
def make_pbx(tmp_path: Path, sqlite_url: str) -> Iterator[Callable[..., Pbx]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Pbx(tmp_path, sqlite_url, **options))


def test_a_mailing_goes_out_whole_and_its_reports_land(make_pbx: Callable[..., Pbx]) -> None:
    pbx = make_pbx(modems=4)
    engine = pbx.started()
    mailing = pbx.mailing(40)
    pbx.until(lambda: pbx.is_finished(mailing) and pbx.all_delivered(), engine)
    pbx.audit()
    assert {row.part_count for row in pbx.rows(messages)} == {1, 2, 3}
    carried: dict[str, int] = defaultdict(int)
    for entry in pbx.simulator.ledger():
        carried[entry["imsi"]] += 1
    assert len(carried) == 4
    # nothing was sent before its intent was there
    began = {row.message_id: row.event_id for row in pbx.rows(events) if row.state == "submitting"}
    ended = {row.message_id: row.event_id for row in pbx.rows(events) if row.state == "submitted"}
    assert all(began[message_id] < event_id for message_id, event_id in ended.items())


def test_sigterm_finishes_what_is_in_flight_and_gives_back_the_rest(make_pbx: Callable[..., Pbx]) -> None:
    pbx = make_pbx(modems=3, latency_s=0.3)
    engine = pbx.started()
    mailing = pbx.mailing(15)
    pbx.until(lambda: len(pbx.simulator.ledger()) >= 4, engine)
    engine.send_signal(signal.SIGTERM)
    assert engine.wait() == 0, pbx.log()
    assert set(pbx.counts()) <= {"queued", "submitted", "delivered"}
    assert {row.state for row in pbx.rows(parts)} <= {"pending", "submitted"}
    accepted = len(pbx.simulator.ledger())
    assert accepted == sum(1 for row in pbx.rows(parts) if row.state == "submitted")
    assert pbx.modem_states() == ["absent"] * 3
    again = pbx.started()
    pbx.until(lambda: pbx.is_finished(mailing), again)
    pbx.audit()
    assert set(pbx.counts()) <= {"submitted", "delivered"}


def test_sigkill_repeats_nothing_and_loses_nothing(make_pbx: Callable[..., Pbx]) -> None:
    pbx = make_pbx(modems=4, latency_s=0.15)
    mailing = None
    in_flight = 0
    for kill in range(3):
        engine = pbx.started()
        if mailing is None:
            mailing = pbx.mailing(45)
        enough = len(pbx.simulator.ledger()) + 5 + kill
        pbx.until(lambda wanted=enough: len(pbx.simulator.ledger()) >= wanted, engine)  # type: ignore[misc]
        engine.kill()
        engine.wait()
        in_flight += sum(1 for row in pbx.rows(parts) if row.state == "submitting")
    assert mailing is not None
    engine = pbx.started()
    pbx.until(lambda: pbx.is_finished(mailing), engine)
    pbx.audit()
    counts = pbx.counts()
    assert set(counts) <= {"submitted", "delivered", "unknown"}
    assert counts.get("unknown", 0) <= in_flight
    assert sum(counts.values()) == 45


def test_an_unplugged_modem_stops_no_other_and_comes_back(make_pbx: Callable[..., Pbx]) -> None:
    pbx = make_pbx(modems=3, latency_s=0.1)
    engine = pbx.started()
    first = pbx.mailing(30)
    pbx.until(lambda: len(pbx.simulator.ledger()) >= 5, engine)
    pbx.simulator.control({"cmd": "unplug", "modem": 0})
    pbx.until(lambda: pbx.modem_states()[0] == "absent", engine)
    assert pbx.modem_states()[1:] == ["registered"] * 2
    second = pbx.mailing(10, first=100)
    pbx.until(lambda: pbx.is_finished(second), engine)
    pbx.simulator.control({"cmd": "plug", "modem": 0})
    pbx.until(lambda: pbx.modem_states() == ["registered"] * 3, engine)
    pbx.until(lambda: pbx.is_finished(first), engine)
    pbx.audit()
    assert pbx.counts().get("unknown", 0) <= 1


def test_a_stop_word_by_sms_suppresses_what_waits(make_pbx: Callable[..., Pbx]) -> None:
    pbx = make_pbx(modems=2, latency_s=0.2)
    engine = pbx.started()
    mailing = pbx.mailing(20)
    pbx.simulator.control({"cmd": "inbound", "modem": 1, "from": number_of(19), "text": "СТОП"})
    pbx.until(lambda: pbx.is_finished(mailing), engine)
    assert [row.msisdn for row in pbx.rows(stop_list)] == [number_of(19)]
    assert [(row.text, row.is_stop) for row in pbx.rows(inbound)] == [("СТОП", True)]
    last = next(row for row in pbx.rows(messages) if row.msisdn == number_of(19))
    assert (last.state, last.reason_code) == ("suppressed", "stop_list")
    pbx.audit()


def test_a_second_engine_of_the_same_name_is_refused_with_a_sentence(make_pbx: Callable[..., Pbx]) -> None:
    pbx = make_pbx(modems=1)
    first = pbx.started()
    second = pbx.start()
    assert second.wait() == 1
    log = sorted(pbx._folder.glob("*.log"))[-1].read_text()
    assert "pbx1" in log
    assert "Traceback" not in log
    assert first.poll() is None
    assert pbx.modem_states() == ["registered"]


def test_a_port_that_another_program_holds_is_explained(make_pbx: Callable[..., Pbx]) -> None:
    pbx = make_pbx(modems=2)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, os, sys, termios\n"
            f"port = os.open({str(pbx._folder / 'sim' / 'modem0')!r}, os.O_RDWR | os.O_NOCTTY)\n"
            "fcntl.flock(port, fcntl.LOCK_EX)\n"
            "print('held', flush=True)\n"
            "sys.stdin.read()\n",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        engine = pbx.start()
        pbx.until(lambda: pbx.modem_states() == ["failed", "registered"], engine)
        row = next(row for row in pbx.rows(modems) if row.name == "gsm1")
        assert row.reason_code == "port_busy"
        assert row.reason_params["port"].endswith("modem0")
        mailing = pbx.mailing(4)
        pbx.until(lambda: pbx.is_finished(mailing), engine)
        shown = subprocess.run(
            [
                *(sys.executable, "-m", "pbx_sms"),
                *("--config", str(next(pbx._folder.glob("*.toml"))), "sim", "list", "--json"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert '"gsm2"' in shown.stdout
        holder.stdin.close()
        holder.wait()
        pbx.until(lambda: pbx.modem_states() == ["registered", "registered"], engine)
    finally:
        holder.kill()
        holder.wait()
        for stream in (holder.stdin, holder.stdout):
            if stream is not None:
                stream.close()
    pbx.audit()
