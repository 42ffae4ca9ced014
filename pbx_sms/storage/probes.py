"""Ordering a test of a SIM: where it goes, and whether it may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from pbx_sms.config import Settings
from pbx_sms.core.msisdn import Accepted, Normalizer
from pbx_sms.core.sim import SimState
from pbx_sms.errors import Conflict, Refused
from pbx_sms.storage import queue, stop_list
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import modems, sims

#: states of a modem that can change its slot
_AT_WORK = frozenset({"opening", "searching", "registered", "in_call"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedProbe:
    message_id: int
    msisdn: str
    #: the modem in which the SIM lies in a slot that is not active; None where it is at work
    at_rest_in: str | None = None


def order(
    connection: Connection, settings: Settings, sim_id: int, now: datetime, new_events: list[NewEvent]
) -> OrderedProbe:
    """Queues a test of the SIM to the configured number, else to another SIM of the same agent. One that lies
    in a slot that is not active waits until the engine has changed the slot for it.

    Raises `Refused`: probe_needs_reports, probe_no_number, number_stopped, probe_under_way, sim_is_held,
    sim_in_no_modem, probe_modem_away.
    """
    if not settings.sending.delivery_reports:
        raise Refused("probe_needs_reports")
    row = connection.execute(
        select(
            sims.c.imsi,
            sims.c.state,
            sims.c.own_number,
            sims.c.modem_id,
            modems.c.agent_id,
            modems.c.name.label("modem"),
            modems.c.state.label("modem_state"),
        )
        .select_from(
            sims.outerjoin(modems, modems.c.modem_id == func.coalesce(sims.c.modem_id, sims.c.slot_modem_id))
        )
        .where(sims.c.sim_id == sim_id)
    ).one()
    if row.state == SimState.DISABLED:
        raise Conflict("sim_is_held", sim=row.imsi)
    if row.agent_id is None:
        raise Conflict("sim_in_no_modem")
    if row.modem_id is None and row.modem_state not in _AT_WORK:
        raise Conflict("probe_modem_away", sim=row.imsi, modem=row.modem)
    under_way = queue.open_probe(connection, sim_id, now)
    if under_way is not None:
        raise Conflict("probe_under_way", sim=row.imsi, message_id=under_way)
    msisdn = _number_for(connection, settings, sim_id, row.own_number, row.agent_id)
    if msisdn is None:
        raise Refused("probe_no_number", sim=row.imsi)
    if stop_list.is_listed(connection, msisdn):
        raise Conflict("number_stopped", number=msisdn)
    local_time = now.astimezone(ZoneInfo(settings.sending.time_zone)).strftime("%d.%m %H:%M")
    message_id = queue.add_probe(connection, sim_id, row.imsi, msisdn, local_time, now, new_events)
    at_rest_in = row.modem if row.modem_id is None else None
    return OrderedProbe(message_id=message_id, msisdn=msisdn, at_rest_in=at_rest_in)


def round_of(connection: Connection, agent_id: int) -> list[int]:
    """The SIMs that the agent's daily round tests: those in its modems that nobody holds."""
    return list(
        connection.execute(
            select(sims.c.sim_id)
            .join(modems, modems.c.modem_id == sims.c.modem_id)
            .where(modems.c.agent_id == agent_id, sims.c.state != SimState.DISABLED)
            .order_by(sims.c.sim_id)
        ).scalars()
    )


def _number_for(
    connection: Connection, settings: Settings, sim_id: int, own_number: str | None, agent_id: int
) -> str | None:
    normalizer = Normalizer(settings.sending.country)
    own = _msisdn(normalizer, own_number)
    configured = settings.health.probe_number
    if configured is not None and configured != own:
        return configured
    others = connection.execute(
        select(sims.c.own_number)
        .join(modems, modems.c.modem_id == sims.c.modem_id)
        .where(modems.c.agent_id == agent_id, sims.c.sim_id != sim_id, sims.c.own_number.is_not(None))
        # one that works is the better witness
        .order_by(sims.c.state != SimState.READY, sims.c.sim_id)
    ).scalars()
    found = (_msisdn(normalizer, number) for number in others)
    return next((number for number in found if number is not None and number != own), None)


def _msisdn(normalizer: Normalizer, number: str | None) -> str | None:
    if number is None:
        return None
    normalized = normalizer.normalize(number)
    return normalized.msisdn if isinstance(normalized, Accepted) else None
