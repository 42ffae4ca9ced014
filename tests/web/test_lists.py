"""From a file to a list: upload, mapping, import, and what the list's page says of it."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from office import ROWS, Office, workbook
from openpyxl import load_workbook

from pbx_sms.storage import views
from pbx_sms.storage.users import Role
from web.uploads import KEEP_S


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client(Role.OPERATOR)


def upload(office: Office, client: FlaskClient, content: bytes, name: str = "клиенты.xlsx") -> Any:
    data = {"file": (io.BytesIO(content), name), "csrf_token": office.token(client)}
    return client.post(f"{office.prefix}/uploads", data=data, content_type="multipart/form-data")


def local(office: Office, answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"]).removeprefix(office.prefix)


def import_through_the_pages(office: Office, client: FlaskClient, **choices: str) -> str:
    """The address of the list's page."""
    mapping = local(office, upload(office, client, workbook()))
    progress = local(office, office.post(client, mapping, **choices))
    key = progress.split("/")[2]
    office.app.extensions["pbx_sms_imports"].find(key).ended.wait()
    return str(office.get(client, progress).headers["Location"]).removeprefix(office.prefix)


def stored_lists(office: Office) -> list[views.ListView]:
    with office.database.read() as connection:
        return views.lists_newest_first(connection)


def test_a_workbook_becomes_a_list_and_its_page_says_what_was_not_taken(
    office: Office, client: FlaskClient
) -> None:
    page = office.get(client, import_through_the_pages(office, client, name="Осенние клиенты")).text
    assert "Осенние клиенты" in page
    assert "нет номера" in page
    assert "this is not a telephone number" in page
    made = stored_lists(office)[0]
    assert (made.row_count, made.accepted_count, made.number_count) == (6, 5, 4)
    assert (made.rejected_count, made.repeat_count, made.created_by) == (1, 1, "operator")


def test_the_rows_not_taken_come_as_a_workbook(office: Office, client: FlaskClient) -> None:
    list_id = office.add_list()
    with office.get(client, f"/lists/{list_id}/rejected.xlsx") as answer:
        book = load_workbook(io.BytesIO(answer.data))
    rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
    book.close()
    assert any(row[0] == 4 and row[1] == "нет номера" for row in rows)


def test_the_mapping_page_shows_the_first_rows_and_what_was_found(
    office: Office, client: FlaskClient
) -> None:
    page = office.get(client, local(office, upload(office, client, workbook()))).text
    assert "Сергей Михайлович" in page
    assert '<option value="Телефон" selected>' in page
    assert stored_lists(office) == []


def test_the_person_may_choose_another_row_of_titles_column_and_format(
    office: Office, client: FlaskClient
) -> None:
    mapping = local(office, upload(office, client, workbook()))
    page = office.get(client, f"{mapping}?header_row=0&phone_column=B&format-2=leading_zeros:8").text
    assert '<option value="leading_zeros:8"' in page or "digits, zeros in front" in page
    again = office.get(client, f"{mapping}?header_row=1&phone_column=Телефон&format-2=leading_zeros:8")
    assert again.status_code == 200
    list_page = import_through_the_pages(
        office, client, header_row="1", phone_column="Телефон", **{"format-2": "leading_zeros:8"}
    )
    assert "00084315" in office.get(client, list_page).text


def test_the_first_rows_are_shown_as_a_message_would_carry_them(office: Office, client: FlaskClient) -> None:
    book = load_workbook(io.BytesIO(workbook()))
    assert book.active is not None
    for row in range(2, 8):
        book.active.cell(row, 3).number_format = "00000000"
    out = io.BytesIO()
    book.save(out)
    book.close()
    mapping = local(office, upload(office, client, out.getvalue()))
    assert "<td>00084315</td>" in office.get(client, mapping).text
    as_it_is = office.get(client, f"{mapping}?header_row=1&formats=chosen").text
    assert "<td>84315</td>" in as_it_is
    assert "<td>84%</td>" not in as_it_is
    money = office.get(client, f"{mapping}?header_row=1&formats=chosen&format-3=currency").text
    assert "<td>990.50</td>" in money


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ("header_row=abc", "not a whole number"),
        ("header_row=-1", "not a whole number"),
        ("sheet=Nowhere", "Nowhere"),
        ("phone_column=Nowhere", "Nowhere"),
        ("format-2=nonsense", "nonsense"),
    ],
)
def test_a_choice_that_does_not_fit_is_explained_and_changes_nothing(
    office: Office, client: FlaskClient, choices: str, sentence: str
) -> None:
    mapping = local(office, upload(office, client, workbook()))
    shown = office.get(client, f"{mapping}?{choices}")
    assert shown.status_code == 400
    assert sentence in shown.text
    name, value = choices.split("=")
    assert office.post(client, mapping, **{name: value}).status_code == 400
    assert stored_lists(office) == []


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "empty.xlsx"), (b"PK\x03\x04 broken", "broken.xlsx"), (b"\x00\x01\x02", "x.xlsx")],
)
def test_a_file_that_is_no_list_gets_a_sentence_and_leaves_nothing(
    office: Office, client: FlaskClient, content: bytes, name: str
) -> None:
    answer = upload(office, client, content, name)
    assert answer.status_code == 400
    assert name in answer.text
    folder = Path(f"{office.database.url.removeprefix('sqlite:///')}.web/uploads")
    assert list(folder.iterdir()) == []
    assert stored_lists(office) == []


def test_a_form_without_a_file_is_answered_with_a_sentence(office: Office, client: FlaskClient) -> None:
    answer = office.post(client, "/uploads")
    assert answer.status_code == 400
    assert "No file came with the form" in answer.text
    assert upload(office, client, workbook(), "").status_code == 400


def test_a_file_that_is_too_large_gets_a_page_that_says_how_large_it_may_be(
    office: Office, client: FlaskClient
) -> None:
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="big.xlsx"\r\n\r\n'
    body = head + b"x" * 3_000_000 + b"\r\n--edge--\r\n"
    answer = client.post(
        f"{office.prefix}/uploads", data=body, content_type="multipart/form-data; boundary=edge"
    )
    assert answer.status_code == 413
    assert "up to 1 MB" in answer.text


def test_an_upload_is_for_who_made_it_and_survives_a_restart(office: Office, client: FlaskClient) -> None:
    mapping = local(office, upload(office, client, workbook()))
    assert office.get(office.client(Role.ADMIN), mapping).status_code == 404
    office.app.extensions["pbx_sms_imports"]._by_key.clear()
    assert office.get(client, f"{mapping}/progress").headers["Location"] == office.prefix + mapping
    assert office.get(client, mapping).status_code == 200


def test_an_upload_that_nobody_imports_is_gone_after_a_day(office: Office, client: FlaskClient) -> None:
    mapping = local(office, upload(office, client, workbook()))
    folder = Path(f"{office.database.url.removeprefix('sqlite:///')}.web/uploads")
    yesterday = time.time() - KEEP_S - 60
    for kept in folder.iterdir():
        os.utime(kept, (yesterday, yesterday))
    other = local(office, upload(office, client, workbook()))
    assert office.get(client, mapping).status_code == 404
    assert office.get(client, other).status_code == 200


def test_an_upload_can_be_thrown_away(office: Office, client: FlaskClient) -> None:
    mapping = local(office, upload(office, client, workbook()))
    assert local(office, office.post(client, f"{mapping}/discard")) == "/lists"
    assert office.get(client, mapping).status_code == 404


@pytest.mark.parametrize("key", ["..%2f..%2fsecret_key", "x", "A" * 16, "../../x", "%00" * 16])
def test_a_made_up_upload_is_not_found(office: Office, client: FlaskClient, key: str) -> None:
    assert office.get(client, f"/uploads/{key}").status_code == 404


def test_importing_twice_makes_one_list(office: Office, client: FlaskClient) -> None:
    mapping = local(office, upload(office, client, workbook()))
    first = local(office, office.post(client, mapping))
    office.app.extensions["pbx_sms_imports"].find(mapping.split("/")[2]).ended.wait()
    second = local(office, office.post(client, mapping))
    assert first == second
    assert office.get(client, second).status_code == 302
    assert len(stored_lists(office)) == 1


def test_a_list_is_removed_only_after_a_question(office: Office, client: FlaskClient) -> None:
    list_id = office.add_list()
    assert "cannot be brought back" in office.get(client, f"/lists/{list_id}/remove").text
    assert len(stored_lists(office)) == 1
    assert local(office, office.post(client, f"/lists/{list_id}/remove")) == "/lists"
    assert stored_lists(office) == []


def test_a_list_in_use_is_not_removed(office: Office, client: FlaskClient) -> None:
    list_id = office.add_list()
    office.start_mailing(list_id)
    assert office.post(client, f"/lists/{list_id}/remove").status_code == 409
    assert len(stored_lists(office)) == 1


HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "%(x)s")


def test_texts_of_a_hostile_list_appear_as_they_were_typed(office: Office, client: FlaskClient) -> None:
    rows = [(text, f"+7916000010{number}", number, 1) for number, text in enumerate(HOSTILE)]
    rows += [("x", text, 9, 1) for text in HOSTILE]
    list_id = office.add_list(rows, ("<b>Имя</b>", "Телефон", "{Заказ}", "Сумма"))
    mailing_id = office.start_mailing(list_id, "{<b>Имя</b>} <i>&amp;</i>")
    for address in (
        f"/lists/{list_id}",
        f"/mailings/{mailing_id}",
        f"/mailings/{mailing_id}/messages",
        f"/mailings/new?list_id={list_id}",
        "/",
        "/mailings",
    ):
        page = office.get(client, address).text
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
        assert "<b>Имя" not in page, address
        assert "<i>" not in page, address
    page = office.get(client, f"/mailings/{mailing_id}/messages").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &lt;i&gt;&amp;amp;&lt;/i&gt;" in page
    assert "{{7*7}}" in page


def test_rows_go_on_page_by_page(office: Office, client: FlaskClient) -> None:
    rows = [(f"Имя {number}", f"+7916{number:07}", number, 1) for number in range(60)]
    list_id = office.add_list([*ROWS[:1], *rows])
    page = office.get(client, f"/lists/{list_id}").text
    assert "Имя 23" in page
    assert "Имя 24" not in page
    further = page.split("?after=")[1].split("#")[0]
    assert "Имя 24" in office.get(client, f"/lists/{list_id}?after={further}").text
