"""A trial on chosen telephones: what some rows of a list would read, as service messages of their own.

They go like any single message: at once, over the quotas and the stop list, and nothing of the mailing
itself changes. The log says what each of them shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.mailing import RANK, MailingKind
from pbx_sms.core.message import MessageState
from pbx_sms.core.reason import Reason
from pbx_sms.core.rights import ANYBODY
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import permission
from pbx_sms.operations.audit import order
from pbx_sms.operations.mailings.check import preview
from pbx_sms.operations.messages import measured, normalized
from pbx_sms.operations.routing.choice import RouteChooser
from pbx_sms.storage import events, mailings, queue, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue import NewMessage

#: a trial is read by people: more than this is a mailing
MAX_MESSAGES = 20


def send(
    database: Database,
    settings: Settings,
    mailing_id: int,
    *,
    rows: Sequence[int],
    to: Sequence[str],
) -> dict[str, Any]:
    """The text of each of the rows to each of the telephones: {"mailing_id", "messages": [{"message_id",
    "row", "number", "text", "parts"}]}. All of them are queued, or none.

    Raises NotFound(mailing_not_found, list_not_found, row_not_found), Conflict(number_stopped), Refused:
    trial_empty, trial_too_many, placeholder_empty, a telephone's own code, and as `operations.messages.send`.
    """
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
    if mailing is None:
        raise NotFound("mailing_not_found", mailing_id=mailing_id)
    if mailing.list_id is None:
        raise NotFound("list_not_found", list_id=0)
    sent = send_of_list(
        database,
        settings,
        list_id=mailing.list_id,
        text=mailing.text,
        rows=rows,
        to=to,
        mailing_id=mailing_id,
    )
    return {"mailing_id": mailing_id, **sent}


@order("message.trial", "list_id", "mailing_id", "rows", "to", "text")
def send_of_list(
    database: Database,
    settings: Settings,
    *,
    list_id: int,
    text: str,
    rows: Sequence[int],
    to: Sequence[str],
    mailing_id: int | None = None,
) -> dict[str, Any]:
    """As `send`, of a text that is not yet anybody's mailing. {"messages"}."""
    permission.to_send(MailingKind.SERVICE, ANYBODY)
    if not rows or not to:
        raise Refused("trial_empty")
    numbers = list(dict.fromkeys(normalized(settings, number) for number in to))
    rows = list(dict.fromkeys(rows))
    if len(rows) * len(numbers) > MAX_MESSAGES:
        raise Refused("trial_too_many", count=len(rows) * len(numbers), max_count=MAX_MESSAGES)
    new = [
        NewMessage(
            msisdn=number,
            row=row,
            text=written,
            encoding=str(measure.encoding),
            part_count=measure.parts,
            rank=RANK[MailingKind.SERVICE],
            wants_report=settings.sending.delivery_reports,
            trial_of=mailing_id,
        )
        for row, written, measure in (
            (row, written, measured(settings, written))
            for row in rows
            for written in (_text_of(database, list_id, text, row),)
        )
        for number in numbers
    ]
    now = database.now()
    with database.begin() as connection:
        for number in numbers:
            if stop_list.is_listed(connection, number):
                raise Conflict("number_stopped", number=number)
        # its own kind decides: SIMs that are kept for others are kept here too
        routed = RouteChooser(connection, settings, MailingKind.SERVICE, now).assign(connection, new)
        ids = queue.insert_messages(connection, routed, now)
        events.append(
            connection,
            [
                NewEvent(
                    at=now,
                    kind="message",
                    state=MessageState.QUEUED,
                    message_id=message_id,
                    reason=_shows(message, mailing_id, list_id),
                )
                for message_id, message in zip(ids, new, strict=True)
            ],
        )
    database.wake()
    return {
        "messages": [
            {
                "message_id": message_id,
                "row": message.row,
                "number": message.msisdn,
                "text": message.text,
                "parts": message.part_count,
            }
            for message_id, message in zip(ids, new, strict=True)
        ]
    }


def _text_of(database: Database, list_id: int, text: str, row: int) -> str:
    shown = preview(database, list_id, text, row)
    if shown["missing"]:
        raise Refused("trial_row_incomplete", row=row, columns=shown["missing"])
    written: str = shown["text"]
    return written


def _shows(message: NewMessage, mailing_id: int | None, list_id: int) -> Reason:
    if mailing_id is None:
        return Reason("trial_of_list", {"list_id": list_id, "row": message.row})
    return Reason("trial_of_mailing", {"mailing_id": mailing_id, "row": message.row})
