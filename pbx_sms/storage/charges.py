"""The parts that an operator charges for, read from the attempts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from pbx_sms.core.verdict import Kind
from pbx_sms.storage.schema import attempts, messages


@dataclass(frozen=True, slots=True)
class Taken:
    """One part that the network took."""

    at: datetime
    msisdn: str
    mailing_id: int | None
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SimShare:
    """What one SIM did of a mailing."""

    sim_id: int
    accepted: int
    unknown: int
    #: of its first accepted part; None where it has none
    first_at: datetime | None
    last_at: datetime | None


def shares_of(connection: Connection, mailing_id: int) -> list[SimShare]:
    """By SIM: parts of the mailing that the network took, and those that it may have taken."""
    is_accepted = attempts.c.kind == Kind.ACCEPTED
    counted_at = attempts.c.counted_at
    rows = connection.execute(
        select(
            attempts.c.sim_id,
            attempts.c.kind,
            func.count().label("parts"),
            func.min(counted_at).label("first_at"),
            func.max(counted_at).label("last_at"),
        )
        .select_from(attempts.join(messages, messages.c.message_id == attempts.c.message_id))
        .where(messages.c.mailing_id == mailing_id, is_accepted | (attempts.c.kind == Kind.UNKNOWN))
        .group_by(attempts.c.sim_id, attempts.c.kind)
        .order_by(attempts.c.sim_id)
    ).all()
    shares = []
    for sim_id in dict.fromkeys(row.sim_id for row in rows):
        of_sim = {row.kind: row for row in rows if row.sim_id == sim_id}
        accepted, unknown = of_sim.get(Kind.ACCEPTED), of_sim.get(Kind.UNKNOWN)
        shares.append(
            SimShare(
                sim_id=sim_id,
                accepted=accepted.parts if accepted else 0,
                unknown=unknown.parts if unknown else 0,
                first_at=accepted.first_at if accepted else None,
                last_at=accepted.last_at if accepted else None,
            )
        )
    return shares


def taken_between(
    connection: Connection, sim_id: int, from_at: datetime, until_at: datetime
) -> Iterator[Taken]:
    """All parts that the network took of the SIM from `from_at` to `until_at`, both included, in their"
    " order."""
    rows = connection.execute(
        select(attempts.c.counted_at, attempts.c.msisdn, messages.c.mailing_id, messages.c.message_id)
        .select_from(attempts.join(messages, messages.c.message_id == attempts.c.message_id))
        .where(
            attempts.c.sim_id == sim_id,
            attempts.c.kind == Kind.ACCEPTED,
            attempts.c.counted_at >= from_at,
            attempts.c.counted_at <= until_at,
        )
        .order_by(attempts.c.counted_at, attempts.c.attempt_id)
    )
    return (
        Taken(at=at, msisdn=msisdn, mailing_id=mailing_id, message_id=message_id)
        for at, msisdn, mailing_id, message_id in rows
    )


def taken_count(connection: Connection, sim_id: int, since_at: datetime, until_at: datetime) -> int:
    """Parts that the network took of the SIM from `since_at` to before `until_at`."""
    return int(
        connection.execute(
            select(func.count()).where(
                attempts.c.sim_id == sim_id,
                attempts.c.kind == Kind.ACCEPTED,
                attempts.c.counted_at >= since_at,
                attempts.c.counted_at < until_at,
            )
        ).scalar_one()
    )


def all_parts(connection: Connection, mailing_id: int, *, by_number: bool) -> list[tuple[str, int]]:
    """(number, parts) of all messages of the mailing, as they were at Start; one sum with an empty number
    where it does not matter whose they are."""
    of_mailing = messages.c.mailing_id == mailing_id
    if not by_number:
        total = connection.execute(select(func.sum(messages.c.part_count)).where(of_mailing)).scalar_one()
        return [("", int(total or 0))]
    rows = connection.execute(select(messages.c.msisdn, messages.c.part_count).where(of_mailing))
    return [(msisdn, parts) for msisdn, parts in rows]
