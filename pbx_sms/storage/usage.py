"""What the quotas of a SIM are counted from: its attempts. Read inside the transaction that reserves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, select

from pbx_sms.core import quota
from pbx_sms.core.quota import SimLimits, Usage, Window
from pbx_sms.core.reason import Reason
from pbx_sms.storage.schema import attempts
from pbx_sms.storage.schema.types import FAR_FUTURE

_NEWEST = (
    select(attempts.c.counted_at)
    .where(attempts.c.sim_id == bindparam("sim_id"), attempts.c.counted_at.is_not(None))
    .order_by(attempts.c.counted_at.desc())
    .limit(1)
    .offset(bindparam("offset"))
)
_NEWEST_ORDINARY = _NEWEST.where(attempts.c.uses_reserve.is_(False))
_COUNT = select(func.count()).where(
    attempts.c.sim_id == bindparam("sim_id"), attempts.c.counted_at > bindparam("since_at")
)
_COUNT_ORDINARY = _COUNT.where(attempts.c.uses_reserve.is_(False))
_NEWEST_OF_RECIPIENT = func.max(attempts.c.counted_at)
#: when the SIM last wrote to each of its recipients, the longest ago first
_RECIPIENTS = (
    select(_NEWEST_OF_RECIPIENT)
    .where(attempts.c.sim_id == bindparam("sim_id"), attempts.c.counted_at > bindparam("since_at"))
    .group_by(attempts.c.msisdn)
    .order_by(_NEWEST_OF_RECIPIENT)
)
_WRITTEN_TO = (
    select(attempts.c.attempt_id)
    .where(
        attempts.c.sim_id == bindparam("sim_id"),
        attempts.c.counted_at > bindparam("since_at"),
        attempts.c.msisdn == bindparam("msisdn"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """What forbids the parts now, and when they fit; `until_at` None when they never do."""

    reason: Reason
    until_at: datetime | None


def shortage(
    connection: Connection,
    sim_id: int,
    part_count: int,
    windows: Iterable[Window],
    now: datetime,
    *,
    unsettled_s: float,
) -> Shortage | None:
    """The window that holds the parts up the longest, or None when all of them have room.

    A part that is not settled yet counts in every window; it is looked at again after `unsettled_s`.
    """
    worst: Shortage | None = None
    for window in windows:
        reason_params = {"rule": str(window.rule), "max_parts": window.max_parts, "parts": part_count}
        if part_count > window.max_parts:
            return Shortage(reason=Reason("quota_never", reason_params), until_at=None)
        # the parts fit once this one has left the window
        statement = _NEWEST_ORDINARY if window.ordinary_only else _NEWEST
        blocking_at = connection.execute(
            statement, {"sim_id": sim_id, "offset": window.blocking_place(part_count)}
        ).scalar_one_or_none()
        if blocking_at is None or blocking_at <= window.since_at:
            continue
        if blocking_at >= FAR_FUTURE:
            until_at = now + timedelta(seconds=unsettled_s)
        else:
            until_at = window.free_at(blocking_at)
        if worst is None or worst.until_at is None or until_at > worst.until_at:
            reason = Reason(
                f"quota_{window.rule}", {"max_parts": window.max_parts, "until": until_at.isoformat()}
            )
            worst = Shortage(reason=reason, until_at=until_at)
    return worst


def recipients_shortage(
    connection: Connection,
    sim_id: int,
    msisdn: str,
    limits: SimLimits,
    now: datetime,
    zone: ZoneInfo,
    *,
    unsettled_s: float,
) -> Shortage | None:
    """Whether a new recipient would pass the SIM's limit of distinct recipients in the month."""
    if not limits.recipients_per_month:
        return None
    month = quota.month_window(limits, now, zone)
    where = {"sim_id": sim_id, "since_at": month.since_at}
    if connection.execute(_WRITTEN_TO, where | {"msisdn": msisdn}).scalar_one_or_none() is not None:
        return None
    newest_at = connection.execute(_RECIPIENTS, where).scalars().all()
    if len(newest_at) < limits.recipients_per_month:
        return None
    # there is room for a new one when so many have left the month that one less than the limit is there
    leaves_last_at = newest_at[len(newest_at) - limits.recipients_per_month]
    if leaves_last_at >= FAR_FUTURE:
        until_at = now + timedelta(seconds=unsettled_s)
    else:
        until_at = month.free_at(leaves_last_at)
    reason = Reason("quota_recipients", {"max": limits.recipients_per_month, "until": until_at.isoformat()})
    return Shortage(reason=reason, until_at=until_at)


def usage(connection: Connection, sim_id: int, limits: SimLimits, now: datetime, zone: ZoneInfo) -> Usage:
    """Parts that count now, reserved ones included."""

    def count(since_at: datetime, *, ordinary: bool = False) -> int:
        statement = _COUNT_ORDINARY if ordinary else _COUNT
        return int(connection.execute(statement, {"sim_id": sim_id, "since_at": since_at}).scalar_one())

    return Usage(
        hour=count(now - quota.HOUR),
        day=count(now - quota.DAY),
        ordinary_day=count(now - quota.DAY, ordinary=True),
        month=count(quota.month_window(limits, now, zone).since_at),
    )
