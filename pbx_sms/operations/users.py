"""Who may sign in: adding, removing, changing passwords, and checking one.

A name is kept in lower case and a password in one Unicode form, so that the same keys typed in a browser, on
a phone and in a terminal give the same user. The last administrator cannot be removed.
"""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.storage import users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.users import Role, User

MIN_PASSWORD_LENGTH = 8
#: hashing takes the longer the longer the password is; nobody types more
MAX_PASSWORD_LENGTH = 1024
MAX_NAME_LENGTH = 64

_HASHER = PasswordHasher()


def add(database: Database, settings: Settings, *, name: str, role: Role, password: str) -> dict[str, Any]:
    """{"user_id", "name", "role"}. Refused: user_name_invalid, password_too_short, password_too_long,
    user_exists."""
    clean_name = _checked_name(name)
    password_hash = _HASHER.hash(_checked_password(password))
    try:
        with database.begin() as connection:
            user_id = users.add(
                connection,
                name=clean_name,
                password_hash=password_hash,
                role=role,
                session_key=_new_session_key(),
                now=database.now(),
            )
    except IntegrityError as error:
        raise Conflict("user_exists", name=clean_name) from error
    database.wake()
    return {"user_id": user_id, "name": clean_name, "role": str(role)}


def list_users(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """[{"user_id", "name", "role", "created_at"}] by name."""
    with database.read() as connection:
        return [
            {
                "user_id": user.user_id,
                "name": user.name,
                "role": str(user.role),
                "created_at": user.created_at,
            }
            for user in users.every(connection)
        ]


def remove(database: Database, settings: Settings, *, name: str) -> dict[str, Any]:
    """{"name", "role"} of who was removed. Refused: user_not_found, user_last_admin."""
    with database.begin() as connection:
        admins = users.admins_for_update(connection)
        user = _existing(_find(connection, name), name)
        if user.role is Role.ADMIN and len(admins) == 1:
            raise Conflict("user_last_admin", name=user.name)
        users.remove(connection, user.user_id)
    database.wake()
    return {"name": user.name, "role": str(user.role)}


def set_password(database: Database, settings: Settings, *, name: str, password: str) -> dict[str, Any]:
    """{"name", "role"}; every session of the user ends. Refused: user_not_found, password_too_short,
    password_too_long."""
    password_hash = _HASHER.hash(_checked_password(password))
    with database.begin() as connection:
        user = _existing(_find(connection, name), name)
        users.set_password(
            connection, user.user_id, password_hash=password_hash, session_key=_new_session_key()
        )
    database.wake()
    return {"name": user.name, "role": str(user.role)}


def require(database: Database, name: str) -> None:
    """Raises `NotFound` unless there is such a user: asked before a person types a password twice."""
    with database.read() as connection:
        _existing(_find(connection, name), name)


def verify(database: Database, name: str, password: str) -> User | None:
    """The user, if the password is right. Takes as long for a name that does not exist, so that trying
    names tells nothing. Limiting the number of tries is the caller's."""
    if len(password) > MAX_PASSWORD_LENGTH:
        return None
    with database.read() as connection:
        user = _find(connection, name)
    clean_password = unicodedata.normalize("NFC", password)
    if not _matches(_nobodys_hash() if user is None else user.password_hash, clean_password):
        return None
    if user is not None and _HASHER.check_needs_rehash(user.password_hash):
        # made with an older library's parameters; the sessions go on
        with database.begin() as connection:
            users.set_password(
                connection,
                user.user_id,
                password_hash=_HASHER.hash(clean_password),
                session_key=user.session_key,
            )
    return user


def of_session(database: Database, user_id: int, session_key: str) -> User | None:
    """The user of a session, unless it was removed or has another password since."""
    with database.read() as connection:
        user = users.by_id(connection, user_id)
    if user is None or not secrets.compare_digest(user.session_key.encode(), session_key.encode()):
        return None
    return user


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex())


def _new_session_key() -> str:
    return secrets.token_hex(16)


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
