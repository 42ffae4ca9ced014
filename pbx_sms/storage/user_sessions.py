"""Sessions of the pages, and the recovery codes of a second factor. Both are stored as hashes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from pbx_sms.storage.schema import recovery_codes, user_sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    session_id: int
    user_id: int
    created_at: datetime
    seen_at: datetime
    address: str | None
    browser: str | None


def add(
    connection: Connection,
    user_id: int,
    *,
    token_hash: str,
    address: str | None,
    browser: str | None,
    now: datetime,
) -> int:
    result = connection.execute(
        insert(user_sessions)
        .values(
            user_id=user_id,
            token_hash=token_hash,
            created_at=now,
            seen_at=now,
            address=address,
            browser=browser,
        )
        .returning(user_sessions.c.session_id)
    )
    return int(result.scalar_one())


def find(connection: Connection, token_hash: str) -> Session | None:
    row = connection.execute(
        select(user_sessions).where(user_sessions.c.token_hash == token_hash)
    ).one_or_none()
    return None if row is None else _session(row)


def of_user(connection: Connection, user_id: int) -> list[Session]:
    """The one that was used last first."""
    query = (
        select(user_sessions)
        .where(user_sessions.c.user_id == user_id)
        .order_by(user_sessions.c.seen_at.desc(), user_sessions.c.session_id.desc())
    )
    return [_session(row) for row in connection.execute(query)]


def seen(connection: Connection, session_id: int, now: datetime) -> None:
    connection.execute(
        update(user_sessions).where(user_sessions.c.session_id == session_id).values(seen_at=now)
    )


def end(
    connection: Connection, user_id: int, session_id: int | None = None, *, but: int | None = None
) -> int:
    """Ends one session of the user, or all (`but` one); how many there were."""
    statement = delete(user_sessions).where(user_sessions.c.user_id == user_id)
    if session_id is not None:
        statement = statement.where(user_sessions.c.session_id == session_id)
    if but is not None:
        statement = statement.where(user_sessions.c.session_id != but)
    return connection.execute(statement).rowcount


def forget_ended(connection: Connection, *, begun_before: datetime, seen_before: datetime) -> None:
    ended = (user_sessions.c.created_at <= begun_before) | (user_sessions.c.seen_at <= seen_before)
    connection.execute(delete(user_sessions).where(ended))


def set_recovery_codes(connection: Connection, user_id: int, hashes: Sequence[str]) -> None:
    """In place of those that were there."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    if hashes:
        connection.execute(insert(recovery_codes), [{"user_id": user_id, "code_hash": one} for one in hashes])


def use_recovery_code(connection: Connection, user_id: int, code_hash: str) -> bool:
    """Whether there was such a code: there is not any more."""
    return (
        connection.execute(
            delete(recovery_codes).where(
                recovery_codes.c.user_id == user_id, recovery_codes.c.code_hash == code_hash
            )
        ).rowcount
        == 1
    )


def recovery_count(connection: Connection, user_id: int) -> int:
    query = select(func.count()).where(recovery_codes.c.user_id == user_id)
    return int(connection.execute(query).scalar_one())


def _session(row: Any) -> Session:
    return Session(
        session_id=row.session_id,
        user_id=row.user_id,
        created_at=row.created_at,
        seen_at=row.seen_at,
        address=row.address,
        browser=row.browser,
    )
