"""Sending a mailing again to those who did not get it: a draft of its own, to their rows alone.

The messages of the first mailing stay as they are, so that its report goes on telling what happened. What is
*unknown* may have arrived and is never among them; a person settles it first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.message import MessageState
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations.list_copies import copy_list
from pbx_sms.operations.mailings.plan import find_list
from pbx_sms.operations.mailings.start import create
from pbx_sms.operations.mailings.start_claim import refusal
from pbx_sms.storage import mailing_rows, mailings, messages, recipients
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListRow
from pbx_sms.storage.starts import BEFORE_START

#: the network or the device refused it, reported that it did not arrive, or it became too old
NOT_DELIVERED = (MessageState.FAILED, MessageState.UNDELIVERED, MessageState.EXPIRED)
#: what may be chosen: also what was cancelled before it went
MAY_GO_AGAIN = (*NOT_DELIVERED, MessageState.CANCELLED)
#: of a mailing that went again already: its rows are not to have the message once more
_UNDER_WAY_OR_ARRIVED = tuple(state for state in MessageState if state not in MAY_GO_AGAIN)
_MAX_NAME = 200


def again(
    database: Database,
    settings: Settings,
    mailing_id: int,
    *,
    states: Collection[str] = NOT_DELIVERED,
    name: str | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """A draft with the mailing's text to the rows whose messages are in `states`; nothing is sent yet.

    The shape of `create`, with "list_id" (the rows, with the numbers they have in the first list), "begun"
    (how many of them have had some parts of their message before, but not all) and "unknown" (messages that
    are left alone because they may have arrived). Text, kind, rules and hours are those of the first mailing;
    a time to start or a cut-off is not taken over.

    Rows to which such a mailing has gone before are left out, unless it did not reach them either.

    Raises NotFound(mailing_not_found), Conflict(mailing_is_draft; going_again_already: there is such a
    draft), Refused(state_cannot_go_again, nothing_to_send_again, mailing_list_removed), and what `create`
    raises; then nothing is stored.
    """
    chosen = _parse(states)
    with database.read() as connection:
        mailing = mailings.find(connection, mailing_id)
        if mailing is None or mailing.state in BEFORE_START:
            raise refusal(mailing, mailing_id)
        wanted = messages.rows_in(connection, mailing_id, chosen)
        unknown = len(messages.rows_in(connection, mailing_id, (MessageState.UNKNOWN,)))
        for other in mailings.again_of(connection, mailing_id):
            if other.state in BEFORE_START:
                raise Conflict("going_again_already", draft_id=other.mailing_id, name=other.name)
            for row in messages.rows_in(connection, other.mailing_id, _UNDER_WAY_OR_ARRIVED):
                wanted.pop(row, None)
    if not wanted:
        raise Refused("nothing_to_send_again", unknown=unknown)
    if mailing.list_id is None:
        raise Refused("mailing_list_removed", mailing_id=mailing_id)
    head = find_list(database, mailing.list_id)
    rows: list[ListRow] = [
        row
        for chunk in mailing_rows.stream_rows(database, head.list_id)
        for row in chunk
        if row.row in wanted and row.msisdn is not None
    ]
    list_id = copy_list(database, head.list_id, rows, name=_copied(head.name), by=by)
    try:
        created = create(
            database,
            settings,
            list_id=list_id,
            text=mailing.text,
            name=name or _copied(mailing.name),
            kind=mailing.kind,
            repeats=mailing.repeats,
            leave_out_incomplete=mailing.leave_out_incomplete,
            allow_failing=mailing.allow_failing,
            reroute=mailing.reroute,
            unknown=mailing.unknown_policy,
            created_by=by,
            choice=replace(mailings.plan_of(mailing), start_at=None, cut_off_at=None),
            again_of_id=mailing_id,
        )
    except BaseException:
        recipients.remove_rows(database, list_id)
        raise
    begun = sum(wanted[row.row] for row in rows)
    return {**created, "list_id": list_id, "begun": begun, "unknown": unknown}


def _parse(states: Collection[str]) -> tuple[MessageState, ...]:
    known = [str(state) for state in MAY_GO_AGAIN]
    for state in states:
        if state not in known:
            raise Refused("state_cannot_go_again", state=state, known=known)
    return tuple(MessageState(state) for state in dict.fromkeys(states))


def _copied(name: str) -> str:
    """The name, with the number of times it was sent before: “Sale”, “Sale (2)”, “Sale (3)”."""
    stem, bracket, rest = name.rpartition(" (")
    count = rest[:-1]
    if bracket and rest.endswith(")") and count.isdecimal() and int(count) > 1:
        ending = f" ({int(count) + 1})"
    else:
        stem, ending = name, " (2)"
    return stem[: _MAX_NAME - len(ending)] + ending
