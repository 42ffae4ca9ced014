"""The live log: nothing left out and nothing twice, whatever happens to the connection; bounded in all."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from office import Office, refusal

from pbx_sms.storage import events
from pbx_sms.storage.events import NewEvent
from pbx_sms.storage.users import Role
from web import broadcaster, live_log

Line = dict[str, Any]


def blocks(answer: Any) -> Iterator[tuple[str | None, str, str]]:
    """(id, event, data) of each block of a stream, as a browser would take it apart."""
    text = b""
    for chunk in answer.iter_encoded():
        text += chunk
        while b"\n\n" in text:
            block, text = text.split(b"\n\n", 1)
            lines = block.decode().split("\n")
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            yield fields.get("id"), fields.get("event", ""), fields.get("data", "")


class Stream:
    """An answer that goes on over the connection after the server has let go of it, as under gunicorn."""

    def __init__(self, office: Office, client: FlaskClient, path: str, headers: dict[str, str]) -> None:
        self._server, self.browser = socket.socketpair()
        given = {"gunicorn.socket": self._server, "SERVER_PROTOCOL": "HTTP/1.0"}
        self._answer = office.get(client, path, headers=headers, environ_overrides=given)
        self.status_code, self.headers = self._answer.status_code, self._answer.headers
        self.mimetype = self._answer.mimetype

    def iter_encoded(self) -> Iterator[bytes]:
        yield from self._answer.iter_encoded()
        while received := self.browser.recv(4096):
            yield received

    def close(self) -> None:
        self._answer.close()
        self._server.close()
        self.browser.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def stream(
    office: Office, client: FlaskClient, mailing_id: int, last_id: int, *, by_header: bool = True
) -> Stream:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": str(last_id)} if by_header else {})
    after = 0 if by_header else last_id
    return Stream(office, client, f"/mailings/{mailing_id}/events?after={after}", headers)


def take(answer: Any, until_id: int, most: int | None = None) -> list[int]:
    """Ids from a stream, up to `until_id` or `most` of them; then the browser goes away."""
    ids: list[int] = []
    with answer:
        for event_id, _, _ in blocks(answer):
            if event_id is not None:
                ids.append(int(event_id))
                if ids[-1] >= until_id or len(ids) == most:
                    break
    return ids


def of_mailing(office: Office, mailing_id: int) -> list[int]:
    with office.database.read() as connection:
        return [one.event_id for one in events.read_after(connection, 0, 100_000, mailing_id=mailing_id)]


def append(office: Office, mailing_id: int, message_id: int, count: int) -> None:
    now = office.database.now()
    new = NewEvent(at=now, kind="message", state="submitted", mailing_id=mailing_id, message_id=message_id)
    with office.database.begin() as connection:
        events.append(connection, [new] * count)
    office.database.wake()


@pytest.fixture
def mailing_id(office: Office) -> int:
    return office.start_mailing(office.add_list())


def test_a_stream_says_how_soon_to_come_back_and_passes_through_proxies(
    office: Office, mailing_id: int
) -> None:
    with stream(office, office.client(Role.OPERATOR), mailing_id, 0) as answer:
        assert next(answer.iter_encoded()).decode() == "retry: 2000\n\n"
        assert answer.mimetype == "text/event-stream"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert "no-cache" in answer.headers["Cache-Control"]


def test_a_line_says_number_sim_parts_state_the_networks_word_and_the_text(
    office: Office, mailing_id: int
) -> None:
    client = office.client(Role.OPERATOR)
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    office.send_one(sim_id)
    office.send_one(sim_id, refusal("+CMS ERROR: 1"))
    newest = of_mailing(office, mailing_id)[-1]
    lines: list[Line] = []
    with stream(office, client, mailing_id, 0) as answer:
        for event_id, name, data in blocks(answer):
            if name == "line":
                lines.append(json.loads(data))
                if event_id == str(newest):
                    break
    sent = next(line for line in lines if line["state"] == "submitted")
    assert sent["number"].replace("\u00a0", " ").replace("\u2011", "-") == "+7 916 000-00-01"
    assert (sent["sim"], sent["parts"], sent["state_text"]) == ("gsm1", "1", "sent")
    assert sent["text"] == "Заказ №84315 готов"
    failed = next(line for line in lines if line["state"] == "failed")
    assert "+CMS ERROR: 1" in failed["reason_text"]


def test_reconnects_in_a_storm_of_events_leave_nothing_out_and_bring_nothing_twice(
    office: Office, mailing_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small pages and queues, so that every edge is met: history, the seam to the queue, a full queue."""
    monkeypatch.setattr(live_log, "PAGE_SIZE", 7)
    monkeypatch.setattr(broadcaster, "PAGE_SIZE", 5)
    office.app.extensions["pbx_sms_broadcaster"]._buffer_size = 4_000
    client = office.client(Role.OPERATOR)
    message_id = office.lease(1, [])[0]
    other_id = office.start_mailing(office.add_list(), "Другая рассылка {Имя|всем}")
    chance = random.Random(7)

    def storm() -> None:
        for _ in range(120):
            append(office, mailing_id, message_id, chance.randint(1, 8))
            append(office, other_id, message_id, chance.randint(0, 3))

    writer = threading.Thread(target=storm)
    writer.start()
    seen: list[int] = []
    reconnects = 0
    while writer.is_alive() or seen[-1:] != of_mailing(office, mailing_id)[-1:]:
        until_id = of_mailing(office, mailing_id)[-1]
        answer = stream(office, client, mailing_id, seen[-1] if seen else 0, by_header=chance.random() < 0.8)
        seen += take(answer, until_id, most=chance.randint(1, 40))
        reconnects += 1
    writer.join()
    assert seen == of_mailing(office, mailing_id)
    assert reconnects > 10


def test_a_viewer_that_does_not_keep_up_is_dropped_and_then_served_from_the_database(
    office: Office, mailing_id: int
) -> None:
    reader = office.app.extensions["pbx_sms_broadcaster"]
    reader._buffer_size = 2_000
    client = office.client(Role.OPERATOR)
    before = of_mailing(office, mailing_id)[-1]
    message_id = office.lease(1, [])[0]
    with stream(office, client, mailing_id, before) as answer:
        taken = blocks(answer)
        next(taken)
        thread = reader._thread
        append(office, mailing_id, message_id, 50)
        # it was the only one
        thread.join()
        ids = [int(event_id) for event_id, _, _ in taken if event_id]
    missed = [event_id for event_id in of_mailing(office, mailing_id) if event_id > before]
    assert ids == missed[: len(ids)]
    assert len(ids) < 50
    last = ids[-1] if ids else before
    assert take(stream(office, client, mailing_id, last), missed[-1]) == missed[len(ids) :]


def test_a_viewer_that_reads_nothing_is_dropped_when_its_connection_is_full(
    office: Office, mailing_id: int
) -> None:
    reader = office.app.extensions["pbx_sms_broadcaster"]
    reader._buffer_size = 2_000
    before = of_mailing(office, mailing_id)[-1]
    message_id = office.lease(1, [])[0]
    with stream(office, office.client(Role.OPERATOR), mailing_id, before) as answer:
        for chunk in answer._answer.iter_encoded():
            assert chunk
        # over to the broadcaster now; more than a connection holds
        thread = reader._thread
        append(office, mailing_id, message_id, 4_000)
        # it was the only one
        thread.join()
        ids = [int(event_id) for event_id, _, _ in blocks(answer) if event_id]
    missed = [event_id for event_id in of_mailing(office, mailing_id) if event_id > before]
    assert ids == missed[: len(ids)]
    assert 0 < len(ids) < len(missed)


def test_a_viewer_that_leaves_gives_its_place_back_at_once(office: Office, mailing_id: int) -> None:
    reader = office.app.extensions["pbx_sms_broadcaster"]
    answer = stream(office, office.client(Role.OPERATOR), mailing_id, 0)
    for _ in answer._answer.iter_encoded():
        pass
    assert reader.viewer_count() == 1
    thread = reader._thread
    answer.close()
    # nobody is left to read for, and nothing was committed meanwhile
    thread.join()
    assert reader.viewer_count() == 0


def test_a_server_that_keeps_its_connections_to_itself_has_its_viewers_ask(
    office: Office, mailing_id: int
) -> None:
    refused = office.get(office.client(Role.OPERATOR), f"/mailings/{mailing_id}/events")
    assert refused.status_code == 503


def test_streams_have_so_many_places_and_give_them_back(office: Office, mailing_id: int) -> None:
    client = office.client(Role.OPERATOR)
    places = office.settings.web.live_logs
    for _ in range(3):
        open_streams = [stream(office, client, mailing_id, 0) for _ in range(places)]
        # one of them was never read from: its place must come back all the same
        for answer in open_streams[1:]:
            next(answer.iter_encoded())
        refused = stream(office, client, mailing_id, 0)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        refused.close()
        for answer in open_streams:
            answer.close()
    assert office.app.extensions["pbx_sms_broadcaster"].viewer_count() == 0


def test_one_reader_serves_all_viewers(office: Office, mailing_id: int) -> None:
    client = office.client(Role.OPERATOR)
    open_streams = [stream(office, client, mailing_id, 0) for _ in range(4)]
    for answer in open_streams:
        next(answer.iter_encoded())
    assert sum(thread.name == "event-reader" for thread in threading.enumerate()) == 1
    for answer in open_streams:
        answer.close()


def test_a_server_that_leaves_ends_its_streams(office: Office, mailing_id: int) -> None:
    with stream(office, office.client(Role.OPERATOR), mailing_id, 0) as answer:
        next(answer.iter_encoded())
        office.app.extensions["pbx_sms_broadcaster"].stop_when(lambda: True)
        office.database.wake()
        assert list(answer.iter_encoded()) is not None


def test_polling_brings_the_same_lines_in_pages(
    office: Office, mailing_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "POLL_PAGE_SIZE", 3)
    client = office.client(Role.OPERATOR)
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    while office.send_one(sim_id) is not None:
        pass
    office.finish()
    ids: list[int] = []
    more = True
    while more:
        last_id = ids[-1] if ids else 0
        news = office.get(client, f"/mailings/{mailing_id}/log.json?after={last_id}").json
        ids += [line["id"] for line in news["lines"]]
        more = news["more"]
    assert ids == of_mailing(office, mailing_id)
    assert news["progress"]["state"] == "finished"
    assert news["progress"]["left"] == 0
    assert news["progress"]["groups"]["sent"] == news["progress"]["messages"] == 5


def test_the_page_and_its_stream_fit_together_without_a_seam(office: Office, mailing_id: int) -> None:
    """What the page does not show yet is exactly what the stream brings."""
    client = office.client(Role.OPERATOR)
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    office.send_one(sim_id)
    page = office.get(client, f"/mailings/{mailing_id}").text
    after = int(page.split('data-after="')[1].split('"')[0])
    assert after == of_mailing(office, mailing_id)[-1]
    assert "Заказ №84315 готов" in page
    office.send_one(sim_id)
    later = [event_id for event_id in of_mailing(office, mailing_id) if event_id > after]
    assert take(stream(office, client, mailing_id, after, by_header=False), later[-1]) == later


@pytest.mark.parametrize("last_id", ["-1", "abc", "1e3", "9" * 19, "٣"])
def test_a_place_in_the_log_that_is_no_number_is_refused(
    office: Office, mailing_id: int, last_id: str
) -> None:
    client = office.client(Role.OPERATOR)
    assert office.get(client, f"/mailings/{mailing_id}/log.json?after={last_id}").status_code == 400


@pytest.mark.parametrize("mailing", [999, 2**63])
def test_there_is_no_log_of_a_mailing_that_does_not_exist(office: Office, mailing: int) -> None:
    with stream(office, office.client(Role.OPERATOR), mailing, 0) as answer:
        assert answer.status_code == 404


def test_two_who_watch_one_mailing_read_numbers_each_by_their_own_right(
    office: Office, mailing_id: int
) -> None:
    """The one who may read them comes first: what is written for him must not reach the other."""
    reader = office.app.extensions["pbx_sms_broadcaster"]
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    with office.app.test_request_context():
        whole = replace(live_log.writer(), covers_numbers=False)
    ends = [socket.socketpair() for _ in range(2)]
    viewers = []
    for lines, (server, _) in zip((whole, replace(whole, covers_numbers=True)), ends, strict=True):
        viewers.append(reader.subscribe(mailing_id, lines=lines, is_chunked=False))
        reader.attach(viewers[-1], server)
    thread = reader._thread
    office.send_one(sim_id)
    newest = of_mailing(office, mailing_id)[-1]
    read: list[str] = []
    for _, browser in ends:
        text = b""
        while f"id: {newest}\n".encode() not in text or not text.endswith(b"\n\n"):
            text += browser.recv(65536)
        read.append(text.decode())
    for viewer, (_, browser) in zip(viewers, ends, strict=True):
        reader.unsubscribe(viewer)
        browser.close()
    thread.join()
    number = "+7\u00a0916\u00a0000\u201100\u201101"
    assert number in read[0]
    assert number not in read[1]
