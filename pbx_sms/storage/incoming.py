"""Inbound SMS: stored once, joined, a stop word obeyed, all in the commit after which the SIM's copy goes.

A part is told from its twin (the same record read again after a lost delete) by the hash of SIM and TPDU.
Parts of a concatenated message wait here for the others; what is still missing after a day is shown as it
is, with the number of missing parts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pbx_sms.core import tpdu
from pbx_sms.core.msisdn import Accepted
from pbx_sms.core.stop_words import Judgement
from pbx_sms.core.tpdu import Deliver, Undecodable
from pbx_sms.storage import answered, groups, keep_alive, notifications, stopping
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.incoming_rules import IncomingRules
from pbx_sms.storage.schema import inbound, inbound_parts

#: how long the parts of one message may lie apart before they are taken for another's
_JOIN_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    #: of the whole message; None while parts are missing, or for a record seen before
    inbound_id: int | None
    is_stop: bool = False
    suppressed: int = 0


def store(
    connection: Connection,
    sim_id: int,
    imsi: str,
    message: Deliver | Undecodable,
    pdu: str,
    now: datetime,
    rules: IncomingRules,
    new_events: list[NewEvent],
) -> Stored:
    """Stores one inbound TPDU. A message that demands to stop puts its number on the stop list, what is
    queued for the number becomes suppressed, and its one confirmation is queued, before this returns."""
    if isinstance(message, Undecodable) and message.is_empty_slot:
        return Stored(inbound_id=None)
    fingerprint = hashlib.sha256(f"{imsi} {pdu.upper()}".encode()).hexdigest()
    seen = select(inbound_parts.c.inbound_part_id).where(inbound_parts.c.fingerprint == fingerprint)
    if connection.execute(seen).scalar_one_or_none() is not None:
        return Stored(inbound_id=None)
    stored = _store_new(connection, sim_id, fingerprint, message, pdu, now, rules, new_events)
    # last: what a stop ended is locked before the SIM, as at an intent
    keep_alive.sim_used(connection, sim_id, now)
    return stored


def _store_new(
    connection: Connection,
    sim_id: int,
    fingerprint: str,
    message: Deliver | Undecodable,
    pdu: str,
    now: datetime,
    rules: IncomingRules,
    new_events: list[NewEvent],
) -> Stored:
    concat = message.concat if isinstance(message, Deliver) else None
    key = connection.execute(
        insert(inbound_parts).values(
            fingerprint=fingerprint,
            sim_id=sim_id,
            sender=message.sender if isinstance(message, Deliver) else None,
            concat_reference=concat.reference if concat else None,
            concat_bits=concat.bits if concat else None,
            concat_total=concat.total if concat else None,
            concat_number=concat.number if concat else None,
            pdu=pdu,
            received_at=now,
        )
    ).inserted_primary_key
    assert key is not None
    if isinstance(message, Undecodable):
        # kept as it came: a person may want to know that something unreadable arrived
        return _finish(
            connection, sim_id, "", None, pdu, None, [key[0]], 0, now, rules, new_events, is_read=False
        )
    if concat is None or concat.total <= 1:
        text = _text_of(message)
        return _finish(
            connection,
            sim_id,
            message.sender or "",
            _msisdn(message, rules),
            text,
            message.service_at,
            [key[0]],
            0,
            now,
            rules,
            new_events,
            is_read=not message.is_binary,
        )
    return _join(connection, sim_id, message, now, rules, new_events)


def _text_of(message: Deliver) -> str:
    return message.data.hex().upper() if message.is_binary else message.text


def _msisdn(message: Deliver, rules: IncomingRules) -> str | None:
    """The sender as a number that can be answered and stopped, None for a name or a short code. Some networks
    give a subscriber's number as it is dialled at home."""
    sender = message.sender or ""
    if message.sender_is_alphanumeric:
        return None
    if sender.startswith("+"):
        return sender
    found = rules.normalizer.normalize(sender)
    return found.msisdn if isinstance(found, Accepted) and found.second is None else None


def _join(
    connection: Connection,
    sim_id: int,
    message: Deliver,
    now: datetime,
    rules: IncomingRules,
    new_events: list[NewEvent],
) -> Stored:
    concat = message.concat
    assert concat is not None
    waiting = connection.execute(
        select(inbound_parts)
        .where(
            inbound_parts.c.sim_id == sim_id,
            inbound_parts.c.sender == message.sender,
            inbound_parts.c.concat_reference == concat.reference,
            inbound_parts.c.concat_bits == concat.bits,
            inbound_parts.c.concat_total == concat.total,
            inbound_parts.c.inbound_id.is_(None),
            inbound_parts.c.received_at > now - _JOIN_WITHIN,
        )
        .order_by(inbound_parts.c.inbound_part_id)
    ).all()
    newest = {row.concat_number: row for row in waiting if 1 <= row.concat_number <= concat.total}
    if len(newest) < concat.total:
        return Stored(inbound_id=None)
    chosen = {number: _decoded(newest[number]) for number in sorted(newest)}
    # the same content again is a repeat of the network; another content is another message's, and waits on
    used = [
        row.inbound_part_id
        for row in waiting
        if row is newest.get(row.concat_number)
        or (row.concat_number in chosen and _decoded(row).data == chosen[row.concat_number].data)
    ]
    ordered = list(chosen.values())
    return _finish(
        connection,
        sim_id,
        message.sender or "",
        _msisdn(message, rules),
        tpdu.join(ordered),
        ordered[0].service_at,
        used,
        0,
        now,
        rules,
        new_events,
    )


def _decoded(row: Any) -> Deliver:
    decoded = tpdu.decode(row.pdu)
    assert isinstance(decoded, Deliver), "only what was read as a part waits for others"
    return decoded


def _finish(
    connection: Connection,
    sim_id: int,
    sender: str,
    msisdn: str | None,
    text: str,
    sent_at: datetime | None,
    part_ids: list[int],
    missing_parts: int,
    now: datetime,
    rules: IncomingRules,
    new_events: list[NewEvent],
    *,
    is_read: bool = True,
) -> Stored:
    """`is_read`: the text is a person's; nothing is read out of data and torsos."""
    judged: Judgement | None = None
    if msisdn is not None and is_read and not missing_parts:
        judged = rules.stop_words.judge(text)
    is_stop = judged is not None and judged.is_stop
    answers = answered.newest(connection, msisdn, sim_id) if msisdn is not None else None
    key = connection.execute(
        insert(inbound).values(
            sim_id=sim_id,
            sender=sender,
            msisdn=msisdn,
            text=text,
            sent_at=sent_at,
            received_at=now,
            missing_parts=missing_parts,
            is_stop=is_stop,
            message_id=answers.message_id if answers else None,
            mailing_id=answers.mailing_id if answers else None,
            # a stop is obeyed here: nobody has to answer it
            state="done" if is_stop else "open",
            done_at=now if is_stop else None,
        )
    ).inserted_primary_key
    assert key is not None
    inbound_id = int(key[0])
    connection.execute(
        update(inbound_parts)
        .where(inbound_parts.c.inbound_part_id.in_(part_ids))
        .values(inbound_id=inbound_id)
    )
    suppressed = 0
    if is_stop and msisdn is not None and judged is not None:
        demand = stopping.Demand(
            msisdn=msisdn,
            text=text,
            rule=judged.rule,
            inbound_id=inbound_id,
            sim_id=sim_id,
            # a service centre whose clock is ahead says nothing about when the person asked
            asked_at=sent_at if sent_at is not None and sent_at < now else now,
        )
        suppressed = stopping.obey(connection, demand, now, rules, new_events)
    elif msisdn is not None:
        groups.join_by_keyword(connection, msisdn, text, now)
    notifications.tell(connection, rules.told, inbound_id, is_stop=is_stop, now=now)
    new_events.append(NewEvent(at=now, kind="inbound", sim_id=sim_id, inbound_id=inbound_id))
    return Stored(inbound_id=inbound_id, is_stop=is_stop, suppressed=suppressed)


def close_incomplete(
    connection: Connection, now: datetime, rules: IncomingRules, new_events: list[NewEvent]
) -> int:
    """Shows messages of which parts never came. Returns how many."""
    old = connection.execute(
        select(inbound_parts)
        .where(inbound_parts.c.inbound_id.is_(None), inbound_parts.c.received_at <= now - _JOIN_WITHIN)
        .order_by(inbound_parts.c.inbound_part_id)
    ).all()
    groups: dict[tuple[Any, ...], list[dict[int, Any]]] = {}
    for row in old:
        key = (row.sim_id, row.sender, row.concat_reference, row.concat_bits, row.concat_total)
        incomplete = groups.setdefault(key, [{}])
        if row.concat_number in incomplete[-1]:
            # a number again: its sender used the reference for another message
            incomplete.append({})
        incomplete[-1][row.concat_number] = row
    closed = [rows for incomplete in groups.values() for rows in incomplete]
    for rows in closed:
        _close(connection, rows, now, rules, new_events)
    return len(closed)


def _close(
    connection: Connection,
    rows: dict[int, Any],
    now: datetime,
    rules: IncomingRules,
    new_events: list[NewEvent],
) -> None:
    parts = [_decoded(rows[number]) for number in sorted(rows)]
    first = parts[0]
    total = first.concat.total if first.concat else len(parts)
    _finish(
        connection,
        next(iter(rows.values())).sim_id,
        first.sender or "",
        _msisdn(first, rules),
        tpdu.join(parts),
        first.service_at,
        [row.inbound_part_id for row in rows.values()],
        max(0, total - len(parts)),
        now,
        rules,
        new_events,
        is_read=False,
    )
