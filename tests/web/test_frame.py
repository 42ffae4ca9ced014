"""What is around every page: the menu, the look, and the sheets it is dressed in."""

from __future__ import annotations

import gzip
import re

import pytest
from office import Office

from pbx_sms.storage.users import Role
from web import navigation


def test_the_look_is_the_systems_until_the_browser_chose(office: Office) -> None:
    client = office.client(Role.VIEWER)
    page = office.get(client, "/").text
    assert "data-bs-theme" not in page
    assert "(prefers-color-scheme: dark)" in page
    answer = office.post(client, "/look", look="dark", next="/mailings")
    assert answer.headers["Location"] == f"{office.prefix}/mailings"
    assert f"Path={office.prefix}" in answer.headers["Set-Cookie"]
    for path in ("/", "/lists"):
        page = office.get(client, path).text
        assert 'data-bs-theme="dark"' in page
        assert "(prefers-color-scheme: dark)" not in page
    office.post(client, "/sign-out")
    assert 'data-bs-theme="dark"' in office.get(client, "/sign-in").text
    office.post(client, "/look", look="light")
    assert "dark.css" not in office.get(client, "/sign-in").text
    office.post(client, "/look", look="system")
    assert "data-bs-theme" not in office.get(client, "/sign-in").text


def test_a_look_that_does_not_exist_is_refused_and_a_strange_cookie_means_the_systems(office: Office) -> None:
    client = office.client()
    assert office.post(client, "/look", look="pink").status_code == 400
    client.set_cookie("pbx_sms_look", '"><script>', path=office.prefix or "/")
    assert "data-bs-theme" not in office.get(client, "/sign-in").text


def test_bootstrap_comes_from_here_in_a_layer_and_may_be_kept(office: Office) -> None:
    client = office.client()
    found = re.search(r'href="([^"]*bootstrap\.css\?v=\w+)"', office.get(client, "/sign-in").text)
    assert found
    plain = client.get(found[1])
    assert plain.data.startswith(b"@layer bootstrap{")
    assert b"sourceMappingURL" not in plain.data
    assert "max-age=2592000" in plain.headers["Cache-Control"]
    packed = client.get(found[1], headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < 40_000


@pytest.mark.parametrize("area", navigation.AREAS, ids=lambda area: area.endpoint)
def test_every_area_of_the_menu_opens_and_is_marked(office: Office, area: navigation.Area) -> None:
    client = office.client(Role.ADMIN)
    with office.app.test_request_context(base_url=f"http://localhost{office.prefix}"):
        address = office.app.url_for(area.endpoint)
    page = client.get(address).text
    marked = re.findall(r'<a href="([^"]+)" aria-current="page"><svg', page)
    assert marked == [address]


def test_who_may_only_read_is_offered_no_new_mailing(office: Office) -> None:
    assert "/mailings/new" not in office.get(office.client(Role.VIEWER), "/").text
    assert "/mailings/new" in office.get(office.client(Role.OPERATOR), "/").text
