"""Whatever happens in whatever order, the network's ledger on a steady clock shows no limit passed."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from doubles.clock import VirtualLoop
from doubles.modem import Accepted, Rule
from engine_rig import Rig, most_within
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.engine.pace import Pace

HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=30)
MOSCOW = ZoneInfo("Europe/Moscow")
PACE = Pace(look_s=900.0, lease_s=7200.0, round_s=240.0, poll_s=43_200.0, usage_s=900.0)
ORDINARY = (MailingKind.INFORMATION, MailingKind.ADVERTISING)


@dataclass(frozen=True, slots=True)
class Passes:
    seconds: float


@dataclass(frozen=True, slots=True)
class ClockSet:
    by: timedelta


@dataclass(frozen=True, slots=True)
class Restart:
    killed: bool
    stopped_s: float
    #: what somebody does to the clock meanwhile
    by: timedelta


@dataclass(frozen=True, slots=True)
class Trouble:
    """A rule of the network: what it does with some of the next parts."""

    options: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Order:
    kind: MailingKind
    part_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Swap:
    """The two SIMs change places."""


Step = Passes | ClockSet | Restart | Trouble | Order | Swap

JUMPS = st.sampled_from(
    [
        timedelta(seconds=seconds) * sign
        for seconds in (20, 59, 61, 1800, 3600, 7200, 86_400, 5 * 86_400, 31 * 86_400)
        for sign in (1, -1)
    ]
)
PASSES = st.builds(Passes, st.sampled_from([7.0, 90.0, 700.0, 3000.0, 3599.0, 3601.0, 20_000.0, 86_000.0]))
RESTARTS = st.builds(
    Restart,
    killed=st.booleans(),
    stopped_s=st.sampled_from([0.0, 2.0, 1000.0, 50_000.0]),
    by=st.just(timedelta(0)) | JUMPS,
)
TROUBLES = st.builds(
    lambda trouble, after, times: Trouble((*trouble, ("after", after), ("times", times))),
    st.sampled_from(
        [
            (("code", "+CMS ERROR: 42"),),
            (("code", "+CMS ERROR: 21"),),
            (("code", "+CMS ERROR: 331"),),
            (("silent", True),),
            (("silent", True), ("taken", True)),
            (("late_s", 90.0),),
            (("answer_after_s", 30.0),),
            (("raises", "modem_busy"),),
        ]
    ),
    st.integers(0, 4),
    st.integers(1, 3),
)
ORDERS = st.builds(
    Order,
    st.sampled_from([*MailingKind]),
    st.lists(st.integers(1, 7), min_size=1, max_size=25).map(tuple),
)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    PASSES | st.builds(ClockSet, JUMPS) | RESTARTS | TROUBLES | ORDERS | st.just(Swap()),
    min_size=6,
    max_size=16,
)
#: each is tight in something else
LIMITS: list[dict[str, Any]] = [
    {"per_hour": 7, "per_day": 40, "service_reserve_per_day": 3, "min_gap_s": 6.0},
    {"per_day": 16, "service_reserve_per_day": 9},
    {"per_hour": 11, "per_day": 24, "per_month": 30},
]


class Office:
    """One database, its engines one after the other, and the clock on the wall."""

    def __init__(self, url: str, settings: Callable[..., Settings], limits: dict[str, Any]) -> None:
        self._make = lambda **more: Rig(
            url,
            settings,
            2,
            agent="pbx1",
            limits=limits,
            pace=PACE,
            sending={"time_zone": "Europe/Moscow"},
            **more,
        )
        self.rig: Rig = self._make(cell=None)
        self._retired: list[Rig] = []
        self._set_by = timedelta(0)
        self.orders: list[tuple[int, MailingKind]] = []

    async def take(self, step: Step) -> None:
        rig = self.rig
        match step:
            case Passes(seconds):
                await rig.passes(seconds)
            case ClockSet(by):
                self._set_by += by
                rig.clock.set_by(by)
            case Restart():
                await self._restart(step)
            case Trouble(options):
                rig.cell.rules.insert(0, Rule(**dict(options)))
            case Order(kind, part_counts):
                self.orders.append((rig.mailing(part_counts, kind=kind), kind))
            case Swap():
                for modem in rig.modems:
                    modem.unplug()
                first, second = rig.modems
                first.imsi, second.imsi = second.imsi, first.imsi
                for modem in rig.modems:
                    modem.plug()

    async def _restart(self, step: Restart) -> None:
        imsis = [modem.imsi for modem in self.rig.modems]
        await (self.rig.die() if step.killed else self.rig.stop())
        self._retired.append(self.rig)
        await self.rig.passes_stopped(step.stopped_s)
        self._set_by += step.by
        self.rig = self._make(cell=self.rig.cell)
        self.rig.clock.set_by(self._set_by)
        for modem, imsi in zip(self.rig.modems, imsis, strict=True):
            modem.imsi = imsi
        await self.rig.start()

    async def close(self) -> None:
        for rig in (self.rig, *self._retired):
            await rig.close()

    def ordinary(self, entries: list[Accepted]) -> list[Accepted]:
        numbers = {
            row.msisdn
            for mailing_id, kind in self.orders
            if kind in ORDINARY
            for row in self.rig.messages_of(mailing_id)
        }
        return [entry for entry in entries if entry.number in numbers]


def run(url_of: Path, settings: Callable[..., Settings], limits: dict[str, Any], steps: list[Step]) -> Office:
    """The steps in virtual time, on a copy of the empty database; then a quiet day."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="pbx-sms-test-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        path = Path(folder) / "pbx-sms.db"
        shutil.copyfile(url_of, path)

        async def play() -> Office:
            office = Office(f"sqlite:///{path}", settings, limits)
            try:
                await office.rig.start()
                for step in steps:
                    await office.take(step)
                await office.rig.passes(86_400)
                audit(office, limits)
            finally:
                await office.close()
            return office

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(play())


def audit(office: Office, limits: dict[str, Any]) -> None:
    for imsi, entries in office.rig.by_sim().items():
        for window, name in ((HOUR, "per_hour"), (DAY, "per_day"), (MONTH, "per_month")):
            if name in limits:
                assert most_within(entries, window) <= limits[name], (imsi, name)
        allowed = limits["per_day"] - limits.get("service_reserve_per_day", 0)
        assert most_within(office.ordinary(entries), DAY) <= allowed, (imsi, "reserve")
    office.rig.assert_no_part_twice()


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.parametrize("limits", LIMITS)
@hypothesis_settings(max_examples=3, suppress_health_check=QUIET)
@given(steps=STEPS)
def test_no_sequence_passes_hour_day_month_or_reserve(
    sqlite_template: Path, settings: Callable[..., Settings], limits: dict[str, Any], steps: list[Step]
) -> None:
    first = Order(MailingKind.INFORMATION, (1, 2, 3, 7, 4, 1, 5, 6, 2, 1) * 6)
    run(sqlite_template, settings, limits, [first, *steps])
