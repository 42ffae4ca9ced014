"""The pages of the inbox and the stop list: conversations, answers, marks; search, add, take off, files."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from office import Office
from sqlalchemy import insert, select

from pbx_sms.operations import inbox, stop_list, stop_records
from pbx_sms.storage.schema import inbound
from pbx_sms.storage.schema import messages as table
from pbx_sms.storage.users import Role

NUMBER = "+79160000001"


def receive(office: Office, text: str = "Когда автобус?", sender: str = NUMBER) -> int:
    sim_id = office.add_sim("250011234567891", "gsm1", "MTS RUS")
    with office.database.begin() as connection:
        key = connection.execute(
            insert(inbound).values(
                sim_id=sim_id,
                sender=sender,
                msisdn=sender if sender.startswith("+") else None,
                text=text,
                received_at=office.database.now(),
            )
        ).inserted_primary_key
    assert key is not None
    return int(key[0])


def test_a_receptionist_answers_and_the_message_is_done(office: Office) -> None:
    inbound_id = receive(office)
    client = office.client(Role.OPERATOR)
    assert "Когда автобус?" in office.get(client, "/inbox").text
    page = office.get(client, f"/inbox/{inbound_id}").text
    key = re.search(r'name="key" value="(\w+)"', page)
    assert key is not None
    for _ in range(2):
        # the button was pressed twice
        answer = office.post(client, f"/inbox/{inbound_id}/reply", text="В 15:00", key=key[1], done="on")
        assert answer.status_code == 303
    with office.database.read() as connection:
        (row,) = connection.execute(select(table))
    assert (row.msisdn, row.text) == (NUMBER, "В 15:00")
    assert row.bound_sim_id is not None
    assert inbox.open_count(office.database) == 0
    assert "В 15:00" in office.get(client, f"/inbox/{inbound_id}").text
    assert "Nothing waits here." in office.get(client, "/inbox").text
    assert "Когда автобус?" in office.get(client, "/inbox?view=all").text


def test_what_cannot_be_sent_stays_in_the_form_with_the_reason(office: Office) -> None:
    inbound_id = receive(office)
    client = office.client(Role.OPERATOR)
    answer = office.post(client, f"/inbox/{inbound_id}/reply", text="я" * 1000)
    assert answer.status_code == 400
    assert "too long" in answer.text
    assert "я" * 1000 in answer.text
    assert office.get(client, "/inbox/999").status_code == 404


@pytest.mark.parametrize("sender", ["MegaBank", "900"])
def test_there_is_no_form_for_whom_nobody_can_answer(office: Office, sender: str) -> None:
    inbound_id = receive(office, sender=sender)
    page = office.get(office.client(Role.OPERATOR), f"/inbox/{inbound_id}").text
    assert "cannot be answered" in page
    assert "<textarea" not in page


def test_marks_are_set_and_taken_back(office: Office) -> None:
    inbound_id = receive(office)
    client = office.client(Role.OPERATOR)
    for fields, state, assigned in (
        ({"order": "assign", "user": "operator"}, "open", "operator"),
        ({"order": "done"}, "done", "operator"),
        ({"order": "done"}, "done", "operator"),
        ({"order": "reopen"}, "open", "operator"),
        ({"order": "assign", "user": ""}, "open", None),
    ):
        assert office.post(client, f"/inbox/{inbound_id}/mark", **fields).status_code == 303
        (row,) = inbox.read(office.database, office.settings)
        assert (row["state"], row["assigned_to"]) == (state, assigned)
    assert office.post(client, f"/inbox/{inbound_id}/mark", order="other").status_code == 400
    page = office.get(client, f"/inbox/{inbound_id}").text
    told = ("operator looks after it", "nothing is left to do", "opened again", "nobody in particular")
    assert [page.count(f"operator: {one}") for one in told] == [1, 1, 1, 1]


def test_the_menu_counts_what_waits(office: Office) -> None:
    client = office.client(Role.VIEWER, language="ru")
    page = office.get(client, "/contacts").text
    assert "Входящие</span></a>" in page
    receive(office)
    page = office.get(client, "/contacts").text
    assert re.search(r'Входящие</span><span class="tally">1<span class="sr"> \w+ \w+</span></span></a>', page)


def test_a_viewer_reads_and_orders_nothing(office: Office) -> None:
    inbound_id = receive(office)
    stop_list.add(office.database, office.settings, number=NUMBER)
    client = office.client(Role.VIEWER)
    for path in ("/inbox", f"/inbox/{inbound_id}", "/stop-list", f"/stop-list/{NUMBER}"):
        page = office.get(client, path)
        assert page.status_code == 200
        assert "<textarea" not in page.text
    for path in (
        f"/inbox/{inbound_id}/reply",
        f"/inbox/{inbound_id}/mark",
        "/stop-list",
        f"/stop-list/{NUMBER}/remove",
    ):
        assert office.post(client, path, text="x", number=NUMBER, why="x").status_code == 403


def test_a_number_is_put_on_the_stop_list_found_and_taken_off_with_a_reason(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert (
        office.post(client, "/stop-list", number="8 916 000-00-01", note="<b>звонил</b>").status_code == 303
    )
    assert office.post(client, "/stop-list", number="нет").status_code == 303
    page = office.get(client, "/stop-list?search=0001").text
    assert "&lt;b&gt;звонил&lt;/b&gt;" in page
    assert "No such number." in office.get(client, "/stop-list?search=7777").text
    shown = office.get(client, f"/stop-list/{NUMBER}").text
    assert "After the demand" in shown
    assert office.post(client, f"/stop-list/{NUMBER}/remove", why=" ").status_code == 303
    assert stop_list.count(office.database) == 1
    assert office.post(client, f"/stop-list/{NUMBER}/remove", why="перепутали").status_code == 303
    assert stop_list.count(office.database) == 0
    history = stop_records.history(office.database, office.settings, number=NUMBER)
    assert [(row["action"], row["by"]) for row in history] == [("added", "operator"), ("removed", "operator")]
    assert "перепутали" in office.get(client, f"/stop-list/{NUMBER}").text
    assert office.get(client, "/stop-list/+79169999999").status_code == 404


def test_a_receptionist_may_stop_a_number_but_not_release_it(office: Office) -> None:
    client = office.client(Role.RECEPTIONIST)
    assert office.post(client, "/stop-list", number=NUMBER).status_code == 303
    assert office.post(client, f"/stop-list/{NUMBER}/remove", why="x").status_code == 403
    assert office.post(client, "/stop-list/import").status_code == 403
    assert stop_list.count(office.database) == 1


def test_a_file_goes_in_and_comes_out(office: Office) -> None:
    client = office.client(Role.ADMIN)
    file = (io.BytesIO("89160000001\n89160000002\nнет\n".encode()), "stop.csv")
    assert office.post(client, "/stop-list/import", file=file).status_code == 303
    page = office.get(client, "/stop-list").text
    assert "2 numbers are new on the stop list." in page
    answer = office.get(client, "/stop-list/export.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.active is not None
    assert {cell.value for cell in book.active["A"]} == {"Number", NUMBER, "+79160000002"}
    book.close()
    assert NUMBER in office.get(client, "/stop-list/export.csv").data.decode("utf-8-sig")
    assert office.get(client, "/stop-list/export.exe").status_code == 404
