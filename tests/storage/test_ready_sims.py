"""Which SIMs of another PBX a message may be left to; on both databases."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from queue_rig import Rig
from sqlalchemy import insert, update

from pbx_sms.core.quota import SimLimits
from pbx_sms.storage.engine import Database
from pbx_sms.storage.routing import ready_sims
from pbx_sms.storage.schema import agents, attempts, modems, sims

LIMITS = SimLimits(per_hour=1, per_day=2, per_month=0, service_reserve_per_day=0)


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database)


@pytest.fixture
def theirs(rig: Rig) -> int:
    """A SIM that another PBX has at work."""
    agent = rig.agent("pbx2")
    rig.agent("pbx1")
    modem = rig.modem(agent, "gsm1")
    sim = rig.sim(modem_id=modem, label="касса")
    with rig.database.begin() as connection:
        connection.execute(update(agents).values(seen_at=rig.now))
        connection.execute(update(modems).values(state="registered"))
    return sim


def ready(rig: Rig, sim: int, *, agent_id: int = 2) -> bool:
    with rig.database.read() as connection:
        found = ready_sims.ready_among(
            connection,
            [sim],
            agent_id=agent_id,
            silent_since_at=rig.now - timedelta(seconds=60),
            limits_of=lambda imsi, stored: LIMITS,
            now=rig.now,
            zone=ZoneInfo("Europe/Moscow"),
        )
    assert found <= {sim}
    return sim in found


def sent(rig: Rig, sim: int, **ago: float) -> None:
    with rig.database.begin() as connection:
        connection.execute(
            insert(attempts).values(
                message_id=1, part=1, sim_id=sim, msisdn="+79160000001", uses_reserve=False,
                counted_at=rig.now - timedelta(**ago), kind="accepted",
            )
        )  # fmt: skip


def test_a_sim_at_work_elsewhere_is_ready_and_an_own_one_is_not_elsewhere(rig: Rig, theirs: int) -> None:
    assert ready(rig, theirs)
    assert not ready(rig, theirs, agent_id=1)


def test_a_full_hour_passes_and_a_full_day_does_not(rig: Rig, theirs: int) -> None:
    sent(rig, theirs, minutes=1)
    assert ready(rig, theirs)
    sent(rig, theirs, hours=2)
    assert not ready(rig, theirs)
    rig.later(hours=23)
    with rig.database.begin() as connection:
        connection.execute(update(agents).values(seen_at=rig.now))
    assert ready(rig, theirs)


@pytest.mark.parametrize("how", ["silent", "stopped", "held", "absent", "searching", "in no modem"])
def test_a_sim_that_cannot_send_is_not_ready(rig: Rig, theirs: int, how: str) -> None:
    change = {
        "silent": update(agents).values(seen_at=rig.now - timedelta(seconds=61)),
        "stopped": update(agents).values(stopped_at=rig.now),
        "held": update(sims).values(state="disabled"),
        "absent": update(modems).values(state="absent"),
        "searching": update(modems).values(state="searching"),
        "in no modem": update(sims).values(modem_id=None),
    }[how]
    with rig.database.begin() as connection:
        connection.execute(change)
    assert not ready(rig, theirs)


def test_a_call_passes(rig: Rig, theirs: int) -> None:
    with rig.database.begin() as connection:
        connection.execute(update(modems).values(state="in_call"))
    assert ready(rig, theirs)


def test_a_sim_is_called_by_its_label_else_by_its_imsi(rig: Rig, theirs: int) -> None:
    other = rig.sim()
    with rig.database.read() as connection:
        names = ready_sims.names_of(connection, [theirs, other, 999])
    assert set(names) == {theirs, other}
    assert names[theirs] == "касса"
    assert names[other].startswith("25001")
