"""The page of all messages: what a search shows, says and refuses, and one message's story."""

from __future__ import annotations

import pytest
from office import Office, refusal
from sqlalchemy import update

from pbx_sms.operations import message_search, messages
from pbx_sms.storage import message_search as stored_search
from pbx_sms.storage.schema import messages as table
from pbx_sms.storage.users import Role
from web import message_pages


@pytest.fixture
def mailing_id(office: Office) -> int:
    return office.start_mailing(office.add_list())


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 5),
        ("text=84315", 1),
        ("text=ЗАКАЗ №84", 5),
        ("number=0002", 2),
        ("number=8 (916) 000-00-02", 2),
        ("state=waiting", 5),
        ("state=bad", 0),
        ("state=no such state", 5),
        ("from=2020-01-01&to=2099-12-31", 5),
        ("to=2020-01-01", 0),
        ("text=%25заказ", 0),
        ("text=заказ&number=0006&state=waiting", 1),
    ],
)
def test_a_search_shows_what_fits(office: Office, mailing_id: int, query: str, count: int) -> None:
    page = office.get(office.client(Role.VIEWER), f"/messages?{query}")
    assert page.status_code == 200
    assert page.text.count("/sms/messages/") == count
    assert ("No message fits" in page.text) == (count == 0)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("text=ок", "at least 3 letters"),
        ("number=12", "last 4 digits"),
        ("from=вчера", "is no time"),
        ("from=2026-05-02&to=2026-05-01", "ends before it begins"),
        (f"text={'x' * 1001}", "too much to look for"),
    ],
)
def test_what_cannot_be_looked_for_is_said_and_stays_in_the_form(
    office: Office, query: str, told: str
) -> None:
    page = office.get(office.client(Role.VIEWER), f"/messages?{query}")
    assert page.status_code == 400
    assert told in page.text
    assert query.split("=")[1].split("&")[0] in page.text


def test_pages_lead_on_with_what_was_looked_for(
    office: Office, mailing_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_pages, "SHOWN", 2)
    client = office.client(Role.VIEWER)
    address, shown = "/messages?text=заказ", []
    while address:
        page = office.get(client, address).text
        shown.append(page.count("/sms/messages/"))
        address = page.split("before=")[-1].split('"')[0] if "Further messages" in page else ""
        address = f"/messages?before={address.replace('&amp;', '&')}" if address else ""
    assert shown == [2, 2, 1]


def test_a_search_that_takes_long_says_how_far_it_looked(
    office: Office, mailing_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_search, "MOST_TEXTS", 2)
    monkeypatch.setattr(stored_search, "_CHUNK", 2)
    page = office.get(office.client(Role.VIEWER), "/messages?text=84315").text
    assert "Looked back to" in page
    assert "Search further back" in page


def test_an_index_that_is_far_behind_is_told(
    office: Office, mailing_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_pages, "MUCH_BEHIND", 0)
    monkeypatch.setattr(stored_search, "BLOCK", 1)
    assert "lacks the newest messages" in office.get(office.client(Role.VIEWER), "/messages?text=заказ").text


def test_a_message_tells_what_happened_and_what_the_device_said(office: Office, mailing_id: int) -> None:
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    message_id = office.send_one(sim_id, refusal("+CMS ERROR: 1"))
    assert message_id is not None
    page = office.get(office.client(Role.VIEWER), f"/messages/{message_id}")
    assert page.status_code == 200
    for told in (
        "+CMS ERROR: 1",
        "handed to the device",
        "refused for good",
        "failed",
        "Заказ №",
        "/mailings/",
    ):
        assert told in page.text
    russian = office.get(office.client(Role.ADMIN, "ru"), f"/messages/{message_id}")
    assert "передано устройству" in russian.text


@pytest.mark.parametrize("message_id", [777, 2**63])
def test_a_message_that_is_not_there_is_not_found(office: Office, message_id: int) -> None:
    assert office.get(office.client(Role.VIEWER), f"/messages/{message_id}").status_code == 404


def test_the_story_is_told_in_the_order_in_which_it_happened(office: Office, mailing_id: int) -> None:
    from pbx_sms.operations import message_story

    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    message_id = office.send_one(sim_id)
    assert message_id is not None
    story = message_story.told(messages.show(office.database, office.settings, message_id))
    assert [step["at"] for step in story] == sorted(step["at"] for step in story)
    what = [step["what"] for step in story]
    assert what[0] == "made"
    assert what.index("handed_over") < what.index("answered")


def test_the_search_of_the_page_and_of_the_command_are_the_same(office: Office, mailing_id: int) -> None:
    with office.database.begin() as connection:
        connection.execute(update(table).where(table.c.message_id == 2).values(state="expired"))
    wanted = message_search.criteria(office.settings, number="0002")
    rows = list(message_search.every(office.database, office.settings, wanted))
    page = office.get(office.client(Role.VIEWER), "/messages?number=0002").text
    assert [f"/messages/{row['message_id']}" in page for row in rows] == [True] * len(rows)
