"""What a forecast reads of messages and attempts, and that it is kept only where it helps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from queue_rig import NOW, Rig
from sqlalchemy import select, update

from pbx_sms.core.mailing import MailingKind, MailingState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import forecasts
from pbx_sms.storage.engine import Database
from pbx_sms.storage.forecasts import Sort, WaitingMailing, WaitingRows
from pbx_sms.storage.schema import attempts, events, mailings, messages


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
        numbers = (
            connection.execute(select(messages.c.msisdn).order_by(messages.c.message_id)).scalars().all()
        )
    assert [(id_of(one), one.rows) for one in found] == [
        (running, {Sort(): WaitingRows([1, 3, 2], [0, 1, 2], [None] * 3, list(numbers[:3]))}),
        (None, {Sort(): WaitingRows([1], [0], [None], [numbers[4]])}),
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


def test_a_trial_and_the_confirmation_of_a_stop_are_to_nobody_whose_cap_counts(rig: Rig) -> None:
    ids = [rig.message(1, rank=1) for _ in range(3)]
    with rig.database.begin() as connection:
        connection.execute(update(messages).where(messages.c.message_id == ids[0]).values(trial_of=1))
        connection.execute(update(messages).where(messages.c.message_id == ids[1]).values(confirms_stop_id=1))
        (found,) = forecasts.waiting(connection)
    (rows,) = found.rows.values()
    assert [person is None for person in rows.people] == [True, True, False]


def test_how_long_a_change_of_the_slot_takes_is_the_median_of_the_newest(rig: Rig) -> None:
    def told(modem_id: int, seconds: float, state: str, reason: str | None = None) -> None:
        at = NOW + timedelta(seconds=seconds)
        values = {"at": at, "kind": "modem", "state": state, "modem_id": modem_id, "reason_code": reason}
        rig.insert(events, **values)

    for begins_s, took_s in ((0, 20), (1000, 40), (2000, 90)):
        told(1, begins_s, "opening", "slot_changed_wanted")
        told(1, begins_s + 1, "opening")
        told(2, begins_s + 2, "registered")
        told(1, begins_s + took_s, "registered")
        # in the network again after a while without: no change
        told(1, begins_s + 500, "registered")
    told(1, 3000, "opening", "slot_changed")
    told(1, 3001, "failed", "sim_missing")
    told(1, 3900, "registered")
    with rig.database.read() as connection:
        assert forecasts.median_change_s(connection, 1) == 40
        assert forecasts.median_change_s(connection, 2) is None


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
