"""Some messages of a mailing go first; the rest is held until a person says that it may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pbx_sms.core.mailing import MailingState
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import permission
from pbx_sms.operations.audit import order
from pbx_sms.storage import events, mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.queue.trials import WAITS_FOR_WORD


@dataclass(slots=True)
class Trial:
    """Finds the last message of a trial while a Start writes the messages in the list's order."""

    #: None where all go at once
    count: int | None
    _written: int = 0
    _last_id: int | None = None

    @classmethod
    def of(cls, count: int | None) -> Trial:
        return cls(count)

    def written(self, ids: Sequence[int]) -> None:
        if self.count is not None and self._written < self.count <= self._written + len(ids):
            self._last_id = ids[self.count - self._written - 1]
        self._written += len(ids)

    def until_id(self, message_count: int) -> int | None:
        """What comes after this message is held; None where nothing comes after it."""
        return self._last_id if self.count is not None and message_count > self.count else None


def check_trial(count: int | None) -> None:
    """Raises Refused(trial_count_invalid)."""
    if count is not None and count < 1:
        raise Refused("trial_count_invalid", count=count)


@order("mailing.let_go", "mailing_id")
def let_go(database: Database, mailing_id: int, *, by: str | None = None) -> dict[str, Any]:
    """A person's word: what was held goes. {"mailing_id", "state"}; also while the trial still runs.

    Raises NotFound(mailing_not_found), Conflict (mailing_is_paused by a person, mailing_is_draft and so on;
    mailing_holds_nothing).
    """
    permission.to_mailing(database, mailing_id)
    now = database.now()
    with database.begin() as connection:
        mailing = mailings.find(connection, mailing_id, lock=True)
        if mailing is None:
            raise NotFound("mailing_not_found", mailing_id=mailing_id)
        waits = mailing.state == MailingState.PAUSED and mailing.reason_code == WAITS_FOR_WORD
        if not waits and mailing.state != MailingState.RUNNING:
            raise Conflict(f"mailing_is_{mailing.state}", mailing_id=mailing_id, state=mailing.state)
        if mailing.trial_until_id is None:
            raise Conflict("mailing_holds_nothing", mailing_id=mailing_id)
        mailings.hold_nothing(connection, mailing_id)
        if waits:
            mailings.change_state(connection, mailing_id, MailingState.RUNNING, now)
        else:
            running = NewEvent(at=now, kind="mailing", state=MailingState.RUNNING, mailing_id=mailing_id)
            events.append(connection, [running])
    database.wake()
    return {"mailing_id": mailing_id, "state": str(MailingState.RUNNING)}
