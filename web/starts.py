"""Starts at work: each in a thread of its own, so that other pages go on answering while a queue is filled.

A form is good for one Start, however often it is sent; so is a draft. Two forms with the same text and list
are asked about, whichever of them comes first and whether or not the other one has come to its end: the
question and the beginning of a Start are one step (`begin`).

All this is kept in memory. After a restart the draft is in the database and nothing of it has been sent: a
Start has effect only with its last commit (see `pbx_sms.storage.starts`).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.config import Settings
from pbx_sms.core import actor
from pbx_sms.core.actor import Actor
from pbx_sms.errors import PbxSmsError, Refused
from pbx_sms.operations import mailings
from pbx_sms.storage import mailings as stored_mailings
from pbx_sms.storage.engine import Database
from web.choices import Choices

log = logging.getLogger(__name__)

#: fill their queues at the same time; the database writes one after the other anyway
MAX_AT_ONCE = 2
#: Starts remembered after their end; what is forgotten is caught by the question about a text sent before
MAX_REMEMBERED = 1000
#: of the whole bar, what looking at every row takes; the rest is writing messages
_SHARE_OF_CHECK = 0.25


@dataclass(slots=True)
class Start:
    """One Start, read by the page while its thread writes."""

    choices: Choices
    by: str
    #: the draft that is started; None where the form makes a new mailing
    draft_id: int | None
    #: as soon as the mailing is stored
    mailing_id: int | None
    is_checked: bool = False
    rows_done: int = 0
    rows: int = 0
    #: why it was not started
    refused: Refused | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def share(self) -> float:
        """How much of the work is done, 0 to 1."""
        done = self.rows_done / self.rows if self.rows else 0.0
        return _SHARE_OF_CHECK + (1 - _SHARE_OF_CHECK) * done if self.is_checked else _SHARE_OF_CHECK * done

    def checking(self, rows_done: int, rows: int) -> None:
        self.rows_done, self.rows = rows_done, rows

    def filling(self, rows_done: int, rows: int) -> None:
        self.is_checked, self.rows_done, self.rows = True, rows_done, rows


class Starts:
    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._places = threading.BoundedSemaphore(MAX_AT_ONCE)
        self._lock = threading.Lock()
        self._by_key: dict[str, Start] = {}

    def begin(
        self, key: str, choices: Choices, *, by: str, again: bool, draft_id: int | None = None
    ) -> Start:
        """The Start of this form or draft: a new one, or that which has begun before.

        Raises `Refused`: start_at_work, started_before (not with `again`).
        """
        with self._lock:
            known = self._by_key.get(key)
            if known is not None and known.refused is None:
                return known
            if not again:
                self._refuse_what_was_started(choices)
            self._forget_ended()
            start = self._by_key[key] = Start(choices=choices, by=by, draft_id=draft_id, mailing_id=draft_id)
        threading.Thread(
            target=self._run, args=(start, actor.current()), name=f"start-{key}", daemon=True
        ).start()
        return start

    def find(self, key: str) -> Start | None:
        with self._lock:
            return self._by_key.get(key)

    def at_work(self, by: str) -> list[tuple[str, Start]]:
        """(key, Start) of this user's Starts that have not ended."""
        with self._lock:
            return [
                (key, one) for key, one in self._by_key.items() if one.by == by and not one.ended.is_set()
            ]

    def key_of_mailing(self, mailing_id: int) -> str | None:
        """Of the Start that is at work on this mailing."""
        with self._lock:
            for key, start in self._by_key.items():
                if start.mailing_id == mailing_id and not start.ended.is_set():
                    return key
        return None

    def _refuse_what_was_started(self, choices: Choices) -> None:
        for other in self._by_key.values():
            is_same = (other.choices.list_id, other.choices.text) == (choices.list_id, choices.text)
            if is_same and not other.ended.is_set():
                raise Refused("start_at_work")
        if choices.list_id is not None:
            with self._database.read() as connection:
                if stored_mailings.started_with(connection, choices.list_id, choices.text):
                    raise Refused("started_before")

    def _forget_ended(self) -> None:
        ended = [key for key, start in self._by_key.items() if start.ended.is_set()]
        for key in ended[:-MAX_REMEMBERED]:
            del self._by_key[key]

    def _run(self, start: Start, who: Actor) -> None:
        try:
            with self._places, actor.acting(who):
                self._carry_out(start)
        except Refused as refused:
            start.refused = refused
        except (PbxSmsError, SQLAlchemyError, OSError):
            log.exception("start of mailing=%s failed", start.mailing_id)
            start.refused = Refused("start_failed")
        except BaseException:
            start.refused = Refused("start_failed")
            raise
        finally:
            start.ended.set()

    def _carry_out(self, start: Start) -> None:
        choices = start.choices
        choice = choices.plan.chosen(self._settings, self._database.now())
        if start.mailing_id is None:
            if choices.list_id is None:
                raise Refused("list_not_found", list_id=0)
            start.mailing_id = mailings.create(
                self._database,
                self._settings,
                list_id=choices.list_id,
                text=choices.text,
                name=choices.name or None,
                kind=choices.kind,
                repeats=choices.repeats,
                leave_out_incomplete=choices.leave_out_incomplete,
                allow_failing=choices.allow_failing,
                unknown=choices.unknown,
                trial=choices.trial,
                created_by=start.by,
                choice=choice,
                progress=start.checking,
            )["mailing_id"]
            start.filling(0, start.rows)
        mailings.start(
            self._database,
            self._settings,
            start.mailing_id,
            start.filling,
            check_progress=start.checking,
            is_checked=start.draft_id is None,
            trial=choices.trial,
            choice=choice,
        )
