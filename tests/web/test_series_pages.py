"""Repeating mailings and trials on the pages."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from office import Office
from sqlalchemy import update

from pbx_sms.operations import mailings, series, templates
from pbx_sms.storage import queue, views
from pbx_sms.storage.schema import messages
from pbx_sms.storage.schema import series as series_table
from pbx_sms.storage.users import Role

TEXT = "{Имя|Клиент}, заказ №{Заказ} готов"
PHONE = "+79261112233"


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client(Role.OPERATOR)


def form(list_id: int, **fields: str) -> dict[str, str]:
    shown = {"list_id": str(list_id), "text": TEXT, "at": "10:00", "rule": "monthly", "day": "31"}
    return shown | {"repeats": "first"} | fields


def test_a_repeating_mailing_is_made_shown_and_steered(office: Office, client: FlaskClient) -> None:
    assert "Nothing repeats yet" in office.get(client, "/repeating").text
    list_id = office.add_list()
    assert "Let it repeat" in office.get(client, "/repeating/new").text
    made = office.post(client, "/repeating/new", **form(list_id, name="Ежемесячно"))
    assert made.headers["Location"].endswith("/repeating/1")
    page = office.get(client, "/repeating/1").text
    assert "every month on day 31, in shorter months on the last day, at 10:00" in page
    assert "4 messages" in page
    assert "Ежемесячно" in office.get(client, "/repeating").text
    office.post(client, "/repeating/1/skip")
    assert "skipped" in office.get(client, "/repeating/1").text
    office.post(client, "/repeating/1/pause")
    assert series.show(office.database, 1)["state"] == "paused"
    refused = office.post(client, "/repeating/1/run")
    assert refused.status_code == 400
    assert "is paused" in refused.text
    office.post(client, "/repeating/1/remove")
    assert series.list_series(office.database) == []


def test_a_repeating_mailing_sends_a_saved_text_as_it_is_then(office: Office, client: FlaskClient) -> None:
    templates.add(office.database, name="Готово", text=TEXT)
    chosen = form(office.add_list(), template="1", allow_failing="yes")
    assert "Готово" in office.get(client, "/repeating/new").text
    both = office.post(client, "/repeating/new", **chosen)
    assert both.status_code == 400
    assert "not both" in both.text
    office.post(client, "/repeating/new", **chosen | {"text": ""})
    assert series.show(office.database, 1)["allow_failing"] is True
    templates.change(office.database, "Готово", text="Заказ №{Заказ} ждёт")
    page = office.get(client, "/repeating/1").text
    assert "Заказ №{Заказ} ждёт" in page
    assert "/templates/1" in page
    assert "/repeating/1" in office.get(client, "/templates/1").text
    office.post(client, "/templates/1/remove")
    told = office.get(client, "/templates").text
    assert "it waits on its next day until you give it another text" in told
    page = office.get(client, "/repeating/1").text
    assert "its saved text “Готово” was removed" in page
    # without a text there is nothing to change
    assert office.post(client, "/repeating/1/change").status_code == 400
    office.post(client, "/repeating/1/change", text=TEXT)
    shown = series.show(office.database, 1)
    assert (shown["text"], shown["template"], shown["allow_failing"]) == (TEXT, None, False)
    refused = office.post(client, "/repeating/1/change", text="{Нет такого}")
    assert refused.status_code == 400
    assert "{Нет такого}" in refused.text
    assert office.client(Role.VIEWER).post(f"{office.prefix}/repeating/1/change").status_code in (400, 403)


def test_what_waits_says_why_and_offers_what_to_do(office: Office, client: FlaskClient) -> None:
    office.post(client, "/repeating/new", **form(office.add_list()))
    with office.database.begin() as connection:
        connection.execute(
            update(series_table).values(
                state="waits",
                reason_code="series_overdue",
                reason_params={"planned_at": "2026-01-31T07:00:00+00:00"},
            )
        )
    page = office.get(client, "/repeating/1").text
    assert "its time 31.01.2026 10:00 passed while nothing ran" in page
    assert "Run now" in page
    office.post(client, "/repeating/1/run")
    assert mailings.show(office.database, 1)["state"] == "running"


def test_a_form_that_cannot_be_says_why_and_keeps_what_was_typed(office: Office, client: FlaskClient) -> None:
    answer = office.post(client, "/repeating/new", **form(office.add_list(), at="25:00"))
    assert answer.status_code == 400
    assert "is no time of day" in answer.text
    assert TEXT in answer.text
    assert series.list_series(office.database) == []


def test_a_viewer_reads_and_orders_nothing(office: Office) -> None:
    viewer = office.client(Role.VIEWER)
    assert office.get(viewer, "/repeating").status_code == 200
    assert office.get(viewer, "/repeating/new").status_code == 403
    assert office.post(viewer, "/repeating/1/pause").status_code == 403


# trials


def check(office: Office, client: FlaskClient, url: str, **fields: str) -> Any:
    return office.post(client, url, **{"text": TEXT, "repeats": "all", "row": "2", **fields})


def test_a_rows_text_goes_to_a_telephone_from_the_check_page(office: Office, client: FlaskClient) -> None:
    list_id = str(office.add_list())
    page = check(office, client, "/mailings/trial", list_id=list_id, to=PHONE)
    assert page.status_code == 200
    assert "The text of row 2 is on its way to" in page.text
    refused = check(office, client, "/mailings/trial", list_id=list_id, to="12")
    assert refused.status_code == 400
    with office.database.read() as connection:
        assert views.mailings_newest_first(connection) == []


def test_the_first_button_of_the_check_page_sends_nothing(office: Office, client: FlaskClient) -> None:
    page = check(office, client, "/mailings/check", list_id=str(office.add_list())).text
    inside = page[page.index('id="check"') :]
    first = inside[inside.index("<button") :].split(">")[0]
    assert "formaction" not in first


def test_the_first_go_and_the_rest_is_let_go_on_the_page(office: Office, client: FlaskClient) -> None:
    fields = {"list_id": str(office.add_list()), "once": "o" * 16, "trial": "2"}
    check(office, client, "/mailings", **fields)
    assert mailings.show(office.database, 1)["trial"] == {"first": 2, "held": 3}
    with office.database.begin() as connection:
        connection.execute(update(messages).where(messages.c.message_id <= 2).values(state="submitted"))
        queue.finish_mailings(connection, office.database.now(), [])
    page = office.get(client, "/mailings/1").text
    assert "the first messages (2) have gone; held until you let them go: 3" in page
    assert "Let the rest go" in page
    assert "Resume" not in page
    office.post(client, "/mailings/1/continue")
    assert mailings.show(office.database, 1)["state"] == "running"
    assert "Let the rest go" not in office.get(client, "/mailings/1").text
