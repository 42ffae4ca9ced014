"""Writing, checking, starting and steering a mailing through the pages."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import pytest
from flask.testing import FlaskClient
from made_history import past_mailing, past_message
from office import Office, refusal
from openpyxl import load_workbook
from sqlalchemy import update

from pbx_sms.core.reason import Reason
from pbx_sms.operations import mailings, planning
from pbx_sms.storage import views
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.users import Role
from pbx_sms.storage.views import MailingView

TEXT = "{Имя|Клиент}, заказ №{Заказ} готов"


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client(Role.OPERATOR)


@pytest.fixture
def list_id(office: Office) -> int:
    return office.add_list()


def stored(office: Office) -> list[MailingView]:
    with office.database.read() as connection:
        return views.mailings_newest_first(connection)


def check(office: Office, client: FlaskClient, list_id: int, **fields: str) -> Any:
    return office.post(client, "/mailings/check", **{"list_id": str(list_id), "text": TEXT, **fields})


def start(office: Office, client: FlaskClient, of_list: int, **fields: str) -> Any:
    fields = {"list_id": str(of_list), "text": TEXT, "repeats": "all", "once": "o" * 16, **fields}
    return office.post(client, "/mailings", **fields)


def test_the_check_page_says_who_is_left_out_and_what_has_to_be_chosen(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    page = check(office, client, list_id).text
    assert "4 messages, 4 parts" in page
    assert re.search(r'<span class="how-many">1</span>this is not a telephone number', page)
    assert re.search(r"<button class=\"primary large\"[^>]* disabled>", page)
    assert "Choose whether each number gets only its first message" in page
    chosen = check(office, client, list_id, repeats="all").text
    assert "Send 5 messages, 5 parts" in chosen
    assert not re.search(r"<button class=\"primary large\"[^>]* disabled>", chosen)
    assert "Send 4 messages, 4 parts" in check(office, client, list_id, repeats="first").text


def test_rows_with_an_empty_placeholder_stop_start_until_they_are_left_out(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    page = check(office, client, list_id, text="{Имя}, {Заказ}", repeats="all").text
    assert "Leave these rows out" in page
    assert " disabled>" in page
    chosen = check(
        office, client, list_id, text="{Имя}, {Заказ}", repeats="all", leave_out_incomplete="yes"
    ).text
    assert "Send 4 messages" in chosen


def test_numbers_that_fail_again_and_again_are_written_to_when_the_person_says_so(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    assert "Write to these numbers as well" not in check(office, client, list_id, repeats="all").text
    for _ in range(office.settings.people.failing_after):
        mailing_id = past_mailing(office.database, office.database.now())
        past_message(
            office.database, "+79160000001", office.database.now(), "undelivered", mailing_id=mailing_id
        )
    spared = check(office, client, list_id, repeats="all").text
    assert "Numbers to which messages failed for good again and again: 1" in spared
    assert "Send 4 messages" in spared
    chosen = check(office, client, list_id, repeats="all", allow_failing="yes").text
    assert "Send 5 messages" in chosen
    # the choice stays while the text is written anew
    fields = {"list_id": str(list_id), "text": TEXT, "repeats": "all", "allow_failing": "yes"}
    written = office.post(client, "/mailings/new", **fields).text
    assert '<input type="hidden" name="allow_failing" value="yes">' in written
    start(office, client, list_id, allow_failing="yes")
    made = stored(office)[0]
    assert (made.messages, made.allow_failing) == (5, True)


def test_a_text_that_cannot_be_sent_is_not_counted(office: Office, client: FlaskClient, list_id: int) -> None:
    page = check(office, client, list_id, text="{Имья}, готово").text
    assert "This text cannot be sent" in page
    assert "{Имья} → {Имя}" in page
    assert "0 messages" not in page
    assert "No row is left out" not in page


def test_instants_in_reasons_are_told_by_the_clock_of_the_office(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    mailing_id = office.start_mailing(list_id)
    reason = Reason("quota_day", {"max_parts": 100, "until": "2026-03-01T21:30:00.5+00:00"})
    with office.database.begin() as connection:
        connection.execute(
            update(mailings_table).values(reason_code=reason.code, reason_params=dict(reason.params))
        )
    page = office.get(client, f"/mailings/{mailing_id}").text
    assert "goes on 02.03.2026 00:30" in page
    told = office.get(client, f"/mailings/{mailing_id}/log.json").json["progress"]["reason_text"]
    assert told.endswith("goes on 02.03.2026 00:30")


def test_start_makes_what_the_button_said_and_leads_to_the_log(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    answer = start(office, client, list_id, name="Заказы", kind="urgent")
    assert answer.status_code == 303
    made = stored(office)[0]
    assert answer.headers["Location"] == f"{office.prefix}/mailings/{made.mailing_id}"
    assert (made.name, made.kind, made.state, made.messages, made.created_by) == (
        "Заказы",
        "urgent",
        "running",
        5,
        "operator",
    )


def test_a_form_that_is_sent_twice_starts_one_mailing(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    token = office.token(client)
    fields = {
        "list_id": str(list_id), "text": TEXT, "repeats": "all", "once": "twice", "csrf_token": token
    }  # fmt: skip
    answers: list[Any] = []

    def send() -> None:
        with client.application.test_client() as other:
            other.set_cookie("pbx_sms", client.get_cookie("pbx_sms", path=office.prefix).value, path="/sms")
            answers.append(other.post(f"{office.prefix}/mailings", data=fields))

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(stored(office)) == 1


def test_the_same_text_to_the_same_list_needs_a_tick_even_after_a_restart(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    start(office, client, list_id)
    again = start(office, client, list_id, once="after a restart")
    assert again.status_code == 400
    assert "already sent to this list" in again.text
    assert len(stored(office)) == 1
    assert start(office, client, list_id, once="third", again="yes").status_code == 303
    assert len(stored(office)) == 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"text": ""}, 400),
        ({"text": "{Нет такого}"}, 400),
        ({"text": "{не закрыто"}, 400),
        ({"repeats": ""}, 400),
        ({"repeats": "nonsense"}, 400),
        ({"kind": "nonsense"}, 400),
        ({"list_id": "999"}, 404),
        ({"list_id": "x"}, 400),
        ({"text": "x" * 50_000}, 413),
    ],
)
def test_wrong_input_is_answered_and_starts_nothing(
    office: Office, client: FlaskClient, list_id: int, fields: dict[str, str], status: int
) -> None:
    assert start(office, client, list_id, **fields).status_code == status
    assert stored(office) == []


def test_the_preview_reads_any_row_and_steps_over_rows_without_a_number(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    def preview(row: int, step: int = 0, text: str = TEXT) -> Any:
        return office.post(
            client, "/mailings/preview", list_id=str(list_id), text=text, row=str(row), step=str(step)
        ).json

    assert preview(2)["text"] == "Сергей Михайлович, заказ №84315 готов"
    assert preview(3, 1)["row"] == 5
    assert preview(5, 1)["row"] == 6
    assert preview(5, -1)["row"] == 3
    assert preview(2, -1)["row"] == 2
    assert preview(5)["text"].startswith("Клиент, ")
    assert "not a telephone number" in preview(4)["note"]
    assert ["Заказ", "84315"] in preview(2)["fields"]
    assert "no row 99" in preview(99)["problem"]
    assert "{Имя}" in preview(2, text="{Имья}")["problem"]


def test_line_ends_of_a_browser_are_one_character(office: Office, client: FlaskClient, list_id: int) -> None:
    start(office, client, list_id, text="первая\r\nвторая")
    assert stored(office)[0].text == "первая\nвторая"


def test_pause_resume_and_cancel_say_what_they_do(office: Office, client: FlaskClient, list_id: int) -> None:
    mailing_id = office.start_mailing(list_id)
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    office.send_one(sim_id)
    page = f"/mailings/{mailing_id}"
    assert office.post(client, f"{page}/pause").status_code == 303
    assert "paused by operator" in office.get(client, page).text
    assert office.post(client, f"{page}/pause").status_code == 409
    assert office.post(client, f"{page}/resume").status_code == 303
    question = office.get(client, f"{page}/cancel").text
    assert "1 message has gone and cannot be called back" in question
    assert "4 messages have not gone and will not be sent" in question
    assert stored(office)[0].state == "running"
    assert office.post(client, f"{page}/cancel").status_code == 303
    assert stored(office)[0].state == "cancelled"
    assert office.post(client, f"{page}/resume").status_code == 409


def test_a_mailing_goes_again_to_those_who_did_not_get_it(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    mailing_id = office.start_mailing(list_id)
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    office.send_one(sim_id)
    office.send_one(sim_id, refusal("+CMS ERROR: 1"))
    page = f"/mailings/{mailing_id}"
    assert "did not get it" not in office.get(client, page).text
    office.post(client, f"{page}/cancel")
    assert "Send again to 1 who did not get it" in office.get(client, page).text
    answer = office.post(client, f"{page}/again")
    assert answer.status_code == 303
    assert "1 message" in office.get(client, answer.location.removeprefix("/sms")).text
    draft = stored(office)[0]
    assert (draft.state, draft.again_of_id) == ("draft", mailing_id)
    assert "There is a draft already" in office.post(client, f"{page}/again").text


def test_messages_are_shown_by_their_state(office: Office, client: FlaskClient, list_id: int) -> None:
    mailing_id = office.start_mailing(list_id)
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    office.send_one(sim_id)
    office.send_one(sim_id, refusal("+CMS ERROR: 1"))
    failed = office.get(client, f"/mailings/{mailing_id}/messages?group=bad").text
    assert "+CMS ERROR: 1" in failed
    assert "№84315" not in failed
    assert "№84315" in office.get(client, f"/mailings/{mailing_id}/messages?group=sent").text
    assert "this is not a telephone number" in office.get(client, f"/mailings/{mailing_id}/left-out").text


def test_the_report_is_a_workbook(office: Office, client: FlaskClient, list_id: int) -> None:
    mailing_id = office.start_mailing(list_id)
    with office.get(client, f"/mailings/{mailing_id}/report.xlsx") as answer:
        assert "attachment" in answer.headers["Content-Disposition"]
        book = load_workbook(io.BytesIO(answer.data))
    assert book.active is not None
    assert book.active.max_row == 7
    book.close()


def test_a_draft_from_the_command_line_is_checked_and_started_here(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    made = mailings.create(office.database, office.settings, list_id=list_id, text=TEXT, repeats="all")
    page = f"/mailings/{made['mailing_id']}"
    draft = office.get(client, page, follow_redirects=True).text
    assert "Send 5 messages, 5 parts" in draft
    read = office.get(office.client(Role.VIEWER), page, follow_redirects=True).text
    assert "5 messages, 5 parts" in read
    assert "data-start" not in read
    for _ in range(2):
        answer = office.post(client, f"{page}/start")
        assert (answer.status_code, answer.headers["Location"]) == (303, office.prefix + page)
    assert [mailing.state for mailing in stored(office)] == ["running"]


def test_the_overview_shows_sims_with_what_they_have_used(
    office: Office, client: FlaskClient, list_id: int
) -> None:
    sim_id = office.add_sim("250011234567890", "gsm1", "МТС")
    office.start_mailing(list_id)
    office.send_one(sim_id)
    for page in ("/", "/sims"):
        shown = office.get(client, page).text
        assert "МТС" in shown
        assert "1 of 100 today" in shown
        assert "1 of 3,000 in 30 days" in shown


def test_a_mistake_of_ours_gets_a_number_and_a_line_in_the_log(
    office: Office, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with office.database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE left_out")
    mailing = "/mailings/1/left-out"
    with office.database.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO mailings (name, kind, rank, state, text, created_at)"
            " VALUES ('x', 'urgent', 2, 'running', 'x', 0)"
        )
    answer = office.get(client, mailing)
    assert answer.status_code == 500
    found = re.search(r"<code>([0-9a-f]{8})</code>", answer.text)
    assert found
    assert f"request={found.group(1)}" in caplog.text
    assert "sqlite" not in answer.text.lower()


def test_a_scheduled_mailing_shows_its_time_and_its_hours(office: Office) -> None:
    list_id = office.add_list()
    choice = planning.choose(
        office.settings, office.database.now(), at="2099-11-27 10:00", window="08:00-20:00"
    )
    created = mailings.create(
        office.database,
        office.settings,
        list_id=list_id,
        text="{Имя}, заказ {Заказ} готов",
        repeats="all",
        leave_out_incomplete=True,
        choice=choice,
        start=True,
    )
    page = office.client(Role.OPERATOR).get(f"{office.prefix}/mailings/{created['mailing_id']}")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "Scheduled for" in text
    assert "08:00-20:00" in text
