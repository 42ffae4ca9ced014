"""Start in the background: a large list shows progress, and nothing can start it a second time unasked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from made_lists import make_list, number
from office import Office

from pbx_sms.operations import mailings
from pbx_sms.storage import starts as stored_starts
from pbx_sms.storage import views
from pbx_sms.storage.starts import Claim
from pbx_sms.storage.users import Role
from pbx_sms.storage.views import MailingView
from web.starting_pages import MAX_ROWS_WAITED_FOR

TEXT = "{Имя}, заказ {Заказ} готов"
ROWS = MAX_ROWS_WAITED_FOR + 100


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client(Role.OPERATOR)


@pytest.fixture
def list_id(office: Office) -> int:
    return make_list(office.database, [(number(one), f"Имя {one}", str(one)) for one in range(ROWS)])


def stored(office: Office) -> list[MailingView]:
    with office.database.read() as connection:
        return views.mailings_newest_first(connection)


def press_start(office: Office, client: FlaskClient, of_list: int, once: str, **fields: str) -> Any:
    return office.post(client, "/mailings", list_id=str(of_list), text=TEXT, once=once, **fields)


@contextmanager
def held_up(office: Office) -> Iterator[None]:
    """While somebody else writes, a Start cannot store its draft."""
    with office.database.begin():
        yield


def wait_for(office: Office, key: str) -> None:
    begun = office.app.extensions["pbx_sms_starts"].find(key)
    assert begun is not None
    begun.ended.wait()


def test_a_large_list_is_answered_with_progress_and_leads_to_the_mailing(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    with held_up(office):
        answer = press_start(office, client, list_id, "one")
        assert (answer.status_code, answer.headers["Location"]) == (
            303,
            f"{office.prefix}/mailings/starting/one",
        )
        page = office.get(client, "/mailings/starting/one")
        assert page.status_code == 200
        assert "the Start goes on" in page.text
        work = office.get(client, "/mailings/starting/one/progress.json").json
        assert work["next"] is None
        assert 0 <= work["share"] <= 0.25
        # other pages answer
        assert office.get(client, "/").status_code == 200
        assert office.get(client, "/mailings").status_code == 200
    wait_for(office, "one")
    made = stored(office)[0]
    assert (made.state, made.messages) == ("running", ROWS)
    ended = office.get(client, "/mailings/starting/one/progress.json").json
    assert ended["next"] == f"{office.prefix}/mailings/starting/one"
    led_to = office.get(client, "/mailings/starting/one")
    assert led_to.headers["Location"] == f"{office.prefix}/mailings/{made.mailing_id}"


def test_a_second_click_and_a_second_browser_start_nothing_more(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    other = office.client(Role.ADMIN)
    with held_up(office):
        assert press_start(office, client, list_id, "one").status_code == 303
        assert press_start(office, client, list_id, "one").headers["Location"].endswith("/starting/one")
        # another form with the same text, while the first one is at work
        refused = press_start(office, other, list_id, "two")
        assert refused.status_code == 400
        assert "is being started for this list at this moment" in refused.text
    wait_for(office, "one")
    # and after it
    asked = press_start(office, other, list_id, "three")
    assert asked.status_code == 400
    assert "Tick the box" in asked.text
    assert press_start(office, client, list_id, "one").status_code == 303
    assert [mailing.messages for mailing in stored(office)] == [ROWS]
    assert press_start(office, other, list_id, "four", again="yes").status_code == 303
    wait_for(office, "four")
    assert len(stored(office)) == 2


def test_a_large_list_that_cannot_be_started_says_why(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    rows = [(number(one // 2), f"Имя {one}", str(one)) for one in range(ROWS)]
    repeating = make_list(office.database, rows)
    assert press_start(office, client, repeating, "one").status_code == 303
    wait_for(office, "one")
    page = office.get(client, "/mailings/starting/one")
    assert page.status_code == 400
    assert "Choose whether each number gets only its first message" in page.text
    assert stored(office) == []
    # the form of the page before it may be sent again, with a choice
    assert press_start(office, client, repeating, "one", repeats="all").status_code == 303
    wait_for(office, "one")
    assert stored(office)[0].messages == ROWS


def test_after_a_restart_a_page_that_was_left_open_is_led_to_what_was_stored(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    made = mailings.create(office.database, office.settings, list_id=list_id, text=TEXT)
    mailing_id = made["mailing_id"]
    with office.database.begin() as connection:
        claim = Claim(token="of a process that was killed", host="elsewhere", pid=1)
        stored_starts.claim_start(connection, mailing_id, claim, office.database.now())
    work = office.get(client, f"/mailings/starting/gone/progress.json?mailing={mailing_id}").json
    page = client.get(work["next"], follow_redirects=True).text
    assert "The Start of this mailing was broken off" in page
    assert f"Send {ROWS:,} messages" in page
    # it was killed before there was anything to store
    work = office.get(client, "/mailings/starting/gone/progress.json").json
    page = client.get(work["next"], follow_redirects=True).text
    assert "restarted before the mailing was stored" in page


def test_a_draft_whose_start_is_at_work_shows_its_progress(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    made = mailings.create(office.database, office.settings, list_id=list_id, text=TEXT)
    page = f"/mailings/{made['mailing_id']}"
    with held_up(office):
        assert office.post(client, f"{page}/start").status_code == 303
        shown = office.get(client, page, follow_redirects=True)
        assert "the Start goes on" in shown.text
        assert office.post(client, f"{page}/start").status_code == 303
    wait_for(office, f"draft-{made['mailing_id']}")
    assert [mailing.state for mailing in stored(office)] == ["running"]


def test_a_draft_with_a_text_that_was_sent_before_asks_first(office: Office, client: FlaskClient) -> None:
    list_id = office.add_list()
    office.start_mailing(list_id, text=TEXT, leave_out_incomplete=True)
    made = mailings.create(
        office.database, office.settings, list_id=list_id, text=TEXT, repeats="all", leave_out_incomplete=True
    )
    page = f"/mailings/{made['mailing_id']}"
    assert "already sent to this list" in office.get(client, page, follow_redirects=True).text
    assert office.post(client, f"{page}/start").status_code == 400
    assert office.post(client, f"{page}/start", again="yes").status_code == 303
    assert {mailing.state for mailing in stored(office)} == {"running"}


def test_the_progress_of_a_start_is_not_for_viewers(office: Office) -> None:
    viewer = office.client(Role.VIEWER)
    assert office.get(viewer, "/mailings/starting/one").status_code == 403
    assert office.get(viewer, "/mailings/starting/one/progress.json").status_code == 403
