"""Users: names, passwords, the last administrator, signing in; on both databases."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.rights import Rights
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import groups, sign_ins, users
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import user_sessions as sessions
from pbx_sms.storage.schema import users as table
from pbx_sms.storage.users import Role, User

SETTINGS = Settings()
PASSWORD = "correct horse"


def add(database: Database, name: str, role: Role = Role.ADMIN, password: str = PASSWORD) -> None:
    users.add(database, SETTINGS, name=name, role=role, password=password)


def names(database: Database) -> list[str]:
    return [user["name"] for user in users.list_users(database, SETTINGS)]


def begin(database: Database, user: User) -> str:
    return sign_ins.begin(database, SETTINGS, user, address="192.0.2.1", browser="Firefox")


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
    token = begin(database, user)
    found = sign_ins.find(database, SETTINGS, token)
    assert found is not None
    assert found[0] == user
    assert sign_ins.find(database, SETTINGS, "") is None
    assert sign_ins.find(database, SETTINGS, token[:-1]) is None
    users.set_password(database, SETTINGS, name="anna", password="another password")
    assert sign_ins.find(database, SETTINGS, token) is None
    assert users.verify(database, "anna", PASSWORD) is None


def test_a_removed_user_has_no_session(database: Database) -> None:
    add(database, "anna")
    add(database, "boris")
    user = users.verify(database, "boris", PASSWORD)
    assert user is not None
    token = begin(database, user)
    users.remove(database, SETTINGS, name="Boris")
    assert sign_ins.find(database, SETTINGS, token) is None


def test_a_hash_of_older_parameters_is_renewed_at_the_next_sign_in(database: Database) -> None:
    import argon2

    add(database, "anna")
    with database.begin() as connection:
        weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
        connection.execute(update(table).values(password_hash=weak))
    before = users.verify(database, "anna", PASSWORD)
    assert before is not None
    token = begin(database, before)
    after = users.verify(database, "anna", PASSWORD)
    assert after is not None
    assert before.password_hash == weak
    assert after.password_hash != weak
    assert sign_ins.find(database, SETTINGS, token) is not None


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


def test_the_last_administrator_is_made_nothing_less(database: Database) -> None:
    add(database, "anna")
    with pytest.raises(Conflict, match="user_last_admin"):
        users.set_rights(database, SETTINGS, name="anna", change=lambda one: replace(one, role=Role.VIEWER))
    assert users.show(database, "anna")["role"] == "admin"


def test_rights_of_one_person_are_kept_as_they_were_given(database: Database) -> None:
    add(database, "anna")
    add(database, "boris", Role.OPERATOR)
    group = groups.add(database, SETTINGS, name="Клиенты")
    wanted = Rights(
        role=Role.RECEPTIONIST,
        kinds=frozenset({MailingKind.SERVICE}),
        group_ids=frozenset({group["group_id"]}),
        may_write=True,
        may_send=False,
        sees_numbers=False,
    )
    shown = users.set_rights(database, SETTINGS, name="boris", change=lambda _: wanted)
    assert (shown["kinds"], shown["groups"], shown["may_send"]) == (["service"], ["Клиенты"], False)
    user = users.find(database, "boris")
    assert user is not None
    assert user.rights == wanted
    with pytest.raises(NotFound, match="group_not_found"):
        users.set_rights(
            database, SETTINGS, name="boris", change=lambda one: replace(one, group_ids=frozenset({99}))
        )


def test_a_user_without_a_password_is_let_in_by_none(database: Database) -> None:
    users.add(database, SETTINGS, name="anna", role=Role.VIEWER, password=None)
    for password in ("", "-", PASSWORD):
        assert users.verify(database, "anna", password) is None


def test_a_session_ends_when_it_is_idle_and_when_it_is_old(database: Database) -> None:
    add(database, "anna")
    user = users.verify(database, "anna", PASSWORD)
    assert user is not None
    idle, old, lasting = (begin(database, user) for _ in range(3))
    now = database.now()
    for token, column, age in (
        (idle, sessions.c.seen_at, timedelta(hours=SETTINGS.web.session_idle_h)),
        (old, sessions.c.created_at, timedelta(hours=SETTINGS.web.session_max_h)),
        (lasting, sessions.c.seen_at, timedelta(hours=SETTINGS.web.session_idle_h, minutes=-5)),
    ):
        hashed = hashlib.sha256(token.encode()).hexdigest()
        with database.begin() as connection:
            connection.execute(
                update(sessions).where(sessions.c.token_hash == hashed).values({column.name: now - age})
            )
    assert sign_ins.find(database, SETTINGS, idle) is None
    assert sign_ins.find(database, SETTINGS, old) is None
    assert sign_ins.find(database, SETTINGS, lasting) is not None
    assert [one["browser"] for one in sign_ins.list_sessions(database, SETTINGS, name="anna")] == ["Firefox"]
    # what ended is swept away by the next sign-in
    begin(database, user)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(sessions)).scalar_one() == 2


def test_somebody_signs_out_everywhere_else(database: Database) -> None:
    add(database, "anna")
    user = users.verify(database, "anna", PASSWORD)
    assert user is not None
    here, there = begin(database, user), begin(database, user)
    found = sign_ins.find(database, SETTINGS, here)
    assert found is not None
    assert sign_ins.end(database, name="anna", but=found[1].session_id)["ended"] == 1
    assert sign_ins.find(database, SETTINGS, here) is not None
    assert sign_ins.find(database, SETTINGS, there) is None
