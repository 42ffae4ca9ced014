"""The choice of when a mailing sends, on the check page, and the orders to one that waits for its time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from office import Office

from pbx_sms.config import Settings
from pbx_sms.operations import mailings, planning
from pbx_sms.storage import mailings as stored_mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.users import Role
from web import create_app

TEXT = "Заказ {Заказ} готов"
COLUMNS = ("Телефон", "Заказ", "Пояс")
ROWS = [
    ("+79160000001", 1, "Europe/Moscow"),
    ("+79160000002", 2, "UTC+5"),
    ("+79160000003", 3, "Asia/Vladivostok"),
]
#: a Friday
LATER = "2099-11-27T10:00"


@pytest.fixture
def office(
    sqlite_database: Database,
    sqlite_url: str,
    settings: Callable[..., Settings],
    compiled_templates: FileSystemBytecodeCache,
) -> Iterator[Office]:
    """With the hours that an office has where nobody sets them."""
    made = settings(database={"url": sqlite_url}, planner={})
    app = create_app(made, sqlite_database)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    yield Office(app, sqlite_database, made)
    app.extensions["pbx_sms_broadcaster"].close()


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client(Role.OPERATOR)


@pytest.fixture
def list_id(office: Office) -> int:
    return office.add_list(ROWS, COLUMNS)


def check(office: Office, client: FlaskClient, list_id: int, **fields: str) -> str:
    page = office.post(client, "/mailings/check", list_id=str(list_id), text=TEXT, plan="yes", **fields)
    assert page.status_code == 200
    return str(page.text)


def start(office: Office, client: FlaskClient, list_id: int, **fields: str) -> Any:
    return office.post(client, "/mailings", list_id=str(list_id), text=TEXT, plan="yes", **fields)


def sentence_of(page: str) -> str:
    found = re.search(r'<p id="plan-sentence">(.*?)</p>', page)
    return found[1] if found else ""


def state_of(office: Office, mailing_id: int) -> str:
    return str(mailings.show(office.database, mailing_id)["state"])


def start_button(page: str) -> str:
    found = re.search(r'<button class="primary large"[^>]*data-start[^>]*>.*?</button>', page)
    assert found
    return found[0]


def test_where_nothing_is_chosen_the_block_is_closed_and_the_button_sends(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    page = check(office, client, list_id, kind="urgent")
    assert sentence_of(page) == "Starts at once."
    assert "<details>" in page
    assert "Send 3 messages, 3 parts" in start_button(page)


def test_the_page_says_in_one_sentence_what_will_happen(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    page = check(office, client, list_id, at=LATER, window="09:00-20:00", zone_column="Пояс")
    # at 10:00 in Moscow all three zones are open: 12:00 in Yekaterinburg, 17:00 in Vladivostok
    assert sentence_of(page) == (
        "Starts Fri 27 Nov 2099, 10:00; recipients in 3 time zones; nothing goes after 20:00 their time."
    )
    assert "<details open>" in page
    assert "Schedule 3 messages for Fri 27 Nov 2099, 10:00" in start_button(page)


def test_it_says_when_the_last_of_the_zones_has_its_turn_and_what_becomes_of_the_rest(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    page = check(
        office,
        client,
        list_id,
        at="2099-11-27T07:30",
        until="2099-11-28T12:00",
        zone_column="Пояс",
        smooth="yes",
    )
    assert sentence_of(page) == (
        "Starts Fri 27 Nov 2099, 07:30; recipients in 3 time zones, to the last of them from"
        " Fri 27 Nov 2099, 09:00; what has not gone by Sat 28 Nov 2099, 12:00 is cancelled;"
        " spread evenly over that time."
    )


def test_in_russian_it_speaks_russian(office: Office, list_id: int) -> None:
    client = office.client(Role.OPERATOR, "ru")
    page = check(
        office, client, list_id, at=LATER, window="09:00-20:00 пн-сб", until="2099-11-28T12:00", then="ask"
    )
    assert sentence_of(page) == (
        "Начнётся пт 27 нояб. 2099, 10:00; если к сб 28 нояб. 2099, 12:00 уйдёт не всё, рассылка остановится"
        " и спросит."
    )
    assert "Запланировать 3 сообщения на пт 27 нояб. 2099, 10:00" in start_button(page)


def test_only_columns_that_hold_zones_are_offered(office: Office, client: FlaskClient, list_id: int) -> None:
    page = check(office, client, list_id)
    offered = re.search(r'<select id="zone-column".*?</select>', page)
    assert offered
    assert re.findall(r'<option value="([^"]*)"', offered[0]) == ["", "Пояс"]
    assert 'id="zone-column"' not in check(office, client, office.add_list())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"at": "tomorrow"}, "“tomorrow” is no date with a time"),
        ({"at": "2001-01-01T10:00"}, "has passed"),
        ({"window": "whenever"}, "“whenever” is no window"),
        ({"at": LATER, "until": "2099-11-26T10:00"}, "it may send until"),
        ({"window": "22:00-23:00"}, "with these hours nothing could ever be sent"),
        ({"kind": "urgent", "smooth": "yes"}, "to spread it evenly, say until when"),
        ({"zone_column": "Город"}, "the list has no column “Город”"),
        ({"until": LATER, "then": "dance"}, "“dance” is not known"),
    ],
)
def test_a_plan_that_cannot_be_is_told_on_the_page_and_stops_start(
    office: Office, client: FlaskClient, list_id: int, fields: dict[str, str], words: str
) -> None:
    page = check(office, client, list_id, **fields)
    assert words in page
    assert "3 messages" in page
    assert " disabled" in start_button(page)
    assert "<details open>" in page
    for value in fields.values():
        assert value in page
    refused = start(office, client, list_id, **fields)
    assert refused.status_code == 400
    assert words in refused.text
    assert all(one["state"] == "draft" for one in mailings.list_mailings(office.database))


def test_the_button_schedules_with_all_that_was_chosen(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    answer = start(
        office,
        client,
        list_id,
        at=LATER,
        window="10:00-18:00 Mon-Fri",
        until="2099-11-30T12:00",
        then="ask",
        zone_column="Пояс",
        smooth="yes",
        trial="1",
    )
    assert answer.status_code == 303
    mailing_id = int(answer.headers["Location"].rsplit("/", 1)[1])
    assert state_of(office, mailing_id) == "scheduled"
    with office.database.read() as connection:
        mailing = stored_mailings.find(connection, mailing_id)
    assert mailing is not None
    choice = stored_mailings.plan_of(mailing)
    typed = planning.choose(
        office.settings,
        office.database.now(),
        at=LATER,
        window="10:00-18:00 Mon-Fri",
        until="2099-11-30T12:00",
        then="ask",
        zone_column="Пояс",
        smooth=True,
    )
    assert choice == typed
    assert mailing.trial_count == 1


def test_the_plan_of_a_draft_is_shown_changed_and_kept(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    choice = planning.choose(office.settings, office.database.now(), at=LATER, holidays="skip")
    created = mailings.create(office.database, office.settings, list_id=list_id, text=TEXT, choice=choice)
    draft = created["mailing_id"]
    page = office.get(client, f"/mailings/{draft}/draft").text
    assert f'value="{LATER}"' in page
    assert 'name="holidays" value="skip"' in page
    again = check(office, client, list_id, draft_id=str(draft), at="2099-12-01T10:00")
    assert f"/mailings/{draft}/start" in again
    assert "Tue 1 Dec 2099, 10:00" in start_button(again)
    # without the fields it starts as it was stored
    office.post(client, f"/mailings/{draft}/start")
    assert mailings.show(office.database, draft)["scheduled_at"] == choice.start_at


def test_recipients_whose_zone_nothing_tells_are_counted_with_the_rule_of_the_kind(
    office: Office, client: FlaskClient
) -> None:
    list_id = office.add_list()
    told = check(office, client, list_id, repeats="all")
    assert "Recipients whose time zone nothing tells: 5. They get it in the office&#39;s hours." in told
    told = check(office, client, list_id, repeats="all", kind="advertising")
    assert "only at an hour that is decent in all zones of the country" in told
    assert "to those whose zone is not known from 10:00 to 11:00 only" in sentence_of(told)
    assert "nothing tells" not in check(office, client, list_id, repeats="all", kind="service")


def test_what_the_settings_say_of_the_kind_is_shown_beside_the_choice(office: Office, list_id: int) -> None:
    client = office.client(Role.OPERATOR, "ru")
    told = check(office, client, list_id, kind="advertising")
    assert "часы отправки 09:00-20:00 пн-сб;" in told
    assert "тихие часы получателя: 21:00-09:00; в праздники и выходные не отправляется." in told
    told = check(office, client, list_id, kind="urgent")
    assert "часы отправки круглосуточно; тихие часы получателя: –" in told


def test_a_rehearsal_and_the_way_back_to_the_text_keep_the_plan(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    fields = {"list_id": str(list_id), "text": TEXT, "at": LATER, "window": "10:00-18:00", "smooth": "yes"}
    for path in ("/mailings/rehearsal", "/mailings/new"):
        page = office.post(client, path, **fields)
        assert page.status_code == 200
        for name in ("at", "window", "smooth"):
            assert re.search(f'<input type="hidden" name="{name}" value="[^"]+">', page.text), (path, name)


# --- a mailing that waits for its time


@pytest.fixture
def scheduled(office: Office, list_id: int) -> int:
    choice = planning.choose(office.settings, office.database.now(), at=LATER)
    return office.start_mailing(list_id, TEXT, choice=choice)


def test_it_begins_now_by_a_button(office: Office, client: FlaskClient, scheduled: int) -> None:
    assert "Start now" in office.get(client, f"/mailings/{scheduled}").text
    assert office.post(client, f"/mailings/{scheduled}/begin-now").status_code == 303
    assert state_of(office, scheduled) == "running"
    assert office.post(client, f"/mailings/{scheduled}/begin-now").status_code == 409


def test_it_gets_another_time_and_a_time_that_cannot_be_is_told(
    office: Office, client: FlaskClient, scheduled: int
) -> None:
    assert f'value="{LATER}"' in office.get(client, f"/mailings/{scheduled}").text
    office.post(client, f"/mailings/{scheduled}/schedule", at="2099-12-01T09:30")
    page = office.get(client, f"/mailings/{scheduled}").text
    assert "The mailing starts Tue 1 Dec 2099, 09:30." in page
    office.post(client, f"/mailings/{scheduled}/schedule", at="soon")
    page = office.get(client, f"/mailings/{scheduled}").text
    assert "“soon” is no date with a time" in page
    assert 'value="2099-12-01T09:30"' in page


def test_it_is_cancelled_after_a_question(office: Office, client: FlaskClient, scheduled: int) -> None:
    assert office.get(client, f"/mailings/{scheduled}/cancel").status_code == 200
    office.post(client, f"/mailings/{scheduled}/cancel")
    assert state_of(office, scheduled) == "cancelled"


def test_a_viewer_sees_when_it_goes_and_cannot_change_it(office: Office, scheduled: int) -> None:
    viewer = office.client(Role.VIEWER)
    page = office.get(viewer, f"/mailings/{scheduled}").text
    assert "Scheduled for" in page
    assert "Start now" not in page
    assert "Another time" not in page
    assert office.post(viewer, f"/mailings/{scheduled}/begin-now").status_code == 403
    assert state_of(office, scheduled) == "scheduled"
