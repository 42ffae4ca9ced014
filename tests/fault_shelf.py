"""Every fault of `fault_table` at once, on one make of modem: the real simulator and the real engine.

Each fault has a modem and a recipient of its own, and its message belongs to that modem's SIM. Six more
modems have no fault: four are the bystanders whose pace is watched, one lends its SIM to an exchange, one
sends for a SIM that cannot. The same shelf without a fault says what the bystanders' pace is in peace.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fault_acts import ACTS, OTHER_PATH
from fault_kinds import Step
from fault_pace import Span
from fault_record import Record, Seen, number_of, text_of
from fault_strikes import BYSTANDERS, all_strikes, bystanders_network
from fault_surroundings import AT, LIMITS, PACE, NoSpread
from fault_table import FAULTS
from sqlalchemy import insert, select, update

from pbx_sms.config import Settings
from pbx_sms.core import segments
from pbx_sms.core.mailing import MailingState
from pbx_sms.drivers.at_modem import AtModem
from pbx_sms.engine.daemon import Engine
from pbx_sms.simulator import Simulator
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.schema import attempts, inbound, mailings, messages, modems, sims, stop_list

#: nothing moved for so long: it will not any more
_STILL_S = 25.0
_STOP_WORD_GAP_S = 4.0
_TEXT = "Заказ готов. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Afternoon:
    """All that a run on one make left behind."""

    seen: dict[str, Seen]
    #: from the first fault until all had taken their course
    lasted: Span
    #: instants of the bystanders' accepted parts, by IMSI
    bystanders: dict[str, list[datetime]]
    #: the bystanders' messages by state
    bystander_states: dict[str, int]
    #: (begun, ended) of each attempt that ended unknown for want of an answer
    unanswered: list[Span]
    #: SIMs that were moved to another modem, or with their modem to another path
    exchanged_imsi: str
    moved_imsi: str
    #: (number, part) that the network took more than once
    repeated: list[tuple[str, int]]


class Shelf:
    """`quiet`: the same modems and settings, and no fault."""

    def __init__(self, make: str, folder: Path, url: str, *, quiet: bool = False) -> None:
        self._folder = folder
        self._url = url
        count = len(FAULTS) + BYSTANDERS + 2
        self.simulator = Simulator(
            folder,
            modems=count,
            profile=make,
            latency_s=0.02,
            report_delay_s=0.2,
            boot_scale=0.02,
            faults={"fault": [*bystanders_network(), *([] if quiet else all_strikes())]},
            seed=make,
        )
        self.faults = [] if quiet else [fault.of_make(make) for fault in FAULTS]
        self.spare, self.other = count - 2, count - 1
        self.database: Database
        self.record: Record
        self.modem_step: dict[str, Step] = {}

    async def spend_an_afternoon(self) -> Afternoon:
        """Runs until every fault has taken its course, or nothing moves any more."""
        async with self._laid_out():
            async with self._at_work():
                begun_at = self.database.now()
                await self._go_through()
                lasted = (begun_at, self.database.now())
            return self._afternoon(lasted)

    async def spend_a_quiet_time(self) -> dict[str, list[datetime]]:
        """Instants of the bystanders' accepted parts while nothing else happens, by IMSI."""
        async with self._laid_out():
            async with self._at_work():
                await self.until(lambda: self._each_sent(_QUIET_PARTS))
            return self._bystanders()

    @asynccontextmanager
    async def _laid_out(self) -> AsyncIterator[None]:
        async with self.simulator:
            self.database = open_database(self._url)
            self.record = Record(self.simulator, self.database, self._folder)
            try:
                yield
            finally:
                self.database.close()

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        """The engine runs, all modems are registered, the bystanders send."""
        engine = Engine(self._settings(), self.database, self._modems(), chance=NoSpread(), pace=PACE)
        running = asyncio.create_task(engine.run(), name="engine")
        try:
            await self.until(lambda: running.done() or self._all_registered())
            if running.done():
                running.result()
            self._watch_over_bystanders()
            await self.until(lambda: self._each_sent(2))
            yield
        finally:
            engine.request_stop()
            await running

    async def _go_through(self) -> None:
        acting = []
        for index, fault in enumerate(self.faults):
            if fault.act is None:
                self.hand_in(index)
            else:
                acting.append(asyncio.create_task(ACTS[fault.act](self, index), name=fault.key))
        try:
            await self._until_still(acting)
        finally:
            for task in acting:
                task.cancel()
            ended = await asyncio.gather(*acting, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    # for the acts

    async def order(self, **order: Any) -> None:
        answer = await self.simulator.control(order)
        assert answer.get("ok"), answer

    async def until(self, holds: Callable[[], bool]) -> None:
        # the database and the ledger tell nobody: they are looked at
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def hand_in(self, index: int, imsi: str | None = None) -> None:
        """The fault's message joins the queue, for the SIM of its modem unless another is named."""
        fault = self.faults[index]
        owner = self._sim_id(imsi or self.imsi_of(index))
        # a mailing for each: one that has nothing more to send is finished
        self.record.message_ids[fault.key], *_ = self._insert(
            self._make_mailing(fault.key), [(number_of(index), text_of(fault.parts), owner)]
        )

    def imsi_of(self, index: int) -> str:
        imsi: str = self.simulator.known()[index]["imsi"]
        return imsi

    def modem(self, index: int) -> Step:
        """What is shown about the modem, its port made comparable."""
        with self.database.read() as connection:
            row = connection.execute(select(modems).where(modems.c.name == _name(index))).one()
        return Step(row.state, row.reason_code, self.record.comparable(row.reason_params))

    async def until_modem(self, index: int, step: Step | None) -> None:
        """Waits until the modem shows what the table says, and notes it."""
        assert step is not None
        await self.until(lambda: self.modem(index) == step)
        self.modem_step[self.faults[index].key] = self.modem(index)

    def sim_in(self, index: int) -> str | None:
        """The IMSI that the engine found in the modem."""
        with self.database.read() as connection:
            return connection.execute(
                select(sims.c.imsi)
                .join(modems, modems.c.modem_id == sims.c.modem_id)
                .where(modems.c.name == _name(index))
            ).scalar_one_or_none()

    def others_ended(self) -> bool:
        """Every fault that nobody's hand brings about has taken its course."""
        seen = self.record.seen(self.faults, self.modem_step)
        return all(seen[fault.key].course == list(fault.course) for fault in self.faults if fault.act is None)

    def accepted_parts(self, index: int) -> int:
        return sum(1 for entry in self.simulator.ledger() if entry["number"] == number_of(index))

    @staticmethod
    def number(index: int) -> str:
        return number_of(index)

    def inbound_count(self, sender: str) -> int:
        with self.database.read() as connection:
            return len(connection.execute(select(inbound).where(inbound.c.sender == sender)).all())

    def is_stopped(self, index: int) -> bool:
        with self.database.read() as connection:
            found = select(stop_list.c.msisdn).where(stop_list.c.msisdn == number_of(index))
            return connection.execute(found).first() is not None

    # the engine's surroundings

    def _settings(self) -> Settings:
        slow = [
            {"imsi": self.imsi_of(index), "min_gap_s": _STOP_WORD_GAP_S}
            for index, fault in enumerate(self.faults)
            if fault.act == "say_stop"
        ]
        return Settings.model_validate(
            {
                "agent": {"name": "pbx1"},
                "database": {"url": self._url},
                "limits": LIMITS,
                # the ledger is compared by number: the recipient of a stop gets nothing else here
                "sending": {"stop_confirmation": ""},
                "sim": slow,
            }
        )

    def _modems(self) -> list[AtModem]:
        """One for each port, and one whose port appears when a modem comes back under it."""
        paths = [str(path) for path in self.simulator.ports] + [str(self._folder / OTHER_PATH)]
        return [AtModem(_name(index), path, AT) for index, path in enumerate(paths)]

    def _all_registered(self) -> bool:
        with self.database.read() as connection:
            rows = connection.execute(select(modems.c.name, modems.c.state)).all()
        states = {row.name: row.state for row in rows}
        ends = {
            _name(index): "locked" if fault.modem and fault.modem.state == "locked" else "registered"
            for index, fault in enumerate(self.faults)
        }
        ends |= {_name(index): "registered" for index in range(len(self.faults), self.other + 1)}
        return all(states.get(name) == state for name, state in ends.items())

    def _make_mailing(self, name: str) -> int:
        now = self.database.now()
        with self.database.begin() as connection:
            row = {
                "name": name,
                "kind": "information",
                "rank": 0,
                "state": MailingState.RUNNING,
                "text": _TEXT,
                "message_count": 1,
                "part_count": 1,
                "created_at": now,
                "started_at": now,
            }
            key = connection.execute(insert(mailings).values(row)).inserted_primary_key
            assert key is not None
            return int(key[0])

    def _insert(self, mailing_id: int, new: list[tuple[str, str, int | None]]) -> list[int]:
        now = self.database.now()
        with self.database.begin() as connection:
            ids = queue.insert_messages(
                connection,
                [
                    queue.NewMessage(
                        msisdn=number,
                        text=text,
                        encoding=str(segments.measure(text).encoding),
                        part_count=segments.measure(text).parts,
                        rank=0,
                        wants_report=True,
                        mailing_id=mailing_id,
                    )
                    for number, text, _ in new
                ],
                now,
            )
            for message_id, (_, _, sim_id) in zip(ids, new, strict=True):
                connection.execute(
                    update(messages).where(messages.c.message_id == message_id).values(bound_sim_id=sim_id)
                )
        self.database.wake()
        return ids

    def _sim_id(self, imsi: str) -> int:
        with self.database.read() as connection:
            return connection.execute(select(sims.c.sim_id).where(sims.c.imsi == imsi)).scalar_one()

    # the bystanders

    def _watch_over_bystanders(self) -> None:
        """More messages for each bystander than it can send while the faults last."""
        mailing_id = self._make_mailing("bystanders")
        for place in range(BYSTANDERS):
            sim_id = self._sim_id(self.imsi_of(len(FAULTS) + place))
            first = 1_000_000 * (place + 1)
            self._insert(mailing_id, [(number_of(first + n), _TEXT, sim_id) for n in range(_ENOUGH)])

    def _each_sent(self, count: int) -> bool:
        return all(len(sent) >= count for sent in self._bystanders().values())

    def _bystanders(self) -> dict[str, list[datetime]]:
        imsis = [self.imsi_of(len(FAULTS) + place) for place in range(BYSTANDERS)]
        sent: dict[str, list[datetime]] = {imsi: [] for imsi in imsis}
        for entry in self.simulator.ledger():
            # what belongs to a fault may go through a bystander's SIM
            if entry["imsi"] in sent and entry["number"] >= number_of(1_000_000):
                sent[entry["imsi"]].append(datetime.fromisoformat(entry["at"]))
        return sent

    # the end

    async def _until_still(self, acting: list[asyncio.Task[None]]) -> None:
        """Until everything is as the table says, or nothing happened for so long that it will not be."""
        loop = asyncio.get_running_loop()
        still_since_s, newest = loop.time(), None
        while loop.time() - still_since_s < _STILL_S:
            failed = [task for task in acting if task.done() and task.exception() is not None]
            if failed or (all(task.done() for task in acting) and self._as_expected()):
                return
            if (now := self.record.newest_event()) != newest:
                still_since_s, newest = loop.time(), now
            await asyncio.sleep(0.2)

    def _as_expected(self) -> bool:
        seen = self.record.seen(self.faults, self.modem_step)
        return all(
            (seen[fault.key].got, seen[fault.key].course) == (fault.got, list(fault.course))
            for fault in self.faults
        )

    def _afternoon(self, lasted: Span) -> Afternoon:
        index = {fault.key: index for index, fault in enumerate(self.faults)}
        taken = Counter((entry["number"], entry["part"]) for entry in self.simulator.ledger())
        with self.database.read() as connection:
            states = connection.execute(
                select(messages.c.state).where(messages.c.msisdn >= number_of(1_000_000))
            ).scalars()
            counted: dict[str, int] = defaultdict(int)
            for state in states:
                counted[state] += 1
            unanswered = connection.execute(
                select(attempts.c.started_at, attempts.c.ended_at).where(attempts.c.code == "timeout")
            ).all()
        return Afternoon(
            seen=self.record.seen(self.faults, self.modem_step),
            lasted=lasted,
            bystanders=self._bystanders(),
            bystander_states=dict(counted),
            # its SIM is in the spare modem now
            exchanged_imsi=self.imsi_of(self.spare),
            moved_imsi=self.imsi_of(index["other_path_known"]),
            repeated=[part for part, count in taken.items() if count > 1],
            unanswered=[(begun, ended) for begun, ended in unanswered],
        )


#: in each bystander's queue: it must not run dry while the faults last
_ENOUGH = 1_000
#: of each bystander in a quiet run
_QUIET_PARTS = 20


def _name(index: int) -> str:
    return f"gsm{index}"
