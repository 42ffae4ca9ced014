"""One open live log: its connection, what waits for it, and the form in which it gets its lines."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any

from pbx_sms.storage.events import EventRow
from web.log_lines import LineWriter

#: bytes that may wait for one viewer before it counts as too slow
BUFFER_SIZE = 512 * 1024
#: a stream ends after a while, so that a user who was removed does not watch on
MAX_STREAM_S = 300.0


def sse(name: str, shape: dict[str, Any], event_id: int | None = None) -> bytes:
    """One event of a stream."""
    # JSON escapes line ends, so that one data line holds everything
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {name}\ndata: {json.dumps(shape, ensure_ascii=False)}\n\n".encode()


def sse_event(event: EventRow, lines: LineWriter) -> bytes:
    return sse("line", lines.of_event(event), event.event_id)


class Viewer:
    """One open live log. Everything with a larger id than `start_id` and `seen_id` comes to it.

    Until it gets its socket, what comes waits in the buffer. Used under the broadcaster's lock.
    """

    def __init__(
        self,
        mailing_id: int,
        start_id: int,
        *,
        lines: LineWriter,
        seen_id: int,
        is_chunked: bool,
        size: int,
        left: Callable[[], None],
    ) -> None:
        self.mailing_id = mailing_id
        self.start_id = start_id
        self.lines = lines
        self.seen_id = seen_id
        self.is_chunked = is_chunked
        self.socket: socket.socket | None = None
        self.descriptor = -1
        self.is_ended = False
        self.ends_at = time.monotonic() + MAX_STREAM_S
        self.written_at = time.monotonic()
        self._left = left
        self._size = size
        self._waiting = bytearray()

    def put(self, framed: bytes) -> None:
        """Writes at once what the connection takes; ends where too much waits."""
        if self.is_ended:
            return
        self._waiting += framed
        self.written_at = time.monotonic()
        self.flush()
        if len(self._waiting) > self._size:
            self.end()

    def flush(self) -> None:
        if self.socket is None or not self._waiting:
            return
        try:
            sent = self.socket.send(self._waiting)
        except BlockingIOError:
            return
        except OSError:
            self.end()
            return
        del self._waiting[:sent]

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def end(self, *, politely: bool = False) -> None:
        """Closes it, once. What could not be written is lost here, and read again by whoever comes back."""
        if self.is_ended:
            return
        self.is_ended = True
        if self.socket is not None:
            with contextlib.suppress(OSError):
                if politely and self.is_chunked and not self._waiting:
                    self.socket.send(b"0\r\n\r\n")
            self.socket.close()
        self._left()

    def framed(self, payload: bytes) -> bytes:
        return frame(payload) if self.is_chunked else payload


def frame(payload: bytes) -> bytes:
    """A chunk of HTTP/1.1."""
    return b"%X\r\n%s\r\n" % (len(payload), payload)
