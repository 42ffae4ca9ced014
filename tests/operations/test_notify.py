"""Notifications, told to a real mail server and a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from notified import MailBox, by_mail, free_port, make_due, receive, told

from pbx_sms.config import Settings
from pbx_sms.core import notify_retry
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import notify, stop_list
from pbx_sms.storage import notifications
from pbx_sms.storage.engine import Database
from pbx_sms.storage.stop_list import StopSource

MakeSettings = Callable[..., Settings]
SECRET = "секрет"


@pytest.fixture
def mail() -> Iterator[MailBox]:
    box = MailBox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


@dataclass
class Hook:
    """What was posted: headers and body; `status` is the answer."""

    url: str = ""
    status: int = 204
    location: str | None = None
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.posts.append((dict(self.headers), body))
            self.send_response(made.status)
            if made.location:
                self.send_header("Location", made.location)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: the test looks at what was posted."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}/sms"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def test_without_settings_nobody_is_told(database: Database, settings: MakeSettings) -> None:
    made = settings()
    receive(database, made, "Вопрос")
    assert not notify.deliver_due(database, made)
    assert told(database, made) == []
    with pytest.raises(Refused) as refusal:
        notify.test(database, made)
    assert refusal.value.code == "notify_not_configured"


def test_a_reply_is_told_by_mail(database: Database, settings: MakeSettings, mail: MailBox) -> None:
    made = settings(notify=by_mail(mail), sim=[{"imsi": "250011234567890", "label": "склад"}])
    receive(database, made, "Когда автобус?\nЖду")
    notify.deliver_due(database, made)
    (message,) = mail.taken
    assert message["Subject"] == "SMS от +79161234567"
    assert message["To"] == "anna@office.example, boris@office.example"
    assert message["X-Pbx-Sms-Id"] == "1"
    assert "Когда автобус?\nЖду" in message.get_content()
    assert told(database, made) == [("email", "inbound", "delivered", 1, None)]
    notify.deliver_due(database, made)
    assert len(mail.taken) == 1


def test_a_stop_is_told_as_one_and_only_where_it_is_wanted(
    database: Database, settings: MakeSettings, mail: MailBox
) -> None:
    made = settings(notify=by_mail(mail, kinds=["stop"]))
    receive(database, made, "Вопрос", 1)
    receive(database, made, "стоп, пожалуйста", 2)
    notify.deliver_due(database, made)
    assert [message["Subject"] for message in mail.taken] == ["Отписка: +79161234567"]


def test_a_stop_entered_by_hand_is_told_once_it_is_new(
    database: Database, settings: MakeSettings, mail: MailBox
) -> None:
    made = settings(notify=by_mail(mail))
    for _ in range(2):
        stop_list.add(database, made, number="+79161234567", note="просила в зале", by="olga")
    notify.deliver_due(database, made)
    (letter,) = mail.taken
    assert letter["Subject"] == "Стоп-лист: новых номеров: 1"
    said = letter.get_content()
    assert all(one in said for one in ("+79161234567", "olga", "внесено вручную", "просила в зале"))


def test_an_import_of_stops_is_one_mail_and_one_post_however_many_they_are(
    database: Database, settings: MakeSettings, mail: MailBox, hook: Hook
) -> None:
    made = settings(notify=by_mail(mail) | {"webhook_url": hook.url})
    stop_list.add(database, settings(), number="+79160000002")
    numbers = [f"+7916{place:07d}" for place in range(1, 251)]
    file = "\n".join(["Телефон", *numbers, numbers[0]])
    stop_list.import_file(database, made, source=file.encode(), file_name="stop.csv", by="anna")
    notify.deliver_due(database, made)
    (letter,), (post,) = mail.taken, hook.posts
    assert letter["Subject"] == "Стоп-лист: новых номеров: 249"
    assert "и ещё номеров: 49" in letter.get_content()
    assert "+79160000002" not in letter.get_content()
    content = json.loads(post[1])
    assert (content["kind"], content["source"], content["count"]) == ("stop", "import", 249)
    assert (content["number"], content["sender"], len(content["numbers"])) == (None, "anna", 200)


def test_entered_stops_are_told_only_where_stops_are_wanted(
    database: Database, settings: MakeSettings, mail: MailBox
) -> None:
    made = settings(notify=by_mail(mail, kinds=["inbound"]))
    stop_list.add(database, made, number="+79161234567", source=StopSource.CALL)
    assert told(database, made) == []


def test_a_web_hook_is_signed_and_carries_what_a_program_needs(
    database: Database, settings: MakeSettings, hook: Hook, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n", encoding="utf-8")
    made = settings(notify={"webhook_url": hook.url, "webhook_secret_file": str(path)})
    receive(database, made, "Вопрос 😀")
    notify.deliver_due(database, made)
    ((headers, body),) = hook.posts
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Pbx-Sms-Signature"] == f"sha256={expected}"
    assert headers["X-Pbx-Sms-Id"] == "1"
    content = json.loads(body)
    assert (content["id"], content["kind"], content["number"]) == (1, "inbound", "+79161234567")
    assert (content["text"], content["sim"]) == ("Вопрос 😀", "250011234567890")


@pytest.mark.parametrize("status", [400, 404, 500, 301, 302])
def test_an_answer_that_is_no_yes_is_tried_again_later(
    database: Database, settings: MakeSettings, hook: Hook, status: int
) -> None:
    hook.status, hook.location = status, hook.url + "/elsewhere" if status < 400 else None
    made = settings(notify={"webhook_url": hook.url})
    receive(database, made, "Вопрос")
    notify.deliver_due(database, made)
    notify.deliver_due(database, made)
    assert len(hook.posts) == 1
    assert told(database, made) == [("webhook", "inbound", "waiting", 1, "notify_webhook_refused")]
    make_due(database)
    hook.status = 200
    notify.deliver_due(database, made)
    assert [headers["X-Pbx-Sms-Id"] for headers, _ in hook.posts] == ["1", "1"]
    assert told(database, made) == [("webhook", "inbound", "delivered", 2, None)]


def test_a_dead_server_of_one_way_does_not_hold_up_the_other(
    database: Database, settings: MakeSettings, hook: Hook
) -> None:
    dead = MailBox(port=free_port())
    made = settings(notify=by_mail(dead) | {"webhook_url": hook.url})
    for number in range(3):
        receive(database, made, f"Вопрос {number}", number)
    notify.deliver_due(database, made)
    assert len(hook.posts) == 3
    mails = [row for row in told(database, made) if row[0] == "email"]
    # a server that is not there is asked once in a round
    assert sorted(row[3] for row in mails) == [0, 0, 1]
    assert {row[2] for row in mails} == {"waiting"}


def test_a_mail_that_the_server_refuses_tells_why(
    database: Database, settings: MakeSettings, mail: MailBox
) -> None:
    mail.answer = "554 no such user here"
    made = settings(notify=by_mail(mail))
    receive(database, made, "Вопрос")
    notify.deliver_due(database, made)
    (row,) = notify.list_notifications(database, made)
    assert (row["state"], row["reason"]) == ("waiting", "notify_mail_failed")
    assert "554 no such user here" in row["reason_params"]["problem"]


def test_after_a_day_of_tries_it_is_given_up_until_a_person_wants_it_again(
    database: Database, settings: MakeSettings, mail: MailBox
) -> None:
    mail.answer = "451 later"
    made = settings(notify=by_mail(mail))
    receive(database, made, "Вопрос")
    for _ in range(12):
        notify.deliver_due(database, made)
        make_due(database)
    assert told(database, made) == [("email", "inbound", "failed", 12, "notify_mail_failed")]
    mail.answer = "250 OK"
    assert notify.retry(database, made, 1)["state"] == "waiting"
    notify.deliver_due(database, made)
    assert told(database, made) == [("email", "inbound", "delivered", 1, None)]
    with pytest.raises(Conflict):
        notify.retry(database, made, 1)
    with pytest.raises(NotFound):
        notify.retry(database, made, 99)


def test_the_waits_grow_and_end() -> None:
    waits = [notify_retry.wait_s(tries) for tries in range(1, 13)]
    assert waits[:3] == [30, 60, 120]
    assert waits[-1] is None
    assert 20 * 3600 < sum(wait for wait in waits if wait is not None) < 28 * 3600


def test_a_claimed_one_is_told_by_nobody_else_until_its_time_is_over(
    database: Database, settings: MakeSettings, mail: MailBox
) -> None:
    made = settings(notify=by_mail(mail))
    receive(database, made, "Вопрос")
    now = database.now()
    with database.begin() as connection:
        assert notifications.claim(connection, 1, now, now + timedelta(minutes=3)) is not None
    with database.begin() as connection:
        assert notifications.claim(connection, 1, now, now + timedelta(minutes=3)) is None
    notify.deliver_due(database, made)
    assert mail.taken == []
    # whoever had it died: it is told all the same
    make_due(database)
    notify.deliver_due(database, made)
    assert len(mail.taken) == 1


def test_a_test_goes_every_way_at_once_and_tells_what_came_of_it(
    database: Database, settings: MakeSettings, mail: MailBox, hook: Hook
) -> None:
    hook.status = 500
    made = settings(notify=by_mail(mail) | {"webhook_url": hook.url})
    rows = notify.test(database, made)
    assert [(row["channel"], row["state"]) for row in rows] == [
        ("email", "delivered"),
        ("webhook", "waiting"),
    ]
    assert mail.taken[0]["Subject"] == "pbx-sms: проверка"


def test_a_password_file_that_cannot_be_read_is_told(
    database: Database, settings: MakeSettings, mail: MailBox, tmp_path: Path
) -> None:
    made = settings(notify=by_mail(mail, smtp_user="sms", smtp_password_file=str(tmp_path / "nowhere")))
    receive(database, made, "Вопрос")
    notify.deliver_due(database, made)
    assert told(database, made) == [("email", "inbound", "waiting", 1, "notify_secret_unreadable")]


def test_neither_texts_nor_numbers_are_in_the_log(
    database: Database, settings: MakeSettings, mail: MailBox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = settings(notify=by_mail(mail) | {"webhook_url": f"http://127.0.0.1:{free_port()}/"})
    receive(database, made, "Тайна")
    notify.deliver_due(database, made)
    assert "notification=1" in caplog.text
    assert "Тайна" not in caplog.text
    assert "9161234567" not in caplog.text


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "127.0.0.1", "http://", "javascript:1"]
)
def test_only_web_addresses_are_accepted(settings: MakeSettings, url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        settings(notify={"webhook_url": url})


@pytest.mark.parametrize(
    "notify_section",
    [
        {"smtp_host": "mail.office"},
        {"mail_to": ["a@b"]},
        {"smtp_host": "m", "mail_from": "a@b", "mail_to": ["a b@c"]},
        {"smtp_host": "m", "mail_from": "a@b\nBcc: x@y", "mail_to": ["a@c"]},
        {"webhook_url": "https://x", "webhook_secret": "a", "webhook_secret_file": "b"},
    ],
)
def test_half_of_a_setting_is_refused(settings: MakeSettings, notify_section: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="notify"):
        settings(notify=notify_section)
