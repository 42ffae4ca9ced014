"""What the engine tells of its modems and SIMs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from queue_rig import Rig
from sqlalchemy import select, update

from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import agents, modems, sims

IMSI = "250019999999999"


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


def find(rig: Rig, modem: int, imsi: str = IMSI, **seen: Any) -> int:
    return rig.do(lambda connection, new: devices.sim_found(connection, modem, imsi, rig.now, new, **seen))


def modem_row(rig: Rig, modem: int) -> Any:
    with rig.read() as connection:
        return connection.execute(select(modems).where(modems.c.modem_id == modem)).one()


def test_an_agent_keeps_its_id_and_its_modems_are_absent_until_found(rig: Rig) -> None:
    agent = rig.do(lambda connection, _: devices.register_agent(connection, "pbx1", rig.now))
    modem = rig.modem(agent, "gsm1")
    sim = find(rig, modem)
    rig.do(lambda connection, new: devices.modem_changed(connection, modem, "registered", None, rig.now, new))
    rig.later(minutes=5)
    assert rig.do(lambda connection, _: devices.register_agent(connection, "pbx1", rig.now)) == agent
    row = modem_row(rig, modem)
    assert (row.state, row.sim_id) == ("absent", None)
    assert rig.sim_row(sim).modem_id is None


def test_a_modem_keeps_its_id_and_learns_its_port(rig: Rig) -> None:
    agent = rig.agent()

    def register(port: str) -> int:
        return rig.do(lambda connection, _: devices.register_modem(connection, agent, "gsm1", port, rig.now))

    assert register("/dev/a") == register("/dev/b")
    with rig.read() as connection:
        assert connection.execute(select(modems.c.port)).scalars().all() == ["/dev/b"]


def test_a_modem_that_is_no_longer_named_goes_and_its_sim_is_nowhere(rig: Rig) -> None:
    agent = rig.agent()
    kept, gone = rig.modem(agent, "gsm1"), rig.modem(agent, "gsm2")
    sim = find(rig, gone)
    rig.do(lambda connection, _: devices.keep_modems(connection, agent, ["gsm1"]))
    with rig.read() as connection:
        assert connection.execute(select(modems.c.modem_id)).scalars().all() == [kept]
    assert rig.sim_row(sim).modem_id is None


def test_a_new_sim_is_ready_and_a_known_one_is_recognised_wherever_it_is(rig: Rig) -> None:
    agent = rig.agent()
    first, second = rig.modem(agent, "gsm1"), rig.modem(agent, "gsm2")
    sim = find(rig, first, iccid="8970")
    assert (rig.sim_row(sim).state, rig.sim_row(sim).first_seen_at) == ("ready", rig.now)
    seen_at = rig.now
    rig.later(hours=1)
    assert find(rig, second, iccid=None) == sim
    row = rig.sim_row(sim)
    assert (row.modem_id, row.iccid, row.first_seen_at, row.seen_at) == (second, "8970", seen_at, rig.now)
    assert (modem_row(rig, first).sim_id, modem_row(rig, second).sim_id) == (None, sim)
    assert [e.state for e in rig.event_rows("sim")] == ["ready"]


def test_a_modem_with_another_sim_has_lost_the_first_one(rig: Rig) -> None:
    modem = rig.modem(rig.agent(), "gsm1")
    old = find(rig, modem)
    new = find(rig, modem, "250018888888888")
    assert (rig.sim_row(old).modem_id, rig.sim_row(new).modem_id) == (None, modem)


def test_a_sim_that_moved_is_not_taken_away_by_its_former_modem(rig: Rig) -> None:
    agent = rig.agent()
    first, second = rig.modem(agent, "gsm1"), rig.modem(agent, "gsm2")
    sim = find(rig, first)
    find(rig, second)
    rig.do(lambda connection, _: devices.sim_gone(connection, first))
    assert rig.sim_row(sim).modem_id == second
    rig.do(lambda connection, _: devices.sim_gone(connection, second))
    assert rig.sim_row(sim).modem_id is None


def test_a_modems_state_has_an_event_only_where_it_is_another_one(rig: Rig) -> None:
    modem = rig.modem(rig.agent(), "gsm1")
    for state, reason in (
        ("searching", None),
        ("searching", None),
        ("failed", Reason("port_lost")),
        ("failed", Reason("port_lost")),
        ("failed", Reason("port_taken", {"port": "/dev/a"})),
    ):
        rig.do(
            lambda connection, new, state=state, reason=reason: devices.modem_changed(  # type: ignore[misc]
                connection, modem, state, reason, rig.now, new
            )
        )
    assert [(e.state, e.reason_code) for e in rig.event_rows("modem")] == [
        ("searching", None),
        ("failed", "port_lost"),
        ("failed", "port_taken"),
    ]


def test_the_operator_seen_is_the_sims_too(rig: Rig) -> None:
    modem = rig.modem(rig.agent(), "gsm1")
    sim = find(rig, modem)
    rig.do(lambda connection, _: devices.network_seen(connection, modem, "MTS RUS", -71))
    rig.do(lambda connection, _: devices.network_seen(connection, modem, None, None))
    assert rig.sim_row(sim).operator == "MTS RUS"
    assert modem_row(rig, modem).signal_dbm is None


def test_an_agent_that_stopped_has_no_modems_and_no_sims(rig: Rig) -> None:
    agent, other = rig.agent("pbx1"), rig.agent("pbx2")
    mine, theirs = rig.modem(agent, "gsm1"), rig.modem(other, "gsm1")
    sim, foreign = find(rig, mine), find(rig, theirs, "250018888888888")
    rig.do(lambda connection, _: devices.agent_stopped(connection, agent, rig.now))
    assert (rig.sim_row(sim).modem_id, rig.sim_row(foreign).modem_id) == (None, theirs)
    assert (modem_row(rig, mine).state, modem_row(rig, mine).reason_code) == ("absent", "engine_stopped")
    with rig.read() as connection:
        stopped = connection.execute(select(agents.c.stopped_at).order_by(agents.c.agent_id))
        assert stopped.scalars().all() == [rig.now, None]


def test_sims_are_ready_again_when_their_rest_is_over(rig: Rig) -> None:
    soon, later = rig.now + timedelta(seconds=10), rig.now + timedelta(hours=1)
    throttled = rig.sim(state="throttled", until_at=soon, reason_code="x")
    suspended = rig.sim(state="suspended", until_at=later, reason_code="x")
    held = rig.sim(state="disabled", until_at=soon)
    quarantined = rig.sim(state="quarantined", until_at=soon)

    def rested() -> list[int]:
        return rig.do(lambda connection, new: devices.rest_is_over(connection, rig.now, new))

    assert rested() == []
    rig.now = soon
    assert rested() == [throttled]
    rig.now = later
    assert rested() == [suspended]
    row = rig.sim_row(throttled)
    assert (row.state, row.until_at, row.reason_code) == ("ready", None, None)
    assert [rig.sim_row(s).state for s in (held, quarantined)] == ["disabled", "quarantined"]


def test_a_snapshot_tells_what_the_database_knows_of_a_sim(rig: Rig) -> None:
    sim, other = rig.sim(per_day=50, billing_day=31), rig.sim()
    with rig.database.begin() as connection:
        connection.execute(
            update(sims)
            .where(sims.c.sim_id == sim)
            .values(state="throttled", reason_code="x", reason_params={"a": 1}, until_at=rig.now)
        )
    with rig.read() as connection:
        found = devices.snapshots(connection, [sim])
        assert devices.snapshots(connection, []) == {}
    assert other not in found
    snapshot = found[sim]
    assert (snapshot.state, snapshot.reason) == (SimState.THROTTLED, Reason("x", {"a": 1}))
    assert (snapshot.settings["per_day"], snapshot.settings["billing_day"]) == (50, 31)
    assert snapshot.settings["per_hour"] is None
