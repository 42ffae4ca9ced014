"""Somebody who may not read whole numbers reads none on any page, in any answer for scripts, in any file."""

from __future__ import annotations

import html
import re

import pytest
from office import Office

from pbx_sms.core.rights import Role
from pbx_sms.operations import contacts, stop_list
from web.covered_numbers import covered

DIGITS = ("9160000001", "9160000002", "9160000006")


@pytest.fixture
def paths(office: Office) -> list[str]:
    list_id = office.add_list()
    mailing_id = office.start_mailing(list_id, text="Ваш номер {Телефон}")
    office.send_one(office.add_sim("250011234567890", "gsm1", "MTS"))
    contacts.set_contact(office.database, office.settings, "+79160000001", name="Сергей")
    stop_list.add(office.database, office.settings, number="+79160000006", note="звонил с 8 916 000-00-06")
    return [
        *(
            "/",
            "/lists",
            f"/lists/{list_id}",
            "/mailings",
            f"/mailings/{mailing_id}",
            "/contacts",
            "/stop-list",
        ),
        *(f"/mailings/{mailing_id}/messages", f"/mailings/{mailing_id}/left-out", "/messages", "/messages/1"),
        f"/mailings/{mailing_id}/log.json?after=0",
    ]


def whole_numbers(text: str) -> set[str]:
    plain = html.unescape(text).replace("\\u00a0", "").replace("\\u2011", "")
    digits = re.sub(r"[\s\u00a0\u2011()\-]", "", plain)
    return {number for number in DIGITS if number in digits}


def test_a_viewer_reads_no_whole_number_anywhere(office: Office, paths: list[str]) -> None:
    viewer, operator = office.client(Role.VIEWER), office.client(Role.OPERATOR)
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET sees_numbers = 0 WHERE name = 'viewer'")
    seen: set[str] = set()
    for path in paths:
        assert whole_numbers(office.get(viewer, path).text) == set(), path
        seen |= whole_numbers(office.get(operator, path).text)
    # the same pages have them for those who may
    assert seen == set(DIGITS)


def test_what_a_person_typed_comes_back_whole() -> None:
    page = '<p>+79160000001</p><textarea name="t">call +79160000001</textarea><input value="+79160000001">'
    assert covered(page) == page.replace("<p>+79160000001", "<p>+7916•••••01")


def test_files_are_refused_to_whom_numbers_are_covered(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert office.get(client, "/stop-list/export.csv").status_code == 200
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET sees_numbers = 0")
    answer = office.get(client, "/stop-list/export.csv")
    assert answer.status_code == 403
    assert "whole numbers" in answer.text
