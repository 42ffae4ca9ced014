"""What this engine has said about the running mailings, and when it says something again.

A reason is said when it changes, and when another agent's word stands in its place: see
`storage/standing_still`, which decides whose holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from pbx_sms.core.reason import Reason
from pbx_sms.engine.storage_thread import Work
from pbx_sms.storage import standing_still

#: another agent's word is disputed no more often than this
_AGAIN_AFTER = timedelta(seconds=30)


class Explanations:
    def __init__(self, agent_id: int) -> None:
        self._agent_id = agent_id
        self._said: dict[int, Reason | None] = {}
        self._disputed_at: dict[int, datetime] = {}

    def new(
        self,
        reasons: Mapping[int, Reason | None],
        standing: Mapping[int, Reason | None],
        goes_on: Collection[int | None],
        now: datetime,
    ) -> Callable[[Work], None] | None:
        """The order that says what is new; None when nothing is. `goes_on`: mailings that this engine holds
        messages of."""
        wanted = {
            mailing_id: reason
            for mailing_id, reason in reasons.items()
            if reason != standing.get(mailing_id)
            and (
                mailing_id not in self._said
                or self._said[mailing_id] != reason
                or self._disputes(mailing_id, reason, goes_on, now)
            )
        }
        last, self._said = self._said, dict(reasons)
        self._disputed_at = {one: at for one, at in self._disputed_at.items() if one in reasons}
        if not wanted:
            return None
        agent_id = self._agent_id
        return lambda work: standing_still.explain(
            work.connection, agent_id, wanted, last, work.now, work.events
        )

    def _disputes(
        self,
        mailing_id: int,
        reason: Reason | None,
        goes_on: Collection[int | None],
        now: datetime,
    ) -> bool:
        if reason is None and mailing_id not in goes_on:
            return False
        before = self._disputed_at.get(mailing_id)
        if before is not None and before <= now < before + _AGAIN_AFTER:
            return False
        self._disputed_at[mailing_id] = now
        return True
