"""The audit log on a page: what was ordered, by whom, filtered and page by page, for administrators alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from office import Office

from pbx_sms.operations import stop_list, users
from pbx_sms.storage.users import Role
from web import audit_pages
from web.audit_pages import changes


def test_an_order_of_a_page_is_told_with_who_gave_it_and_what_changed(office: Office) -> None:
    client = office.client(Role.ADMIN, language="ru")
    office.post(client, "/stop-list", number="+79160000044", note="просил")
    office.add_user(Role.OPERATOR, "boris")
    users.set_rights(
        office.database, office.settings, name="boris", change=lambda now: replace(now, may_send=False)
    )
    # the stop list's own word about it stands on the next page
    office.get(client, "/")
    page = office.get(client, "/audit").text
    assert "127.0.0.1" in page
    assert "+79160000044" in page
    assert "<td>admin</td>" in page
    assert "may_send:</span> false" in page
    assert page.index("boris") < page.index("+79160000044"), "the newest stands first"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.RECEPTIONIST, Role.VIEWER])
def test_nobody_but_an_administrator_reads_it_or_sees_the_way_to_it(office: Office, role: Role) -> None:
    client = office.client(role)
    assert office.get(client, "/audit").status_code == 403
    assert office.get(client, "/settings").status_code == 403
    assert "/audit" not in office.get(client, "/").text


def test_pages_follow_one_another_and_keep_their_filter(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_pages, "SHOWN", 2)
    client = office.client(Role.ADMIN)
    for number in range(5):
        stop_list.add(office.database, office.settings, number=f"+7916000001{number}")
    seen = []
    address = "/audit?kind=stop"
    for _ in range(3):
        page = office.get(client, address).text
        seen += [number for number in "01234" if f"+7916000001{number}" in page]
        found = page.partition("<tbody>")[2].partition("/audit?kind=stop&amp;before=")[2].partition('"')[0]
        address = f"/audit?kind=stop&before={found}"
    assert seen == ["3", "4", "1", "2", "0"]
    assert not found


def test_times_and_persons_are_filters(office: Office) -> None:
    client = office.client(Role.ADMIN)
    office.post(client, "/stop-list", number="+79160000044")
    stop_list.add(office.database, office.settings, number="+79160000045")
    only = office.get(client, "/audit?person=admin").text
    assert "+79160000044" in only
    assert "+79160000045" not in only
    assert "+79160000044" in office.get(client, "/audit?since=2020-01-01T00:00").text
    assert "+79160000044" not in office.get(client, "/audit?until=2020-01-01T00:00").text


@pytest.mark.parametrize("query", ["since=soon", "until=0001-01-01", "kind=nothing", "person=%00"])
def test_what_is_no_filter_is_told(office: Office, query: str) -> None:
    answer = office.get(office.client(Role.ADMIN), f"/audit?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_what_did_not_change_is_left_out() -> None:
    assert changes({"a": 1, "b": "x"}, {"a": 1, "b": "y"}) == [("b", "x", "y")]
    assert changes({"a": 1, "b": "x"}, {"b": None}) == [("a", "1", None), ("b", "x", None)]
    assert changes(None, ["c"]) == [("", None, '["c"]')]
    assert changes(None, None) == []
