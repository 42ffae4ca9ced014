"""The live log of a mailing: server-sent events, and the same lines by polling where no stream is free.

Each event of the mailing is one SSE event whose id is the event's id. A browser that connects again sends
the last id it saw; it then gets from the database what it missed, in bounded pages, and goes on with what
the broadcaster brings. Nothing is left out and nothing comes twice: the viewer's queue is opened first, and
`start_id` says from where it is complete. Streams take at most half of the threads; whoever comes later
gets 503 and polls. A stream ends after some minutes, so that a user who was removed does not watch on.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from pbx_sms.storage import events, log_views, views
from pbx_sms.storage.engine import Database
from pbx_sms.storage.events import EventRow
from web import languages
from web.broadcaster import Broadcaster, Viewer
from web.context import database, settings
from web.log_lines import LineWriter

blueprint = Blueprint("live_log", __name__)

PAGE_SIZE = 500
POLL_PAGE_SIZE = 200
#: the browser waits this long before it connects again
RETRY_MS = 2000
#: a comment keeps proxies from closing a quiet connection, and finds out who has left: until then a viewer
#: who went on to another page holds a place
KEEP_ALIVE_S = 5.0
MAX_STREAM_S = 300.0


@blueprint.get("/mailings/<int:mailing_id>/events")
def stream(mailing_id: int) -> ResponseReturnValue:
    last_id = _last_id()
    with database().read() as connection:
        _require_mailing(connection, mailing_id)
    places: threading.BoundedSemaphore = current_app.extensions["pbx_sms_stream_places"]
    if not places.acquire(blocking=False):
        return Response("all places for live logs are taken\n", 503, {"Retry-After": "30"}, "text/plain")
    broadcaster: Broadcaster = current_app.extensions["pbx_sms_broadcaster"]
    try:
        viewer = broadcaster.subscribe(mailing_id)
    except BaseException:
        places.release()
        raise
    response = Response(
        _stream(database(), viewer, last_id, writer()),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"},
    )

    # called even when the browser is gone before the first byte, unlike a `finally` of the generator
    def leave() -> None:
        broadcaster.unsubscribe(viewer)
        places.release()

    response.call_on_close(leave)
    return response


@blueprint.get("/mailings/<int:mailing_id>/log.json")
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


def _stream(opened: Database, viewer: Viewer, last_id: int, lines: LineWriter) -> Iterator[str]:
    ends_at = time.monotonic() + MAX_STREAM_S
    yield f"retry: {RETRY_MS}\n\n"
    # 1. what the database has, up to where the queue begins
    while last_id < viewer.start_id:
        with opened.read() as connection:
            page = events.read_after(connection, last_id, PAGE_SIZE, mailing_id=viewer.mailing_id)
        for event in page:
            if event.event_id > viewer.start_id:
                break
            last_id = event.event_id
            yield _sse_event(event, lines)
        if len(page) < PAGE_SIZE or page[-1].event_id > viewer.start_id:
            break
    with opened.read() as connection:
        progress = log_views.progress(connection, viewer.mailing_id, opened.now())
    if progress is not None:
        yield _sse("progress", lines.of_progress(progress))
    # 2. what the queue brings; it begins right after `start_id`, in order and without a gap
    while not viewer.is_drained and time.monotonic() < ends_at:
        item = viewer.next(KEEP_ALIVE_S)
        if isinstance(item, EventRow):
            if item.event_id > last_id:
                last_id = item.event_id
                yield _sse_event(item, lines)
        elif item is not None:
            yield _sse("progress", lines.of_progress(item))
        elif not viewer.is_ended:
            yield ": still here\n\n"


def _sse_event(event: EventRow, lines: LineWriter) -> str:
    return _sse("line", lines.of_event(event), event.event_id)


def _sse(name: str, shape: dict[str, Any], event_id: int | None = None) -> str:
    # JSON escapes line ends, so that one data line holds everything
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {name}\ndata: {json.dumps(shape, ensure_ascii=False)}\n\n"


def _last_id() -> int:
    """Where the viewer is: the header of a browser that connects again, else `after` of the address."""
    given = request.headers.get("Last-Event-ID") or request.args.get("after") or "0"
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        abort(400)
    return int(given)


def _require_mailing(connection: Connection, mailing_id: int) -> None:
    if mailing_id > 2**62 or views.mailing_by_id(connection, mailing_id) is None:
        abort(404)
