"""Plans when something comes between: the edge of a window, a clock that is set, a trial, a second engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from doubles.clock import VirtualClock, VirtualLoop
from made_mailings import MakeSettings, mailing_row
from planned_mailings import DECENT, NOON, begin, events_of, leased_rows
from queue_rig import Rig
from sqlalchemy import select

from pbx_sms.config import Settings
from pbx_sms.operations import mailings, planning
from pbx_sms.operations.planning import Planner
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.schema import messages

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def clock() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


@pytest.fixture
def wall(clock: VirtualLoop) -> VirtualClock:
    return VirtualClock(clock)


@pytest.fixture
def office(sqlite_url: str, wall: VirtualClock) -> Iterator[Database]:
    opened = open_database(sqlite_url, clock=wall)
    yield opened
    opened.close()


@pytest.fixture
def decent(settings: MakeSettings) -> Settings:
    return settings(planner=DECENT)


# --- the edge of the window


def test_what_was_taken_a_second_before_the_window_ends_goes_back_and_says_why(
    office: Database, settings: MakeSettings, clock: VirtualLoop
) -> None:
    until_nine = settings(planner=DECENT | {"information_window": "09:00-21:00"})
    mailing_id = begin(office, until_nine, ["Europe/Moscow"])
    clock.passes(timedelta(hours=8, minutes=59, seconds=59))
    assert f"{office.now().astimezone(MOSCOW):%H:%M:%S}" == "20:59:59"
    rig = Rig(office, office.now())
    agent, sim = rig.agent(), rig.sim()
    taken = rig.do(
        lambda connection, _: queue.lease(
            connection,
            Queue(mailing_id, 0),
            agent_id=agent,
            limit=1,
            sim_ids=(),
            now=rig.now,
            until_at=rig.now + timedelta(seconds=60),
        )
    )
    clock.passes(timedelta(seconds=2))
    rig.later(seconds=2)
    assert rig.denied(taken[0].message_id, sim, agent).state == "queued"
    assert rig.attempts(taken[0].message_id) == []
    Planner(until_nine).look(office)
    (zone,) = planning.show(office, until_nine, mailing_id)["zones"]
    assert (zone["waiting"], zone["reason"]) == (1, "waits_for_recipients_hour")
    assert (zone["reason_params"]["time"], zone["reason_params"]["date"]) == ("09:00", "03.03.2026")


# --- a clock that is set


def test_a_clock_that_is_set_back_neither_delays_a_schedule_nor_begins_it_twice(
    office: Database, decent: Settings, clock: VirtualLoop, wall: VirtualClock
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"], at="2026-03-03 10:00")
    planner = Planner(decent)
    clock.passes(timedelta(hours=10))
    planner.look(office)
    wall.set_by(timedelta(hours=-5))
    clock.passes(timedelta(hours=12) - timedelta(seconds=1))
    planner.look(office)
    assert mailing_row(office, mailing_id).state == "scheduled"
    clock.passes(timedelta(seconds=1))
    planner.look(office)
    assert mailing_row(office, mailing_id).state == "running"
    wall.set_by(timedelta(hours=-24))
    planner.look(office)
    clock.passes(timedelta(hours=24))
    planner.look(office)
    assert [state for state, _ in events_of(office, mailing_id)] == ["draft", "scheduled", "running"]


def test_a_clock_that_is_set_far_ahead_begins_nothing_by_itself(
    office: Database, decent: Settings, clock: VirtualLoop, wall: VirtualClock
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"], at="2026-03-03 10:00")
    planner = Planner(decent)
    wall.set_by(timedelta(days=3))
    for _ in range(60):
        clock.passes(timedelta(minutes=1))
        planner.look(office)
    row = mailing_row(office, mailing_id)
    assert (row.state, row.reason_code) in {("scheduled", None), ("paused", "overdue")}
    assert row.started_at is None


# --- a trial beside it


def test_a_scheduled_trial_begins_at_its_time_with_its_first_messages_alone(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"] * 4, at="2026-03-03 10:00", trial=2)
    clock.passes(timedelta(hours=22))
    Planner(decent).look(office)
    assert leased_rows(office, mailing_id) == [2, 3]
    mailings.let_go(office, mailing_id)
    assert leased_rows(office, mailing_id) == [2, 3, 4, 5]


def test_another_time_leaves_the_trial_as_it_is(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"] * 4, at="2026-03-03 10:00", trial=2)
    mailings.schedule(office, decent, mailing_id, "2026-03-04 10:00")
    mailings.begin_now(office, decent, mailing_id)
    assert leased_rows(office, mailing_id) == [2, 3]


def test_what_a_smooth_trial_holds_keeps_its_place_in_the_day(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"] * 4, smooth=True, trial=2)
    with office.read() as connection:
        times = connection.execute(select(messages.c.not_before_at).order_by(messages.c.message_id)).scalars()
        assert list(times) == [NOON + timedelta(hours=2 * place) for place in range(4)]
    assert leased_rows(office, mailing_id) == [2]
    clock.passes(timedelta(hours=6))
    assert leased_rows(office, mailing_id) == [2, 3]
    mailings.let_go(office, mailing_id)
    assert leased_rows(office, mailing_id) == [2, 3, 4, 5]
    assert office.now() == datetime(2026, 3, 2, 15, tzinfo=UTC)
