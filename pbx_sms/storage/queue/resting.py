"""What a SIM does after a part failed: it backs off for a while, or it stops because a pattern shows.

One refusal that is about the SIM throttles it. A pattern over recipients and SIMs (`storage/health`) decides
the rest: quarantined when others pass, suspended until the window frees when it looks like the operator's
daily limit, nobody blamed when all SIMs are refused. What a stopped SIM was refused waits for it, unless the
mailing lets it go through another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, false, func, or_, select, update

from pbx_sms.core import retry
from pbx_sms.core.health import Pattern
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.core.sim import SimState
from pbx_sms.core.verdict import Scope, Verdict
from pbx_sms.storage import health
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue.intent import Granted
from pbx_sms.storage.queue.locking import messages_in_order, sims_in_order
from pbx_sms.storage.schema import attempts, mailings, messages, sims

#: of a SIM that nothing can be compared with
_SUSPENSION = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The SIM as it is now."""

    state: SimState
    until_at: datetime | None
    pattern: Pattern
    #: messages that the SIM was refused since it last passed, where it has stopped
    message_ids: tuple[int, ...] = ()


def after_failure(
    connection: Connection,
    sim_id: int,
    granted: Granted,
    verdict: Verdict,
    now: datetime,
    chance: float,
    new_events: list[NewEvent],
) -> Rest:
    """For a part that was refused, or whose outcome is unknown; the attempt's outcome is written already."""
    finding = health.judge(connection, sim_id, now)
    pattern, why = finding.judgement.pattern, finding.judgement.reason
    about_sim = verdict.scope is Scope.SIM
    failures = 0
    refused = [sim_id, *finding.others]
    if pattern is Pattern.NETWORK:
        sims_in_order(connection, refused)
    if about_sim or pattern is Pattern.NETWORK:
        failures = _refused_in_row(connection, sim_id, granted)
        connection.execute(update(sims).where(sims.c.sim_id == sim_id).values(failures_in_row=failures))
    back_at = retry.device_retry_at(now, failures, chance=chance)
    if pattern is Pattern.SIM:
        assert why is not None
        health.quarantine(connection, sim_id, why, now, new_events)
    elif pattern is Pattern.DAILY_LIMIT:
        _stop_for_a_while(connection, [sim_id], SimState.SUSPENDED, why, finding.until_at, now, new_events)
    elif pattern is Pattern.ALONE:
        until_at = now + _SUSPENSION
        _stop_for_a_while(connection, [sim_id], SimState.SUSPENDED, why, until_at, now, new_events)
    elif pattern is Pattern.NETWORK:
        _stop_for_a_while(connection, refused, SimState.THROTTLED, why, back_at, now, new_events)
    elif about_sim:
        reason = verdict.reason
        _stop_for_a_while(connection, [sim_id], SimState.THROTTLED, reason, back_at, now, new_events)
    row = connection.execute(select(sims.c.state, sims.c.until_at).where(sims.c.sim_id == sim_id)).one()
    return Rest(
        state=SimState(row.state),
        until_at=row.until_at,
        pattern=pattern,
        message_ids=finding.message_ids if pattern in (Pattern.SIM, Pattern.DAILY_LIMIT) else (),
    )


def _stop_for_a_while(
    connection: Connection,
    sim_ids: Sequence[int],
    state: SimState,
    reason: Reason | None,
    until_at: datetime | None,
    now: datetime,
    new_events: list[NewEvent],
) -> None:
    """One that is held, quarantined, or rests for longer already stays as it is."""
    assert reason is not None
    rests_less = sims.c.state == SimState.SUSPENDED if state is SimState.SUSPENDED else false()
    changed = connection.execute(
        update(sims)
        .where(
            sims.c.sim_id.in_(sim_ids),
            or_(sims.c.state.in_((SimState.READY, SimState.THROTTLED)), rests_less),
        )
        .values(state=state, until_at=until_at, reason_code=reason.code, reason_params=dict(reason.params))
        .returning(sims.c.sim_id)
    )
    new_events.extend(
        NewEvent(at=now, kind="sim", state=state, sim_id=one, reason=reason)
        for one in sorted(changed.scalars())
    )


def keep(connection: Connection, sim_id: int, rest: Rest, now: datetime, new_events: list[NewEvent]) -> None:
    """What a SIM was refused that has stopped waits for it, unless its mailing may use others."""
    if not rest.message_ids:
        return
    imsi = connection.execute(select(sims.c.imsi).where(sims.c.sim_id == sim_id)).scalar_one()
    reason = Reason("waits_for_own_sim", {"sim": imsi})
    which = and_(
        messages.c.message_id.in_(rest.message_ids),
        # one that is lent out comes back from its intent: another SIM may not begin it any more
        messages.c.state.in_((MessageState.QUEUED, MessageState.LEASED)),
        messages.c.first_accepted_at.is_(None),
        messages.c.mailing_id.in_(select(mailings.c.mailing_id).where(mailings.c.reroute.is_(False))),
    )
    kept = connection.execute(
        update(messages)
        .where(messages_in_order(connection, which), which)
        .values(bound_sim_id=sim_id, reason_code=reason.code, reason_params=dict(reason.params))
        .returning(messages.c.message_id, messages.c.mailing_id, messages.c.state)
    )
    new_events.extend(
        NewEvent(
            at=now,
            kind="message",
            state=row.state,
            mailing_id=row.mailing_id,
            message_id=row.message_id,
            sim_id=sim_id,
            reason=reason,
        )
        for row in sorted(kept, key=lambda row: row.message_id)
    )


def _refused_in_row(connection: Connection, sim_id: int, granted: Granted) -> int:
    """Recipients that the SIM was refused since it last worked, or since a person released it."""
    known = connection.execute(select(sims.c.failures_in_row).where(sims.c.sim_id == sim_id)).scalar_one()
    newest = (
        select(attempts.c.msisdn)
        .where(
            attempts.c.sim_id == sim_id,
            attempts.c.counted_at.is_(None),
            attempts.c.scope == Scope.SIM,
            attempts.c.attempt_id.not_in(granted.attempt_ids),
        )
        .group_by(attempts.c.msisdn)
        .order_by(func.max(attempts.c.attempt_id).desc())
        .limit(known)
    )
    return int(known + (granted.msisdn not in connection.execute(newest).scalars().all()))
