"""Signing in: a new session each time, a code where there is a second factor, or the panel in front."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
from office import PASSWORD, Office

from pbx_sms.config import Settings
from pbx_sms.core.rights import Role
from pbx_sms.operations import second_factor, users
from pbx_sms.storage.engine import Database
from web import create_app

PANEL = {"sign_in_header": "X-Remote-User", "trusted_proxies": ["192.0.2.1"]}


def test_a_session_that_was_there_before_opens_nothing_after_signing_in(office: Office) -> None:
    """Whoever planted a cookie in somebody's browser does not hold the session that comes of it."""
    name = office.add_user(Role.ADMIN)
    client = office.client()
    office.get(client, "/sign-in")
    planted = client.get_cookie("pbx_sms", path=office.prefix)
    assert planted is not None
    office.post(client, "/sign-in", name=name, password=PASSWORD)
    assert office.get(client, "/").status_code == 200
    thief = office.app.test_client()
    thief.set_cookie("pbx_sms", planted.value, path=office.prefix)
    assert office.get(thief, "/").status_code == 302


def test_a_second_factor_is_asked_for_before_anything_opens(office: Office) -> None:
    name = office.add_user(Role.ADMIN)
    secret = second_factor.propose(office.database, name=name)["secret"]
    at = int(office.database.now().timestamp())
    second_factor.confirm(office.database, name=name, code=pyotp.TOTP(secret).at(at - 30))
    client = office.client()
    answer = office.post(client, "/sign-in", name=name, password=PASSWORD)
    assert "/sign-in/code" in answer.headers["Location"]
    assert office.get(client, "/").status_code == 302
    assert office.post(client, "/sign-in/code", code="123").status_code == 400
    assert office.get(client, "/").status_code == 302
    code = pyotp.TOTP(secret).at(at + 30)
    assert office.post(client, "/sign-in/code", code=code).status_code == 303
    assert office.get(client, "/").status_code == 200
    # without the password a code leads nowhere
    other = office.client()
    assert "/sign-in" in office.get(other, "/sign-in/code").headers["Location"]


def panel_office(made: Settings, database: Database) -> Office:
    app = create_app(made, database)
    app.testing = True
    return Office(app, database, made)


def status(office: Office, name: str, address: str) -> int:
    answer = office.app.test_client().get(
        f"{office.prefix}/", headers={"X-Remote-User": name}, environ_base={"REMOTE_ADDR": address}
    )
    return int(answer.status_code)


def test_the_panel_names_the_user_and_nobody_else_does(
    settings: Callable[..., Settings], sqlite_database: Database, sqlite_url: str
) -> None:
    made = settings(database={"url": sqlite_url}, web=PANEL)
    office = panel_office(made, sqlite_database)
    office.add_user(Role.VIEWER, "anna")
    assert status(office, "anna", "192.0.2.1") == 200
    assert status(office, "anna", "192.0.2.2") == 302
    # nobody knows him, and nobody is to be added
    assert status(office, "boris", "192.0.2.1") == 302
    assert users.find(sqlite_database, "boris") is None


def test_whom_the_panel_names_first_is_added_with_the_role_of_the_settings(
    settings: Callable[..., Settings], sqlite_database: Database, sqlite_url: str
) -> None:
    made = settings(database={"url": sqlite_url}, web=PANEL | {"sign_in_header_role": "viewer"})
    office = panel_office(made, sqlite_database)
    assert status(office, "boris", "192.0.2.9") == 302
    assert users.find(sqlite_database, "boris") is None
    assert status(office, "boris", "192.0.2.1") == 200
    added = users.find(sqlite_database, "boris")
    assert added is not None
    assert added.role is Role.VIEWER


def test_frames_are_for_the_panel_that_is_named(
    settings: Callable[..., Settings], sqlite_database: Database, sqlite_url: str
) -> None:
    named = settings(database={"url": sqlite_url}, web={"frame_ancestors": ["self", "https://pbx.example"]})
    answer = panel_office(named, sqlite_database).app.test_client().get("/sms/sign-in")
    assert "frame-ancestors 'self' https://pbx.example" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
