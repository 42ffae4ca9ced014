"""Single messages: sending one, looking at them, and deciding about one whose outcome is unknown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from pbx_sms.config import Settings
from pbx_sms.core import segments
from pbx_sms.core.cutting import most_parts, obstacle_in_all
from pbx_sms.core.mailing import RANK, MailingKind
from pbx_sms.core.message import OPEN_STATES, MessageState
from pbx_sms.core.msisdn import Normalizer, Rejected
from pbx_sms.core.rights import ANYBODY
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import permission
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.routing.choice import RouteChooser
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import agents, answered, devices, events, messages, queue, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.messages import MessageRow
from pbx_sms.storage.queue import NewMessage
from pbx_sms.storage.queue.decision import Decision

MAX_KEY_LENGTH = 128
_PAGE = 1_000
#: how long after its validity a delivery report may still come
REPORT_GRACE = timedelta(hours=1)


@order("message.send", "number", "kind", "text", once_told=True)
def send(
    database: Database,
    settings: Settings,
    *,
    number: str,
    text: str,
    kind: MailingKind = MailingKind.SERVICE,
    key: str | None = None,
) -> dict[str, Any]:
    """{"message_id", "state", "parts", "duplicate"}: one message of kind service or urgent is queued.

    A repeat with the same `key`, number and text queues nothing and is answered with the first message,
    also when both come at once. Refused: the number's own code, message_empty, message_too_long,
    message_unprintable, number_stopped, key_invalid, key_used.
    """
    if kind not in (MailingKind.SERVICE, MailingKind.URGENT):
        raise Refused("send_kind_invalid", kind=str(kind))
    permission.to_send(kind, ANYBODY)
    msisdn = normalized(settings, number)
    measure = measured(settings, text)
    checked_key(key)
    new = NewMessage(
        msisdn=msisdn,
        text=text,
        encoding=str(measure.encoding),
        part_count=measure.parts,
        rank=RANK[kind],
        wants_report=settings.sending.delivery_reports,
        request_key=key,
    )
    try:
        answer = queue_message(database, settings, kind, new)
    except IntegrityError:
        if key is None:
            raise
        # another process was quicker with the same key: now its message is there to be found
        answer = queue_message(database, settings, kind, new)
    database.wake()
    return answer


def list_messages(
    database: Database,
    settings: Settings,
    *,
    state: MessageState | None = None,
    mailing_id: int | None = None,
) -> Iterator[dict[str, Any]]:
    """{"message_id", "mailing_id", "row", "number", "state", "sim" (IMSI), "sim_label", "parts",
    "parts_submitted", "text", "reason", "reason_params", "submitted_at", "delivered_at"} by id, page by page.
    """
    after_id = 0
    while True:
        with database.read() as connection:
            page = messages.select_rows(
                connection, state=state, mailing_id=mailing_id, after_id=after_id, limit=_PAGE
            )
        yield from (shown(settings, row) for row in page)
        if len(page) < _PAGE:
            return
        after_id = page[-1].message_id


def show(database: Database, settings: Settings, message_id: int) -> dict[str, Any]:
    """As `list_messages`, and besides "created_at", "not_before_at", "expires_at", "request_key",
    "part_list", "attempts", "events": lists of what `storage.messages` calls PartRow, AttemptRow and
    MessageEvent; "replies": [{"inbound_id", "received_at", "text", "is_stop"}], what came in that may
    answer it. Refused: no_such_message."""
    with database.read() as connection:
        row = _existing(messages.by_id(connection, message_id), message_id)
        part_rows = messages.parts_of(connection, message_id)
        attempt_rows = messages.attempts_of(connection, message_id)
        event_rows = messages.events_of(connection, message_id)
        reply_rows = answered.replies_to(connection, message_id)
    return shown(settings, row) | {
        "created_at": row.created_at,
        "not_before_at": row.not_before_at,
        "expires_at": row.expires_at,
        "request_key": row.request_key,
        "part_list": [asdict(part) for part in part_rows],
        "attempts": [asdict(attempt) for attempt in attempt_rows],
        "events": [asdict(event) for event in event_rows],
        "replies": [asdict(reply) for reply in reply_rows],
    }


@order("message.resolve", "message_id", "decision")
def resolve(database: Database, settings: Settings, message_id: int, decision: Decision) -> dict[str, Any]:
    """{"message_id", "state"}: a person's word on a message whose outcome is unknown.

    Resending may reach the recipient a second time: that is why only a person may say so. Refused:
    no_such_message, message_not_unknown.
    """
    if decision is Decision.RESEND:
        permission.to_resend(database, [message_id])
    now = database.now()
    new_events: list[NewEvent] = []
    with database.begin() as connection:
        state = queue.resolve(connection, message_id, decision, now, new_events)
        events.append(connection, new_events)
    database.wake()
    return {"message_id": message_id, "state": str(state)}


def wait_for_end(database: Database, settings: Settings, message_id: int, timeout_s: float) -> dict[str, Any]:
    """The message as `list_messages` shows it, once nothing more will happen to it or the time is over.

    With delivery reports on, *submitted* is not yet the end. What still waits because no engine runs has
    the reason no_engine.
    """
    wakeup = database.listen()
    try:
        deadline = time.monotonic() + timeout_s
        while True:
            with database.read() as connection:
                row = _existing(messages.by_id(connection, message_id), message_id)
                no_engine = row.state in OPEN_STATES and not agents.is_any_alive(connection, database.now())
            left_s = deadline - time.monotonic()
            if _has_ended(database, settings, row) or left_s <= 0:
                told = shown(settings, row)
                return told | {"reason": "no_engine", "reason_params": {}} if no_engine else told
            # a lost nudge costs a second
            wakeup.wait(min(left_s, 1.0))
    finally:
        wakeup.close()


def report_deadline(settings: Settings) -> timedelta:
    """How long after its submission a message may still get its delivery report."""
    return timedelta(hours=settings.sending.validity_h) + REPORT_GRACE


def queue_message(
    database: Database, settings: Settings, kind: MailingKind, new: NewMessage
) -> dict[str, Any]:
    now = database.now()
    with database.begin() as connection:
        if new.request_key is not None:
            earlier = messages.by_request_key(connection, new.request_key)
            if earlier is not None:
                return _repeated(earlier, new)
        if stop_list.is_listed(connection, new.msisdn):
            raise Conflict("number_stopped", number=new.msisdn)
        drivers = devices.drivers(connection)
        if (obstacle := obstacle_in_all(drivers, new.text)) is not None:
            raise Refused(obstacle.code, **obstacle.params)
        new = replace(new, part_count=most_parts(drivers, new.text, new.part_count))
        routed: Sequence[NewMessage] = [new]
        if new.bound_sim_id is None:
            # an answer goes through the SIM that was written to, whatever the rules say
            routed = RouteChooser(connection, settings, kind, now).assign(connection, [new])
        (message_id,) = queue.insert_messages(connection, routed, now)
        events.append(
            connection,
            [NewEvent(at=now, kind="message", state=MessageState.QUEUED, message_id=message_id)],
        )
        tell()
    return {
        "message_id": message_id,
        "state": str(MessageState.QUEUED),
        "parts": new.part_count,
        "duplicate": False,
    }


def _repeated(earlier: MessageRow, new: NewMessage) -> dict[str, Any]:
    if (earlier.number, earlier.text) != (new.msisdn, new.text):
        raise Conflict("key_used", key=new.request_key, message_id=earlier.message_id)
    return {
        "message_id": earlier.message_id,
        "state": str(earlier.state),
        "parts": earlier.parts,
        "duplicate": True,
    }


def normalized(settings: Settings, number: str) -> str:
    found = Normalizer(settings.sending.country).normalize(number)
    if isinstance(found, Rejected):
        raise Refused(found.code, value=found.value)
    if found.second is not None:
        raise Refused("send_two_numbers", value=number)
    return found.msisdn


def measured(settings: Settings, text: str) -> segments.Measure:
    if not text.strip():
        raise Refused("message_empty")
    if "\0" in text:
        # neither database nor phone can keep it
        raise Refused("message_unprintable", position=text.index("\0") + 1)
    measure = segments.measure(text)
    if measure.parts > settings.sending.max_parts:
        raise Refused(
            "message_too_long",
            characters=measure.characters,
            parts=measure.parts,
            max_parts=settings.sending.max_parts,
        )
    return measure


def checked_key(key: str | None) -> None:
    if key is not None and not (0 < len(key) <= MAX_KEY_LENGTH and key.isprintable()):
        raise Refused("key_invalid", max_length=MAX_KEY_LENGTH)


def _existing(row: MessageRow | None, message_id: int) -> MessageRow:
    if row is None:
        raise NotFound("no_such_message", message_id=message_id)
    return row


def _has_ended(database: Database, settings: Settings, row: MessageRow) -> bool:
    if row.state in OPEN_STATES:
        return False
    if row.state is not MessageState.SUBMITTED or not row.wants_report:
        return True
    return row.submitted_at is not None and row.submitted_at + report_deadline(settings) < database.now()


def shown(settings: Settings, row: MessageRow) -> dict[str, Any]:
    """The message as `list_messages` tells it."""
    return {
        "message_id": row.message_id,
        "mailing_id": row.mailing_id,
        "row": row.row,
        "number": row.number,
        "state": str(row.state),
        "sim": row.sim,
        "sim_label": label_of(settings, row.sim, row.sim_label),
        "parts": row.parts,
        "parts_submitted": row.parts_submitted,
        "text": row.text,
        "reason": row.reason,
        "reason_params": row.reason_params or {},
        "submitted_at": row.submitted_at,
        "delivered_at": row.delivered_at,
    }
