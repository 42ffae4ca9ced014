"""Who may do what: every address is closed unless it is opened, every order needs a role and a token."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from office import PASSWORD, Office
from werkzeug.routing import Rule

from pbx_sms.core.rights import Right
from pbx_sms.operations import users
from pbx_sms.storage import views
from pbx_sms.storage.users import Role
from web import state_folder
from web.failed_sign_ins import MAX_PER_ADDRESS, MAX_PER_NAME, WINDOW_S, FailedSignIns

OPEN = {
    *("access.sign_in", "access.type_code", "languages.switch", "looks.choose"),
    *("static", "assets.bootstrap", "health"),
}
ORDERS_OF_EVERYONE = {"access.sign_out"}
#: written out once more: what each role may, by the right that a page declares
MAY = {
    Role.ADMIN: set(Right),
    Role.OPERATOR: set(Right) - {Right.USERS},
    Role.RECEPTIONIST: {Right.SEE, Right.WRITE, Right.SEND, Right.ANSWER, Right.STOP},
    Role.VIEWER: {Right.SEE},
}


def _addresses(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        values = {"filename": "base.css", "key": "A" * 16}
        arguments = {name: values.get(name, "1") for name in rule.arguments}
        address = rule.rule
        for name, value in arguments.items():
            address = re.sub(rf"<(\w+:)?{name}>", value, address)
        yield rule, address


def test_signed_out_nothing_is_reachable_but_sign_in_static_files_health_and_the_language(
    office: Office,
) -> None:
    client = office.client()
    seen = 0
    for rule, address in _addresses(office.app):
        if rule.endpoint in OPEN:
            continue
        if "GET" in rule.methods:
            answer = office.get(client, address)
            assert answer.status_code == 302, rule
            assert "/sign-in?next=" in answer.headers["Location"]
            assert office.get(client, address, headers={"Accept": "application/json"}).status_code == 401
        if "POST" in rule.methods:
            assert office.post(client, address).status_code == 401, rule
        seen += 1
    assert seen > 25


def test_every_post_without_the_token_of_the_session_is_refused(office: Office) -> None:
    client = office.client(Role.ADMIN)
    for rule, address in _addresses(office.app):
        if "POST" in rule.methods:
            answer = client.post(office.prefix + address, data={"csrf_token": "made-up"})
            assert answer.status_code == 400, rule
            assert "out of date" in answer.text


def test_every_view_says_which_right_it_needs(office: Office) -> None:
    silent = [
        rule.endpoint
        for rule in office.app.url_map.iter_rules()
        if rule.endpoint not in OPEN and not hasattr(office.app.view_functions[rule.endpoint], "needs")
    ]
    assert silent == []


def test_every_order_needs_more_than_to_be_signed_in_or_to_read(office: Office) -> None:
    everyones = {
        rule.endpoint
        for rule in office.app.url_map.iter_rules()
        if rule.endpoint not in OPEN
        and "POST" in rule.methods
        and office.app.view_functions[rule.endpoint].needs in (None, Right.SEE)
    }
    assert everyones == ORDERS_OF_EVERYONE


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_exactly_the_pages_whose_right_it_has(office: Office, role: Role) -> None:
    """An address that is not refused may still find nothing (404) or a form without its fields (400)."""
    client = office.client(role)
    token = office.token(client)
    seen = set()
    for rule, address in _addresses(office.app):
        view = office.app.view_functions[rule.endpoint]
        # streams never end; signing out is tried elsewhere
        if rule.endpoint in OPEN or rule.endpoint in ("access.sign_out", "live_log.stream"):
            continue
        allowed = view.needs is None or view.needs in MAY[role]
        for method in sorted({"GET", "POST"} & set(rule.methods)):
            with client.open(
                office.prefix + address,
                method=method,
                data={"csrf_token": token} if method == "POST" else None,
            ) as answer:
                assert (answer.status_code != 403) is allowed, (rule, method, role)
                assert answer.status_code != 500, (rule, method)
            seen.add((rule.endpoint, method))
    assert len(seen) > 60


def test_a_view_that_says_nothing_is_closed_to_the_administrator_too(office: Office) -> None:
    office.app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert office.get(office.client(Role.ADMIN), "/forgotten").status_code == 403


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
def test_who_may_send_may_pause(office: Office, role: Role) -> None:
    mailing_id = office.start_mailing(office.add_list())
    assert office.post(office.client(role), f"/mailings/{mailing_id}/pause").status_code == 303
    with office.database.read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id)
        assert mailing is not None
        assert mailing.state == "paused"


def test_a_receptionist_stops_no_mailing_of_another_kind(office: Office) -> None:
    mailing_id = office.start_mailing(office.add_list())
    answer = office.post(office.client(Role.RECEPTIONIST), f"/mailings/{mailing_id}/pause")
    assert answer.status_code == 403
    assert "information" in answer.text
    with office.database.read() as connection:
        mailing = views.mailing_by_id(connection, mailing_id)
        assert mailing is not None
        assert mailing.state == "running"


def test_a_session_ends_with_the_password_and_with_the_user(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert office.get(client, "/").status_code == 200
    users.set_password(office.database, office.settings, name="operator", password="another one")
    assert office.get(client, "/").status_code == 302
    other = office.client(Role.VIEWER)
    users.remove(office.database, office.settings, name="viewer")
    assert office.get(other, "/").status_code == 302


def test_a_role_that_was_taken_away_holds_with_the_next_request(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert office.get(client, "/uploads/new").status_code == 200
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET role = 'viewer'")
    assert office.get(client, "/uploads/new").status_code == 403


def test_signing_out_ends_the_session(office: Office) -> None:
    client = office.client(Role.ADMIN)
    assert office.post(client, "/sign-out").status_code == 303
    assert office.get(client, "/").status_code == 302


def test_a_wrong_password_tells_nothing_and_is_answered_only_so_often(office: Office) -> None:
    name = office.add_user(Role.ADMIN)
    client = office.client()
    answers = [
        office.post(client, "/sign-in", name=who, password="wrong wrong")
        for who in ("nobody", *([name] * MAX_PER_NAME))
    ]
    assert {answer.status_code for answer in answers} == {400}
    assert all("name or the password is wrong" in answer.text for answer in answers)
    # the right one comes too late
    assert "Try again in 15 min" in office.post(client, "/sign-in", name=name, password=PASSWORD).text
    assert office.get(client, "/").status_code == 302


def test_failures_are_forgotten_after_the_window() -> None:
    now = [0.0]
    failures = FailedSignIns(lambda: now[0])
    for _ in range(MAX_PER_NAME):
        failures.failed("Anna", "10.0.0.1")
    assert failures.wait_s("anna", "10.0.0.1") == WINDOW_S
    assert failures.wait_s("anna", "10.0.0.2") == 0
    now[0] = WINDOW_S
    assert failures.wait_s("anna", "10.0.0.1") == 0
    for number in range(MAX_PER_ADDRESS):
        failures.failed(f"name{number}", "10.0.0.1")
    failures.succeeded("name1", "10.0.0.1")
    assert failures.wait_s("somebody", "10.0.0.1") > 0


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil", "/\x01/", ""]
)
def test_sign_in_leads_nowhere_but_into_this_site(office: Office, target: str) -> None:
    office.add_user(Role.ADMIN)
    client = office.client()
    token = office.token(client)
    answer = client.post(
        f"{office.prefix}/sign-in",
        query_string={"next": target},
        data={"name": "admin", "password": PASSWORD, "csrf_token": token},
    )
    assert answer.headers["Location"] == f"{office.prefix}/"


def test_the_session_cookie_is_for_this_site_alone(office: Office) -> None:
    office.add_user(Role.ADMIN)
    client = office.client()
    token = office.token(client)
    fields = {"name": "admin", "password": PASSWORD, "csrf_token": token}
    cookie = client.post(f"{office.prefix}/sign-in", data=fields).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Path={office.prefix}" in cookie
    assert "Secure" not in cookie
    secure = office.app.test_client().get(f"{office.prefix}/sign-in", base_url="https://pbx.example")
    assert "Secure" in secure.headers["Set-Cookie"]


def test_pages_carry_the_headers_that_keep_foreign_scripts_out(office: Office) -> None:
    answer = office.get(office.client(Role.ADMIN), "/")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=", answer.text)


def test_the_secret_key_is_kept_and_readable_by_its_owner_alone(office: Office) -> None:
    folder = state_folder.locate(office.settings)
    key = state_folder.secret_key(folder)
    assert len(key) == 64
    assert state_folder.secret_key(folder) == key == office.app.config["SECRET_KEY"]
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700


def test_health_answers_without_a_name(office: Office) -> None:
    assert office.get(office.client(), "/health").text == "ok\n"
