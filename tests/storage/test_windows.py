"""Windows on both databases: what may be taken and begun, to the second, and who moves them on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from queue_rig import NOW, Rig
from racing import race
from sqlalchemy import func, select

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.planning.open_hours import Interval
from pbx_sms.core.reason import Reason
from pbx_sms.storage import mailings, windows
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import events, sending_windows
from pbx_sms.storage.windows import Window

MOSCOW, OMSK = "Europe/Moscow", "Asia/Omsk"
#: 21:00 in Moscow
EVENING = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def opened(rig: Rig, mailing_id: int, **intervals: tuple[datetime, datetime | None] | None) -> None:
    """The windows of a mailing by zone: `moscow`, `omsk`, and `nowhere` for messages without one."""
    keys = {"moscow": MOSCOW, "omsk": OMSK, "nowhere": ""}
    with rig.database.begin() as connection:
        windows.replace(
            connection,
            mailing_id,
            [(keys[name], None if each is None else Interval(*each)) for name, each in intervals.items()],
        )


def leased(rig: Rig, agent: int, mailing: int) -> list[int]:
    return [one.message_id for one in rig.lease(agent, mailing)]


def test_a_message_is_taken_from_the_first_instant_of_its_window_until_before_its_last(rig: Rig) -> None:
    agent, mailing = rig.agent(), rig.mailing()
    first, second = (rig.message(mailing_id=mailing, zone=MOSCOW) for _ in range(2))
    opened(rig, mailing, moscow=(NOW, EVENING))
    rig.now = NOW - SECOND
    assert leased(rig, agent, mailing) == []
    rig.now = NOW
    assert leased(rig, agent, mailing) == [first, second]
    assert rig.expire() == 0
    with rig.database.begin() as connection:
        windows.replace(connection, mailing, [(MOSCOW, Interval(NOW, EVENING))])
    third = rig.message(mailing_id=mailing, zone=MOSCOW)
    rig.now = EVENING
    assert leased(rig, agent, mailing) == []
    rig.now = EVENING - SECOND
    assert third in leased(rig, agent, mailing)


def test_the_zone_that_closes_first_is_named_first_and_a_closed_one_not_at_all(rig: Rig) -> None:
    agent, mailing = rig.agent(), rig.mailing()
    moscow = rig.message(mailing_id=mailing, zone=MOSCOW)
    omsk = rig.message(mailing_id=mailing, zone=OMSK)
    nowhere = rig.message(mailing_id=mailing)
    opened(rig, mailing, moscow=(NOW, EVENING), omsk=(NOW, NOW + 60 * SECOND), nowhere=None)
    with rig.read() as connection:
        found = windows.open_zones(windows.of_mailing(connection, mailing), rig.now)
    assert list(found) == [OMSK, MOSCOW]
    assert leased(rig, agent, mailing) == [moscow, omsk]
    assert rig.state(nowhere) == "queued"


def test_without_a_row_a_message_may_go_at_any_time(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message = rig.message(mailing_id=mailing)
    assert leased(rig, agent, mailing) == [message]
    rig.granted(message, sim, agent)


def test_what_was_taken_at_20_59_59_and_is_to_be_begun_at_21_00_01_goes_back(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message = rig.message(mailing_id=mailing, zone=MOSCOW)
    opened(rig, mailing, moscow=(NOW, EVENING))
    rig.now = EVENING - SECOND
    assert leased(rig, agent, mailing) == [message]
    rig.now = EVENING + SECOND
    assert rig.denied(message, sim, agent).state == "queued"
    assert (rig.state(message), rig.attempts(message)) == ("queued", [])
    with rig.database.begin() as connection:
        windows.replace(connection, mailing, [(MOSCOW, Interval(EVENING + timedelta(hours=12), None))])
        waiting = windows.waiting_for(connection, windows.of_mailing(connection, mailing), rig.now)
    assert waiting is not None
    assert waiting.opens_at(rig.now) == EVENING + timedelta(hours=12)


def test_at_the_last_instant_it_is_closed_and_just_before_it_is_open(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    late, in_time = (rig.message(mailing_id=mailing, zone=MOSCOW) for _ in range(2))
    opened(rig, mailing, moscow=(NOW, EVENING))
    rig.now = EVENING - SECOND
    assert leased(rig, agent, mailing) == [late, in_time]
    rig.now = EVENING - timedelta(microseconds=1)
    rig.granted(in_time, sim, agent)
    rig.now = EVENING
    assert rig.denied(late, sim, agent).state == "queued"


def test_a_message_of_which_a_part_was_accepted_is_completed_after_the_window(rig: Rig) -> None:
    agent, sim, mailing = rig.agent(), rig.sim(), rig.mailing()
    message = rig.message(2, mailing_id=mailing, zone=MOSCOW)
    opened(rig, mailing, moscow=(NOW, EVENING))
    rig.now = EVENING - SECOND
    assert leased(rig, agent, mailing) == [message]
    rig.settle(rig.granted(message, sim, agent), sim)
    rig.now = EVENING + SECOND
    rig.settle(rig.granted(message, sim, agent), sim)
    assert (rig.state(message), rig.part_states(message)) == ("submitted", ["submitted", "submitted"])


# --- once, with several engines


def move_on(rig: Rig, mailing_id: int) -> bool:
    """What every engine's planner does with a window that is over."""
    window = Window(mailing_id=mailing_id, zone=MOSCOW, from_at=NOW, until_at=EVENING)
    with rig.database.begin() as connection:
        return windows.move(connection, window, Interval(EVENING + timedelta(hours=12), None))


def begin_scheduled(rig: Rig, mailing_id: int) -> bool:
    with rig.database.begin() as connection:
        return mailings.change_state(
            connection,
            mailing_id,
            MailingState.RUNNING,
            EVENING,
            among=(MailingState.SCHEDULED,),
            if_scheduled_at=EVENING,
            started_at=EVENING,
        )


def put_off(rig: Rig, mailing_id: int) -> bool:
    with rig.database.begin() as connection:
        return mailings.put_off(
            connection, mailing_id, EVENING + timedelta(days=1), NOW, Reason("rescheduled")
        )


def begin_or_put_off(rig: Rig, mailing_id: int, what: str) -> bool:
    return begin_scheduled(rig, mailing_id) if what == "begin" else put_off(rig, mailing_id)


@pytest.mark.timeout(300)
def test_of_several_engines_one_moves_a_window_on(rig: Rig) -> None:
    mailing = rig.mailing()
    opened(rig, mailing, moscow=(NOW, EVENING))
    assert sorted(race(move_on, rig.database.url, [(mailing,)] * 3)) == [False, False, True]
    with rig.read() as connection:
        row = connection.execute(select(sending_windows)).one()
    assert (row.from_at, row.until_at) == (EVENING + timedelta(hours=12), None)


@pytest.mark.timeout(300)
def test_of_several_engines_one_begins_a_scheduled_mailing(rig: Rig) -> None:
    mailing = rig.mailing(state="scheduled", scheduled_at=EVENING)
    assert sorted(race(begin_scheduled, rig.database.url, [(mailing,)] * 3)) == [False, False, True]
    with rig.read() as connection:
        told = connection.execute(
            select(func.count()).where(events.c.kind == "mailing", events.c.state == "running")
        ).scalar_one()
    assert told == 1


@pytest.mark.timeout(300)
def test_a_mailing_is_begun_or_put_off_and_never_begun_after_it_was_put_off(rig: Rig) -> None:
    mailing = rig.mailing(state="scheduled", scheduled_at=EVENING)
    begun, deferred = race(begin_or_put_off, rig.database.url, [(mailing, "begin"), (mailing, "put off")])
    assert begun != deferred
    with rig.read() as connection:
        row = mailings.find(connection, mailing)
    assert row is not None
    if begun:
        assert (row.state, row.scheduled_at) == ("running", EVENING)
    else:
        assert (row.state, row.scheduled_at) == ("scheduled", EVENING + timedelta(days=1))
        assert not begin_scheduled(rig, mailing)
