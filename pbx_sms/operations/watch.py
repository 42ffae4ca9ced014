"""Following one mailing, event by event, until it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingState
from pbx_sms.core.message import OPEN_STATES
from pbx_sms.core.reason import Reason
from pbx_sms.errors import NotFound
from pbx_sms.operations.messages import report_deadline
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import agents, events, mailings, messages
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import EventRow

_PAGE = 500
#: a lost nudge costs so much, and nothing is asked more often without one
_LOOK_AGAIN_S = 1.0
#: counting a large mailing for every nudge of a busy engine would slow the engine
_COUNT_AGAIN_S = 0.5
_OVER = (MailingState.FINISHED, MailingState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a mailing is."""

    state: MailingState
    #: why it is paused, or why nothing of it moves
    reason: str | None
    reason_params: dict[str, Any]
    #: of messages
    total: int
    ended: int
    #: submitted ones whose delivery report may still come
    awaiting_report: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What has happened since the step before, and how far the mailing is now."""

    #: {"event_id", "at", "kind", "message_id"?, "number"?, "state"?, "sim"?, "sim_label"?, "reason"?,
    #: "reason_params"?}; empty when nothing did
    events: list[dict[str, Any]]
    progress: Progress
    #: nothing more will come
    is_last: bool


def watch(
    database: Database, settings: Settings, mailing_id: int, *, after_id: int = 0, reports: bool = False
) -> Iterator[Step]:
    """Steps from the mailing's first event, or the first after `after_id`, until it is finished or
    cancelled; with `reports` until every submitted message has its report or none can come any more.

    Each event comes once and in order. Raises `NotFound` mailing_not_found.
    """
    # listening begins before the first look, so that nothing falls in between
    wakeup = database.listen()
    progress: Progress | None = None
    counted_at = 0.0
    try:
        while True:
            now = database.now()
            reports_since_at = now - report_deadline(settings)
            # one snapshot: a mailing seen finished has all of its events in it
            with database.read() as connection:
                mailing = _existing(connection, mailing_id)
                page = events.read_after(connection, after_id, _PAGE, mailing_id=mailing_id)
                state_changed = progress is None or progress.state != mailing.state
                if progress is None or state_changed or time.monotonic() - counted_at >= _COUNT_AGAIN_S:
                    progress = _progress(connection, mailing, now, reports_since_at)
                    counted_at = time.monotonic()
            if page:
                after_id = page[-1].event_id
            all_read = len(page) < _PAGE
            is_last = all_read and progress.state in _OVER and not (reports and progress.awaiting_report)
            yield Step(events=[_shown(settings, event) for event in page], progress=progress, is_last=is_last)
            if is_last:
                return
            if all_read:
                wakeup.wait(_LOOK_AGAIN_S)
    finally:
        wakeup.close()


def _existing(connection: Connection, mailing_id: int) -> Any:
    mailing = mailings.find(connection, mailing_id)
    if mailing is None:
        raise NotFound("mailing_not_found", mailing_id=mailing_id)
    return mailing


def _progress(connection: Connection, mailing: Any, now: datetime, reports_since_at: datetime) -> Progress:
    # while a Start fills a draft nothing of it counts
    is_started = mailing.state not in (MailingState.DRAFT, MailingState.SCHEDULED)
    by_state = messages.counts(connection, mailing.mailing_id) if is_started else {}
    reason = Reason(mailing.reason_code, mailing.reason_params or {}) if mailing.reason_code else None
    if mailing.state == MailingState.RUNNING:
        reason = mailings.waiting_reason(connection, mailing.mailing_id)
        if not agents.is_any_alive(connection, now):
            reason = Reason("no_engine")
    total = sum(by_state.values())
    return Progress(
        state=MailingState(mailing.state),
        reason=reason.code if reason else None,
        reason_params=dict(reason.params) if reason else {},
        total=total,
        ended=total - sum(by_state.get(state, 0) for state in OPEN_STATES),
        awaiting_report=messages.awaiting_report(connection, mailing.mailing_id, reports_since_at),
    )


def _shown(settings: Settings, event: EventRow) -> dict[str, Any]:
    shown: dict[str, Any] = {"event_id": event.event_id, "at": event.at, "kind": event.kind}
    if event.message_id is not None:
        shown |= {"message_id": event.message_id, "number": event.number}
    if event.state is not None:
        shown["state"] = event.state
    if event.sim is not None:
        shown |= {"sim": event.sim, "sim_label": label_of(settings, event.sim, event.sim_label)}
    if event.reason is not None:
        shown |= {"reason": event.reason, "reason_params": event.reason_params or {}}
    return shown
