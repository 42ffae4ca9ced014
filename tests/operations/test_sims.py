"""SIMs: what is shown of them, and a person's hold; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from pbx_sms.config import Settings
from pbx_sms.core.sim import SimState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import sims
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import attempts, events
from pbx_sms.storage.schema import sims as table
from pbx_sms.storage.schema.types import FAR_FUTURE

IMSI = "250011234567890"
OTHER = "250021234567890"


@pytest.fixture
def now(database: Database) -> datetime:
    """The database's time, with two SIMs in modems gsm1 and gsm2."""
    at = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", at)
        for name, imsi in (("gsm1", IMSI), ("gsm2", OTHER)):
            modem_id = devices.register_modem(connection, agent_id, name, None, at)
            devices.sim_found(connection, modem_id, imsi, at, [])
    return at


def count_parts(database: Database, *instants: datetime) -> None:
    with database.begin() as connection:
        for at in instants:
            connection.execute(
                insert(attempts).values(
                    message_id=1,
                    part=1,
                    sim_id=1,
                    msisdn="+79161234567",
                    started_at=at,
                    counted_at=at,
                    uses_reserve=False,
                )
            )


def shown(database: Database, settings: Settings) -> dict[str, Any]:
    return next(sim for sim in sims.list_sims(database, settings) if sim["sim"] == IMSI)


def test_parts_are_counted_over_24_hours_and_30_days_with_those_in_flight(
    database: Database, now: datetime
) -> None:
    hour = timedelta(hours=1)
    count_parts(database, now - hour, now - 25 * hour, now - 719 * hour, now - 721 * hour, FAR_FUTURE)
    found = shown(database, Settings())
    assert (found["parts_24h"], found["parts_30d"]) == (2, 4)
    assert "next_at" not in found


def test_limits_are_those_of_the_file_then_the_panel_then_the_default(
    database: Database, now: datetime, settings: Callable[..., Settings]
) -> None:
    assert shown(database, Settings())["per_day"] == 100
    with database.begin() as connection:
        connection.execute(update(table).where(table.c.imsi == IMSI).values(per_day=50, label="panel"))
    found = shown(database, Settings())
    assert (found["per_day"], found["per_month"], found["label"]) == (50, 3000, "panel")
    own = settings(sim=[{"imsi": IMSI, "per_day": 200, "label": "file"}])
    found = shown(database, own)
    assert (found["per_day"], found["per_month"], found["label"]) == (200, 3000, "file")


def test_a_sim_at_its_limit_says_which_and_until_when(
    database: Database, now: datetime, settings: Callable[..., Settings]
) -> None:
    hour = timedelta(hours=1)
    count_parts(database, now - 3 * hour, now - 2 * hour)
    found = shown(database, settings(limits={"per_day": 2, "service_reserve_per_day": 0}))
    assert found["reason"] == "quota_day"
    assert found["next_at"] == now - 3 * hour + timedelta(days=1)
    assert "next_at" not in shown(database, settings(limits={"per_day": 3, "service_reserve_per_day": 0}))
    assert "next_at" not in shown(database, settings(limits={"per_day": 0}))


def test_a_resting_sim_says_why_and_until_when(database: Database, now: datetime) -> None:
    until_at = now + timedelta(minutes=5)
    with database.begin() as connection:
        connection.execute(
            update(table)
            .where(table.c.imsi == IMSI)
            .values(state="throttled", reason_code="sim_held", until_at=until_at)
        )
    found = shown(database, Settings())
    assert (found["state"], found["reason"], found["next_at"]) == ("throttled", "sim_held", until_at)


def test_a_sim_that_nobody_holds_says_so(database: Database, now: datetime) -> None:
    with database.begin() as connection:
        devices.sim_gone(connection, 1)
    found = shown(database, Settings())
    assert (found["modem"], found["state"], found["reason"]) == (None, "ready", "sim_in_no_modem")


@pytest.mark.parametrize("state", [one for one in SimState if one is not SimState.DISABLED])
def test_a_sim_is_held_from_every_state_and_released_to_ready(
    database: Database, now: datetime, state: SimState
) -> None:
    with database.begin() as connection:
        connection.execute(
            update(table).values(state=str(state), until_at=now, reason_code="x", failures_in_row=3)
        )
    assert sims.hold(database, Settings(), name=IMSI, by="anna") == {
        "sim": IMSI,
        "label": None,
        "state": "disabled",
    }
    found = shown(database, Settings())
    assert (found["state"], found["reason"], found["reason_params"]) == (
        "disabled",
        "sim_held_by",
        {"name": "anna"},
    )
    with pytest.raises(Conflict, match="sim_is_held"):
        sims.hold(database, Settings(), name="gsm1")
    assert sims.release(database, Settings(), name="gsm1")["state"] == "ready"
    assert "reason" not in shown(database, Settings())
    with pytest.raises(Conflict, match="sim_is_ready"):
        sims.release(database, Settings(), name="gsm1")
    with database.read() as connection:
        told = connection.execute(
            select(events.c.state, events.c.sim_id).where(events.c.kind == "sim").order_by(events.c.event_id)
        ).all()
        other = connection.execute(select(table.c.state).where(table.c.imsi == OTHER)).scalar_one()
    assert told[-2:] == [("disabled", 1), ("ready", 1)]
    assert other == state


@pytest.mark.parametrize("state", [SimState.THROTTLED, SimState.SUSPENDED, SimState.QUARANTINED])
def test_release_ends_a_rest(database: Database, now: datetime, state: SimState) -> None:
    with database.begin() as connection:
        connection.execute(update(table).values(state=str(state), until_at=FAR_FUTURE))
    assert sims.release(database, Settings(), name=IMSI)["state"] == "ready"
    with database.read() as connection:
        found = connection.execute(select(table).where(table.c.imsi == IMSI)).one()
    assert (found.state, found.until_at, found.failures_in_row) == ("ready", None, 0)


def test_a_name_that_fits_none_or_several_is_refused(
    database: Database, now: datetime, settings: Callable[..., Settings]
) -> None:
    with pytest.raises(NotFound, match="sim_not_found"):
        sims.hold(database, Settings(), name="gsm3")
    with database.begin() as connection:
        connection.execute(update(table).values(label="МТС"))
    with pytest.raises(Refused, match="sim_ambiguous"):
        sims.hold(database, Settings(), name="МТС")
    twice = settings(sim=[{"imsi": IMSI, "label": "A"}, {"imsi": OTHER, "label": "A"}])
    with pytest.raises(Refused, match="sim_ambiguous"):
        sims.release(database, twice, name="A")
    once = settings(sim=[{"imsi": IMSI, "label": "A"}, {"imsi": OTHER, "label": "B"}])
    assert sims.hold(database, once, name="B")["sim"] == OTHER


def test_a_sim_in_a_slot_that_is_not_active_says_where_it_lies(
    database: Database, settings: Callable[..., Settings]
) -> None:
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, "gsm1", None, now)
        for slot, imsi in ((2, "250010000000002"), (1, "250010000000001")):
            devices.sim_found(connection, modem_id, imsi, now, [], slot=slot)
    active, other = sims.list_sims(database, settings())
    assert (active["slot"], active["slot_modem"], active["slot_active"]) == (1, "gsm1", True)
    assert (other["slot"], other["slot_modem"], other["slot_active"]) == (2, "gsm1", False)
    assert (other["reason"], other["reason_params"]) == ("sim_in_other_slot", {"modem": "gsm1", "slot": 2})
    # another SIM in that slot: this one is nobody knows where
    with database.begin() as connection:
        devices.sim_found(connection, modem_id, "250010000000003", now, [], slot=2)
    by_imsi = {one["sim"]: one for one in sims.list_sims(database, settings())}
    assert by_imsi["250010000000002"]["slot"] is None
    assert by_imsi["250010000000002"]["reason"] == "sim_in_no_modem"
