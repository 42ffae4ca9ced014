"""What SIMs are judged by, read inside the transaction that settles a refusal, and what their judge orders.

Read only after a refusal, and the other SIMs only once several recipients of one were refused; the delivery
ratio in the housekeeping. What was before a SIM's release says nothing about it any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, cast, func, select, update

from pbx_sms.core import health
from pbx_sms.core.health import Delivery, Judgement, Pattern, Tried
from pbx_sms.core.message import PartState, ReportState
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import PROBED, SimState
from pbx_sms.core.verdict import Kind, Scope
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import Instant, attempts, messages, parts, sims
from pbx_sms.storage.schema.types import FAR_FUTURE

#: how far back refusals are one story
_REMEMBERED = timedelta(hours=24)
#: attempts of one SIM that are looked at, of those that count and of those that were refused
_NEWEST = 30
#: a SIM that passed for somebody else within this time works
_WORKS = timedelta(hours=1)
#: operators free their limit bit by bit: at least so long between two looks
_LEAST_SUSPENSION = timedelta(hours=1)
_DAY = timedelta(hours=24)
#: parts younger than this may still get their report
_REPORT_DUE = timedelta(hours=1)
_DELIVERY_WINDOW = timedelta(hours=48)

_TRIED = (
    select(
        attempts.c.attempt_id,
        attempts.c.message_id,
        attempts.c.sim_id,
        attempts.c.msisdn,
        attempts.c.ended_at,
        attempts.c.kind,
        attempts.c.scope,
        attempts.c.code,
        parts.c.state.label("part_state"),
    )
    .select_from(
        attempts.outerjoin(
            parts, and_(parts.c.message_id == attempts.c.message_id, parts.c.part == attempts.c.part)
        )
    )
    .where(attempts.c.sim_id == bindparam("sim_id"), attempts.c.ended_at > bindparam("since_at"))
    .limit(bindparam("newest"))
)
#: two halves of one index: what counts for the quota, and what was refused
_COUNTED = _TRIED.where(
    attempts.c.counted_at > bindparam("since_at"), attempts.c.counted_at < FAR_FUTURE
).order_by(attempts.c.counted_at.desc(), attempts.c.attempt_id.desc())
_REFUSED = _TRIED.where(attempts.c.counted_at.is_(None)).order_by(attempts.c.attempt_id.desc())
_ACCEPTED_BETWEEN = select(func.count(), func.min(attempts.c.counted_at)).where(
    attempts.c.sim_id == bindparam("sim_id"),
    attempts.c.counted_at > bindparam("since_at"),
    attempts.c.counted_at <= bindparam("until_at"),
    attempts.c.kind == Kind.ACCEPTED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A judgement with what it asks for."""

    judgement: Judgement
    #: for DAILY_LIMIT
    until_at: datetime | None = None
    #: messages that were refused in the run, the newest included
    message_ids: tuple[int, ...] = ()
    #: for NETWORK: the other SIMs that are refused as well
    others: tuple[int, ...] = ()


_NOTHING = Finding(judgement=Judgement(pattern=Pattern.NONE))


def judge(connection: Connection, sim_id: int, now: datetime) -> Finding:
    """Judges a SIM whose attempt failed just now; the attempt's outcome is written already."""
    since_at = _judged_since(connection, sim_id, now)
    own = _newest(connection, sim_id, since_at)
    run = health.refused_run(own)
    if not health.is_pattern(run):
        return _NOTHING
    began_at = run[-1].at
    others = _others(connection, sim_id, began_at)
    accepted, oldest_at = connection.execute(
        _ACCEPTED_BETWEEN, {"sim_id": sim_id, "since_at": began_at - _DAY, "until_at": began_at}
    ).one()
    judgement = health.judge_sim(own, others, accepted)
    until_at = None
    if judgement.pattern is Pattern.DAILY_LIMIT:
        until_at = max(oldest_at + _DAY, now + _LEAST_SUSPENSION)
    return Finding(
        judgement=judgement,
        until_at=until_at,
        message_ids=tuple(dict.fromkeys(tried.message_id for tried in run)),
        others=tuple(sorted({tried.sim_id for tried in others})),
    )


def number_is_suspect(connection: Connection, message_id: int, msisdn: str, now: datetime) -> bool:
    """Whether two SIMs were refused for this message that have passed for others since.

    Not before they have: when an outage begins, the first message is refused everywhere as well.
    """
    refused_by = connection.execute(
        select(attempts.c.sim_id, func.min(attempts.c.ended_at).label("first_at"))
        .where(
            attempts.c.message_id == message_id,
            attempts.c.kind.in_((Kind.TEMPORARY, Kind.PERMANENT)),
            attempts.c.scope.in_((Scope.SIM, Scope.MESSAGE)),
        )
        .group_by(attempts.c.sim_id)
    ).all()
    if len(refused_by) < 2:
        return False
    working = [
        row.sim_id
        for row in refused_by
        if _works(connection, row.sim_id, msisdn, max(row.first_at, now - _WORKS))
    ]
    return health.number_is_suspect([row.sim_id for row in refused_by], working)


def _works(connection: Connection, sim_id: int, msisdn: str, since_at: datetime) -> bool:
    """Whether what it last did for somebody else since then passed."""
    others = (tried for tried in _newest(connection, sim_id, since_at) if tried.msisdn != msisdn)
    newest = next(others, None)
    return newest is not None and newest.accepted


def _judged_since(connection: Connection, sim_id: int, now: datetime) -> datetime:
    released_at = connection.execute(
        select(sims.c.judged_since_at).where(sims.c.sim_id == sim_id)
    ).scalar_one()
    return max(now - _REMEMBERED, released_at) if released_at is not None else now - _REMEMBERED


def _newest(connection: Connection, sim_id: int, since_at: datetime) -> list[Tried]:
    """What says something about the SIM, newest first."""
    where = {"sim_id": sim_id, "since_at": since_at, "newest": _NEWEST}
    rows = [*connection.execute(_COUNTED, where), *connection.execute(_REFUSED, where)]
    rows.sort(key=lambda row: (row.ended_at, row.attempt_id), reverse=True)
    return [tried for row in rows if (tried := _tried(row)) is not None]


def _tried(row: Any) -> Tried | None:
    if row.kind == Kind.UNKNOWN and row.part_state == PartState.SUBMITTED:
        # a report has proved since that it was taken
        accepted: bool | None = True
    else:
        accepted = health.says_accepted(Kind(row.kind), Scope(row.scope), row.code)
    if accepted is None:
        return None
    return Tried(
        at=row.ended_at,
        sim_id=row.sim_id,
        msisdn=row.msisdn,
        accepted=accepted,
        code=row.code,
        message_id=row.message_id,
    )


def _others(connection: Connection, sim_id: int, since_at: datetime) -> list[Tried]:
    """What the other SIMs met since then."""
    found: list[Tried] = []
    others = select(sims.c.sim_id).where(sims.c.sim_id != sim_id, sims.c.last_submit_at.is_not(None))
    for other_id in connection.execute(others).scalars().all():
        found += _newest(connection, other_id, since_at)
    return found


def state_of(connection: Connection, sim_id: int) -> SimState:
    return SimState(connection.execute(select(sims.c.state).where(sims.c.sim_id == sim_id)).scalar_one())


# what probes prove


def probe_delivered(
    connection: Connection, message_id: int, sim_id: int, now: datetime, new_events: list[NewEvent]
) -> bool:
    """A test arrived: a quarantined or suspended SIM is released. What happened before is forgotten."""
    released = connection.execute(
        update(sims)
        .where(sims.c.sim_id == sim_id, sims.c.state.in_(PROBED))
        .values(
            state=SimState.READY,
            until_at=None,
            reason_code=None,
            reason_params=None,
            failures_in_row=0,
            judged_since_at=now,
        )
    ).rowcount
    if released:
        tell_probe(SimState.READY, "probe_delivered", {}, message_id, sim_id, now, new_events)
    return released > 0


def probe_failed(
    connection: Connection,
    message_id: int,
    sim_id: int,
    why: Reason,
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    """A test did not arrive: the SIM stays as it is, and the log says so."""
    state = state_of(connection, sim_id)
    said = why.params.get("code", why.code)
    tell_probe(state, "probe_failed", {"said": said}, message_id, sim_id, now, new_events)


def tell_probe(
    state: SimState,
    code: str,
    params: Mapping[str, Any],
    message_id: int,
    sim_id: int,
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    """What became of a test, in the SIM's own log."""
    new_events.append(
        NewEvent(
            at=now,
            kind="sim",
            state=state,
            sim_id=sim_id,
            message_id=message_id,
            reason=Reason(code, dict(params)),
        )
    )


# the delivery ratio

_DELIVERIES = (
    select(
        attempts.c.sim_id,
        func.count().label("due"),
        func.sum(cast(parts.c.report == ReportState.DELIVERED, Integer)).label("delivered"),
    )
    .select_from(
        sims.join(
            attempts,
            and_(
                attempts.c.sim_id == sims.c.sim_id,
                attempts.c.counted_at
                > func.coalesce(sims.c.judged_since_at, bindparam("since_at", type_=Instant)),
            ),
        )
        .join(parts, and_(parts.c.message_id == attempts.c.message_id, parts.c.part == attempts.c.part))
        .join(messages, messages.c.message_id == attempts.c.message_id)
    )
    .where(
        attempts.c.counted_at > bindparam("since_at"),
        attempts.c.counted_at < bindparam("until_at"),
        attempts.c.kind == Kind.ACCEPTED,
        messages.c.wants_report,
    )
    .group_by(attempts.c.sim_id)
)
_EVER_DELIVERED = (
    select(attempts.c.attempt_id)
    .join(parts, and_(parts.c.message_id == attempts.c.message_id, parts.c.part == attempts.c.part))
    .where(
        attempts.c.sim_id == bindparam("sim_id"),
        attempts.c.kind == Kind.ACCEPTED,
        parts.c.report == ReportState.DELIVERED,
    )
    .limit(1)
)
_WATCHED = (SimState.READY, SimState.THROTTLED, SimState.SUSPENDED)


def watch_delivery(connection: Connection, now: datetime, new_events: list[NewEvent]) -> list[int]:
    """Quarantines SIMs whose parts are taken and do not arrive while the others' do. Returns them."""
    rows = connection.execute(
        _DELIVERIES, {"since_at": now - _DELIVERY_WINDOW, "until_at": now - _REPORT_DUE}
    )
    deliveries = [Delivery(sim_id=row.sim_id, due=row.due, delivered=row.delivered or 0) for row in rows]
    found = []
    for sim_id, reason in health.sims_that_deliver_too_little(deliveries).items():
        if _gives_no_reports(connection, sim_id):
            continue
        if quarantine(connection, sim_id, reason, now, new_events):
            found.append(sim_id)
    return found


def _gives_no_reports(connection: Connection, sim_id: int) -> bool:
    """Whether a person released it although no report ever came: then its modem is to blame, and known."""
    released_at = connection.execute(
        select(sims.c.judged_since_at).where(sims.c.sim_id == sim_id)
    ).scalar_one()
    return released_at is not None and connection.execute(_EVER_DELIVERED, {"sim_id": sim_id}).first() is None


def quarantine(
    connection: Connection, sim_id: int, reason: Reason, now: datetime, new_events: list[NewEvent]
) -> bool:
    """Whether the SIM was in use, and is quarantined now."""
    changed = connection.execute(
        update(sims)
        .where(sims.c.sim_id == sim_id, sims.c.state.in_(_WATCHED))
        .values(
            state=SimState.QUARANTINED,
            until_at=None,
            reason_code=reason.code,
            reason_params=dict(reason.params),
        )
    ).rowcount
    if changed:
        new_events.append(
            NewEvent(at=now, kind="sim", state=SimState.QUARANTINED, sim_id=sim_id, reason=reason)
        )
    return changed > 0
