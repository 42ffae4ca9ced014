"""A second factor: codes are taken once, recovery codes too, and nothing but hashes of these is kept."""

from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import select

from pbx_sms.config import Settings
from pbx_sms.core.rights import Role
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations import second_factor, users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import recovery_codes
from pbx_sms.storage.users import User


def stored(database: Database) -> User:
    user = users.find(database, "anna")
    assert user is not None
    return user


def code(database: Database, secret: str, steps: int = 0) -> str:
    at = int(database.now().timestamp()) + 30 * steps
    return pyotp.TOTP(secret).at(at)


@pytest.fixture
def secret(database: Database) -> str:
    users.add(database, Settings(), name="anna", role=Role.ADMIN, password="correct horse")
    proposed: str = second_factor.propose(database, name="anna")["secret"]
    return proposed


def test_it_holds_from_the_first_code_on_and_not_before(database: Database, secret: str) -> None:
    assert second_factor.propose(database, name="anna")["secret"] == secret
    with pytest.raises(Refused, match="second_factor_wrong"):
        second_factor.confirm(database, name="anna", code="000000x")
    assert stored(database).totp_secret is None
    codes = second_factor.confirm(database, name="anna", code=code(database, secret))
    assert stored(database).totp_secret == secret
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    with pytest.raises(Conflict, match="second_factor_is_on"):
        second_factor.propose(database, name="anna")


def test_a_code_is_taken_once_and_none_before_it(database: Database, secret: str) -> None:
    first = code(database, secret, -1)
    second_factor.confirm(database, name="anna", code=first)
    user = stored(database)
    assert not second_factor.verify(database, user, first)
    newer = code(database, secret, 1)
    assert second_factor.verify(database, user, f" {newer[:3]} {newer[3:]} ")
    assert not second_factor.verify(database, user, newer)
    assert not second_factor.verify(database, user, code(database, secret))


def test_a_code_of_another_time_is_refused(database: Database, secret: str) -> None:
    second_factor.confirm(database, name="anna", code=code(database, secret))
    for steps in (-3, 4):
        assert not second_factor.verify(database, stored(database), code(database, secret, steps))


def test_a_recovery_code_opens_once_however_it_is_typed(database: Database, secret: str) -> None:
    codes = second_factor.confirm(database, name="anna", code=code(database, secret))
    with database.read() as connection:
        kept = list(connection.execute(select(recovery_codes.c.code_hash)).scalars())
    assert not any(one.replace("-", "") in "".join(kept) for one in codes)
    user = stored(database)
    assert second_factor.verify(database, user, codes[3].upper().replace("-", " "))
    assert not second_factor.verify(database, user, codes[3])
    assert users.show(database, "anna")["recovery_codes"] == second_factor.RECOVERY_CODES - 1


def test_switched_off_a_password_is_enough_and_the_codes_are_gone(database: Database, secret: str) -> None:
    codes = second_factor.confirm(database, name="anna", code=code(database, secret))
    user = stored(database)
    second_factor.switch_off(database, name="anna")
    assert stored(database).totp_secret is None
    assert not second_factor.verify(database, stored(database), code(database, secret, 1))
    # even for a sign-in that had begun before
    assert not second_factor.verify(database, user, codes[0])
    with pytest.raises(Conflict, match="second_factor_is_off"):
        second_factor.switch_off(database, name="anna")
