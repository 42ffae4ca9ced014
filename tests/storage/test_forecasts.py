"""What a forecast reads of messages and attempts, and that it is kept only where it helps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from queue_rig import NOW, Rig
from sqlalchemy import select

from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import forecasts
from pbx_sms.storage.engine import Database
from pbx_sms.storage.forecasts import Sort, WaitingMailing, WaitingRows
from pbx_sms.storage.schema import attempts, mailings


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def attempt(rig: Rig, sim_id: int, minutes_ago: float, took_s: float = 3.0, **values: Any) -> None:
    at = NOW - timedelta(minutes=minutes_ago)
    given: dict[str, Any] = {
        "message_id": 1,
        "part": 1,
        "sim_id": sim_id,
        "msisdn": "+79160000001",
        "started_at": at - timedelta(seconds=took_s),
        "ended_at": at,
        "counted_at": at,
        "uses_reserve": False,
        "kind": "accepted",
    }
    rig.insert(attempts, **given | values)


def id_of(one: WaitingMailing) -> int | None:
    return None if one.mailing is None else one.mailing.mailing_id


def test_what_waits_is_read_by_mailing_in_order_with_the_sims_that_are_bound(rig: Rig) -> None:
    sim_id = rig.sim()
    running, paused = rig.mailing(), rig.mailing(state=MailingState.PAUSED)
    for parts in (1, 3, 2):
        rig.message(parts, mailing_id=running)
    rig.message(2, mailing_id=paused)
    rig.message(1, rank=2)
    with rig.database.read() as connection:
        found = forecasts.waiting(connection)
        also = forecasts.waiting(connection, also_mailing_id=paused)
    assert [(id_of(one), one.rows) for one in found] == [
        (running, {Sort(): WaitingRows([1, 3, 2], [0, 1, 2], [None] * 3)}),
        (None, {Sort(): WaitingRows([1], [0], [None])}),
    ]
    assert found[1].kind is MailingKind.URGENT
    assert [id_of(one) for one in also] == [running, paused, None]
    assert sim_id


def test_the_time_of_a_part_is_the_median_of_the_accepted_ones(rig: Rig) -> None:
    sim_id, other_id = rig.sim(), rig.sim()
    for took_s in (2.0, 4.0, 100.0):
        attempt(rig, sim_id, 10, took_s)
    attempt(rig, sim_id, 5, 500.0, kind="permanent")
    attempt(rig, sim_id, 60 * 24 * 9, 0.1)
    since_at = NOW - timedelta(days=7)
    with rig.database.read() as connection:
        assert forecasts.median_part_s(connection, sim_id, since_at) == 4.0
        assert forecasts.median_part_s(connection, other_id, since_at) is None


def test_used_parts_come_oldest_first_without_what_was_refused(rig: Rig) -> None:
    sim_id = rig.sim()
    attempt(rig, sim_id, 10)
    attempt(rig, sim_id, 30, uses_reserve=True)
    attempt(rig, sim_id, 20, counted_at=None)
    attempt(rig, sim_id, 100)
    with rig.database.read() as connection:
        found = forecasts.used_parts(connection, sim_id, NOW - timedelta(hours=1))
    assert found == [(NOW - timedelta(minutes=30), False), (NOW - timedelta(minutes=10), True)]


def test_a_forecast_is_kept_on_what_runs_alone(rig: Rig) -> None:
    running, finished = rig.mailing(), rig.mailing(state=MailingState.FINISHED)
    ends_at = NOW + timedelta(days=3)
    with rig.database.begin() as connection:
        assert forecasts.store(connection, running, ends_at, None, NOW)
        assert not forecasts.store(connection, finished, ends_at, None, NOW)
    with rig.database.begin() as connection:
        row = connection.execute(select(mailings).where(mailings.c.mailing_id == running)).one()
        assert (row.forecast_at, row.forecast_reason_code) == (ends_at, None)
        # an end that is gone takes the instant with it
        assert forecasts.store(connection, running, None, Reason("forecast_no_sim"), NOW)
        row = connection.execute(select(mailings).where(mailings.c.mailing_id == running)).one()
    assert (row.forecast_at, row.forecast_reason_code) == (None, "forecast_no_sim")
