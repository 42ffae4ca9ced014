"""The one reader of the event log in this process, and the one writer of all open live logs.

One thread wakes by `database.listen()`, at the latest each second, reads what is new in pages, writes each
event once for each language, and hands the same bytes to every viewer of that mailing. It waits for none of
them, and a place costs no thread. A viewer that does not keep up is dropped: its browser connects again, says
the last id it saw and is served from the database. The thread lives while there are viewers, and survives a
database that is away: it goes on from the last id it has read.

Why so: docs/decisions/0040-live-logs-by-one-thread.md.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable

from psycopg import Error as PostgresError
from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.storage import events, log_views
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import EventRow
from pbx_sms.storage.wakeup import Wakeup
from web.log_lines import LineWriter, Variant
from web.viewer import BUFFER_SIZE, Viewer, sse, sse_event

log = logging.getLogger(__name__)

PAGE_SIZE = 500
#: how often the counts of a mailing are read anew while it changes
PROGRESS_INTERVAL_S = 1.0
FALLBACK_S = 1.0
#: commits within that time are read together
GATHER_S = 0.02
#: a comment keeps proxies from closing a quiet connection; that somebody has left is seen at once
KEEP_ALIVE_S = 15.0


class Broadcaster:
    def __init__(self, database: Database, *, buffer_size: int = BUFFER_SIZE) -> None:
        self._database = database
        self._buffer_size = buffer_size
        self._lock = threading.Lock()
        # in the order in which they came
        self._viewers: dict[Viewer, None] = {}
        self._by_descriptor: dict[int, Viewer] = {}
        #: lives as long as the thread
        self._epoll: select.epoll
        self._thread: threading.Thread | None = None
        self._position = 0
        self._is_stopping: Callable[[], bool] = lambda: False

    def stop_when(self, is_stopping: Callable[[], bool]) -> None:
        """Asked at least once a second: true ends every stream, so that the server can leave."""
        self._is_stopping = is_stopping

    def subscribe(
        self,
        mailing_id: int,
        *,
        lines: LineWriter,
        seen_id: int = 0,
        is_chunked: bool = True,
        left: Callable[[], None] = lambda: None,
    ) -> Viewer:
        """`left` is called once, when the viewer has ended for whatever reason."""
        with self._lock:
            if self._thread is None:
                with self._database.read() as connection:
                    self._position = events.newest_id(connection)
                self._epoll = select.epoll()
                self._thread = threading.Thread(target=self._run, name="event-reader", daemon=True)
                self._thread.start()
            viewer = Viewer(
                mailing_id,
                self._position,
                lines=lines,
                seen_id=seen_id,
                is_chunked=is_chunked,
                size=self._buffer_size,
                left=left,
            )
            self._viewers[viewer] = None
            return viewer

    def attach(self, viewer: Viewer, connection: socket.socket) -> None:
        """The viewer's browser is at the other end of `connection`, which is closed with the viewer."""
        connection.setblocking(False)
        with self._lock:
            if viewer.is_ended:
                connection.close()
                return
            viewer.socket, viewer.descriptor = connection, connection.fileno()
            self._by_descriptor[viewer.descriptor] = viewer
            viewer.flush()
            if viewer.is_ended:
                self._remove(viewer)
            else:
                self._epoll.register(connection, select.EPOLLIN | select.EPOLLOUT)

    def unsubscribe(self, viewer: Viewer) -> None:
        with self._lock:
            viewer.end()
            self._remove(viewer)

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
                    if wakeup is None:
                        wakeup = self._database.listen()
                        self._epoll.register(wakeup.fileno(), select.EPOLLIN)
                    self._wait(wakeup)
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
                self._end(self._viewers)
                self._epoll.close()

    def _leave(self) -> bool:
        """Whether the thread is to end: nobody looks any more, or the server is stopping."""
        with self._lock:
            now = time.monotonic()
            if self._is_stopping():
                self._end(self._viewers)
            self._end(viewer for viewer in self._viewers if viewer.ends_at < now)
            for viewer in list(self._viewers):
                if now - viewer.written_at > KEEP_ALIVE_S:
                    self._put(viewer, viewer.framed(b": still here\n\n"))
            self._end(viewer for viewer in self._viewers if viewer.is_ended)
            if self._viewers:
                return False
            self._thread = None
            self._epoll.close()
            return True

    def _end(self, viewers: Iterable[Viewer]) -> None:
        for viewer in list(viewers):
            viewer.end(politely=True)
            self._remove(viewer)

    def _wait(self, wakeup: Wakeup) -> None:
        """Until something was committed, at most a second; meanwhile sees who leaves, writes what waited."""
        ends_at = time.monotonic() + FALLBACK_S
        while (left_s := ends_at - time.monotonic()) > 0:
            ready = self._epoll.poll(left_s)
            with self._lock:
                for descriptor, what in ready:
                    if (viewer := self._by_descriptor.get(descriptor)) is not None:
                        self._serve(viewer, what)
            if any(descriptor == wakeup.fileno() for descriptor, _ in ready):
                # what is committed in the same moment is read with it
                time.sleep(GATHER_S)
                wakeup.drain()
                return

    def _serve(self, viewer: Viewer, what: int) -> None:
        assert viewer.socket is not None
        if what & select.EPOLLOUT:
            viewer.flush()
        if what & ~select.EPOLLOUT:
            try:
                is_gone = viewer.socket.recv(4096) == b""
            except BlockingIOError:
                is_gone = False
            except OSError:
                is_gone = True
            if is_gone:
                viewer.end()
        if viewer.is_ended:
            self._remove(viewer)
        else:
            self._watch(viewer)

    def _watch(self, viewer: Viewer) -> None:
        if viewer.socket is not None:
            self._epoll.modify(viewer.socket, select.EPOLLIN | (select.EPOLLOUT if viewer.is_waiting else 0))

    def _remove(self, viewer: Viewer) -> None:
        self._viewers.pop(viewer, None)
        self._by_descriptor.pop(viewer.descriptor, None)

    def _put(self, viewer: Viewer, framed: bytes) -> None:
        viewer.put(framed)
        if viewer.is_ended:
            self._remove(viewer)
        elif viewer.is_waiting:
            self._watch(viewer)

    def _read_new(self, changed: dict[int, None]) -> None:
        while True:
            with self._database.read() as connection:
                page = events.read_after(connection, self._position, PAGE_SIZE)
            if not page:
                return
            with self._lock:
                self._hand_out(page, changed)
                # moved together with the buffers: a viewer that joins now starts exactly here
                self._position = page[-1].event_id

    def _hand_out(self, page: list[EventRow], changed: dict[int, None]) -> None:
        of_mailing: dict[int, list[EventRow]] = {}
        for event in page:
            if event.mailing_id is not None:
                of_mailing.setdefault(event.mailing_id, []).append(event)
        #: written once for all who read the same
        written: dict[tuple[int, Variant, int, bool], bytes] = {}
        for viewer in list(self._viewers):
            new = of_mailing.get(viewer.mailing_id)
            if new is None or new[-1].event_id <= viewer.seen_id:
                continue
            changed[viewer.mailing_id] = None
            seen_id = viewer.seen_id if viewer.seen_id >= new[0].event_id else 0
            key = (viewer.mailing_id, viewer.lines.variant, seen_id, viewer.is_chunked)
            if key not in written:
                of_viewer = (sse_event(event, viewer.lines) for event in new if event.event_id > seen_id)
                written[key] = viewer.framed(b"".join(of_viewer))
            self._put(viewer, written[key])

    def _count(self, changed: dict[int, None], counted_at: dict[int, float]) -> None:
        now = time.monotonic()
        for mailing_id in [one for one in changed if now - counted_at.get(one, 0.0) >= PROGRESS_INTERVAL_S]:
            with self._database.read() as connection:
                progress = log_views.progress(connection, mailing_id, self._database.now())
            del changed[mailing_id]
            counted_at[mailing_id] = now
            if progress is None:
                continue
            written: dict[Variant, bytes] = {}
            with self._lock:
                for viewer in [one for one in self._viewers if one.mailing_id == mailing_id]:
                    variant = viewer.lines.variant
                    if variant not in written:
                        written[variant] = sse("progress", viewer.lines.of_progress(progress))
                    self._put(viewer, viewer.framed(written[variant]))
