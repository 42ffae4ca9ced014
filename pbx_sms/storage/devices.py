"""What the engine tells of itself: the agent, its modems, the SIMs it found in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import agents, modems, sims

#: states that end by themselves once their time is over
_TIMED = (SimState.THROTTLED, SimState.SUSPENDED)


def register_agent(connection: Connection, name: str, now: datetime) -> int:
    """The agent's id; its modems are absent until they are found again."""
    agent_id = connection.execute(select(agents.c.agent_id).where(agents.c.name == name)).scalar_one_or_none()
    if agent_id is None:
        key = connection.execute(insert(agents).values(name=name)).inserted_primary_key
        assert key is not None
        agent_id = key[0]
    connection.execute(
        update(agents)
        .where(agents.c.agent_id == agent_id)
        .values(started_at=now, seen_at=now, stopped_at=None)
    )
    _modems_absent(connection, agent_id, None, now)
    return int(agent_id)


def agent_stopped(connection: Connection, agent_id: int, now: datetime) -> None:
    """No SIM of the agent can send any more."""
    connection.execute(update(agents).where(agents.c.agent_id == agent_id).values(stopped_at=now))
    _modems_absent(connection, agent_id, "engine_stopped", now)


def _modems_absent(connection: Connection, agent_id: int, reason_code: str | None, now: datetime) -> None:
    mine = select(modems.c.modem_id).where(modems.c.agent_id == agent_id).scalar_subquery()
    connection.execute(update(sims).where(sims.c.modem_id.in_(mine)).values(modem_id=None))
    connection.execute(
        update(modems)
        .where(modems.c.agent_id == agent_id)
        .values(
            state="absent",
            reason_code=reason_code,
            reason_params=None,
            sim_id=None,
            signal_dbm=None,
            changed_at=now,
        )
    )


def register_modem(
    connection: Connection,
    agent_id: int,
    name: str,
    port: str | None,
    now: datetime,
    driver: str = "serial",
) -> int:
    modem_id = connection.execute(
        select(modems.c.modem_id).where(modems.c.agent_id == agent_id, modems.c.name == name)
    ).scalar_one_or_none()
    if modem_id is None:
        key = connection.execute(
            insert(modems).values(agent_id=agent_id, name=name, state="absent", changed_at=now)
        ).inserted_primary_key
        assert key is not None
        modem_id = key[0]
    connection.execute(update(modems).where(modems.c.modem_id == modem_id).values(port=port, driver=driver))
    return int(modem_id)


def drivers(connection: Connection) -> list[str]:
    """Of the modems of all PBXs, each once."""
    return list(connection.execute(select(modems.c.driver).distinct().order_by(modems.c.driver)).scalars())


def keep_modems(connection: Connection, agent_id: int, names: Collection[str]) -> None:
    """Takes away the modems that the configuration no longer names."""
    gone = and_(modems.c.agent_id == agent_id, modems.c.name.not_in(tuple(names)))
    gone_ids = select(modems.c.modem_id).where(gone).scalar_subquery()
    connection.execute(update(sims).where(sims.c.modem_id.in_(gone_ids)).values(modem_id=None))
    connection.execute(modems.delete().where(gone))


def modem_changed(
    connection: Connection,
    modem_id: int,
    state: str,
    reason: Reason | None,
    now: datetime,
    new_events: list[NewEvent],
    **values: Any,
) -> None:
    """Writes a modem's state; an event only where it is another one than before."""
    before = connection.execute(
        select(modems.c.state, modems.c.reason_code, modems.c.sim_id).where(modems.c.modem_id == modem_id)
    ).one()
    connection.execute(
        update(modems)
        .where(modems.c.modem_id == modem_id)
        .values(
            state=state,
            reason_code=reason.code if reason else None,
            reason_params=dict(reason.params) if reason else None,
            changed_at=now,
            **values,
        )
    )
    if (before.state, before.reason_code) != (state, reason.code if reason else None):
        new_events.append(
            NewEvent(
                at=now, kind="modem", state=state, modem_id=modem_id, sim_id=before.sim_id, reason=reason
            )
        )


def network_seen(connection: Connection, modem_id: int, operator: str | None, signal_dbm: int | None) -> None:
    connection.execute(
        update(modems).where(modems.c.modem_id == modem_id).values(operator=operator, signal_dbm=signal_dbm)
    )
    if operator:
        connection.execute(update(sims).where(sims.c.modem_id == modem_id).values(operator=operator))


def sim_found(
    connection: Connection,
    modem_id: int,
    imsi: str,
    now: datetime,
    new_events: list[NewEvent],
    *,
    slot: int | None = None,
    **seen: Any,
) -> int:
    """The SIM that is in the modem now, wherever it was before. A new one is ready at once. `slot` where the
    modem has several.

    Whether another agent uses it is to be asked first: see `sim_owner`.
    """
    row = connection.execute(select(sims.c.sim_id, sims.c.modem_id).where(sims.c.imsi == imsi)).one_or_none()
    if row is None:
        key = connection.execute(
            insert(sims).values(imsi=imsi, state=SimState.READY, first_seen_at=now)
        ).inserted_primary_key
        assert key is not None
        sim_id = int(key[0])
        revision.sims_changed(connection)
        new_events.append(
            NewEvent(at=now, kind="sim", state=SimState.READY, sim_id=sim_id, modem_id=modem_id)
        )
    else:
        sim_id = row.sim_id
    known = {name: value for name, value in seen.items() if value is not None}
    connection.execute(
        update(sims).where(sims.c.modem_id == modem_id, sims.c.sim_id != sim_id).values(modem_id=None)
    )
    connection.execute(
        update(sims)
        .where(sims.c.sim_id == sim_id)
        .values(
            modem_id=modem_id,
            seen_at=now,
            slot=slot,
            slot_modem_id=None if slot is None else modem_id,
            **known,
        )
    )
    # what was there before is not there any more; with one slot only, nothing is
    other = sims.c.slot_modem_id == modem_id
    if slot is not None:
        other = and_(other, sims.c.slot == slot)
    connection.execute(
        update(sims).where(other, sims.c.sim_id != sim_id).values(slot=None, slot_modem_id=None)
    )
    connection.execute(
        update(modems).where(modems.c.sim_id == sim_id, modems.c.modem_id != modem_id).values(sim_id=None)
    )
    connection.execute(update(modems).where(modems.c.modem_id == modem_id).values(sim_id=sim_id))
    return sim_id


def label_sim(connection: Connection, sim_id: int, label: str) -> None:
    connection.execute(update(sims).where(sims.c.sim_id == sim_id).values(label=label))


def sim_gone(connection: Connection, modem_id: int) -> None:
    """The modem is closed: its SIM is nowhere until it is found again."""
    connection.execute(update(sims).where(sims.c.modem_id == modem_id).values(modem_id=None))
    connection.execute(
        update(modems).where(modems.c.modem_id == modem_id).values(sim_id=None, signal_dbm=None)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimSnapshot:
    """What the dispatcher needs to know of a SIM."""

    sim_id: int
    imsi: str
    state: SimState
    reason: Reason | None
    until_at: datetime | None
    first_seen_at: datetime
    last_submit_at: datetime | None
    #: where it is used; None in no modem
    modem_id: int | None
    #: the settings that stand in the database
    settings: dict[str, Any]
    #: somebody asked for its balance
    balance_wanted: bool = False


_SETTINGS = (
    "per_hour",
    "per_day",
    "per_month",
    "recipients_per_month",
    "min_gap_s",
    "service_reserve_per_day",
    "warm_up_per_day",
    "billing_day",
)


def snapshots(connection: Connection, sim_ids: Sequence[int]) -> dict[int, SimSnapshot]:
    """The SIMs by id, as they stand now."""
    rows = connection.execute(select(sims).where(sims.c.sim_id.in_(tuple(sim_ids))))
    return {
        row.sim_id: SimSnapshot(
            sim_id=row.sim_id,
            imsi=row.imsi,
            state=SimState(row.state),
            reason=Reason(row.reason_code, row.reason_params or {}) if row.reason_code else None,
            until_at=row.until_at,
            first_seen_at=row.first_seen_at,
            last_submit_at=row.last_submit_at,
            modem_id=row.modem_id,
            settings={name: row._mapping[name] for name in _SETTINGS},
            balance_wanted=row.balance_wanted_at is not None,
        )
        for row in rows
    }


def rest_is_over(connection: Connection, now: datetime, new_events: list[NewEvent]) -> list[int]:
    """SIMs whose time of throttling or suspension is over are ready again."""
    rested = list(
        connection.execute(
            update(sims)
            .where(sims.c.state.in_(_TIMED), or_(sims.c.until_at.is_(None), sims.c.until_at <= now))
            .values(state=SimState.READY, until_at=None, reason_code=None, reason_params=None)
            .returning(sims.c.sim_id)
        ).scalars()
    )
    new_events.extend(NewEvent(at=now, kind="sim", state=SimState.READY, sim_id=sim_id) for sim_id in rested)
    return rested


def modem_states(connection: Connection) -> Sequence[Row[Any]]:
    """ "agent", "name", "state", "reason_code" and "reason_params" of every modem, by agent and name."""
    shown: tuple[Any, ...] = (
        agents.c.name.label("agent"),
        *(modems.c[name] for name in ("name", "state", "reason_code", "reason_params")),
    )
    return connection.execute(
        select(*shown)
        .select_from(modems.join(agents, agents.c.agent_id == modems.c.agent_id))
        .order_by(agents.c.name, modems.c.name)
    ).all()
