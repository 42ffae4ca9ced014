"""The plan of the day: when the round of tests is due, and that a missed one is not made up for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pbx_sms.config import Settings
from pbx_sms.engine.scheduler import PROBE_ROUND, Duty, Scheduler
from pbx_sms.engine.storage_thread import StorageThread
from pbx_sms.errors import Refused
from pbx_sms.storage.engine import Database

Make = Callable[..., Scheduler]


@pytest.fixture
async def make(sqlite_database: Database, settings: Callable[..., Settings]) -> AsyncIterator[Make]:
    made: list[Scheduler] = []

    def scheduler(**health: str) -> Scheduler:
        storage = StorageThread(sqlite_database, inline=True)
        made.append(Scheduler(settings(health=health), storage, 1, lambda: None))
        made[-1].start()
        return made[-1]

    yield scheduler
    for one in made:
        one.stop()
        # the library ends itself in the next turn of the loop
        await asyncio.sleep(0)


async def test_without_a_time_nothing_is_planned(make: Make) -> None:
    assert make().plan.get_jobs() == []
    assert not make().plan.running


async def test_the_round_is_due_at_its_time_of_the_offices_day(make: Make) -> None:
    due_at = make(probe_time="07:30").plan.get_job(PROBE_ROUND).next_run_time
    local = due_at.astimezone(ZoneInfo("Europe/Moscow"))
    assert (local.hour, local.minute, local.second) == (7, 30, 0)


async def test_a_round_whose_time_passed_while_nothing_ran_waits_for_the_next_day(make: Make) -> None:
    now = datetime.now(UTC)
    minute_ago = (now - timedelta(minutes=1)).astimezone(ZoneInfo("Europe/Moscow"))
    due_at = make(probe_time=minute_ago.strftime("%H:%M")).plan.get_job(PROBE_ROUND).next_run_time
    assert due_at - now > timedelta(hours=23)


async def test_a_round_that_comes_late_because_the_machine_slept_is_left_out(make: Make) -> None:
    job = make(probe_time="07:30").plan.get_job(PROBE_ROUND)
    assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (300, True, 1)


async def test_a_duty_is_looked_after_in_its_time_and_tells_when_there_is_something_to_send(
    sqlite_database: Database, settings: Callable[..., Settings]
) -> None:
    looked: list[Database] = []
    asked = asyncio.Event()
    duty = Duty(name="look", every_s=0.01, carry_out=lambda database: looked.append(database) is None)
    scheduler = Scheduler(settings(), StorageThread(sqlite_database, inline=True), 1, asked.set, [duty])
    scheduler.start()
    await asked.wait()
    assert looked[0] is sqlite_database
    scheduler.stop()
    await asyncio.sleep(0)


async def test_a_duty_that_is_refused_is_told_and_looked_after_again(
    sqlite_database: Database, settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(database: Database) -> bool:
        raise Refused("mailing_text_empty")

    duty = Duty(name="look", every_s=1, carry_out=refuse)
    scheduler = Scheduler(settings(), StorageThread(sqlite_database, inline=True), 1, lambda: None, [duty])
    await scheduler.carry_out(duty)
    await scheduler.carry_out(duty)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
