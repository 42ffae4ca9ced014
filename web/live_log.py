"""The live log of a mailing: server-sent events, and the same lines by polling where no stream is free.

Each event of the mailing is one SSE event whose id is the event's id. A browser that connects again sends
the last id it saw; it then gets from the database what it missed, in bounded pages, and goes on with what
the broadcaster brings. Nothing is left out and nothing comes twice: the viewer's buffer is opened first, and
`start_id` says from where it is complete.

The request's thread writes what was missed, then gives the connection itself to the broadcaster and is free.
Whoever comes when all places are taken gets 503 and polls.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from pbx_sms.core.rights import Right
from pbx_sms.storage import events, log_views, views
from pbx_sms.storage.engine import Database
from web import languages
from web.access import needs
from web.broadcaster import Broadcaster
from web.context import database, settings
from web.log_lines import LineWriter
from web.viewer import Viewer, sse, sse_event

blueprint = Blueprint("live_log", __name__)

PAGE_SIZE = 500
POLL_PAGE_SIZE = 200
#: the browser waits this long before it connects again
RETRY_MS = 2000


@blueprint.get("/mailings/<int:mailing_id>/events")
@needs(Right.SEE)
def stream(mailing_id: int) -> ResponseReturnValue:
    last_id = _last_id()
    with database().read() as reading:
        _require_mailing(reading, mailing_id)
    # gunicorn's name for the connection; another server keeps it to itself
    connection = request.environ.get("gunicorn.socket")
    places: threading.BoundedSemaphore = current_app.extensions["pbx_sms_stream_places"]
    if not isinstance(connection, socket.socket) or not places.acquire(blocking=False):
        return Response("all places for live logs are taken\n", 503, {"Retry-After": "30"}, "text/plain")
    broadcaster: Broadcaster = current_app.extensions["pbx_sms_broadcaster"]
    try:
        viewer = broadcaster.subscribe(
            mailing_id,
            lines=writer(),
            seen_id=last_id,
            is_chunked=request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0",
            left=places.release,
        )
    except BaseException:
        places.release()
        raise
    response = Response(
        _stream(database(), broadcaster, viewer, last_id, connection),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"},
    )

    # called even when the browser is gone before the first byte, unlike a `finally` of the generator
    def leave() -> None:
        if viewer.socket is None:
            broadcaster.unsubscribe(viewer)

    response.call_on_close(leave)
    return response


@blueprint.get("/mailings/<int:mailing_id>/log.json")
@needs(Right.SEE)
def poll(mailing_id: int) -> ResponseReturnValue:
    """{"lines": […], "last_id", "more", "progress"} after the id in `after`."""
    last_id = _last_id()
    lines = writer()
    with database().read() as connection:
        _require_mailing(connection, mailing_id)
        page = events.read_after(connection, last_id, POLL_PAGE_SIZE, mailing_id=mailing_id)
        progress = log_views.progress(connection, mailing_id, database().now())
    return jsonify(
        {
            "lines": [lines.of_event(event) for event in page],
            "last_id": page[-1].event_id if page else last_id,
            "more": len(page) == POLL_PAGE_SIZE,
            "progress": lines.of_progress(progress) if progress else None,
        }
    )


def writer() -> LineWriter:
    """For the language of the request being answered."""
    return LineWriter.for_request(settings(), languages.current(), current_app.extensions["pbx_sms_zone"])


def _stream(
    opened: Database, broadcaster: Broadcaster, viewer: Viewer, last_id: int, connection: socket.socket
) -> Iterator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    # what the database has, up to where the buffer begins; that one is whole from there on
    while last_id < viewer.start_id:
        with opened.read() as reading:
            page = events.read_after(reading, last_id, PAGE_SIZE, mailing_id=viewer.mailing_id)
        missed = [event for event in page if event.event_id <= viewer.start_id]
        if missed:
            last_id = missed[-1].event_id
            yield b"".join(sse_event(event, viewer.lines) for event in missed)
        if len(missed) < PAGE_SIZE:
            break
    with opened.read() as reading:
        progress = log_views.progress(reading, viewer.mailing_id, opened.now())
    if progress is not None:
        yield sse("progress", viewer.lines.of_progress(progress))
    broadcaster.attach(viewer, _taken(connection))


def _taken(connection: socket.socket) -> socket.socket:
    """The connection, out of the server's hands: what the server closes now is one whose other end is closed.

    It finds out when it writes the end of the answer, as if the browser had gone.
    """
    taken = socket.socket(fileno=os.dup(connection.fileno()))
    deaf, other = socket.socketpair()
    with contextlib.closing(deaf), contextlib.closing(other):
        os.dup2(deaf.fileno(), connection.fileno(), inheritable=False)
    return taken


def _last_id() -> int:
    """Where the viewer is: the header of a browser that connects again, else `after` of the address."""
    given = request.headers.get("Last-Event-ID") or request.args.get("after") or "0"
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        abort(400)
    return int(given)


def _require_mailing(connection: Connection, mailing_id: int) -> None:
    if mailing_id > 2**62 or views.mailing_by_id(connection, mailing_id) is None:
        abort(404)
