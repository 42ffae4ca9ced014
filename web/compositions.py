"""Audiences at work: each composed in a thread of its own, so that other pages go on answering.

A form composes once, however often it is sent; another choice on the same form is another composition. What
is at work is kept in memory: after a restart nothing of it is left that anybody could use, and it is said so.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.config import Settings
from pbx_sms.core import actor
from pbx_sms.core.actor import Actor
from pbx_sms.errors import PbxSmsError, Refused
from pbx_sms.operations import audiences
from pbx_sms.storage.engine import Database
from web.choices import Choices

log = logging.getLogger(__name__)

#: at the same time; the database writes one after the other anyway
MAX_AT_ONCE = 2
#: remembered after their end, so that a page that was left can be opened again
MAX_REMEMBERED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Ids of what was chosen."""

    lists: Sequence[int] = ()
    groups: Sequence[int] = ()
    without: Sequence[int] = ()


@dataclass(slots=True)
class Composition:
    """One audience, read by the page while its thread writes."""

    key: str
    #: what is written of the mailing already
    choices: Choices
    sources: Sources
    by: str
    rows_done: int = 0
    rows: int = 0
    list_id: int | None = None
    refused: Refused | None = None
    #: the person has seen what came of it
    is_seen: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def progress(self, rows_done: int, rows: int) -> None:
        self.rows_done, self.rows = rows_done, rows


class Compositions:
    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._places = threading.BoundedSemaphore(MAX_AT_ONCE)
        self._lock = threading.Lock()
        self._by_key: dict[str, Composition] = {}

    def begin(self, once: str, choices: Choices, sources: Sources, *, by: str) -> Composition:
        """The composition of this form with this choice: a new one, or that which has begun before. One that
        was refused is tried again."""
        chosen = repr((once, by, tuple(sources.lists), tuple(sources.groups), tuple(sources.without)))
        key = hashlib.sha256(chosen.encode()).hexdigest()[:32]
        with self._lock:
            known = self._by_key.get(key)
            if known is not None and known.refused is None:
                return known
            self._forget_ended()
            work = self._by_key[key] = Composition(key=key, choices=choices, sources=sources, by=by)
        threading.Thread(
            target=self._run, args=(work, actor.current()), name=f"audience-{key}", daemon=True
        ).start()
        return work

    def find(self, key: str, by: str) -> Composition | None:
        """Of this person only: it carries the text that was written."""
        with self._lock:
            work = self._by_key.get(key)
        return work if work is not None and work.by == by else None

    def left_by(self, by: str) -> list[Composition]:
        """Those at work, and those whose end this person has not seen, the newest first."""
        with self._lock:
            return [work for work in reversed(self._by_key.values()) if work.by == by and not work.is_seen]

    def _forget_ended(self) -> None:
        ended = [key for key, work in self._by_key.items() if work.ended.is_set()]
        for key in ended[:-MAX_REMEMBERED]:
            del self._by_key[key]

    def _run(self, work: Composition, who: Actor) -> None:
        try:
            with self._places, actor.acting(who):
                work.list_id = audiences.compose(
                    self._database,
                    self._settings,
                    lists=work.sources.lists,
                    groups=work.sources.groups,
                    without=work.sources.without,
                    by=work.by,
                    progress=work.progress,
                )
        except Refused as refused:
            work.refused = refused
        except (PbxSmsError, SQLAlchemyError, OSError):
            log.exception("composing an audience failed: %s", work.sources)
            work.refused = Refused("audience_failed")
        finally:
            if work.list_id is None and work.refused is None:
                work.refused = Refused("audience_failed")
            work.ended.set()
