"""What rules for SIMs ask about recipients and SIMs. Everything is asked for many numbers at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, func, or_, select

from pbx_sms.core import tpdu
from pbx_sms.core.message import MessageState
from pbx_sms.core.sim import SimState
from pbx_sms.core.tpdu import Deliver
from pbx_sms.storage.schema import (
    inbound,
    inbound_parts,
    messages,
    recipients,
    sims,
)

#: values of one `IN (…)`: below the smallest limit of both databases
_CHUNK = 5_000
#: the network took it: the person knows the SIM's number
_TAKEN = (MessageState.SUBMITTED, MessageState.DELIVERED, MessageState.UNDELIVERED)
#: a SIM that was in no modem for longer is not reckoned with
_STILL_OURS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimOfPool:
    sim_id: int
    imsi: str
    label: str | None
    own_number: str | None
    #: as the network calls itself
    operator: str | None
    #: a person holds it
    held: bool


def sims_of_pool(connection: Connection, now: datetime) -> list[SimOfPool]:
    """The SIMs that are in a modem or were lately."""
    rows = connection.execute(
        select(
            sims.c.sim_id,
            sims.c.imsi,
            sims.c.label,
            sims.c.own_number,
            sims.c.operator,
            (sims.c.state == SimState.DISABLED).label("held"),
        )
        .where(
            or_(sims.c.modem_id.is_not(None), sims.c.seen_at > now - _STILL_OURS),
        )
        .order_by(sims.c.sim_id)
    )
    return [SimOfPool(**row._mapping) for row in rows]


def last_sims(connection: Connection, msisdns: Iterable[str]) -> dict[str, int]:
    """number → the SIM that it last got a message from, or wrote to: whichever was later."""
    newest: dict[str, tuple[datetime, int]] = {}
    for chunk in _chunks(msisdns):
        out = (
            select(messages.c.msisdn, messages.c.sim_id, func.max(messages.c.submitted_at).label("at"))
            .where(
                messages.c.msisdn.in_(chunk),
                messages.c.state.in_(_TAKEN),
                messages.c.sim_id.is_not(None),
                messages.c.submitted_at.is_not(None),
                messages.c.probe.is_(False),
            )
            .group_by(messages.c.msisdn, messages.c.sim_id)
        )
        came_in = (
            select(inbound.c.msisdn, inbound.c.sim_id, func.max(inbound.c.received_at).label("at"))
            .where(inbound.c.msisdn.in_(chunk))
            .group_by(inbound.c.msisdn, inbound.c.sim_id)
        )
        for query in (out, came_in):
            for row in connection.execute(query):
                if row.msisdn not in newest or newest[row.msisdn] < (row.at, row.sim_id):
                    newest[row.msisdn] = (row.at, row.sim_id)
    return {msisdn: sim_id for msisdn, (_, sim_id) in newest.items()}


def service_centres(connection: Connection, msisdns: Iterable[str]) -> dict[str, str]:
    """number → the service centre through which its newest SMS came. That one belongs to the sender's
    operator, also after the number was ported: see docs/decisions/0014."""
    centres: dict[str, str] = {}
    for chunk in _chunks(msisdns):
        newest = (
            select(func.max(inbound.c.inbound_id).label("inbound_id"))
            .where(inbound.c.msisdn.in_(chunk))
            .group_by(inbound.c.msisdn)
            .subquery()
        )
        query = (
            select(inbound.c.msisdn, inbound_parts.c.pdu)
            .join_from(newest, inbound, inbound.c.inbound_id == newest.c.inbound_id)
            .join(inbound_parts, inbound_parts.c.inbound_id == inbound.c.inbound_id)
            .order_by(inbound_parts.c.inbound_part_id)
        )
        for row in connection.execute(query):
            decoded = tpdu.decode(row.pdu)
            if isinstance(decoded, Deliver) and decoded.smsc:
                centres[row.msisdn] = decoded.smsc
    return centres


def listed_among(connection: Connection, list_id: int, msisdns: Collection[str]) -> set[str]:
    """Those of the numbers that stand in the list."""
    found: set[str] = set()
    for chunk in _chunks(msisdns):
        query = select(recipients.c.msisdn).where(
            recipients.c.list_id == list_id, recipients.c.msisdn.in_(chunk)
        )
        found.update(connection.execute(query).scalars())
    return found


def _chunks(items: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
