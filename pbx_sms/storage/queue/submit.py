"""The intent: everything that must hold is checked, and the quota reserved, before the first byte.

The rows of a message are the parts that the SIM's modem makes of its text: they are made so here, before they
are counted. The whole message's quota is taken with its first part, so that a limit never stops it half-way.
It stays reserved while a begun message waits for its next try, and is given back with the message's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from pbx_sms.core import quota
from pbx_sms.core.message import MessageState, PartState
from pbx_sms.core.reason import Reason
from pbx_sms.storage import usage
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import cut, permission
from pbx_sms.storage.queue.intent import Begun, Denied, Granted
from pbx_sms.storage.queue.locking import sims_in_order
from pbx_sms.storage.schema import attempts, messages, parts, sims
from pbx_sms.storage.schema.types import FAR_FUTURE

#: how soon a quota is looked at again that an unsettled part of the same SIM takes up
_UNSETTLED_S = 5.0

_UNDER_WAY = (
    select(parts.c.part)
    .where(parts.c.message_id == bindparam("message_id"), parts.c.state == PartState.SUBMITTING)
    .limit(1)
)
_OPEN_PARTS = (
    select(parts.c.part)
    .where(
        parts.c.message_id == bindparam("message_id"),
        parts.c.state.in_((PartState.PENDING, PartState.REFUSED)),
    )
    .order_by(parts.c.part)
)
_RESERVED = select(attempts.c.part, attempts.c.attempt_id).where(
    attempts.c.message_id == bindparam("message_id"),
    attempts.c.sim_id == bindparam("sim_id"),
    attempts.c.kind.is_(None),
    attempts.c.started_at.is_(None),
)
_MARK_MESSAGE = (
    update(messages)
    .where(
        messages.c.message_id == bindparam("b_message_id"),
        messages.c.state.in_((MessageState.LEASED, MessageState.SUBMITTING)),
    )
    .values(
        state=MessageState.SUBMITTING,
        sim_id=bindparam("b_sim_id"),
        concat_reference=bindparam("b_concat_reference"),
        attempt_count=bindparam("b_attempt_count"),
        lease_until_at=bindparam("b_until_at"),
        reason_code=None,
        reason_params=None,
        not_before_at=None,
    )
)
_MARK_PART = (
    update(parts)
    .where(parts.c.message_id == bindparam("b_message_id"), parts.c.part == bindparam("b_part"))
    .values(state=PartState.SUBMITTING, sim_id=bindparam("b_sim_id"))
)
_MARK_SIM = (
    update(sims).where(sims.c.sim_id == bindparam("b_sim_id")).values(last_submit_at=bindparam("b_now"))
)
_RESERVE = insert(attempts)
_START_ATTEMPT = (
    update(attempts)
    .where(attempts.c.attempt_id == bindparam("b_attempt_id"))
    .values(started_at=bindparam("b_now"))
)
_NEWEST_REFERENCE = (
    select(messages.c.concat_reference)
    .where(messages.c.msisdn == bindparam("msisdn"), messages.c.concat_reference.is_not(None))
    .order_by(messages.c.message_id.desc())
    .limit(1)
)


def begin_submit(
    connection: Connection, begun: Begun, now: datetime, new_events: list[NewEvent]
) -> Granted | Denied:
    """Checks everything once more and writes the intent to submit the next part of a leased message.

    Denied when the stop list, a cancelled or paused mailing, its age or the quota forbids it; the message
    is then already in the state that follows.
    """
    row = permission.look(connection, begun)
    if row is None or _is_under_way(connection, begun, row):
        return Denied(state=None)
    is_begun = row.first_accepted_at is not None
    denied = permission.forbidden(connection, begun, row, is_begun, now, new_events)
    if denied is not None:
        return denied
    part_count = row.part_count
    if begun.cutting is not None and not is_begun:
        part_count = begun.cutting.part_count(row.text)
        if part_count != row.part_count:
            cut.cut_anew(connection, begun.message_id, row.mailing_id, row.part_count, part_count)
    open_parts: Sequence[int] = (
        (1,)
        if part_count == 1
        else tuple(connection.execute(_OPEN_PARTS, {"message_id": begun.message_id}).scalars())
    )
    uses_reserve = row.rank > 0
    reserved: dict[int, int] = {}
    if part_count > 1:
        reserved = {
            reservation.part: reservation.attempt_id
            for reservation in connection.execute(
                _RESERVED, {"message_id": begun.message_id, "sim_id": begun.sim_id}
            )
        }
    missing = [part for part in open_parts if part not in reserved]
    if missing:
        # two engines that believe to hold one SIM must count one after the other
        sims_in_order(connection, [begun.sim_id])
        short = usage.shortage(
            connection,
            begun.sim_id,
            len(missing),
            quota.windows(
                begun.limits,
                now,
                begun.zone,
                first_seen_at=begun.sim_first_seen_at,
                uses_reserve=uses_reserve,
            ),
            now,
            unsettled_s=_UNSETTLED_S,
        ) or usage.recipients_shortage(
            connection, begun.sim_id, row.msisdn, begun.limits, now, begun.zone, unsettled_s=_UNSETTLED_S
        )
        if short is not None:
            return permission.not_now(connection, begun, row, short, now, new_events)
    numbers = tuple(open_parts) if begun.whole_message else tuple(open_parts[:1])
    reserved |= _reserve(connection, begun, row, missing, numbers, uses_reserve, now)
    for part in numbers:
        if part not in missing:
            connection.execute(_START_ATTEMPT, {"b_attempt_id": reserved[part], "b_now": now})
    concat_reference = row.concat_reference
    if part_count > 1 and concat_reference is None:
        # a counter for each recipient: what one telephone joins must not share a reference within hours
        newest = connection.execute(_NEWEST_REFERENCE, {"msisdn": row.msisdn}).scalar_one_or_none()
        concat_reference = (begun.message_id if newest is None else newest + 1) % 256
    # a further part of the same try is no try of its own
    attempt_count = row.attempt_count + (1 if row.state == MessageState.LEASED else 0)
    connection.execute(
        _MARK_MESSAGE,
        {
            "b_message_id": begun.message_id,
            "b_sim_id": begun.sim_id,
            "b_concat_reference": concat_reference,
            "b_attempt_count": attempt_count,
            "b_until_at": begun.until_at,
        },
    )
    connection.execute(
        _MARK_PART,
        [{"b_message_id": begun.message_id, "b_part": part, "b_sim_id": begun.sim_id} for part in numbers],
    )
    connection.execute(_MARK_SIM, {"b_sim_id": begun.sim_id, "b_now": now})
    if row.state == MessageState.LEASED:
        new_events.append(
            NewEvent(
                at=now,
                kind="message",
                state=MessageState.SUBMITTING,
                mailing_id=row.mailing_id,
                message_id=begun.message_id,
                part=numbers[0],
                sim_id=begun.sim_id,
                parts_submitted=numbers[0] - 1,
                reason=_why_this_sim(connection, begun, row),
            )
        )
    return Granted(
        message_id=begun.message_id,
        mailing_id=row.mailing_id,
        msisdn=row.msisdn,
        text=row.text,
        part_count=part_count,
        part_numbers=numbers,
        attempt_ids=tuple(reserved[part] for part in numbers),
        concat_reference=concat_reference,
        wants_report=row.wants_report,
        attempt_count=attempt_count,
        uses_reserve=uses_reserve,
        reserved=len(missing),
        probe=row.probe,
    )


def _why_this_sim(connection: Connection, begun: Begun, row: Any) -> Reason | None:
    """The rule that chose the SIM; or that another SIM was refused it before: nothing goes another way
    silently."""
    if row.sim_id is None or row.sim_id == begun.sim_id:
        return begun.why_this_sim
    imsi = connection.execute(select(sims.c.imsi).where(sims.c.sim_id == row.sim_id)).scalar_one()
    return Reason("rerouted", {"from_sim": imsi})


def _is_under_way(connection: Connection, begun: Begun, row: Any) -> bool:
    """Whether this message is being submitted already: an agent that let its lease run out may hold it
    twice, and an order whose commit got lost on the way back is given again."""
    if row.state != MessageState.SUBMITTING:
        return False
    if row.part_count == 1 or row.sim_id != begun.sim_id:
        return True
    return connection.execute(_UNDER_WAY, {"message_id": begun.message_id}).first() is not None


def _reserve(
    connection: Connection,
    begun: Begun,
    row: Any,
    missing: Sequence[int],
    starting: Sequence[int],
    uses_reserve: bool,
    now: datetime,
) -> dict[int, int]:
    """Writes an attempt for each part that has none yet; returns part → attempt."""
    reserved: dict[int, int] = {}
    for part in missing:
        result = connection.execute(
            _RESERVE,
            {
                "message_id": begun.message_id,
                "part": part,
                "sim_id": begun.sim_id,
                "msisdn": row.msisdn,
                "started_at": now if part in starting else None,
                "counted_at": FAR_FUTURE,
                "uses_reserve": uses_reserve,
            },
        )
        assert result.inserted_primary_key is not None
        reserved[part] = result.inserted_primary_key[0]
    return reserved
