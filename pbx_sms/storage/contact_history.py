"""What has passed between the office and a number: everything, or what rules ask of many numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from pbx_sms.core.message import MessageState
from pbx_sms.core.people.rule import Facts
from pbx_sms.core.reason import Reason
from pbx_sms.storage.schema import (
    attempts,
    events,
    inbound,
    left_out,
    mailings,
    messages,
    series_runs,
    stop_list,
)

#: the network took it, and it is known what came of it
_DELIVERED = MessageState.DELIVERED
_WENT_OUT = (MessageState.SUBMITTED, MessageState.DELIVERED, MessageState.UNDELIVERED)
#: the recipient has its text, or may have it
_MAY_HAVE_ARRIVED = (
    MessageState.SUBMITTING,
    MessageState.SUBMITTED,
    MessageState.DELIVERED,
    MessageState.UNKNOWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A number that fails: in how many mailings since something last arrived, and why the last time."""

    mailings: int
    reason: Reason | None


def facts_of(connection: Connection, msisdns: Sequence[str]) -> dict[str, Facts]:
    """What rules ask, of some thousand numbers at most. A number nothing ever passed with is left out."""
    newest = (
        select(messages.c.msisdn, func.max(messages.c.message_id).label("message_id"))
        .where(messages.c.msisdn.in_(msisdns), messages.c.state.in_(_WENT_OUT))
        .group_by(messages.c.msisdn)
        .subquery()
    )
    rows = connection.execute(
        select(messages.c.msisdn, messages.c.state, messages.c.submitted_at).join(
            newest, newest.c.message_id == messages.c.message_id
        )
    )
    sent = {row.msisdn: row for row in rows}
    replied = set(
        connection.execute(select(inbound.c.msisdn).distinct().where(inbound.c.msisdn.in_(msisdns))).scalars()
    )
    return {
        msisdn: Facts(
            mailed_at=sent[msisdn].submitted_at if msisdn in sent else None,
            was_delivered=sent[msisdn].state == _DELIVERED if msisdn in sent else None,
            has_replied=msisdn in replied,
        )
        for msisdn in sent.keys() | replied
    }


def failed_mailings(connection: Connection, msisdns: Sequence[str]) -> dict[str, int]:
    """In how many mailings each number failed for good since something last arrived there.

    For good: the network refused the message for the number's sake, or a report says that it will not
    arrive. A number that never failed is left out.
    """
    arrived = (
        select(messages.c.msisdn, func.max(messages.c.message_id).label("message_id"))
        .where(messages.c.msisdn.in_(msisdns), messages.c.state == _DELIVERED)
        .group_by(messages.c.msisdn)
        .subquery()
    )
    refused = (
        select(attempts.c.attempt_id)
        .where(
            attempts.c.message_id == messages.c.message_id,
            attempts.c.kind == "permanent",
            attempts.c.scope == "message",
        )
        .exists()
    )
    rows = connection.execute(
        select(messages.c.msisdn, func.count(messages.c.mailing_id.distinct()).label("failed"))
        .outerjoin(arrived, arrived.c.msisdn == messages.c.msisdn)
        .where(
            messages.c.msisdn.in_(msisdns),
            messages.c.message_id > func.coalesce(arrived.c.message_id, 0),
            (messages.c.state == MessageState.UNDELIVERED)
            | ((messages.c.state == MessageState.FAILED) & refused),
        )
        .group_by(messages.c.msisdn)
    )
    return {row.msisdn: row.failed for row in rows if row.failed}


def failing(connection: Connection, msisdns: Sequence[str], at_least: int) -> dict[str, Failing]:
    """The numbers that failed for good in at least so many mailings, as `failed_mailings` counts them; of
    some thousand numbers at most. Most never failed, and cost one look."""
    ended_badly = messages.c.state.in_((MessageState.UNDELIVERED, MessageState.FAILED))
    suspects = list(
        connection.execute(
            select(messages.c.msisdn)
            .where(messages.c.msisdn.in_(msisdns), ended_badly)
            .group_by(messages.c.msisdn)
            .having(func.count(messages.c.mailing_id.distinct()) >= at_least)
        ).scalars()
    )
    counted = {
        msisdn: count
        for msisdn, count in (failed_mailings(connection, suspects) if suspects else {}).items()
        if count >= at_least
    }
    if not counted:
        return {}
    newest = (
        select(func.max(messages.c.message_id))
        .where(messages.c.msisdn.in_(tuple(counted)), messages.c.mailing_id.is_not(None), ended_badly)
        .group_by(messages.c.msisdn)
    )
    rows = connection.execute(
        select(messages.c.msisdn, messages.c.reason_code, messages.c.reason_params).where(
            messages.c.message_id.in_(newest)
        )
    )
    reasons = {
        row.msisdn: Reason(row.reason_code, row.reason_params or {}) for row in rows if row.reason_code
    }
    return {msisdn: Failing(mailings=count, reason=reasons.get(msisdn)) for msisdn, count in counted.items()}


def texts_since(
    connection: Connection, msisdns: Sequence[str], since_at: datetime
) -> dict[tuple[str, str], datetime]:
    """(number, text) → when it last went there, of what went since then and may have arrived; of some
    thousand numbers at most.

    Not what a repeating mailing sent, which says the same again on purpose, nor a test or a trial.
    """
    last_try = (
        select(func.max(attempts.c.started_at))
        .where(attempts.c.message_id == messages.c.message_id)
        .scalar_subquery()
    )
    went_at = func.coalesce(messages.c.submitted_at, messages.c.first_accepted_at, last_try)
    rows = connection.execute(
        select(messages.c.msisdn, messages.c.text, went_at.label("at"))
        .outerjoin(series_runs, series_runs.c.mailing_id == messages.c.mailing_id)
        .where(
            messages.c.msisdn.in_(msisdns),
            messages.c.state.in_(_MAY_HAVE_ARRIVED),
            ~messages.c.probe,
            messages.c.trial_of.is_(None),
            series_runs.c.series_id.is_(None),
            went_at >= since_at,
        )
        .order_by(messages.c.message_id)
    )
    found: dict[tuple[str, str], datetime] = {}
    for msisdn, text, at in rows:
        known = found.get((msisdn, text))
        found[msisdn, text] = at if known is None else max(at, known)
    return found


def of_number(connection: Connection, msisdn: str) -> list[dict[str, Any]]:
    """Everything of one number in the order of time: {"at", "kind", "text", "state", "mailing_id",
    "mailing", "reason", "reason_params", "id"}; kind is sent, received, left_out,
    stop_added, stop_removed."""
    found: list[dict[str, Any]] = []
    names = select(mailings.c.name).where(mailings.c.mailing_id == messages.c.mailing_id).scalar_subquery()
    for row in connection.execute(
        select(messages, names.label("mailing")).where(messages.c.msisdn == msisdn)
    ):
        at = row.submitted_at or row.first_accepted_at or row.created_at
        found.append(
            _entry(
                at,
                "sent",
                text=row.text,
                state=row.state,
                mailing_id=row.mailing_id,
                mailing=row.mailing,
                reason=row.reason_code,
                reason_params=row.reason_params,
                id=row.message_id,
            )
        )
    for row in connection.execute(select(inbound).where(inbound.c.msisdn == msisdn)):
        found.append(_entry(row.received_at, "received", text=row.text, id=row.inbound_id))
    for row in connection.execute(
        select(left_out, mailings.c.name, mailings.c.started_at, mailings.c.created_at)
        .join(mailings, mailings.c.mailing_id == left_out.c.mailing_id)
        .where(left_out.c.msisdn == msisdn)
    ):
        found.append(
            _entry(
                row.started_at or row.created_at,
                "left_out",
                mailing_id=row.mailing_id,
                mailing=row.name,
                reason=row.reason_code,
                reason_params=row.reason_params,
            )
        )
    stops = connection.execute(
        select(events).where(events.c.kind == "stop", events.c.reason_params == {"number": msisdn})
    ).all()
    for row in stops:
        kind = "stop_removed" if row.reason_code == "stop_removed" else "stop_added"
        found.append(_entry(row.at, kind, id=row.event_id))
    entry = connection.execute(select(stop_list).where(stop_list.c.msisdn == msisdn)).one_or_none()
    if entry is not None and not any(
        one["kind"] == "stop_added" and one["at"] >= entry.created_at for one in found
    ):
        # an import tells its numbers in one event
        found.append(_entry(entry.created_at, "stop_added", text=entry.note))
    found.sort(key=lambda one: one["at"])
    return found


def _entry(at: datetime, kind: str, **known: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("text", "state", "mailing_id", "mailing", "reason", "reason_params", "id"), None)
    return {"at": at, "kind": kind, **empty, **known}
