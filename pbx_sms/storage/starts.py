"""A Start's own writes: it fills the queue in many short transactions while the mailing is still a draft.

Only the last transaction makes the mailing running; messages of a draft are never leased. Who fills holds
the *claim*: a token in the draft's reason, checked and renewed in every one of those transactions, so that
two Starts never both write, and one that was overtaken stops at its next transaction. What a Start left
behind that died is removed by the next one before it writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from pbx_sms.core.mailing import MailingState
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.core.reason import Reason
from pbx_sms.storage import mailings as mailing_states
from pbx_sms.storage.schema import left_out, mailings, messages, parts

#: a claim that was not renewed for so long belongs to a process that hangs or lost its machine
CLAIM_LASTS_S = 30.0
STARTING = "starting"
#: only these still have no messages that may be sent
BEFORE_START = (MailingState.DRAFT,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who fills the queue of a draft."""

    token: str
    host: str
    pid: int

    def written(self, at: datetime) -> dict[str, Any]:
        return {"token": self.token, "host": self.host, "pid": self.pid, "at": at.isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A claim that somebody holds, and when it was renewed last."""

    claim: Claim
    at: datetime

    def is_stale(self, now: datetime) -> bool:
        return now - self.at > timedelta(seconds=CLAIM_LASTS_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRow:
    row: int
    msisdn: str | None
    reason: Reason


def holder(connection: Connection, mailing_id: int) -> Held | None:
    """Who holds the claim; locks the mailing's row until the transaction ends."""
    row = _locked(connection, mailing_id)
    if row is None or row.reason_code != STARTING or row.state not in BEFORE_START:
        return None
    params: Mapping[str, Any] = row.reason_params
    return Held(
        claim=Claim(token=params["token"], host=params["host"], pid=params["pid"]),
        at=datetime.fromisoformat(params["at"]),
    )


def claim_start(connection: Connection, mailing_id: int, claim: Claim, now: datetime) -> bool:
    """Takes or renews the claim, whoever held it; false when the mailing is no longer before its Start."""
    return (
        connection.execute(
            update(mailings)
            .where(mailings.c.mailing_id == mailing_id, mailings.c.state.in_(BEFORE_START))
            .values(reason_code=STARTING, reason_params=claim.written(now))
        ).rowcount
        == 1
    )


def renew_claim(connection: Connection, mailing_id: int, claim: Claim, now: datetime) -> bool:
    """The first statement of every transaction of a Start: false when another one took over."""
    held = holder(connection, mailing_id)
    return held is not None and held.claim == claim and claim_start(connection, mailing_id, claim, now)


def set_trial(connection: Connection, mailing_id: int, count: int) -> None:
    """So many messages go first; by the holder of the claim."""
    connection.execute(update(mailings).where(mailings.c.mailing_id == mailing_id).values(trial_count=count))


def drop_claim(connection: Connection, mailing_id: int, claim: Claim) -> None:
    """After a Start that was refused: the draft is as it was."""
    held = holder(connection, mailing_id)
    if held is not None and held.claim == claim:
        connection.execute(
            update(mailings)
            .where(mailings.c.mailing_id == mailing_id)
            .values(reason_code=None, reason_params=None)
        )


def remove_unstarted(connection: Connection, mailing_id: int, limit: int) -> int:
    """Removes up to `limit` messages and rows left out that a Start wrote; the caller holds the claim.
    Returns how many there were."""
    chosen = (
        select(messages.c.message_id)
        .where(messages.c.mailing_id == mailing_id)
        .order_by(messages.c.message_id)
        .limit(limit)
    )
    ids = connection.execute(chosen).scalars().all()
    if ids:
        connection.execute(
            delete(parts).where(parts.c.message_id.between(ids[0], ids[-1]), parts.c.message_id.in_(ids))
        )
        connection.execute(delete(messages).where(messages.c.message_id.in_(ids)))
        return len(ids)
    rows = (
        connection.execute(
            select(left_out.c.row)
            .where(left_out.c.mailing_id == mailing_id)
            .order_by(left_out.c.row)
            .limit(limit)
        )
        .scalars()
        .all()
    )
    if rows:
        connection.execute(
            delete(left_out).where(
                left_out.c.mailing_id == mailing_id, left_out.c.row.between(rows[0], rows[-1])
            )
        )
    return len(rows)


def insert_left_out(connection: Connection, mailing_id: int, rows: Sequence[LeftOutRow]) -> None:
    if rows:
        connection.execute(
            insert(left_out),
            [
                {
                    "mailing_id": mailing_id,
                    "row": row.row,
                    "msisdn": row.msisdn,
                    "reason_code": row.reason.code,
                    "reason_params": dict(row.reason.params) or None,
                }
                for row in rows
            ],
        )


def conclude(
    connection: Connection,
    mailing_id: int,
    choice: PlanChoice,
    *,
    message_count: int,
    part_count: int,
    left_out_count: int,
    now: datetime,
    trial_until_id: int | None = None,
) -> bool:
    """The last step of a Start, by the holder of the claim: the mailing runs, or waits for its time. False
    when it was started already."""
    runs = choice.start_at is None
    return mailing_states.change_state(
        connection,
        mailing_id,
        MailingState.RUNNING if runs else MailingState.SCHEDULED,
        now,
        among=BEFORE_START,
        message_count=message_count,
        part_count=part_count,
        left_out_count=left_out_count,
        started_at=now if runs else None,
        **mailing_states.plan_columns(choice),
        trial_until_id=trial_until_id,
    )


def left_out_rows(connection: Connection, mailing_id: int) -> list[LeftOutRow]:
    """The rows without a message, in the list's order."""
    rows = connection.execute(
        select(left_out).where(left_out.c.mailing_id == mailing_id).order_by(left_out.c.row)
    )
    return [
        LeftOutRow(row=row.row, msisdn=row.msisdn, reason=Reason(row.reason_code, row.reason_params or {}))
        for row in rows
    ]


def _locked(connection: Connection, mailing_id: int) -> Row[str, str | None, Any] | None:
    return connection.execute(
        select(mailings.c.state, mailings.c.reason_code, mailings.c.reason_params)
        .where(mailings.c.mailing_id == mailing_id)
        .with_for_update()
    ).one_or_none()
