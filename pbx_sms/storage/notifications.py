"""What is to be told by e-mail or web-hook: written in the commit of what happened, delivered later.

A row is *waiting* until a server took it (*delivered*) or nobody tries any more (*failed*). Whoever delivers
one claims it first by moving its `next_at`, so that several engines do not tell the same twice; one that dies
meanwhile leaves it to the next: at least once, with the row's id for whoever minds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pbx_sms.core.reason import Reason
from pbx_sms.storage.schema import inbound, mailings, notifications, sims

#: numbers that one notification names; more are counted
STOPS_NAMED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    notification_id: int
    #: email | webhook
    channel: str
    #: inbound | stop | test
    kind: str
    inbound_id: int | None
    content: dict[str, Any]
    #: waiting | delivered | failed
    state: str
    attempt_count: int
    next_at: datetime
    created_at: datetime
    delivered_at: datetime | None
    reason_code: str | None
    reason_params: dict[str, Any] | None


def tell(
    connection: Connection,
    told: Collection[tuple[str, str]],
    inbound_id: int,
    *,
    is_stop: bool,
    now: datetime,
) -> None:
    """Writes down that a message came in, once for each channel that wants to know."""
    channels = sorted({channel for channel, _ in told})
    kinds = {channel: "stop" if is_stop and (channel, "stop") in told else "inbound" for channel in channels}
    wanted = [channel for channel in channels if (channel, kinds[channel]) in told]
    if wanted:
        content = _content(connection, inbound_id)
        for channel in wanted:
            add(connection, channel, kinds[channel], content, now, inbound_id=inbound_id)


def tell_stops(
    connection: Connection,
    channels: Collection[str],
    msisdns: Sequence[str],
    *,
    source: str,
    note: str | None,
    by: str | None,
    now: datetime,
) -> None:
    """Writes down that numbers came onto the stop list otherwise than by SMS, once for each channel, however
    many they are; the first `STOPS_NAMED` are named.

    The keys of a stop by SMS stand in it too, so that a program reads both alike.
    """
    content = {
        "inbound_id": None,
        "received_at": now.isoformat(),
        "sender": by,
        "number": msisdns[0] if len(msisdns) == 1 else None,
        "text": note or "",
        "sim": None,
        "sim_label": None,
        "message_id": None,
        "mailing_id": None,
        "mailing": None,
        "source": source,
        "count": len(msisdns),
        "numbers": list(msisdns[:STOPS_NAMED]),
    }
    for channel in sorted(channels):
        add(connection, channel, "stop", content, now)


def _content(connection: Connection, inbound_id: int) -> dict[str, Any]:
    row = connection.execute(
        select(
            inbound.c.sender,
            inbound.c.msisdn,
            inbound.c.text,
            inbound.c.received_at,
            inbound.c.message_id,
            inbound.c.mailing_id,
            mailings.c.name.label("mailing"),
            sims.c.imsi.label("sim"),
            sims.c.label.label("sim_label"),
        )
        .select_from(
            inbound.outerjoin(sims, sims.c.sim_id == inbound.c.sim_id).outerjoin(
                mailings, mailings.c.mailing_id == inbound.c.mailing_id
            )
        )
        .where(inbound.c.inbound_id == inbound_id)
    ).one()
    return {
        "inbound_id": inbound_id,
        "received_at": row.received_at.isoformat(),
        "sender": row.sender,
        "number": row.msisdn,
        "text": row.text,
        "sim": row.sim,
        "sim_label": row.sim_label,
        "message_id": row.message_id,
        "mailing_id": row.mailing_id,
        "mailing": row.mailing,
    }


def add(
    connection: Connection,
    channel: str,
    kind: str,
    content: dict[str, Any],
    now: datetime,
    *,
    inbound_id: int | None = None,
) -> int:
    key = connection.execute(
        insert(notifications).values(
            channel=channel,
            kind=kind,
            content=content,
            inbound_id=inbound_id,
            state="waiting",
            next_at=now,
            created_at=now,
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def due(connection: Connection, now: datetime, channels: Sequence[str], *, limit: int) -> list[int]:
    """Those whose time has come, the longest waiting first."""
    found = (
        select(notifications.c.notification_id)
        .where(
            notifications.c.state == "waiting",
            notifications.c.next_at <= now,
            notifications.c.channel.in_(tuple(channels)),
        )
        .order_by(notifications.c.next_at, notifications.c.notification_id)
        .limit(limit)
    )
    return list(connection.execute(found).scalars())


def claim(
    connection: Connection, notification_id: int, now: datetime, until_at: datetime
) -> NotificationRow | None:
    """Takes one for delivery until `until_at`; None when another was quicker."""
    row = connection.execute(
        update(notifications)
        .where(
            notifications.c.notification_id == notification_id,
            notifications.c.state == "waiting",
            notifications.c.next_at <= now,
        )
        .values(next_at=until_at, attempt_count=notifications.c.attempt_count + 1)
        .returning(*notifications.c)
    ).one_or_none()
    return None if row is None else NotificationRow(**row._mapping)


def delivered(connection: Connection, notification_id: int, now: datetime) -> None:
    connection.execute(
        update(notifications)
        .where(notifications.c.notification_id == notification_id, notifications.c.state != "delivered")
        .values(state="delivered", delivered_at=now, next_at=now, reason_code=None, reason_params=None)
    )


def not_delivered(
    connection: Connection, notification_id: int, reason: Reason, now: datetime, retry_s: float | None
) -> None:
    """The last try came to nothing; the next one follows after `retry_s`, None: there is none."""
    connection.execute(
        update(notifications)
        .where(notifications.c.notification_id == notification_id, notifications.c.state == "waiting")
        .values(
            state="waiting" if retry_s is not None else "failed",
            next_at=now + timedelta(seconds=retry_s or 0),
            reason_code=reason.code,
            reason_params=dict(reason.params),
        )
    )


def unclaim(connection: Connection, notification_id: int, now: datetime) -> None:
    """Gives one back that was claimed and not tried."""
    connection.execute(
        update(notifications)
        .where(notifications.c.notification_id == notification_id, notifications.c.state == "waiting")
        .values(next_at=now, attempt_count=notifications.c.attempt_count - 1)
    )


def again(connection: Connection, notification_id: int, now: datetime) -> bool:
    """A person wants it tried now, with all tries before it. False for one that was delivered."""
    return (
        connection.execute(
            update(notifications)
            .where(
                notifications.c.notification_id == notification_id,
                notifications.c.state.in_(("waiting", "failed")),
            )
            .values(state="waiting", next_at=now, attempt_count=0)
        ).rowcount
        == 1
    )


def by_id(connection: Connection, notification_id: int) -> NotificationRow | None:
    found = select(notifications).where(notifications.c.notification_id == notification_id)
    row = connection.execute(found).one_or_none()
    return None if row is None else NotificationRow(**row._mapping)


def newest(connection: Connection, *, state: str | None = None, limit: int = 50) -> list[NotificationRow]:
    found = select(notifications).order_by(notifications.c.notification_id.desc()).limit(limit)
    if state is not None:
        found = found.where(notifications.c.state == state)
    return [NotificationRow(**row._mapping) for row in connection.execute(found)]
