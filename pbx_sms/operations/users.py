"""Who may sign in: adding, removing, changing passwords and rights, and checking a password.

A name is kept in lower case and a password in one Unicode form, so that the same keys typed in a browser, on
a phone and in a terminal give the same user. The last administrator cannot be removed, nor made
anything less.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pbx_sms.config import Settings
from pbx_sms.core.rights import Rights, Role
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.audit import order, tell
from pbx_sms.storage import groups, user_sessions, users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.users import User

MIN_PASSWORD_LENGTH = 8
#: hashing takes the longer the longer the password is; nobody types more
MAX_PASSWORD_LENGTH = 1024
MAX_NAME_LENGTH = 64
#: no hash of anything: nobody signs in with a password
NO_PASSWORD = "-"

_HASHER = PasswordHasher()


@order("user.add", "name", "role")
def add(
    database: Database, settings: Settings, *, name: str, role: Role, password: str | None
) -> dict[str, Any]:
    """{"user_id", "name", "role"}. Without a password only the panel that the pages believe lets the user
    in. Refused: user_name_invalid, password_too_short, password_too_long, user_exists."""
    clean_name = _checked_name(name)
    password_hash = NO_PASSWORD if password is None else _HASHER.hash(_checked_password(password))
    try:
        with database.begin() as connection:
            user_id = users.add(
                connection,
                name=clean_name,
                password_hash=password_hash,
                role=role,
                now=database.now(),
            )
    except IntegrityError as error:
        raise Conflict("user_exists", name=clean_name) from error
    database.wake()
    return {"user_id": user_id, "name": clean_name, "role": str(role)}


def list_users(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """What `show` tells of everybody, by name."""
    with database.read() as connection:
        return [_shown(connection, user) for user in users.every(connection)]


def show(database: Database, name: str) -> dict[str, Any]:
    """{"user_id", "name", "role", "kinds", "groups", "may_write", "may_send", "sees_numbers",
    "second_factor", "recovery_codes", "sessions", "created_at"}; None: as the role says. Refused:
    user_not_found."""
    with database.read() as connection:
        return _shown(connection, existing(connection, name))


@order("user.remove", "name")
def remove(database: Database, settings: Settings, *, name: str) -> dict[str, Any]:
    """{"name", "role"} of who was removed. Refused: user_not_found, user_last_admin."""
    with database.begin() as connection:
        user = _keeping_an_admin(connection, name, None)
        users.remove(connection, user.user_id)
        tell(before=user.rights)
    database.wake()
    return {"name": user.name, "role": str(user.role)}


@order("user.password", "name")
def set_password(
    database: Database, settings: Settings, *, name: str, password: str, keep_session: int | None = None
) -> dict[str, Any]:
    """{"name", "role"}; every session of the user ends but `keep_session`. Refused: user_not_found,
    password_too_short, password_too_long."""
    password_hash = _HASHER.hash(_checked_password(password))
    with database.begin() as connection:
        user = existing(connection, name)
        users.set_password(connection, user.user_id, password_hash)
        user_sessions.end(connection, user.user_id, but=keep_session)
    database.wake()
    return {"name": user.name, "role": str(user.role)}


@order("user.rights", "name")
def set_rights(
    database: Database, settings: Settings, *, name: str, change: Callable[[Rights], Rights]
) -> dict[str, Any]:
    """What `show` tells; `change` makes the new rights out of those that hold. They hold with the user's next
    request. Refused: user_not_found, user_last_admin, group_not_found."""
    with database.begin() as connection:
        before = existing(connection, name)
        wanted = change(before.rights)
        user = _keeping_an_admin(connection, name, wanted.role)
        for group_id in wanted.group_ids or ():
            if groups.find(connection, group_id) is None:
                raise NotFound("group_not_found", group=group_id)
        users.set_rights(connection, user.user_id, wanted)
        tell(subject=user.name, before=before.rights, after=wanted)
    database.wake()
    return show(database, name)


def require(database: Database, name: str) -> None:
    """Raises `NotFound` unless there is such a user: asked before a person types a password twice."""
    with database.read() as connection:
        existing(connection, name)


def verify(database: Database, name: str, password: str) -> User | None:
    """The user, if the password is right. Takes as long for a name that does not exist, so that trying
    names tells nothing. Limiting the number of tries is the caller's."""
    if len(password) > MAX_PASSWORD_LENGTH:
        return None
    with database.read() as connection:
        user = _find(connection, name)
    clean_password = unicodedata.normalize("NFC", password)
    known = _nobodys_hash() if user is None or user.password_hash == NO_PASSWORD else user.password_hash
    if not _matches(known, clean_password):
        return None
    if user is not None and _HASHER.check_needs_rehash(user.password_hash):
        # made with an older library's parameters; the sessions go on
        with database.begin() as connection:
            users.set_password(connection, user.user_id, _HASHER.hash(clean_password))
    return user


def existing(connection: Connection, name: str) -> User:
    """By name, inside of a transaction. Raises `NotFound`: user_not_found."""
    return _existing(_find(connection, name), name)


def by_id(database: Database, user_id: int) -> User | None:
    with database.read() as connection:
        return users.by_id(connection, user_id)


def find(database: Database, name: str) -> User | None:
    with database.read() as connection:
        return _find(connection, name)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex())


def _keeping_an_admin(connection: Connection, name: str, role: Role | None) -> User:
    """The user, who is to have `role` or to go; raises `Conflict` where no administrator would be left."""
    admins = users.admins_for_update(connection)
    user = existing(connection, name)
    if user.role is Role.ADMIN and role is not Role.ADMIN and len(admins) == 1:
        raise Conflict("user_last_admin", name=user.name)
    return user


def _shown(connection: Connection, user: User) -> dict[str, Any]:
    rights = user.rights
    named = [groups.find(connection, group_id) for group_id in sorted(rights.group_ids or ())]
    return {
        "user_id": user.user_id,
        "name": user.name,
        "role": str(user.role),
        "kinds": None if rights.kinds is None else sorted(map(str, rights.kinds)),
        "groups": None if rights.group_ids is None else [group.name for group in named if group is not None],
        "may_write": rights.may_write,
        "may_send": rights.may_send,
        "sees_numbers": rights.sees_numbers,
        "second_factor": user.totp_secret is not None,
        "recovery_codes": user_sessions.recovery_count(connection, user.user_id),
        "sessions": len(user_sessions.of_user(connection, user.user_id)),
        "created_at": user.created_at,
    }


def _find(connection: Connection, name: str) -> User | None:
    folded = _folded(name)
    # PostgreSQL cannot even be asked for such a name
    return None if "\0" in folded else users.by_name(connection, folded)


def _existing(user: User | None, name: str) -> User:
    if user is None:
        raise NotFound("user_not_found", name=name)
    return user


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name.strip()).casefold())


def _checked_name(name: str) -> str:
    folded = _folded(name)
    printable = folded.isprintable() and not any(char.isspace() for char in folded)
    if not (folded and printable and len(folded) <= MAX_NAME_LENGTH):
        raise Refused("user_name_invalid", name=name, max_length=MAX_NAME_LENGTH)
    return folded


def _checked_password(password: str) -> str:
    clean = unicodedata.normalize("NFC", password)
    if len(clean) < MIN_PASSWORD_LENGTH:
        raise Refused("password_too_short", min_length=MIN_PASSWORD_LENGTH)
    if len(clean) > MAX_PASSWORD_LENGTH:
        raise Refused("password_too_long", max_length=MAX_PASSWORD_LENGTH)
    return clean
