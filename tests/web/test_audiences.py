"""A mailing to lists and groups minus groups, and one that begins with a saved text, on the pages."""

from __future__ import annotations

from office import Office

from pbx_sms.operations import groups, mailings, templates
from pbx_sms.storage import audiences, views
from pbx_sms.storage.users import Role

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
    client = office.client(Role.RECEPTIONIST)
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
    client = office.client(Role.RECEPTIONIST)
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
