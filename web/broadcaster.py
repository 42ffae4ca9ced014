"""The one reader of the event log in this process: it feeds every open live log.

A thread wakes by `database.listen()`, at the latest each second, reads what is new in pages and puts each
event into the bounded queue of every viewer of that mailing. A viewer that does not keep up is dropped: its
browser connects again, says the last id it saw and is served from the database. The thread lives while
there are viewers, and survives a database that is away: it goes on from the last id it has read.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from psycopg import Error as PostgresError
from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.storage import events, log_views
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import EventRow
from pbx_sms.storage.log_views import Progress
from pbx_sms.storage.wakeup import Wakeup

log = logging.getLogger(__name__)

#: events that may wait for one viewer before it counts as too slow
QUEUE_SIZE = 1000
PAGE_SIZE = 500
#: how often the counts of a mailing are read anew while it changes
PROGRESS_INTERVAL_S = 1.0
FALLBACK_S = 1.0


class Viewer:
    """One open live log. `start_id`: everything with a larger id comes through `next`."""

    def __init__(self, mailing_id: int, start_id: int, size: int) -> None:
        self.mailing_id = mailing_id
        self.start_id = start_id
        self.is_ended = False
        self._queue: queue.Queue[EventRow | Progress | None] = queue.Queue(size)

    def next(self, timeout_s: float) -> EventRow | Progress | None:
        """What comes next, in order; None when nothing came in time or the viewer has ended."""
        try:
            # what was queued before it ended is whole and in order: it is still delivered
            return self._queue.get(timeout=0 if self.is_ended else timeout_s)
        except queue.Empty:
            return None

    def put(self, item: EventRow | Progress) -> bool:
        """False when there is no room: the viewer has then ended."""
        if self.is_ended:
            return False
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.end()
            return False
        return True

    def end(self) -> None:
        self.is_ended = True
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            # the queue holds something, so nobody waits on it
            return

    @property
    def is_drained(self) -> bool:
        return self.is_ended and self._queue.empty()


class Broadcaster:
    def __init__(self, database: Database, *, queue_size: int = QUEUE_SIZE) -> None:
        self._database = database
        self._queue_size = queue_size
        self._lock = threading.Lock()
        self._viewers: set[Viewer] = set()
        self._thread: threading.Thread | None = None
        self._position = 0
        self._is_stopping: Callable[[], bool] = lambda: False

    def stop_when(self, is_stopping: Callable[[], bool]) -> None:
        """Asked at least once a second: true ends every stream, so that the server can leave."""
        self._is_stopping = is_stopping

    def subscribe(self, mailing_id: int) -> Viewer:
        with self._lock:
            if self._thread is None:
                with self._database.read() as connection:
                    self._position = events.newest_id(connection)
                self._thread = threading.Thread(target=self._run, name="event-reader", daemon=True)
                viewer = self._add(mailing_id)
                self._thread.start()
                return viewer
            return self._add(mailing_id)

    def _add(self, mailing_id: int) -> Viewer:
        viewer = Viewer(mailing_id, self._position, self._queue_size)
        self._viewers.add(viewer)
        return viewer

    def unsubscribe(self, viewer: Viewer) -> None:
        viewer.end()
        with self._lock:
            self._viewers.discard(viewer)

    def close(self) -> None:
        """Ends every stream and the thread; returns when it has left."""
        self.stop_when(lambda: True)
        thread = self._thread
        self._database.wake()
        if thread is not None:
            thread.join()

    def viewer_count(self) -> int:
        with self._lock:
            return len(self._viewers)

    def _run(self) -> None:
        wakeup: Wakeup | None = None
        changed: dict[int, None] = {}
        counted_at: dict[int, float] = {}
        try:
            while not self._leave():
                try:
                    wakeup = wakeup or self._database.listen()
                    wakeup.wait(FALLBACK_S)
                    self._read_new(changed)
                    self._count(changed, counted_at)
                except (SQLAlchemyError, PostgresError, OSError):
                    log.warning("the event log cannot be read; trying again", exc_info=True)
                    if wakeup is not None:
                        wakeup.close()
                        wakeup = None
                    time.sleep(FALLBACK_S)
        finally:
            if wakeup is not None:
                wakeup.close()
            self._abandon()

    def _abandon(self) -> None:
        """After an error nobody foresaw: the viewers connect again, and the next one starts a new thread."""
        with self._lock:
            if self._thread is threading.current_thread():
                self._thread = None
                for viewer in self._viewers:
                    viewer.end()
                self._viewers.clear()

    def _leave(self) -> bool:
        """Whether the thread is to end: nobody looks any more, or the server is stopping."""
        with self._lock:
            if self._is_stopping():
                for viewer in self._viewers:
                    viewer.end()
                self._viewers.clear()
            if self._viewers:
                return False
            self._thread = None
            return True

    def _read_new(self, changed: dict[int, None]) -> None:
        while True:
            with self._database.read() as connection:
                page = events.read_after(connection, self._position, PAGE_SIZE)
            if not page:
                return
            with self._lock:
                for event in page:
                    for viewer in [one for one in self._viewers if one.mailing_id == event.mailing_id]:
                        changed[event.mailing_id or 0] = None
                        if not viewer.put(event):
                            self._viewers.discard(viewer)
                # moved together with the queues: a viewer that joins now starts exactly here
                self._position = page[-1].event_id

    def _count(self, changed: dict[int, None], counted_at: dict[int, float]) -> None:
        now = time.monotonic()
        for mailing_id in [one for one in changed if now - counted_at.get(one, 0.0) >= PROGRESS_INTERVAL_S]:
            with self._database.read() as connection:
                progress = log_views.progress(connection, mailing_id, self._database.now())
            del changed[mailing_id]
            counted_at[mailing_id] = now
            if progress is None:
                continue
            with self._lock:
                for viewer in [one for one in self._viewers if one.mailing_id == mailing_id]:
                    if not viewer.put(progress):
                        self._viewers.discard(viewer)
