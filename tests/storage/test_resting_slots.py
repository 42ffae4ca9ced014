"""Which SIM in another slot is waited for, as the database sees it; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from made_history import accepted_parts
from sqlalchemy import insert, update

from pbx_sms.core.encoding import Encoding
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.route_rules import Route
from pbx_sms.storage import devices, queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue.resting_slots import Seeker, wanted
from pbx_sms.storage.routing import revision, routes
from pbx_sms.storage.schema import mailings, messages, sims

ACTIVE, RESTING, ELSEWHERE = "250010000000001", "250010000000002", "250010000000003"
LIMITS = SimLimits(per_hour=0, per_day=3, per_month=0, service_reserve_per_day=1)


class Office:
    """A modem with two slots here, and one modem of another PBX."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now: datetime = database.now()
        with database.begin() as connection:
            here = devices.register_agent(connection, "pbx1", self.now)
            modem_id = devices.register_modem(connection, here, "gsm1", None, self.now)
            self.resting = devices.sim_found(connection, modem_id, RESTING, self.now, [], slot=2)
            self.active = devices.sim_found(connection, modem_id, ACTIVE, self.now, [], slot=1)
            there = devices.register_agent(connection, "pbx2", self.now)
            other = devices.register_modem(connection, there, "gsm9", None, self.now)
            devices.modem_changed(connection, other, "registered", None, self.now, [])
            self.elsewhere = devices.sim_found(connection, other, ELSEWHERE, self.now, [])
            key = connection.execute(
                insert(mailings).values(
                    name="m", kind="information", rank=0, state="running", text="x", created_at=self.now
                )
            ).inserted_primary_key
            assert key is not None
            self.mailing_id: int = key[0]
        self.seeker = Seeker(
            modem_id=modem_id,
            active_slot=1,
            agent_id=here,
            silent_since_at=self.now - timedelta(minutes=1),
            serving_today={0: frozenset({self.active})},
            left_alone=(),
            limits_of=lambda imsi, stored: LIMITS,
            zone=ZoneInfo("Europe/Moscow"),
        )

    def waits(self, *sim_ids: int, strict: bool = True, **values: Any) -> None:
        with self.database.begin() as connection:
            route = Route(sim_ids=frozenset(sim_ids), strict=strict) if sim_ids else None
            ids = {} if route is None else routes.ids_of(connection, [route], self.now)
            new = queue.NewMessage(
                msisdn="+79161234567",
                text="x",
                encoding=Encoding.GSM7,
                part_count=1,
                rank=values.pop("rank", 0),
                wants_report=False,
                mailing_id=self.mailing_id,
                row=1,
                route_id=None if route is None else ids[routes.fingerprint(route)],
            )
            (message_id,) = queue.insert_messages(connection, [new], self.now)
            if values:
                chosen = update(messages).where(messages.c.message_id == message_id)
                connection.execute(chosen.values(**values))

    def carried(self, parts: int, *, at: datetime | None = None) -> None:
        with self.database.begin() as connection:
            accepted_parts(connection, self.resting, [at or self.now] * parts, first_message_id=900)

    def wanted(self, **changed: Any) -> str | None:
        with self.database.read() as connection:
            found = wanted(connection, replace(self.seeker, **changed), self.now)
        if found is not None:
            assert (found.sim_id, found.slot) == (self.resting, 2)
        return found and found.imsi


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_nothing_is_wanted_while_nothing_waits_for_it(office: Office) -> None:
    assert office.wanted() is None
    office.waits()
    office.waits(office.active)
    office.waits(office.elsewhere)
    assert office.wanted() is None


def test_a_strict_route_and_a_bound_message_want_it_and_a_preference_does_not(office: Office) -> None:
    office.waits(office.resting, strict=False)
    assert office.wanted() is None
    office.waits(office.resting)
    assert office.wanted() == RESTING


def test_what_is_bound_wants_it_whatever_its_route(office: Office) -> None:
    office.waits(office.active, bound_sim_id=office.resting)
    assert office.wanted() == RESTING


@pytest.mark.parametrize(
    "prevented",
    [
        lambda office: office.wanted(active_slot=2),
        lambda office: office.wanted(left_alone=[RESTING]),
        lambda office: office.wanted(modem_id=office.seeker.modem_id + 1),
    ],
    ids=["it is active", "it is left alone", "it lies in another modem"],
)
def test_where_it_is_or_was_tried_matters(office: Office, prevented: Callable[[Office], str | None]) -> None:
    office.waits(office.resting)
    assert prevented(office) is None
    assert office.wanted() == RESTING


@pytest.mark.parametrize("state", ["disabled", "quarantined", "suspended", "throttled"])
def test_a_sim_that_is_not_ready_is_not_wanted(office: Office, state: str) -> None:
    office.waits(office.resting)
    with office.database.begin() as connection:
        connection.execute(update(sims).where(sims.c.sim_id == office.resting).values(state=state))
    assert office.wanted() is None


def test_another_sim_of_the_route_here_or_elsewhere_serves_it(office: Office) -> None:
    office.waits(office.resting, office.active)
    assert office.wanted() is None
    assert office.wanted(serving_today={0: frozenset()}) == RESTING, "the other one has no room today"
    office.waits(office.resting, office.elsewhere)
    assert office.wanted() is None
    # the other PBX has fallen silent
    assert office.wanted(silent_since_at=office.now + timedelta(seconds=1)) == RESTING


def test_its_quota_counts_and_the_reserve_is_for_higher_kinds(office: Office) -> None:
    office.carried(2)
    office.waits(office.resting)
    assert office.wanted() is None, "of three a day one is for service messages"
    office.waits(office.resting, rank=1)
    with office.database.begin() as connection:
        connection.execute(update(mailings).values(rank=1))
        connection.execute(update(messages).values(rank=1))
    assert office.wanted() == RESTING


@pytest.mark.parametrize(
    "values",
    [
        {"state": "leased"},
        {"state": "cancelled"},
        {"probe": True},
    ],
    ids=str,
)
def test_what_may_not_go_now_wants_nothing(office: Office, values: dict[str, Any]) -> None:
    office.waits(office.resting, **values)
    assert office.wanted() is None


def test_what_is_not_due_or_held_behind_a_trial_or_paused_wants_nothing(office: Office) -> None:
    office.waits(office.resting, not_before_at=office.now + timedelta(minutes=1))
    assert office.wanted() is None
    office.waits(office.resting)
    for values in ({"trial_until_id": 1}, {"state": "paused", "trial_until_id": None}):
        with office.database.begin() as connection:
            connection.execute(update(mailings).values(**values))
        assert office.wanted() is None
    with office.database.begin() as connection:
        connection.execute(update(mailings).values(state="running"))
    assert office.wanted() == RESTING


def test_a_message_whose_route_is_read_anew_wants_nothing_until_then(office: Office) -> None:
    office.waits(office.resting)
    with office.database.begin() as connection:
        revision.advance(connection)
    assert office.wanted() is None
    with office.database.begin() as connection:
        # the new rules lead there as well
        connection.execute(update(messages).values(route_revision=1))
    assert office.wanted() == RESTING


def test_what_is_bound_to_it_wants_it_also_while_routes_are_read_anew(office: Office) -> None:
    office.waits(office.active, bound_sim_id=office.resting)
    with office.database.begin() as connection:
        revision.advance(connection)
    assert office.wanted() == RESTING
