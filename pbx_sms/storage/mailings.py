"""Mailings: drafts, guarded changes of state with their events, and what is counted of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, func, insert, or_, select, update

from pbx_sms.core import template
from pbx_sms.core.mailing import RANK, MailingKind, MailingState, UnknownPolicy, allowed_from
from pbx_sms.core.message import MessageState, PartState
from pbx_sms.core.planning.choice import AT_ONCE, CutOffAction, Holidays, PlanChoice
from pbx_sms.core.reason import Reason
from pbx_sms.storage import events, windows
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.schema import Instant, mailings, messages, parts

#: they have messages, and not all of them have ended
STARTED = (MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED)
#: of a sum over messages: every part of these was accepted
_ACCEPTED_WHOLE = (MessageState.SUBMITTED, MessageState.DELIVERED, MessageState.UNDELIVERED)


def insert_draft(
    connection: Connection,
    *,
    name: str,
    kind: MailingKind,
    list_id: int,
    text: str,
    repeats: str | None,
    leave_out_incomplete: bool,
    reroute: bool,
    unknown_policy: UnknownPolicy,
    created_by: str | None,
    now: datetime,
    trial_count: int | None = None,
    allow_failing: bool = False,
    choice: PlanChoice = AT_ONCE,
    cost_estimate: dict[str, Any] | None = None,
    again_of_id: int | None = None,
) -> int:
    """A new draft and its event; returns its id."""
    mailing_id: int = connection.execute(
        insert(mailings)
        .values(
            name=name,
            kind=kind,
            rank=RANK[kind],
            state=MailingState.DRAFT,
            list_id=list_id,
            text=text,
            repeats=repeats,
            leave_out_incomplete=leave_out_incomplete,
            allow_failing=allow_failing,
            reroute=reroute,
            unknown_policy=unknown_policy,
            trial_count=trial_count,
            created_by=created_by,
            created_at=now,
            cost_estimate=cost_estimate,
            again_of_id=again_of_id,
            **plan_columns(choice),
        )
        .returning(mailings.c.mailing_id)
    ).scalar_one()
    _append(connection, mailing_id, MailingState.DRAFT, now)
    return mailing_id


def plan_columns(choice: PlanChoice) -> dict[str, Any]:
    """What a person chose, as the mailing's row holds it."""
    return {
        "scheduled_at": choice.start_at,
        "window": choice.window,
        "holidays": choice.holidays,
        "zone_column": choice.zone_column,
        "cut_off_at": choice.cut_off_at,
        "cut_off_action": choice.cut_off_action,
        "smooth": choice.smooth,
    }


def plan_of(mailing: Row[Any]) -> PlanChoice:
    """What a person chose, from the mailing's row."""
    return PlanChoice(
        start_at=mailing.scheduled_at,
        window=mailing.window,
        holidays=Holidays(mailing.holidays) if mailing.holidays else None,
        zone_column=mailing.zone_column,
        cut_off_at=mailing.cut_off_at,
        cut_off_action=CutOffAction(mailing.cut_off_action),
        smooth=mailing.smooth,
    )


def find(connection: Connection, mailing_id: int, *, lock: bool = False) -> Row[Any] | None:
    """The mailing; with `lock` nobody changes it until the transaction ends."""
    statement = select(mailings).where(mailings.c.mailing_id == mailing_id)
    return connection.execute(statement.with_for_update(key_share=True) if lock else statement).one_or_none()


def set_cost_estimate(connection: Connection, mailing_id: int, estimate: dict[str, Any]) -> None:
    """Of a mailing that is being started."""
    connection.execute(
        update(mailings)
        .where(mailings.c.mailing_id == mailing_id, mailings.c.state == MailingState.DRAFT)
        .values(cost_estimate=estimate)
    )


def hold_nothing(connection: Connection, mailing_id: int) -> None:
    """What waited behind the trial may go."""
    connection.execute(
        update(mailings).where(mailings.c.mailing_id == mailing_id).values(trial_until_id=None)
    )


def find_all(connection: Connection, *, limit: int | None = None) -> Sequence[Row[Any]]:
    """All mailings, newest first."""
    return connection.execute(select(mailings).order_by(mailings.c.mailing_id.desc()).limit(limit)).all()


def named(connection: Connection, name: str, *, limit: int) -> Sequence[Row[Any]]:
    """Mailings of exactly that name, newest first."""
    return connection.execute(
        select(mailings).where(mailings.c.name == name).order_by(mailings.c.mailing_id.desc()).limit(limit)
    ).all()


def again_of(connection: Connection, mailing_id: int) -> Sequence[Row[Any, Any, Any]]:
    """The mailings that go again to rows of this one and were not cancelled, oldest first."""
    return connection.execute(
        select(mailings.c.mailing_id, mailings.c.name, mailings.c.state)
        .where(mailings.c.again_of_id == mailing_id, mailings.c.state != MailingState.CANCELLED)
        .order_by(mailings.c.mailing_id)
    ).all()


def started_with(connection: Connection, list_id: int, text: str) -> list[int]:
    """Mailings of the same list and text that were started and not cancelled, newest first. A browser's
    line ends make no other text."""
    return list(
        connection.execute(
            select(mailings.c.mailing_id)
            .where(
                mailings.c.list_id == list_id,
                mailings.c.text == template.clean(text),
                or_(mailings.c.started_at.is_not(None), mailings.c.state.in_(STARTED)),
                mailings.c.state != MailingState.CANCELLED,
            )
            .order_by(mailings.c.mailing_id.desc())
        ).scalars()
    )


def change_state(
    connection: Connection,
    mailing_id: int,
    target: MailingState,
    now: datetime,
    *,
    among: Collection[MailingState] | None = None,
    reason: Reason | None = None,
    if_scheduled_at: datetime | None = None,
    **values: Any,
) -> bool:
    """A guarded change with its event; false when the mailing is not in a state that allows it.

    Allowed are the states of `core.mailing.TRANSITIONS`, or fewer (`among`), and only where it is to begin at
    `if_scheduled_at`; `values` are further columns.
    """
    if target in (MailingState.FINISHED, MailingState.CANCELLED):
        values["finished_at"] = now
    changed = connection.execute(
        update(mailings)
        .where(
            mailings.c.mailing_id == mailing_id,
            mailings.c.state.in_(
                [state for state in allowed_from(target) if among is None or state in among]
            ),
            *([] if if_scheduled_at is None else [mailings.c.scheduled_at == if_scheduled_at]),
        )
        .values(
            state=target,
            reason_code=reason.code if reason else None,
            reason_params=dict(reason.params) if reason else None,
            **values,
        )
    ).rowcount
    if changed == 1:
        _append(connection, mailing_id, target, now, reason)
    return changed == 1


def state_of(connection: Connection, mailing_id: int) -> str | None:
    query = select(mailings.c.state).where(mailings.c.mailing_id == mailing_id)
    return connection.execute(query).scalar_one_or_none()


def put_off(
    connection: Connection, mailing_id: int, start_at: datetime | None, now: datetime, reason: Reason
) -> bool:
    """Another time for a scheduled mailing, with its event; false where it is not scheduled any more."""
    which = and_(mailings.c.mailing_id == mailing_id, mailings.c.state == MailingState.SCHEDULED)
    changed = connection.execute(update(mailings).where(which).values(scheduled_at=start_at)).rowcount
    if changed:
        _append(connection, mailing_id, MailingState.SCHEDULED, now, reason)
    return changed == 1


def resume(connection: Connection, mailing_id: int, now: datetime) -> bool:
    """A paused mailing goes on; a cut-off that has passed is lifted, or it would stop again at once."""
    passed = connection.execute(
        update(mailings)
        .where(
            mailings.c.mailing_id == mailing_id,
            mailings.c.state == MailingState.PAUSED,
            mailings.c.cut_off_at <= now,
        )
        .values(cut_off_at=None)
    ).rowcount
    if passed:
        windows.forget(connection, mailing_id, now)
    return change_state(
        connection,
        mailing_id,
        MailingState.RUNNING,
        now,
        among=(MailingState.PAUSED,),
        started_at=func.coalesce(mailings.c.started_at, bindparam("now", now, type_=Instant)),
    )


def scheduled_until(connection: Connection, now: datetime) -> list[tuple[int, datetime]]:
    """Mailings whose time has come, with that time."""
    rows = connection.execute(
        select(mailings.c.mailing_id, mailings.c.scheduled_at)
        .where(mailings.c.state == MailingState.SCHEDULED, mailings.c.scheduled_at <= now)
        .order_by(mailings.c.scheduled_at, mailings.c.mailing_id)
    )
    return [(row.mailing_id, row.scheduled_at) for row in rows]


def cut_off_until(connection: Connection, now: datetime) -> list[tuple[int, datetime, CutOffAction]]:
    """Mailings whose cut-off has come and of which something is to be done: messages that wait are to be
    cancelled, or a running one is to be paused."""
    waits = exists(
        select(messages.c.message_id).where(
            messages.c.mailing_id == mailings.c.mailing_id,
            messages.c.state.in_((MessageState.QUEUED, MessageState.LEASED)),
        )
    )
    asks = mailings.c.cut_off_action == CutOffAction.ASK
    rows = connection.execute(
        select(mailings.c.mailing_id, mailings.c.cut_off_at, mailings.c.cut_off_action).where(
            mailings.c.cut_off_at <= now,
            or_(
                and_(asks, mailings.c.state == MailingState.RUNNING),
                and_(~asks, mailings.c.state.in_(STARTED)),
            ),
            waits,
        )
    )
    return [(row.mailing_id, row.cut_off_at, CutOffAction(row.cut_off_action)) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of one mailing: messages by state, and parts that the network accepted."""

    by_state: dict[str, int]
    parts_submitted: int


def count(connection: Connection, mailing_id: int) -> Counts:
    by_state: dict[str, int] = {}
    parts_submitted = 0
    for row in connection.execute(
        select(
            messages.c.state,
            func.count().label("message_count"),
            func.sum(messages.c.part_count).label("part_count"),
        )
        .where(messages.c.mailing_id == mailing_id)
        .group_by(messages.c.state)
    ):
        by_state[row.state] = row.message_count
        if row.state in _ACCEPTED_WHOLE:
            parts_submitted += row.part_count
    # the rest has accepted parts only here and there
    parts_submitted += connection.execute(
        select(func.count())
        .select_from(messages.join(parts, parts.c.message_id == messages.c.message_id))
        .where(
            messages.c.mailing_id == mailing_id,
            messages.c.state.not_in(_ACCEPTED_WHOLE),
            messages.c.first_accepted_at.is_not(None),
            parts.c.state == PartState.SUBMITTED,
        )
    ).scalar_one()
    return Counts(
        by_state={str(state): by_state[state] for state in MessageState if state in by_state},
        parts_submitted=parts_submitted,
    )


def waiting_reason(connection: Connection, mailing_id: int) -> Reason | None:
    """Why nothing of a running mailing moves: the reason of the queued message that may go first."""
    moving = select(messages.c.message_id).where(
        messages.c.mailing_id == mailing_id,
        messages.c.state.in_((MessageState.LEASED, MessageState.SUBMITTING)),
    )
    if connection.execute(moving.limit(1)).first() is not None:
        return None
    row = connection.execute(
        select(messages.c.reason_code, messages.c.reason_params)
        .where(messages.c.mailing_id == mailing_id, messages.c.state == MessageState.QUEUED)
        .order_by(messages.c.not_before_at.asc().nulls_first(), messages.c.message_id)
        .limit(1)
    ).one_or_none()
    if row is None or row.reason_code is None:
        return None
    return Reason(row.reason_code, row.reason_params or {})


def _append(
    connection: Connection, mailing_id: int, state: MailingState, now: datetime, reason: Reason | None = None
) -> None:
    events.append(
        connection,
        [NewEvent(at=now, kind="mailing", state=state, mailing_id=mailing_id, reason=reason)],
    )
