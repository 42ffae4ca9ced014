"""The engine dies at the worst moments; the next one neither repeats nor loses anything.

Each death is a process of its own that runs the real engine over in-memory modems and ends by `os._exit` at a
point that the test has put around the product's functions. What the network received is in a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from doubles.clock import VirtualLoop
from doubles.modem import Cell, MemoryModem
from engine_rig import Rig, imsi_of
from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.drivers.modem import Identity, ReportReceived, Submission
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.queue import Granted
from pbx_sms.storage.schema import messages, parts

DIED = 137
MakeSettings = Callable[..., Settings]


class FiledCell(Cell):
    """A network whose ledger survives the process."""

    path: Path

    def take(self, modem: MemoryModem, submission: Submission) -> list[int]:
        given = super().take(modem, submission)
        with self.path.open("a") as ledger:
            for entry in self.ledger[-len(given) :]:
                line = {
                    "number": entry.number,
                    "part": entry.part,
                    "parts": entry.parts,
                    "text": entry.text,
                    "imsi": entry.imsi,
                    "reference": entry.reference,
                    "tp_mr": entry.tp_mr,
                }
                ledger.write(json.dumps(line) + "\n")
        return given


def read(ledger: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []


class ReportingModem(MemoryModem):
    """Brings the reports of everything its SIM ever sent, as a network does after a while."""

    ledger: Path

    async def open(self) -> Identity:
        identity = await super().open()
        for entry in read(self.ledger):
            if entry["imsi"] == self.imsi:
                report = self.cell.report(entry["number"], entry["tp_mr"], 0)
                self.events.put_nowait(ReportReceived(report=report, raw=report.raw))
        return identity


class Death:
    """Ends the process at the `nth` time that a point is passed."""

    def __init__(self, point: str, nth: int) -> None:
        self._point, self._left = point, nth
        self._after_commit = False

    def passes(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os._exit(DIED)

    def arm(self, point: str) -> None:
        """With the commit of this transaction."""
        if point == self._point:
            self._left -= 1
            self._after_commit = self._left == 0

    def committed(self) -> None:
        if self._after_commit:
            os._exit(DIED)

    def place(self) -> None:
        """Around the product's functions, in this process alone."""
        lease, begin, settle, recover = queue.lease, queue.begin_submit, queue.settle, queue.recover
        transaction = Database.begin

        def leasing(*given: Any, **named: Any) -> Any:
            taken = lease(*given, **named)
            if taken:
                self.arm("lease committed")
            return taken

        def beginning(*given: Any, **named: Any) -> Any:
            answer = begin(*given, **named)
            if isinstance(answer, Granted):
                self.arm("intent committed")
            return answer

        def settling(*given: Any, **named: Any) -> Any:
            self.passes("answer known")
            settled = settle(*given, **named)
            self.passes("outcome written")
            self.arm("outcome committed")
            return settled

        def recovering(*given: Any, **named: Any) -> Any:
            found = recover(*given, **named)
            self.passes("recovered")
            self.arm("recovery committed")
            return found

        @contextmanager
        def committing(database: Database) -> Iterator[Connection]:
            with transaction(database) as connection:
                yield connection
            self.committed()

        for name, function in (
            ("lease", leasing),
            ("begin_submit", beginning),
            ("settle", settling),
            ("recover", recovering),
        ):
            setattr(queue, name, function)
        Database.begin = committing  # type: ignore[method-assign]

        hand_over = MemoryModem._hand_over
        take = FiledCell.take

        async def handing_over(modem: MemoryModem, submission: Submission) -> Any:
            self.passes("first octet")
            return await hand_over(modem, submission)

        def taking(cell: FiledCell, modem: MemoryModem, submission: Submission) -> list[int]:
            self.passes("within the TPDU")
            given = take(cell, modem, submission)
            self.passes("accepted")
            return given

        MemoryModem._hand_over = handing_over  # type: ignore[method-assign]
        FiledCell.take = taking  # type: ignore[method-assign]


class Machine:
    """One PBX whose engine dies and is started again."""

    def __init__(self, url: str, settings: MakeSettings, ledger: Path, part_counts: list[int]) -> None:
        self._url, self._settings, self.ledger = url, settings, ledger
        self._part_counts = part_counts

    def run(self, death: Death | None = None, *, begin: bool = False) -> int:
        """The exit status: 0 when everything has ended."""
        pid = os.fork()
        if pid == 0:
            status = 3
            try:
                if death is not None:
                    death.place()
                with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                    runner.run(self._live(begin))
                status = 0
            except BaseException:  # noqa: BLE001 - the exit status tells it
                traceback.print_exc()
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    async def _live(self, begin: bool) -> None:
        cell = FiledCell(report_s=3.0)
        cell.path = self.ledger
        rig = Rig(self._url, self._settings, 0, agent="pbx1", cell=cell)
        cell.now = rig.clock.true_now
        for number in range(2):
            modem = ReportingModem(f"gsm{number + 1}", cell, imsi_of(number))
            modem.ledger = self.ledger
            rig.modems.append(modem)
        if begin:
            rig.mailing(self._part_counts, first_index=1, wants_report=True)
        await rig.start()
        await rig.until(lambda: rig.open_count() == 0)
        await rig.passes(30)
        await rig.close()

    def states(self) -> dict[str, int]:
        database = open_database(self._url)
        with database.read() as connection:
            rows = list(connection.execute(messages.select()))
        database.close()
        return dict(Counter(row.state for row in rows))

    def audit(self) -> None:
        """No part twice; what counts as sent is whole, in order, from one SIM under one reference; what is
        not sent says why."""
        received = defaultdict(list)
        for entry in read(self.ledger):
            received[entry["number"]].append(entry)
        database = open_database(self._url)
        with database.read() as connection:
            rows = list(connection.execute(messages.select()))
            in_flight = [row for row in connection.execute(parts.select()) if row.state == "submitting"]
        database.close()
        assert in_flight == []
        for row in rows:
            sent = received[row.msisdn]
            numbers = [entry["part"] for entry in sent]
            assert numbers == sorted(set(numbers)), f"a part came twice: {numbers}"
            if row.state in ("submitted", "delivered", "undelivered"):
                assert "".join(entry["text"] for entry in sent) == row.text
                assert len({(entry["imsi"], entry["reference"]) for entry in sent}) == 1
            else:
                assert row.state in ("unknown", "failed")
                assert row.reason_code
                assert not sent or row.part_count > 1, "the report proves what the network has"


@pytest.fixture
def machine(quick_url: str, settings: MakeSettings, tmp_path: Path) -> Machine:
    return Machine(quick_url, settings, tmp_path / "ledger.jsonl", [1, 3, 1, 2])


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("lease committed", {"delivered": 4}),
        # nobody can know that the first octet had not left yet
        ("intent committed", {"delivered": 3, "unknown": 1}),
        ("first octet", {"delivered": 3, "unknown": 1}),
        ("within the TPDU", {"delivered": 3, "unknown": 1}),
        # the network has it, and its report says so; the other SIM's part was not there yet
        ("accepted", {"delivered": 3, "unknown": 1}),
        ("answer known", {"delivered": 4}),
        ("outcome written", {"delivered": 4}),
        ("outcome committed", {"delivered": 4}),
        ("recovered", {"delivered": 4}),
        ("recovery committed", {"delivered": 4}),
    ],
)
def test_a_death_at_the_first_part(machine: Machine, point: str, expected: dict[str, int]) -> None:
    assert machine.run(Death(point, 1), begin=True) == DIED
    assert machine.run() == 0
    machine.audit()
    states = machine.states()
    if "unknown" in expected:
        # two SIMs work in step: the other one may have had its part under way as well
        assert states["unknown"] in (1, 2)
        assert sum(states.values()) == 4
    else:
        assert states == expected


@pytest.mark.parametrize("nth", range(2, 8))
@pytest.mark.parametrize("point", ["intent committed", "within the TPDU", "accepted", "answer known"])
def test_a_death_at_any_later_part(machine: Machine, point: str, nth: int) -> None:
    assert machine.run(Death(point, nth), begin=True) == DIED
    assert machine.run() == 0
    machine.audit()
    states = machine.states()
    assert states.get("unknown", 0) <= 2
    assert sum(states.values()) == 4


@pytest.mark.parametrize("nth", range(1, 8))
def test_after_a_committed_outcome_nothing_of_it_is_unknown(machine: Machine, nth: int) -> None:
    """Between the parts of a message the rest goes on through the same SIM."""
    machine = Machine(machine._url, machine._settings, machine.ledger, [7])
    assert machine.run(Death("outcome committed", nth), begin=True) == DIED
    assert machine.run() == 0
    machine.audit()
    assert machine.states() == {"delivered": 1}


def test_deaths_one_after_the_other_while_recovering(machine: Machine) -> None:
    assert machine.run(Death("intent committed", 3), begin=True) == DIED
    for _ in range(3):
        assert machine.run(Death("recovered", 1)) == DIED
    assert machine.run(Death("recovery committed", 1)) == DIED
    assert machine.run() == 0
    machine.audit()
    assert machine.states().get("unknown", 0) in (1, 2)


def test_a_death_at_every_intent_ends_all_the_same(machine: Machine) -> None:
    """A machine that can do no more than one part a life still ends every message."""
    assert machine.run(Death("accepted", 2), begin=True) == DIED
    lives = 1
    while machine.run(Death("accepted", 2)) == DIED:
        lives += 1
        assert lives < 20
    machine.audit()
    assert sum(machine.states().values()) == 4
