"""Random sequences of everything that may happen to an office, and the audit of what the network then shows.

One PBX whose wall clock people set (`ONE_PBX`), or several that share a queue (`SEVERAL_PBXS`: there the
database server tells the time, so nobody's clock matters). The audit reads the network's ledger, which has a
clock that nobody sets.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from any_steps import ClockSet, LimitsSet, Order, Passes, Restart, Scene, Step, Swap, Trouble
from doubles.clock import VirtualLoop
from doubles.modem import Accepted, Rule
from engine_rig import Rig, imsi_of, most_within

from pbx_sms.config import Settings
from pbx_sms.core.mailing import RANK, MailingKind
from pbx_sms.core.quota import billing_month

HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=30)
MOSCOW = ZoneInfo("Europe/Moscow")
ORDINARY = (MailingKind.INFORMATION, MailingKind.ADVERTISING)
#: the part under way is over, be it answered or not
OVER = timedelta(seconds=200)


@dataclass(slots=True)
class Placed:
    kind: MailingKind
    at: datetime
    numbers: frozenset[str] = field(default_factory=frozenset)


class Office:
    """One database, the PBXs that share it, and the clock on their walls."""

    def __init__(self, url: str, settings: Callable[..., Settings], scene: Scene) -> None:
        self._scene = scene
        limits = dict(scene.limits)
        #: the billing day belongs to a SIM, not to all of them
        billing_day = limits.pop("billing_day", None)
        count = scene.pbxs * scene.modems_each
        sims = [{"imsi": imsi_of(n), "billing_day": billing_day} for n in range(count)] if billing_day else []
        self._make = lambda number, cell: Rig(
            url,
            settings,
            scene.modems_each,
            agent=f"pbx{number + 1}",
            first_modem=number * scene.modems_each,
            limits=limits,
            pace=scene.pace,
            sending={"time_zone": "Europe/Moscow"},
            sim=sims,
            cell=cell,
        )
        first = self._make(0, None)
        self.cell = first.cell
        self.rigs: list[Rig] = [first, *(self._make(number, self.cell) for number in range(1, scene.pbxs))]
        self._retired: list[Rig] = []
        self._set_by = timedelta(0)
        self._placed: dict[int, Placed] = {}

    async def start(self) -> None:
        for rig in self.rigs:
            await rig.start()

    async def take(self, step: Step) -> None:
        match step:
            case Passes(seconds):
                await self.rigs[0].passes(seconds)
            case ClockSet(by):
                self._set_by += by
                for rig in self.rigs:
                    rig.clock.set_by(by)
            case Restart():
                await self._restart(step)
            case Trouble(options):
                self.cell.rules.insert(0, Rule(**dict(options)))
            case Order():
                self._place(step)
            case Swap(first, second):
                self._swap(first, second)
            case LimitsSet(sim, per_hour):
                self.rigs[0].set_sim(imsi_of(sim), per_hour=per_hour)

    def _place(self, order: Order, **how: Any) -> None:
        rig = self.rigs[0]
        mailing_id = rig.mailing(order.part_counts, kind=order.kind, **how)
        for other in self.rigs[1:]:
            other.database.wake()
        numbers = frozenset(row.msisdn for row in rig.messages_of(mailing_id))
        self._placed[mailing_id] = Placed(order.kind, rig.clock.true_now(), numbers)

    def _swap(self, first: int, second: int) -> None:
        modems = [modem for rig in self.rigs for modem in rig.modems]
        one, other = modems[first], modems[second]
        for modem in (one, other):
            modem.unplug()
        one.imsi, other.imsi = other.imsi, one.imsi
        for modem in (one, other):
            modem.plug()

    async def _restart(self, step: Restart) -> None:
        old = self.rigs[step.pbx]
        imsis = [modem.imsi for modem in old.modems]
        await (old.die() if step.killed else old.stop())
        self._retired.append(old)
        await old.passes_stopped(step.stopped_s)
        self._set_by += step.by
        for rig in self.rigs:
            if rig is not old:
                rig.clock.set_by(step.by)
        new = self.rigs[step.pbx] = self._make(step.pbx, self.cell)
        new.clock.set_by(self._set_by)
        for modem, imsi in zip(new.modems, imsis, strict=True):
            modem.imsi = imsi
        await new.start()

    async def close(self) -> None:
        for rig in (*self.rigs, *self._retired):
            await rig.close()

    # the audit

    def audit(self) -> None:
        self._audit_limits()
        self.rigs[0].assert_no_part_twice()
        self._audit_ranks()
        self._audit_turns()

    def _audit_limits(self) -> None:
        limits = self._scene.limits
        by_sim: dict[str, list[Accepted]] = defaultdict(list)
        for entry in self.cell.ledger:
            by_sim[entry.imsi].append(entry)
        ordinary = self._numbers(lambda placed: placed.kind in ORDINARY)
        for imsi, entries in by_sim.items():
            for window, name in ((HOUR, "per_hour"), (DAY, "per_day"), (MONTH, "per_month")):
                if name in limits and not (name == "per_month" and "billing_day" in limits):
                    assert most_within(entries, window) <= limits[name], (imsi, name)
            if "billing_day" in limits:
                months = Counter(billing_month(one.at, limits["billing_day"], MOSCOW)[0] for one in entries)
                assert max(months.values()) <= limits["per_month"], (imsi, months)
            allowed = limits["per_day"] - limits.get("service_reserve_per_day", 0)
            assert most_within([one for one in entries if one.number in ordinary], DAY) <= allowed, imsi

    def _numbers(self, which: Callable[[Placed], bool]) -> frozenset[str]:
        return frozenset().union(*(placed.numbers for placed in self._placed.values() if which(placed)))

    def _audit_ranks(self) -> None:
        """From when a higher kind is noticed until it has gone, no message of a lower kind begins. One that
        was refused or came back has its own times and is left out."""
        tried = Counter(number for _, _, number in self.cell.tries)
        first_at = self._first_parts()
        noticed = self._noticed()
        for placed in self._placed.values():
            waited = [
                at
                for number in placed.numbers
                if (at := first_at.get(number)) is not None and tried[number] == self._parts_of(number)
            ]
            if not waited:
                continue
            lower = self._numbers(lambda one, rank=RANK[placed.kind]: RANK[one.kind] < rank)  # type: ignore[misc]
            overtaken = [
                entry
                for entry in self.cell.ledger
                if entry.part == 1
                and entry.number in lower
                and placed.at + noticed < entry.at < max(waited) - OVER
            ]
            assert overtaken == [], (placed.kind, placed.at, max(waited))

    def _audit_turns(self) -> None:
        """While a mailing waits with messages that were never tried, others of its kind get few parts in a
        row: each has its turn."""
        modems = len(self.rigs) * self._scene.modems_each
        parts = {number: self._parts_of(number) for number in self._first_parts()}
        first_try: dict[str, datetime] = {}
        for at, _, number in self.cell.tries:
            first_try.setdefault(number, at)
        for mailing_id, placed in self._placed.items():
            rivals = {
                other_id: other.numbers
                for other_id, other in self._placed.items()
                if other_id != mailing_id and RANK[other.kind] == RANK[placed.kind]
            }
            turns = sorted(first_try[number] for number in placed.numbers if number in first_try)
            for begin, end in zip([placed.at + self._noticed(), *turns], turns, strict=False):
                for numbers in rivals.values():
                    between = [
                        number for number in numbers if number in parts and begin < first_try[number] < end
                    ]
                    in_a_row = sum(parts[number] for number in between)
                    assert in_a_row <= 4 * 7 * modems, (mailing_id, begin, end, in_a_row)

    def _noticed(self) -> timedelta:
        """Until an order is noticed without being told, and the part under way is over."""
        return timedelta(seconds=self._scene.pace.look_s) + OVER

    def _first_parts(self) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for entry in self.cell.ledger:
            found.setdefault(entry.number, entry.at)
        return found

    def _parts_of(self, number: str) -> int:
        return next(entry.parts for entry in self.cell.ledger if entry.number == number)


def run(
    template: Path,
    settings: Callable[..., Settings],
    scene: Scene,
    steps: list[Step],
    make_office: type[Office] = Office,
) -> Office:
    """The steps in virtual time, on a copy of the empty database; then a quiet time and the audit."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="pbx-sms-test-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        path = Path(folder) / "pbx-sms.db"
        shutil.copyfile(template, path)

        async def play() -> Office:
            office = make_office(f"sqlite:///{path}", settings, scene)
            try:
                await office.start()
                for step in steps:
                    await office.take(step)
                await office.rigs[0].passes(86_400 if scene.is_long else 30_000)
                office.audit()
            finally:
                await office.close()
            return office

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(play())
