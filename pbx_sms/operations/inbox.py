"""What came in: reading it, answering it, and who looks after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from pbx_sms.config import Settings
from pbx_sms.core.mailing import RANK, MailingKind
from pbx_sms.core.msisdn import Accepted, Normalizer
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.audit import order
from pbx_sms.operations.messages import checked_key, measured, queue_message
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import inbox, messages, stop_list, users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.inbox import InboundRow, Mark
from pbx_sms.storage.messages import MessageRow
from pbx_sms.storage.queue import NewMessage

#: of each direction of a conversation
_THREAD = 200


def read(
    database: Database,
    settings: Settings,
    *,
    limit: int = 50,
    since_at: datetime | None = None,
    before_id: int | None = None,
    number: str | None = None,
    mailing_id: int | None = None,
    assigned_to: str | None = None,
    is_open: bool = False,
) -> list[dict[str, Any]]:
    """The inbound messages, newest first; of one sender, in answer to one mailing, of one user, open ones.

    [{"inbound_id", "received_at", "sent_at", "sim", "sim_label", "sender", "number", "text",
    "missing_parts", "is_stop", "message_id", "mailing_id", "mailing", "state", "assigned_to", "done_at",
    "done_by"}]; `sender` is a number or a name, `number` only a number; `message_id` and `mailing_id` tell
    our newest message to that number before it.
    """
    with database.read() as connection:
        rows = inbox.newest(
            connection,
            limit=limit,
            since_at=since_at,
            before_id=before_id,
            sender=None if number is None else _sender(settings, number),
            mailing_id=mailing_id,
            assigned_to=assigned_to,
            is_open=is_open,
        )
    return [_shown(settings, row) for row in rows]


def open_count(database: Database) -> int:
    """How many messages wait for somebody."""
    with database.read() as connection:
        return inbox.open_count(connection)


def show(database: Database, settings: Settings, inbound_id: int) -> dict[str, Any]:
    """The message as `read` shows it, with "reason" (why it cannot be answered) and "thread": what went to
    and fro with its sender, from the oldest on: [{"direction" (in | out), "at", "text", "state", "sim",
    "sim_label", "is_stop", "reason", "reason_params", "inbound_id"?, "message_id"?, "mailing_id",
    "marks"?}]; and "marks", as each that came in has them: who marked it and when, [{"at", "mark" (assigned |
    unassigned | done | reopened), "user", "by", "reason", "reason_params"}]. Refused: no_such_inbound."""
    with database.read() as connection:
        row = _existing(inbox.by_id(connection, inbound_id), inbound_id)
        received = inbox.newest(connection, limit=_THREAD, sender=row.msisdn or row.sender)
        sent = messages.of_number(connection, row.msisdn, limit=_THREAD) if row.msisdn else []
        marks = inbox.marks_of(connection, {inbound_id, *(one.inbound_id for one in received)})
        stopped = row.msisdn is not None and stop_list.is_listed(connection, row.msisdn)
    refused = "reply_needs_number" if row.msisdn is None else "number_stopped" if stopped else None
    thread = [_received(settings, one, marks.get(one.inbound_id, ())) for one in received] + [
        _sent(settings, one) for one in sent
    ]
    return _shown(settings, row) | {
        "reason": refused,
        "reason_params": {"sender": row.sender, "number": row.msisdn},
        "marks": _marks(marks.get(inbound_id, ())),
        "thread": sorted(thread, key=lambda one: one["at"]),
    }


@order("inbox.reply", "inbound_id", "text", "done", once_told=True)
def reply(
    database: Database,
    settings: Settings,
    inbound_id: int,
    text: str,
    *,
    key: str | None = None,
    by: str | None = None,
    done: bool = False,
) -> dict[str, Any]:
    """{"message_id", "state", "parts", "duplicate"}: answers through the SIM that was written to, and no
    other. With `done` the message is marked so; `key` makes a repeat harmless.

    Refused: no_such_inbound, reply_needs_number for a name or a short code, number_stopped, and the codes of
    the text.
    """
    measure = measured(settings, text)
    checked_key(key)
    with database.read() as connection:
        row = _existing(inbox.by_id(connection, inbound_id), inbound_id)
    if row.msisdn is None:
        raise Refused("reply_needs_number", sender=row.sender)
    new = NewMessage(
        msisdn=row.msisdn,
        text=text,
        encoding=str(measure.encoding),
        part_count=measure.parts,
        rank=RANK[MailingKind.SERVICE],
        wants_report=settings.sending.delivery_reports,
        request_key=key,
        bound_sim_id=row.sim_id,
    )
    try:
        answer = queue_message(database, settings, MailingKind.SERVICE, new)
    except IntegrityError:
        if key is None:
            raise
        # another process was quicker with the same key: now its message is there to be found
        answer = queue_message(database, settings, MailingKind.SERVICE, new)
    if done:
        with database.begin() as connection:
            inbox.done(connection, inbound_id, by, database.now())
    database.wake()
    return answer


@order("inbox.assign", "inbound_id", "user")
def assign(
    database: Database, settings: Settings, inbound_id: int, user: str | None, *, by: str | None = None
) -> dict[str, Any]:
    """The message as `read` shows it: `user` looks after it, None: nobody in particular. Refused:
    no_such_inbound, user_not_found."""
    name = user.strip().lower() if user else None
    with database.begin() as connection:
        if name is not None and users.by_name(connection, name) is None:
            raise NotFound("user_not_found", name=name)
        inbox.assign(connection, inbound_id, name, by, database.now())
        row = _existing(inbox.by_id(connection, inbound_id), inbound_id)
    database.wake()
    return _shown(settings, row)


@order("inbox.done", "inbound_id")
def mark_done(
    database: Database, settings: Settings, inbound_id: int, *, by: str | None = None
) -> dict[str, Any]:
    """The message as `read` shows it: nobody has to do anything any more. Refused: no_such_inbound,
    inbound_is_done."""
    with database.begin() as connection:
        changed = inbox.done(connection, inbound_id, by, database.now())
        row = _existing(inbox.by_id(connection, inbound_id), inbound_id)
        if not changed:
            raise Conflict("inbound_is_done", inbound_id=inbound_id)
    database.wake()
    return _shown(settings, row)


@order("inbox.reopen", "inbound_id")
def reopen(
    database: Database, settings: Settings, inbound_id: int, *, by: str | None = None
) -> dict[str, Any]:
    """The message as `read` shows it: it waits for somebody again. Refused: no_such_inbound,
    inbound_is_open."""
    with database.begin() as connection:
        changed = inbox.reopen(connection, inbound_id, by, database.now())
        row = _existing(inbox.by_id(connection, inbound_id), inbound_id)
        if not changed:
            raise Conflict("inbound_is_open", inbound_id=inbound_id)
    database.wake()
    return _shown(settings, row)


def _sender(settings: Settings, number: str) -> str:
    """A number however it is typed; a name or a short code stays as it is."""
    found = Normalizer(settings.sending.country).normalize(number)
    return found.msisdn if isinstance(found, Accepted) else number.strip()


def _existing(row: InboundRow | None, inbound_id: int) -> InboundRow:
    if row is None:
        raise NotFound("no_such_inbound", inbound_id=inbound_id)
    return row


def _shown(settings: Settings, row: InboundRow) -> dict[str, Any]:
    return {
        "inbound_id": row.inbound_id,
        "received_at": row.received_at,
        "sent_at": row.sent_at,
        "sim": row.sim,
        "sim_label": label_of(settings, row.sim, row.sim_label),
        "sender": row.sender,
        "number": row.msisdn,
        "text": row.text,
        "missing_parts": row.missing_parts,
        "is_stop": row.is_stop,
        "message_id": row.message_id,
        "mailing_id": row.mailing_id,
        "mailing": row.mailing,
        "state": row.state,
        "assigned_to": row.assigned_to,
        "done_at": row.done_at,
        "done_by": row.done_by,
    }


def _marks(marks: Iterable[Mark]) -> list[dict[str, Any]]:
    return [
        {
            "at": one.at,
            "mark": one.mark,
            "user": one.user,
            "by": one.by,
            "reason": one.reason.code,
            # a script without a user of its own
            "reason_params": {"user": one.user, "by": one.by or "—"},
        }
        for one in marks
    ]


def _received(settings: Settings, row: InboundRow, marks: Iterable[Mark]) -> dict[str, Any]:
    return {
        "direction": "in",
        "inbound_id": row.inbound_id,
        "mailing_id": row.mailing_id,
        "at": row.received_at,
        "text": row.text,
        "state": row.state,
        "is_stop": row.is_stop,
        "sim": row.sim,
        "sim_label": label_of(settings, row.sim, row.sim_label),
        "marks": _marks(marks),
        "reason": None,
        "reason_params": {},
    }


def _sent(settings: Settings, row: MessageRow) -> dict[str, Any]:
    return {
        "direction": "out",
        "message_id": row.message_id,
        "mailing_id": row.mailing_id,
        "at": row.submitted_at or row.created_at,
        "text": row.text,
        "state": str(row.state),
        "is_stop": False,
        "sim": row.sim,
        "sim_label": label_of(settings, row.sim, row.sim_label),
        "reason": row.reason,
        "reason_params": row.reason_params or {},
    }
