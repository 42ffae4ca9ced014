"""Notifications over TLS and with a name and a password: a real mail server, a real HTTPS server."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from certificates import make_certificate
from notified import MailBox, by_mail, free_port, make_due, receive, told

from pbx_sms import sentences
from pbx_sms.config import Settings
from pbx_sms.operations import notify
from pbx_sms.storage.engine import Database

MakeSettings = Callable[..., Settings]
USER, PASSWORD = "sms@office.example", "слово и дело"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts who signed it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def context_of(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def check_password(*args: Any) -> AuthResult:
    given = args[-1]
    assert isinstance(given, LoginPassword)
    is_right = (given.login.decode(), given.password.decode()) == (USER, PASSWORD)
    return AuthResult(success=is_right, handled=False)


class GuardedBox(MailBox):
    """Takes mail only from who has signed in."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if not session.authenticated:
            return "530 5.7.0 sign in first"
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture(params=["starttls", "tls"])
def server(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[MailBox, str]]:
    """A mail server that takes mail only from who has signed in, over TLS; and how it is reached."""
    box = GuardedBox()
    context = context_of(certificate)
    tls: dict[str, Any] = (
        {"tls_context": context, "require_starttls": True}
        if request.param == "starttls"
        else {"ssl_context": context, "auth_require_tls": False}
    )
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=check_password,
        **tls,
    )
    controller.start()
    box.port = controller.port
    yield box, request.param
    controller.stop()


def settings_for(make: MakeSettings, server: tuple[MailBox, str], **more: Any) -> Settings:
    box, tls = server
    return make(notify=by_mail(box, smtp_tls=tls, smtp_user=USER, smtp_password=PASSWORD) | more)


@pytest.mark.usefixtures("trusted")
def test_a_mail_goes_over_tls_to_a_server_that_wants_a_password(
    sqlite_database: Database, settings: MakeSettings, server: tuple[MailBox, str]
) -> None:
    made = settings_for(settings, server)
    receive(sqlite_database, made, "Вопрос")
    notify.deliver_due(sqlite_database, made)
    assert told(sqlite_database, made) == [("email", "inbound", "delivered", 1, None)]
    assert "Вопрос" in server[0].taken[0].get_content()


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_is_told_in_the_servers_words_and_the_right_one_then_works(
    sqlite_database: Database, settings: MakeSettings, server: tuple[MailBox, str]
) -> None:
    wrong = settings_for(settings, server, smtp_password="не то")
    receive(sqlite_database, wrong, "Вопрос")
    notify.deliver_due(sqlite_database, wrong)
    (row,) = notify.list_notifications(sqlite_database, wrong)
    assert row["reason"] == "notify_mail_failed"
    assert row["reason_params"]["problem"].startswith("535")
    assert PASSWORD not in str(row)
    assert server[0].taken == []
    make_due(sqlite_database)
    notify.deliver_due(sqlite_database, settings_for(settings, server))
    assert len(server[0].taken) == 1


def test_a_mail_server_with_a_certificate_nobody_signed_gets_neither_mail_nor_password(
    sqlite_database: Database, settings: MakeSettings, server: tuple[MailBox, str]
) -> None:
    made = settings_for(settings, server)
    receive(sqlite_database, made, "Вопрос")
    notify.deliver_due(sqlite_database, made)
    (row,) = notify.list_notifications(sqlite_database, made)
    assert (row["state"], row["reason"]) == ("waiting", "notify_certificate_untrusted")
    assert server[0].taken == []
    for language in sentences.LANGUAGES:
        assert "127.0.0.1" in sentences.render(row["reason"], row["reason_params"], language)


@pytest.mark.usefixtures("trusted")
def test_a_server_that_offers_no_tls_gets_nothing_where_tls_is_wanted(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    box = MailBox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.port = controller.port
    try:
        made = settings(notify=by_mail(box, smtp_tls="starttls"))
        receive(sqlite_database, made, "Вопрос")
        notify.deliver_due(sqlite_database, made)
    finally:
        controller.stop()
    (row,) = notify.list_notifications(sqlite_database, made)
    assert (row["reason"], box.taken) == ("notify_mail_failed", [])
    assert "STARTTLS" in row["reason_params"]["problem"]


@pytest.fixture
def hook(certificate: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A receiver by HTTPS: its address, and what was posted."""
    posts: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: the test looks at what was posted."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Whoever does not trust the certificate hangs up."""

    made = Quiet(("127.0.0.1", 0), Handler)
    made.socket = context_of(certificate).wrap_socket(made.socket, server_side=True)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{made.server_address[1]}/sms", posts
    made.shutdown()
    made.server_close()
    thread.join()


def test_a_web_hook_with_a_certificate_nobody_signed_is_refused_with_a_sentence(
    sqlite_database: Database, settings: MakeSettings, hook: tuple[str, list[bytes]]
) -> None:
    url, posts = hook
    made = settings(notify={"webhook_url": url})
    receive(sqlite_database, made, "Вопрос")
    notify.deliver_due(sqlite_database, made)
    (row,) = notify.list_notifications(sqlite_database, made)
    assert (row["state"], row["reason"], posts) == ("waiting", "notify_certificate_untrusted", [])
    said = sentences.render(row["reason"], row["reason_params"], "en")
    assert "127.0.0.1" in said
    assert "self-signed" in said or "self signed" in said


@pytest.mark.usefixtures("trusted")
def test_a_web_hook_with_a_trusted_certificate_is_told(
    sqlite_database: Database, settings: MakeSettings, hook: tuple[str, list[bytes]]
) -> None:
    url, posts = hook
    made = settings(notify={"webhook_url": url})
    receive(sqlite_database, made, "Вопрос")
    notify.deliver_due(sqlite_database, made)
    assert told(sqlite_database, made) == [("webhook", "inbound", "delivered", 1, None)]
    assert len(posts) == 1
