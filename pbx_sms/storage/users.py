"""The people who may sign in. Passwords are stored as Argon2 hashes only; hashing is not done here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pbx_sms.storage.schema import users


class Role(StrEnum):
    """Each may do what the ones below it may."""

    ADMIN = "admin"
    OPERATOR = "operator"
    RECEPTIONIST = "receptionist"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    user_id: int
    #: in lower case: two people must not differ by a capital letter alone
    name: str
    password_hash: str
    role: Role
    #: "ru" or "en"; None = not chosen
    language: str | None
    created_at: datetime
    #: changes with the password: a session that carries another one has ended
    session_key: str


def by_name(connection: Connection, name: str) -> User | None:
    return _one(connection, users.c.name == name)


def by_id(connection: Connection, user_id: int) -> User | None:
    return _one(connection, users.c.user_id == user_id)


def every(connection: Connection) -> list[User]:
    """All users by name."""
    return [_user(row) for row in connection.execute(select(users).order_by(users.c.name))]


def admins_for_update(connection: Connection) -> list[User]:
    """All administrators, locked until the transaction ends: nobody else can remove one meanwhile."""
    query = select(users).where(users.c.role == Role.ADMIN).order_by(users.c.user_id).with_for_update()
    return [_user(row) for row in connection.execute(query)]


def add(
    connection: Connection, *, name: str, password_hash: str, role: Role, session_key: str, now: datetime
) -> int:
    """The id of the new user. Raises `sqlalchemy.exc.IntegrityError` when the name is taken."""
    result = connection.execute(
        insert(users)
        .values(
            name=name, password_hash=password_hash, role=str(role), session_key=session_key, created_at=now
        )
        .returning(users.c.user_id)
    )
    return int(result.scalar_one())


def remove(connection: Connection, user_id: int) -> bool:
    """Whether the user was there."""
    return connection.execute(delete(users).where(users.c.user_id == user_id)).rowcount == 1


def set_password(connection: Connection, user_id: int, *, password_hash: str, session_key: str) -> bool:
    """Whether the user was there; with another `session_key` its sessions end."""
    return (
        connection.execute(
            update(users)
            .where(users.c.user_id == user_id)
            .values(password_hash=password_hash, session_key=session_key)
        ).rowcount
        == 1
    )


def _one(connection: Connection, condition: Any) -> User | None:
    row = connection.execute(select(users).where(condition)).one_or_none()
    return None if row is None else _user(row)


def _user(row: Any) -> User:
    return User(**{**row._mapping, "role": Role(row.role)})
