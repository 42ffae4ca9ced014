"""The second factor of a sign-in: a code of six digits that an application on the person's telephone shows
(TOTP, RFC 6238), or one of ten recovery codes where the telephone is lost.

A code is taken once: its time step and every earlier one are refused from then on. Recovery codes are kept as
hashes and go away when they are used.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any

import pyotp

from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations.audit import order
from pbx_sms.operations.users import existing
from pbx_sms.storage import user_sessions, users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.users import User

ISSUER = "pbx-sms"
RECOVERY_CODES = 10
#: a code of the step before and of the step after is taken too: telephones' clocks differ
_STEPS_AROUND = 1
_STEP_S = 30
#: without letters that are taken for one another
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LENGTH = 12


def propose(database: Database, *, name: str) -> dict[str, Any]:
    """{"secret", "address"}: what the application is to be shown, kept until a code of it confirms it. The
    same until then. Refused: user_not_found, second_factor_is_on."""
    with database.begin() as connection:
        user = existing(connection, name)
        if user.totp_secret is not None:
            raise Conflict("second_factor_is_on", name=user.name)
        secret = user.totp_pending or pyotp.random_base32()
        if user.totp_pending is None:
            users.set_totp(connection, user.user_id, secret=None, pending=secret)
    return {
        "secret": secret,
        "address": pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name=ISSUER),
    }


@order("user.second_factor_on", "name")
def confirm(database: Database, *, name: str, code: str) -> list[str]:
    """The recovery codes, told this once: from now on a code is asked for. Refused: user_not_found,
    second_factor_not_proposed, second_factor_wrong."""
    with database.begin() as connection:
        user = existing(connection, name)
        if user.totp_pending is None:
            raise Conflict("second_factor_not_proposed", name=user.name)
        step = matching_step(user.totp_pending, code, database.now())
        if step is None:
            raise Refused("second_factor_wrong")
        users.set_totp(connection, user.user_id, secret=user.totp_pending, pending=None)
        users.take_totp_step(connection, user.user_id, step)
        codes = [
            "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)
        ]
        user_sessions.set_recovery_codes(connection, user.user_id, [_hash(one) for one in codes])
    return [f"{one[:4]}-{one[4:8]}-{one[8:]}" for one in codes]


@order("user.second_factor_off", "name")
def switch_off(database: Database, *, name: str) -> dict[str, Any]:
    """{"name"}: a password is enough again. Refused: user_not_found, second_factor_is_off."""
    with database.begin() as connection:
        user = existing(connection, name)
        if user.totp_secret is None:
            raise Conflict("second_factor_is_off", name=user.name)
        users.set_totp(connection, user.user_id, secret=None, pending=None)
        user_sessions.set_recovery_codes(connection, user.user_id, [])
    return {"name": user.name}


def verify(database: Database, user: User, code: str) -> bool:
    """Whether the code opens; it does so once. Limiting the number of tries is the caller's."""
    if user.totp_secret is None:
        return False
    step = matching_step(user.totp_secret, code, database.now())
    with database.begin() as connection:
        if step is not None:
            return users.take_totp_step(connection, user.user_id, step)
        typed = "".join(char for char in code.lower() if char.isalnum())
        return user_sessions.use_recovery_code(connection, user.user_id, _hash(typed))


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is."""
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return None
    totp = pyotp.TOTP(secret, interval=_STEP_S)
    current = int(now.timestamp()) // _STEP_S
    for step in range(current - _STEPS_AROUND, current + _STEPS_AROUND + 1):
        if hmac.compare_digest(totp.generate_otp(step), typed):
            return step
    return None


def _new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))


def _hash(code: str) -> str:
    """The code is random and long: a plain hash cannot be guessed back."""
    return hashlib.sha256(code.encode()).hexdigest()
