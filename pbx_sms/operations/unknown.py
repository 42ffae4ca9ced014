"""Messages of which nobody knows whether the network took them: what is known, and a person's decisions.

Sending again may reach a recipient twice. That is said before it is done, by whoever asks the person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.errors import Conflict, NotFound
from pbx_sms.operations import permission
from pbx_sms.operations.audit import order
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import events, mailings, queue, unknown
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue.decision import Decision
from pbx_sms.storage.unknown import UnknownRow

_PAGE = 500
#: decided in one transaction: more would hold up the SIMs
_AT_ONCE = 200


def list_unknown(
    database: Database, settings: Settings, *, mailing_id: int | None = None
) -> Iterator[dict[str, Any]]:
    """The fields of `UnknownRow` by id, page by page. NotFound: mailing_not_found."""
    _existing(database, mailing_id)
    return _pages(database, settings, mailing_id)


def page(
    database: Database, settings: Settings, *, mailing_id: int | None = None, after_id: int = 0, limit: int
) -> list[dict[str, Any]]:
    """One page of `list_unknown`."""
    with database.read() as connection:
        rows = unknown.select_unknown(connection, mailing_id=mailing_id, after_id=after_id, limit=limit)
    return [_shown(settings, row) for row in rows]


def count(database: Database, mailing_id: int | None = None) -> int:
    """How many there are, or of one mailing."""
    with database.read() as connection:
        return unknown.count_unknown(connection, mailing_id)


def all_ids(database: Database, mailing_id: int | None = None) -> list[int]:
    """NotFound: mailing_not_found."""
    _existing(database, mailing_id)
    with database.read() as connection:
        return unknown.unknown_ids(connection, mailing_id)


@order("message.resolve_many", None, "message_ids", "decision")
def resolve_many(database: Database, message_ids: Sequence[int], decision: Decision) -> list[dict[str, Any]]:
    """[{"message_id", "state", "reason"?, "reason_params"?}] in the given order, each named once: a person's
    word on several. With a reason it was not carried out: settled meanwhile, no such message, its mailing
    cancelled; `state` is then None."""
    wanted = list(dict.fromkeys(message_ids))
    if decision is Decision.RESEND:
        permission.to_resend(database, wanted)
    results: list[dict[str, Any]] = []
    for first in range(0, len(wanted), _AT_ONCE):
        results += _resolve_some(database, wanted[first : first + _AT_ONCE], decision)
        database.wake()
    return results


def _resolve_some(database: Database, message_ids: Sequence[int], decision: Decision) -> list[dict[str, Any]]:
    now = database.now()
    new_events: list[NewEvent] = []
    results: list[dict[str, Any]] = []
    with database.begin() as connection:
        for message_id in message_ids:
            try:
                # raised before anything of this message is written
                state = queue.resolve(connection, message_id, decision, now, new_events)
            except (NotFound, Conflict) as error:
                reason = Reason.of(error)
                results.append(
                    {
                        "message_id": message_id,
                        "state": None,
                        "reason": reason.code,
                        "reason_params": dict(reason.params),
                    }
                )
            else:
                results.append({"message_id": message_id, "state": str(state)})
        events.append(connection, new_events)
    return results


def _pages(database: Database, settings: Settings, mailing_id: int | None) -> Iterator[dict[str, Any]]:
    after_id = 0
    while True:
        rows = page(database, settings, mailing_id=mailing_id, after_id=after_id, limit=_PAGE)
        yield from rows
        if len(rows) < _PAGE:
            return
        after_id = rows[-1]["message_id"]


def _existing(database: Database, mailing_id: int | None) -> None:
    if mailing_id is None:
        return
    with database.read() as connection:
        if mailings.find(connection, mailing_id) is None:
            raise NotFound("mailing_not_found", mailing_id=mailing_id)


def _shown(settings: Settings, row: UnknownRow) -> dict[str, Any]:
    return asdict(row) | {
        "sim_label": label_of(settings, row.sim, row.sim_label),
        "reason_params": row.reason_params or {},
    }
