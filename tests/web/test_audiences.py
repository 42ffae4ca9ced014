"""A mailing to lists and groups minus groups, and one that begins with a saved text, on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from made_lists import make_list, number
from office import Office
from sqlalchemy import select, update

from pbx_sms.operations import audiences as operations_audiences
from pbx_sms.operations import groups, mailings, templates
from pbx_sms.storage import audiences, views
from pbx_sms.storage.schema import lists as lists_table
from pbx_sms.storage.users import Role
from web.audience_pages import MAX_ROWS_WAITED_FOR

MARIA = "+79160000006"
PETER = "+79165555555"


def add_group(office: Office, name: str, *numbers: str) -> str:
    group_id = groups.add(office.database, office.settings, name=name)["group_id"]
    groups.add_member(office.database, office.settings, group_id, numbers)
    return str(group_id)


def numbers_of(office: Office, list_id: int) -> set[str | None]:
    with office.database.read() as connection:
        return {row.number for row in views.accepted_rows(connection, list_id, limit=100)}


def list_of(address: str) -> int:
    return int(address.rpartition("list_id=")[2])


def test_lists_and_groups_minus_groups_become_the_list_of_the_mailing(office: Office) -> None:
    list_id = office.add_list()
    group, without = add_group(office, "Друзья", PETER), add_group(office, "Кроме", MARIA)
    client = office.client(Role.OPERATOR)
    assert "More lists, groups, without…" in office.get(client, "/mailings/new").text
    answer = office.post(
        client, "/mailings/audience", lists=str(list_id), groups=group, without=without, text=""
    )
    assert answer.status_code == 303
    composed = list_of(answer.headers["Location"])
    assert numbers_of(office, composed) == {"+79160000001", "+79160000002", "+79160000004", PETER}
    assert "клиенты + Друзья − Кроме" in office.get(client, f"/mailings/new?list_id={composed}").text
    page = office.get(client, f"/mailings/{office.start_mailing(composed, 'Ждём')}").text
    assert "Without those who are in: Кроме" in page
    assert "Groups: Друзья" in page


def test_what_is_written_stays_when_others_are_added(office: Office) -> None:
    first, second = office.add_list(), office.add_list([("Пётр", PETER, 1, 1)])
    client = office.client(Role.OPERATOR)
    answer = office.post(
        client,
        "/mailings/audience",
        lists=[str(first), str(second)],
        list_id=str(first),
        name="клиенты",
        kind="service",
        text="Уже {Имя} написано",
    )
    assert answer.status_code == 200
    assert "Уже {Имя} написано" in answer.text
    assert 'value="клиенты + клиенты"' in answer.text
    assert '<option value="service" selected>' in answer.text


def test_one_list_stays_itself_and_nothing_chosen_is_told(office: Office) -> None:
    list_id = office.add_list()
    client = office.client(Role.OPERATOR)
    assert "More lists, groups" not in office.get(client, "/mailings/new").text
    answer = office.post(client, "/mailings/audience", lists=str(list_id))
    assert list_of(answer.headers["Location"]) == list_id
    with office.database.read() as connection:
        assert audiences.audience_of(connection, list_id) is None
    refused = office.post(client, "/mailings/audience", list_id=str(list_id), text="Уже написано")
    assert refused.status_code == 400
    assert "A mailing needs a list or a group to go to." in refused.text
    assert "Уже написано" in refused.text
    gone = office.post(client, "/mailings/audience", groups="99", list_id=str(list_id), text="Уже написано")
    assert gone.status_code == 400
    assert "Уже написано" in gone.text


def test_a_group_is_written_to_from_its_own_page(office: Office) -> None:
    group = add_group(office, "Друзья", PETER, MARIA)
    client = office.client(Role.OPERATOR)
    page = office.get(client, f"/groups/{group}").text
    assert "Write to this group" in page
    answer = office.post(client, "/mailings/audience", groups=group)
    composed = list_of(answer.headers["Location"])
    made = mailings.create(
        office.database, office.settings, list_id=composed, text="Ждём", repeats="all", start=True
    )
    assert made["messages"] == 2


def test_a_mailing_begins_with_a_saved_text(office: Office) -> None:
    list_id = office.add_list()
    client = office.client(Role.OPERATOR)
    assert "Begin with this template" not in office.get(client, f"/mailings/new?list_id={list_id}").text
    template_id = templates.add(office.database, name="Готов", text="{Имя}, заказ готов")["template_id"]
    page = office.get(client, f"/mailings/new?list_id={list_id}&template={template_id}").text
    assert ">{Имя}, заказ готов</textarea>" in page
    assert office.get(client, f"/mailings/new?list_id={list_id}&template=99").status_code == 404


# a large audience is composed beside the request

ROWS = MAX_ROWS_WAITED_FOR + 100


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.client(Role.OPERATOR)


@pytest.fixture
def large(office: Office) -> str:
    """The id of a group of many."""
    list_id = make_list(office.database, [(number(one), f"Имя {one}", str(one)) for one in range(ROWS)])
    group_id = groups.add(office.database, office.settings, name="Все", list_id=list_id)["group_id"]
    return str(group_id)


@contextmanager
def held_up(office: Office) -> Iterator[None]:
    """While somebody else writes, no list can be stored."""
    with office.database.begin():
        yield


def press(office: Office, client: FlaskClient, group: str, once: str = "o" * 16, **fields: str) -> Any:
    return office.post(client, "/mailings/audience", groups=group, audience_once=once, **fields)


def path_of(office: Office, answer: Any) -> str:
    location = answer.headers["Location"]
    return str(location[location.index(office.prefix) + len(office.prefix) :])


def wait_for(office: Office, path: str) -> None:
    work = office.app.extensions["pbx_sms_compositions"]._by_key[path.rpartition("/")[2]]
    work.ended.wait()


def composed_lists(office: Office) -> list[int]:
    with office.database.read() as connection:
        query = select(lists_table.c.list_id).where(lists_table.c.origin == "composed")
        return list(connection.execute(query).scalars())


def test_a_large_audience_shows_progress_and_leads_on(
    office: Office, client: FlaskClient, large: str
) -> None:
    without = add_group(office, "Кроме", number(1))
    with held_up(office):
        answer = press(office, client, large, without=without, text="Уже написано")
        assert answer.status_code == 303
        path = path_of(office, answer)
        page = office.get(client, path)
        assert "Putting the recipients together" in page.text
        assert "<progress" in page.text
        told = office.get(client, f"{path}/progress.json").json
        assert told["next"] is None
        # the person leaves, and finds it again where a mailing begins
        assert path in office.get(client, "/mailings/new").text
        assert "are being put together" in office.get(client, "/mailings/new").text
    wait_for(office, path)
    assert office.get(client, f"{path}/progress.json").json["next"].endswith(path)
    assert "are put together" in office.get(client, "/mailings/new").text
    page = office.get(client, path)
    assert page.status_code == 200
    assert "Уже написано" in page.text
    (list_id,) = composed_lists(office)
    with office.database.read() as connection:
        found = views.list_by_id(connection, list_id)
    assert found is not None
    assert (found.row_count, found.number_count) == (ROWS, ROWS - 1)
    # seen once, it is offered no more, and its page stays
    assert path not in office.get(client, "/mailings/new").text
    assert office.get(client, path).status_code == 200


def test_progress_counts_what_was_read_and_written(office: Office, large: str) -> None:
    told: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        told.append((done, of))

    operations_audiences.compose(office.database, office.settings, groups=[int(large)], progress=progress)
    assert told[-1][1] == 2 * ROWS
    assert all(done <= of for done, of in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_pressing_twice_composes_once_and_another_choice_composes_anew(
    office: Office, client: FlaskClient, large: str
) -> None:
    without = add_group(office, "Кроме", number(1))
    with held_up(office):
        first, second = press(office, client, large), press(office, client, large)
        other = press(office, client, large, without=without)
    assert first.headers["Location"] == second.headers["Location"] != other.headers["Location"]
    for answer in (first, other):
        wait_for(office, path_of(office, answer))
    assert len(composed_lists(office)) == 2
    # also behind the end: going back in the browser and pressing again
    again = press(office, client, large)
    assert again.headers["Location"] == first.headers["Location"]
    assert len(composed_lists(office)) == 2


def test_what_keeps_a_large_audience_from_being_composed_is_told_and_it_can_be_tried_again(
    office: Office, client: FlaskClient, large: str
) -> None:
    list_id = office.add_list()
    written_for = str(office.add_list())
    fields = {"lists": str(list_id), "list_id": written_for, "text": "Уже написано"}

    def be(state: str) -> None:
        with office.database.begin() as connection:
            connection.execute(
                update(lists_table).where(lists_table.c.list_id == list_id).values(state=state)
            )

    be("importing")
    path = path_of(office, press(office, client, large, **fields))
    wait_for(office, path)
    refused = office.get(client, path)
    assert refused.status_code == 400
    assert 'class="notice error"' in refused.text
    assert "Уже написано" in refused.text
    assert composed_lists(office) == []
    be("ready")
    assert path_of(office, press(office, client, large, **fields)) == path
    wait_for(office, path)
    assert office.get(client, path).status_code == 200
    assert len(composed_lists(office)) == 1


def test_nobody_else_sees_it_and_after_a_restart_it_is_told(
    office: Office, client: FlaskClient, large: str
) -> None:
    path = path_of(office, press(office, client, large, text="Уже написано"))
    wait_for(office, path)
    other = office.client(Role.ADMIN)
    assert "Уже написано" not in office.get(other, path, follow_redirects=True).text
    assert path not in office.get(other, "/mailings/new").text
    assert office.get(office.client(Role.VIEWER), path).status_code == 403
    told = office.get(client, "/mailings/audience/forgotten", follow_redirects=True).text
    assert "The server was restarted before the recipients were put together" in told
    assert office.get(client, "/mailings/audience/forgotten/progress.json").json["next"]
