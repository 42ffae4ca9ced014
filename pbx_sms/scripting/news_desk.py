"""Tells scripts what happened, in order and at least once.

The agent's cursor in the database is moved on only after Asterisk took an event, so a crash repeats the last
ones (at most `_MOVE_EVERY`) and loses none. While Asterisk is away nothing is lost: it is told when it is
back, unless it is older than `_TELL_FOR` by then, of which one PbxSmsSkipped tells. Every PBX tells
everything, also what another one sent: a script hears of its message wherever it was sent from.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.errors import NotFound
from pbx_sms.operations import mailings
from pbx_sms.scripting.desk import Heard
from pbx_sms.scripting.news import News, Newsroom
from pbx_sms.scripting.session import NotTold, ScriptSession
from pbx_sms.storage import script_news
from pbx_sms.storage.engine import Database
from pbx_sms.storage.script_news import NewsRow

log = logging.getLogger(__name__)

#: between two looks; orders of this process nudge at once
_LOOK_S = 0.5
_AT_ONCE = 100
#: told events for one write of the cursor
_MOVE_EVERY = 20
#: events that nobody is told of, for one write of the cursor
_UNTOLD = 200
_TELL_FOR = timedelta(hours=24)
#: between two progress events of one mailing
_PROGRESS_S = 5.0
#: after Asterisk did not take an event
_AGAIN_S = 1.0


class NewsDesk:
    """Listens for nothing; `nudge` lets it look at once."""

    name = "news"
    events: frozenset[str] = frozenset()

    def __init__(
        self, session: ScriptSession, *, progress_s: float = _PROGRESS_S, look_s: float = _LOOK_S
    ) -> None:
        self._session = session
        self._agent = session.settings.agent.name
        self._room = Newsroom(session.settings)
        self._progress_s = progress_s
        self._look_s = look_s
        self._nudged = asyncio.Event()
        #: in the database, and what has been told since
        self._moved_to: int | None = None
        self._told_to = 0
        self._told_count = 0
        #: mailings of which something is to be told: the newest event that it includes
        self._dirty: dict[int, int] = {}
        self._progress_at: dict[int, float] = {}
        self._health: dict[str, tuple[str | None, str | None]] = {}
        self._trouble = ""

    def on_event(self, event: Heard) -> None:
        """Nothing is listened for."""

    def nudge(self) -> None:
        self._nudged.set()

    def begin(self, database: Database) -> int:
        """The cursor; what happens from now on is told. Whoever changes something that must be told, and may
        be earlier than this desk, calls it before."""
        with database.begin() as connection:
            return script_news.begin(connection, self._agent, database.now())

    async def run(self) -> None:
        try:
            while True:
                self._nudged.clear()
                try:
                    is_more = await self._look()
                except SQLAlchemyError as error:
                    log.warning("scripts are told nothing: the database does not answer: %s", error)
                    is_more = False
                except NotTold as error:
                    self._say(str(error))
                    await asyncio.sleep(_AGAIN_S)
                    continue
                if not is_more:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._look_s):
                            await self._nudged.wait()
        finally:
            # a stop in good order repeats nothing
            with contextlib.suppress(SQLAlchemyError, RuntimeError):
                await self._move()

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("scripts are told nothing: %s", trouble)
            self._trouble = trouble

    async def _look(self) -> bool:
        """Tells what there is; whether there may be more. Raises `NotTold` where it came to a halt."""
        if self._moved_to is None:
            self._moved_to = self._told_to = await self._session.carry_out(self.begin)
        if not self._session.is_up and not await self._session.wait_up(60.0):
            return False
        rows, old_to = await self._session.carry_out(self._read)
        if old_to is not None:
            await self._tell(self._room.skipped(self._told_to + 1, old_to))
            self._told_to = old_to
            await self._move()
            return True
        for row in rows:
            await self._tell_row(row)
            self._told_to = row.event_id
            if self._told_count >= _MOVE_EVERY:
                await self._move()
        await self._move()
        await self._tell_progress()
        return bool(rows)

    def _read(self, database: Database) -> tuple[list[NewsRow], int | None]:
        """The next events; and where they are too old to be told, the newest of those."""
        limit_at = database.now() - _TELL_FOR
        with database.read() as connection:
            rows = script_news.read_after(connection, self._told_to, _AT_ONCE)
            if rows and rows[0].at < limit_at:
                return [], script_news.last_before(connection, self._told_to, limit_at)
        return list(itertools.takewhile(lambda row: row.at >= limit_at, rows)), None

    async def _tell_row(self, row: NewsRow) -> None:
        if row.kind == "mailing" and row.mailing_id is not None:
            # its state changed: that is told at once, and the end is among it
            self._dirty.pop(row.mailing_id, None)
            await self._tell_mailing(row.mailing_id, row.event_id)
            return
        if row.mailing_id is not None:
            self._dirty[row.mailing_id] = row.event_id
        news = self._room.of(row)
        if news is None:
            return
        if row.kind == "sim" and row.sim is not None:
            health = (row.state, row.reason)
            if self._health.get(row.sim) == health:
                return
            await self._tell(news)
            self._health[row.sim] = health
        else:
            await self._tell(news)

    async def _tell(self, news: News) -> None:
        await self._session.tell(news.name, news.values)
        self._told_count += 1
        if self._trouble:
            log.info("scripts are told again what happens")
            self._trouble = ""

    async def _tell_progress(self) -> None:
        now = asyncio.get_running_loop().time()
        for mailing_id, seq in list(self._dirty.items()):
            if now - self._progress_at.get(mailing_id, now - self._progress_s) >= self._progress_s:
                await self._tell_mailing(mailing_id, seq)
                self._dirty.pop(mailing_id, None)

    async def _tell_mailing(self, mailing_id: int, seq: int) -> None:
        self._progress_at[mailing_id] = asyncio.get_running_loop().time()
        try:
            shown = await self._session.carry_out(lambda database: mailings.show(database, mailing_id))
        except NotFound:
            return
        await self._tell(self._room.progress(seq, shown))

    async def _move(self) -> None:
        """Writes down how far it has told. What nobody is told of waits for something that is."""
        if self._moved_to is None or self._told_to <= self._moved_to:
            return
        if not self._told_count and self._told_to - self._moved_to < _UNTOLD:
            return
        told_to = self._told_to

        def move(database: Database) -> None:
            with database.begin() as connection:
                script_news.move(connection, self._agent, told_to, database.now())

        await self._session.carry_out(move)
        self._moved_to, self._told_count = told_to, 0
