"""Users: names, passwords, the last administrator, signing in; on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import update

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import users as table
from pbx_sms.storage.users import Role

SETTINGS = Settings()
PASSWORD = "correct horse"


def add(database: Database, name: str, role: Role = Role.ADMIN, password: str = PASSWORD) -> None:
    users.add(database, SETTINGS, name=name, role=role, password=password)


def names(database: Database) -> list[str]:
    return [user["name"] for user in users.list_users(database, SETTINGS)]


def test_only_the_right_password_signs_in(database: Database) -> None:
    add(database, "anna", Role.VIEWER)
    user = users.verify(database, "anna", PASSWORD)
    assert user is not None
    assert (user.name, user.role) == ("anna", Role.VIEWER)
    assert PASSWORD not in user.password_hash
    for name, password in (
        ("anna", "correct horsf"),
        ("anna", ""),
        ("boris", PASSWORD),
        ("", ""),
        ("a\0", "x"),
    ):
        assert users.verify(database, name, password) is None


def test_the_same_keys_are_the_same_name_and_password_on_every_device(database: Database) -> None:
    add(database, " Йван ", password="парой-й-й")
    # й as one character and as и with a breve; a capital letter by the phone's keyboard
    assert users.verify(database, "ЙВАН", "парой-й-й") is not None
    with pytest.raises(Conflict, match="user_exists"):
        add(database, "йван")


def test_an_unknown_name_costs_a_hash_as_well(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    add(database, "anna")
    hashed: list[str] = []
    hasher = type(users._HASHER)
    verify = hasher.verify

    def counted(self: object, password_hash: str, password: str) -> bool:
        hashed.append(password_hash)
        return verify(self, password_hash, password)

    monkeypatch.setattr(hasher, "verify", counted)
    assert users.verify(database, "anna", "wrong password") is None
    assert users.verify(database, "boris", "wrong password") is None
    assert len(hashed) == 2
    assert [one.split("$")[1:4] for one in hashed[:1]] == [one.split("$")[1:4] for one in hashed[1:]]


def test_a_password_without_end_is_not_hashed(database: Database) -> None:
    add(database, "anna")
    assert users.verify(database, "anna", "x" * 10_000_000) is None


def test_a_new_password_ends_the_sessions(database: Database) -> None:
    add(database, "anna")
    user = users.verify(database, "anna", PASSWORD)
    assert user is not None
    assert users.of_session(database, user.user_id, user.session_key) == user
    assert users.of_session(database, user.user_id, "") is None
    assert users.of_session(database, user.user_id + 1, user.session_key) is None
    users.set_password(database, SETTINGS, name="anna", password="another password")
    assert users.of_session(database, user.user_id, user.session_key) is None
    assert users.verify(database, "anna", PASSWORD) is None


def test_a_removed_user_has_no_session(database: Database) -> None:
    add(database, "anna")
    add(database, "boris")
    user = users.verify(database, "boris", PASSWORD)
    assert user is not None
    users.remove(database, SETTINGS, name="Boris")
    assert users.of_session(database, user.user_id, user.session_key) is None


def test_a_hash_of_older_parameters_is_renewed_at_the_next_sign_in(database: Database) -> None:
    import argon2

    add(database, "anna")
    with database.begin() as connection:
        weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
        connection.execute(update(table).values(password_hash=weak))
    before = users.verify(database, "anna", PASSWORD)
    after = users.verify(database, "anna", PASSWORD)
    assert before is not None
    assert after is not None
    assert before.password_hash == weak
    assert after.password_hash != weak
    assert after.session_key == before.session_key


def test_a_hash_that_is_none_lets_nobody_in(database: Database) -> None:
    add(database, "anna")
    with database.begin() as connection:
        connection.execute(update(table).values(password_hash="!"))
    assert users.verify(database, "anna", PASSWORD) is None


def test_the_last_administrator_stays_also_when_two_are_removed_at_once(database: Database) -> None:
    for name in ("anna", "boris", "vera"):
        add(database, name)
    barrier = threading.Barrier(3)
    refused = []

    def remove(name: str) -> None:
        barrier.wait()
        try:
            users.remove(database, SETTINGS, name=name)
        except Conflict as error:
            refused.append(error.code)

    threads = [threading.Thread(target=remove, args=(name,)) for name in ("anna", "boris", "vera")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["user_last_admin"]
    assert len(names(database)) == 1


def test_what_is_refused_changes_nothing(database: Database) -> None:
    add(database, "anna")
    for error, name, password in (
        ("password_too_short", "boris", "1234567"),
        ("password_too_long", "boris", "x" * 1025),
        ("user_name_invalid", "", PASSWORD),
        ("user_name_invalid", "a\nb", PASSWORD),
        ("user_name_invalid", "a\0b", PASSWORD),
        ("user_exists", "ANNA", PASSWORD),
    ):
        with pytest.raises(Refused, match=error):
            add(database, name, password=password)
    with pytest.raises(NotFound, match="user_not_found"):
        users.set_password(database, SETTINGS, name="boris", password=PASSWORD)
    with pytest.raises(NotFound, match="user_not_found"):
        users.remove(database, SETTINGS, name="boris")
    assert names(database) == ["anna"]
