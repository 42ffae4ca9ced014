"""Under a prefix and behind proxies: whose word about the address and the scheme is believed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, request

from pbx_sms.config import Settings
from pbx_sms.storage.engine import Database
from web import create_app
from web.mounting import BehindTrustedProxies, UnderPrefix

FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
}


def _app(prefix: str = "", proxies: tuple[str, ...] = ()) -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/where", "where", lambda: f"{request.remote_addr} {request.url}")
    app.wsgi_app = BehindTrustedProxies(UnderPrefix(app.wsgi_app, prefix), proxies)  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize(
    ("address", "proxies", "believed"),
    [
        ("127.0.0.1", ("127.0.0.1",), True),
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("192.0.2.1", ("127.0.0.1",), False),
        ("", ("127.0.0.1",), False),
        ("127.0.0.1", (), False),
    ],
)
def test_forwarded_headers_are_believed_only_of_named_proxies(
    address: str, proxies: tuple[str, ...], believed: bool
) -> None:
    client = _app(proxies=proxies).test_client()
    answer = client.get("/where", headers=FORWARDED, environ_base={"REMOTE_ADDR": address}).text
    assert ("203.0.113.9 https://evil.example" in answer) is believed


def test_pages_live_under_their_prefix_and_the_root_leads_there() -> None:
    client = _app("/sms").test_client()
    assert client.get("/sms/where").text.endswith("http://localhost/sms/where")
    for root in ("/", "/sms"):
        assert client.get(root).headers["Location"] == "/sms/"
    assert client.get("/where").status_code == 404
    assert client.get("/smsx/where").status_code == 404


def test_without_a_prefix_pages_live_at_the_root() -> None:
    assert _app("").test_client().get("/where").status_code == 200


@pytest.mark.parametrize("prefix", ["", "/sms", "/panel/sms"])
def test_all_addresses_of_a_page_carry_the_prefix(
    sqlite_database: Database, sqlite_url: str, settings: Callable[..., Settings], prefix: str
) -> None:
    app = create_app(settings(database={"url": sqlite_url}, web={"url_prefix": prefix}), sqlite_database)
    page = app.test_client().get(f"{prefix}/sign-in")
    assert f'href="{prefix}/static/base.css?v=' in page.text
    assert f'action="{prefix}/language"' in page.text
    assert app.test_client().get(f"{prefix}/").headers["Location"] == f"{prefix}/sign-in?next=/"
