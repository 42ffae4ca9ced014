"""The people who may sign in. Passwords are stored as Argon2 hashes only; hashing is not done here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.rights import Rights, Role
from pbx_sms.storage.schema import users

__all__ = ["Role", "User"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    user_id: int
    #: in lower case: two people must not differ by a capital letter alone
    name: str
    password_hash: str
    rights: Rights
    #: "ru" or "en"; None = not chosen
    language: str | None
    created_at: datetime
    #: base32; None = a password is enough
    totp_secret: str | None
    #: shown, and not yet confirmed by a code
    totp_pending: str | None

    @property
    def role(self) -> Role:
        return self.rights.role


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


def add(connection: Connection, *, name: str, password_hash: str, role: Role, now: datetime) -> int:
    """The id of the new user. Raises `sqlalchemy.exc.IntegrityError` when the name is taken."""
    result = connection.execute(
        insert(users)
        .values(name=name, password_hash=password_hash, role=str(role), created_at=now)
        .returning(users.c.user_id)
    )
    return int(result.scalar_one())


def remove(connection: Connection, user_id: int) -> bool:
    """Whether the user was there. Sessions and recovery codes go with it."""
    return connection.execute(delete(users).where(users.c.user_id == user_id)).rowcount == 1


def set_password(connection: Connection, user_id: int, password_hash: str) -> None:
    _set(connection, user_id, {"password_hash": password_hash})


def set_rights(connection: Connection, user_id: int, rights: Rights) -> None:
    values = {
        "role": str(rights.role),
        "kinds": None if rights.kinds is None else sorted(rights.kinds),
        "group_ids": None if rights.group_ids is None else sorted(rights.group_ids),
        "may_write": rights.may_write,
        "may_send": rights.may_send,
        "sees_numbers": rights.sees_numbers,
    }
    _set(connection, user_id, values)


def set_totp(connection: Connection, user_id: int, *, secret: str | None, pending: str | None) -> None:
    """With another secret no code was taken yet."""
    _set(connection, user_id, {"totp_secret": secret, "totp_pending": pending, "totp_step": None})


def take_totp_step(connection: Connection, user_id: int, step: int) -> bool:
    """Whether no code of this time step or a later one was taken before: it is now."""
    newer = (users.c.totp_step.is_(None)) | (users.c.totp_step < step)
    return (
        connection.execute(
            update(users).where(users.c.user_id == user_id, newer).values(totp_step=step)
        ).rowcount
        == 1
    )


def _set(connection: Connection, user_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(users).where(users.c.user_id == user_id).values(**values))


def _one(connection: Connection, condition: Any) -> User | None:
    row = connection.execute(select(users).where(condition)).one_or_none()
    return None if row is None else _user(row)


def _user(row: Any) -> User:
    rights = Rights(
        role=Role(row.role),
        kinds=None if row.kinds is None else frozenset(MailingKind(kind) for kind in row.kinds),
        group_ids=None if row.group_ids is None else frozenset(row.group_ids),
        may_write=row.may_write,
        may_send=row.may_send,
        sees_numbers=row.sees_numbers,
    )
    return User(
        user_id=row.user_id,
        name=row.name,
        password_hash=row.password_hash,
        rights=rights,
        language=row.language,
        created_at=row.created_at,
        totp_secret=row.totp_secret,
        totp_pending=row.totp_pending,
    )
