"""Sessions of the pages: begun when somebody signs in, ended by the person, by time, or with the password.

A session is a random token in the browser's cookie; the database knows its hash. It ends when nothing was
asked for `web.session_idle_h`, and `web.session_max_h` after it began in any case.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.errors import NotFound
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.users import existing
from pbx_sms.storage import user_sessions, users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.user_sessions import Session
from pbx_sms.storage.users import User

#: the instant of a session's last request is kept this exactly, so that reading pages does not write
SEEN_EVERY = timedelta(minutes=1)
_MAX_BROWSER = 200


@order("user.sign_in")
def begin(
    database: Database, settings: Settings, user: User, *, address: str | None, browser: str | None
) -> str:
    """The token of a new session of `user`, who has proven who he is."""
    token = secrets.token_urlsafe(32)
    now = database.now()
    with database.begin() as connection:
        user_sessions.forget_ended(
            connection,
            begun_before=now - timedelta(hours=settings.web.session_max_h),
            seen_before=now - timedelta(hours=settings.web.session_idle_h),
        )
        user_sessions.add(
            connection,
            user.user_id,
            token_hash=_hash(token),
            address=address,
            browser=browser and browser[:_MAX_BROWSER],
            now=now,
        )
        tell(subject=user.name)
    return token


@order("user.sign_in_refused", "name")
def note_refused(database: Database, *, name: str) -> None:
    """A wrong password or code for a user that there is. A name that nobody has is not written down: it may
    be a password that was typed in the wrong field."""
    with suppress(NotFound), database.begin() as connection:
        existing(connection, name)


def find(database: Database, settings: Settings, token: str) -> tuple[User, Session] | None:
    """Whose session it is, while it lasts."""
    now = database.now()
    with database.read() as connection:
        session = user_sessions.find(connection, _hash(token))
        if session is None or _has_ended(settings, session, now):
            return None
        user = users.by_id(connection, session.user_id)
    if user is None:
        return None
    if now - session.seen_at >= SEEN_EVERY:
        with database.begin() as connection:
            user_sessions.seen(connection, session.session_id, now)
    return user, session


def list_sessions(database: Database, settings: Settings, *, name: str) -> list[dict[str, Any]]:
    """[{"session_id", "created_at", "seen_at", "address", "browser"}] that last, the newest used first.
    Refused: user_not_found."""
    now = database.now()
    with database.read() as connection:
        user = existing(connection, name)
        found = user_sessions.of_user(connection, user.user_id)
    return [
        {
            "session_id": session.session_id,
            "created_at": session.created_at,
            "seen_at": session.seen_at,
            "address": session.address,
            "browser": session.browser,
        }
        for session in found
        if not _has_ended(settings, session, now)
    ]


@order("user.sign_out", "name", "session_id")
def end(
    database: Database,
    *,
    name: str,
    session_id: int | None = None,
    but: int | None = None,
) -> dict[str, Any]:
    """{"name", "ended"}: one session of the user ends, or all of them (`but` one). Refused: user_not_found,
    no_such_session."""
    with database.begin() as connection:
        user = existing(connection, name)
        ended = user_sessions.end(connection, user.user_id, session_id, but=but)
        if session_id is not None and not ended:
            raise NotFound("no_such_session", session_id=session_id)
    return {"name": user.name, "ended": ended}


def _has_ended(settings: Settings, session: Session, now: datetime) -> bool:
    return now - session.seen_at >= timedelta(
        hours=settings.web.session_idle_h
    ) or now - session.created_at >= timedelta(hours=settings.web.session_max_h)


def _hash(token: str) -> str:
    """The token is random and long: a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()
