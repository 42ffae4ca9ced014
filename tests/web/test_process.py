"""The pages under gunicorn: streams take no thread that pages need, and end when it leaves."""

from __future__ import annotations

import http.client
import re
import urllib.parse
from pathlib import Path

from office import PASSWORD, Office
from pages_process import PagesProcess

from pbx_sms.storage.users import Role


class Browser:
    """One connection at a time, one cookie."""

    def __init__(self, pages: PagesProcess) -> None:
        self._port = pages.port
        self._cookie = ""

    def open(
        self, path: str, body: str | None = None
    ) -> tuple[http.client.HTTPResponse, http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        headers = {"Cookie": self._cookie, "Accept": "text/html"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if body is None else "POST", f"/sms{path}", body, headers)
        answer = connection.getresponse()
        if cookie := answer.headers.get("Set-Cookie"):
            self._cookie = cookie.split(";")[0]
        return answer, connection

    def status(self, path: str, body: str | None = None) -> int:
        answer, connection = self.open(path, body)
        answer.read()
        connection.close()
        return answer.status

    def sign_in(self, name: str) -> None:
        answer, connection = self.open("/sign-in")
        found = re.search(rb'name="csrf_token" value="([^"]+)"', answer.read())
        assert found
        connection.close()
        fields = {"name": name, "password": PASSWORD, "csrf_token": found.group(1).decode()}
        assert self.status("/sign-in", urllib.parse.urlencode(fields)) == 303


def test_pages_answer_while_every_place_for_streams_is_taken_and_the_server_leaves_at_once(
    office: Office, sqlite_url: str, tmp_path: Path
) -> None:
    name = office.add_user(Role.VIEWER)
    mailing_id = office.start_mailing(office.add_list())
    with PagesProcess(tmp_path, sqlite_url, threads=4, live_logs=7) as pages:
        browser = Browser(pages)
        browser.sign_in(name)
        streams = [browser.open(f"/mailings/{mailing_id}/events") for _ in range(7)]
        assert {answer.status for answer, _ in streams} == {200}
        for answer, _ in streams:
            assert answer.readline() == b"retry: 2000\n"
        assert browser.status(f"/mailings/{mailing_id}/events") == 503
        for _ in range(10):
            assert browser.status("/") == 200
        assert browser.status(f"/mailings/{mailing_id}/log.json") == 200
        # events written by another process arrive
        sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
        office.send_one(sim_id)
        for answer, _ in streams:
            while not (line := answer.readline()).startswith(b'data: {"message": 1'):
                assert line
        # asked to leave, it ends the streams instead of waiting for them
        assert pages.stop() == 0
        for answer, connection in streams:
            assert answer.read() is not None
            connection.close()
        assert "Traceback" not in pages.log
