"""The pages of contacts, groups and saved texts."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from office import Office

from pbx_sms.operations import contacts, groups, stop_list, templates
from pbx_sms.storage.users import Role

NUMBER = "+79160000001"


def take_up(office: Office, number: str = NUMBER, name: str = "Анна", **fields: str) -> None:
    contacts.set_contact(office.database, office.settings, number, name=name, fields=fields)


def test_a_contact_is_added_changed_and_removed(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    answer = office.post(client, "/contacts", number="8 916 000-00-01", name="Анна")
    assert answer.headers["Location"].endswith(f"/contacts/{NUMBER}")
    fields = {"name": "Анна", "field": ["", "Город"], "value": ["ничьё", "Казань"]}
    assert office.post(client, f"/contacts/{NUMBER}", **fields).status_code == 303
    page = office.get(client, f"/contacts/{NUMBER}").text
    assert 'value="Казань"' in page
    # the number again without a name forgets nothing
    office.post(client, "/contacts", number=NUMBER, name="")
    office.post(client, f"/contacts/{NUMBER}", name="Анна", field=["Город", "Дом"], value=["", "5"])
    told = contacts.show(office.database, office.settings, NUMBER)
    assert (told["name"], told["fields"]) == ("Анна", {"Дом": "5"})
    assert office.post(client, f"/contacts/{NUMBER}/remove").status_code == 303
    assert "No contacts yet" in office.get(client, "/contacts").text
    assert office.get(client, f"/contacts/{NUMBER}").status_code == 404


def test_a_wrong_number_is_told_and_nobody_is_added(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert office.post(client, "/contacts", number="нет").status_code == 303
    page = office.get(client, "/contacts").text
    assert 'class="notice error"' in page
    assert "No contacts yet" in page
    assert office.get(client, "/contacts/no-number").status_code == 404


@pytest.mark.parametrize("words", ["0001", "анна", "КАЗАНЬ"])
def test_contacts_are_found_by_number_name_and_field(office: Office, words: str) -> None:
    take_up(office, Город="Казань")
    take_up(office, "+79165555555", "Пётр", Город="Тверь")
    page = office.get(office.client(Role.VIEWER), f"/contacts?search={words}").text
    assert "Анна" in page
    assert "Пётр" not in page
    assert "Nobody is found." in office.get(office.client(Role.ADMIN), "/contacts?search=nobody").text


def test_a_contact_shows_all_that_passed_with_the_newest_on_top(office: Office) -> None:
    mailing_id = office.start_mailing(office.add_list())
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    office.send_one(sim_id)
    stop_list.add(office.database, office.settings, number=NUMBER)
    page = office.get(office.client(Role.VIEWER), f"/contacts/{NUMBER}").text
    assert f"/mailings/{mailing_id}" in page
    assert page.index("put on the stop list") < page.index("Заказ №84315 готов")
    assert "no contact yet" in page


def test_an_import_shows_its_counts_before_it_stores(office: Office) -> None:
    take_up(office, name="Сергей", Заказ="1")
    list_id = office.add_list()
    client = office.client(Role.OPERATOR)
    for rule, changed in (("add", 0), ("keep", 1), ("overwrite", 1)):
        page = office.get(client, f"/contacts/import?list_id={list_id}&rule={rule}").text
        figures = re.findall(r"<dd>(\d+)</dd>", page)
        assert figures == ["3", str(changed), str(1 - changed), "1"], rule
    assert contacts.show(office.database, office.settings, NUMBER)["fields"] == {"Заказ": "1"}
    assert office.post(client, "/contacts/import", list_id=str(list_id), rule="keep").status_code == 303
    told = contacts.show(office.database, office.settings, NUMBER)
    assert (told["name"], told["fields"]["Заказ"], told["fields"]["Сумма"]) == ("Сергей", "1", "1460")
    assert office.post(client, "/contacts/import", list_id="999", rule="keep").status_code == 404
    assert office.post(client, "/contacts/import", list_id=str(list_id), rule="x").status_code == 400


def test_a_group_by_hand_takes_numbers_lists_and_a_keyword(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    answer = office.post(client, "/groups", order="hand", name="Клиенты", keyword="автобус", list_id="")
    address = answer.headers["Location"].removeprefix(office.prefix)
    assert office.post(client, f"{address}/members", order="join", number="89165555555").status_code == 303
    list_id = office.add_list()
    assert office.post(client, f"{address}/members", order="list", list_id=str(list_id)).status_code == 303
    assert office.post(client, f"{address}/members", order="keyword", keyword="Рейс").status_code == 303
    office.post(client, f"{address}/members", order="no_keyword", keyword="автобус")
    office.post(client, f"{address}/members", order="rename", name="Пассажиры")
    page = office.get(client, address).text
    assert "<h1>Пассажиры</h1>" in page
    assert "автобус" not in page
    office.post(client, f"{address}/members", order="keyword", keyword="автобус")
    office.post(client, f"{address}/members", order="rename", name="Клиенты")
    page = office.get(client, address).text
    assert "5 members" in page
    assert "автобус, рейс" in page
    found = office.get(client, f"{address}?search=Мария").text
    assert "/contacts/+79160000006" in found
    assert "/contacts/+79165555555" not in found
    assert "/contacts/+79165555555" in office.get(client, f"{address}?search=8 916 555-55-55").text
    office.post(client, f"{address}/members", order="leave", number="+79165555555")
    assert "4 members" in office.get(client, address).text
    office.post(client, f"{address}/members", order="join", number="нет")
    assert 'class="notice error"' in office.get(client, address).text
    assert office.post(client, f"{address}/members", order="other").status_code == 400
    assert office.post(client, f"{address}/remove").status_code == 303
    assert office.get(client, address).status_code == 404


def test_a_group_by_rule_is_tried_before_it_is_made_and_reads_as_a_sentence(office: Office) -> None:
    take_up(office, Город="Казань", Долг="500")
    take_up(office, "+79165555555", "Пётр", Город="Казань", Долг="5")
    take_up(office, "+79166666666", "Иван", Город="Тверь", Долг="900")
    client = office.client(Role.OPERATOR, language="ru")
    rule = {
        "name": "Должники",
        "test_1": "is",
        "field_1": "Город",
        "value_1": "казань",
        "test_2": "greater",
        "field_2": "Долг",
        "value_2": "100",
    }
    tried = office.post(client, "/groups", order="try", join="any", **rule).text
    assert "Сейчас под правило подходят 3 контакта." in tried
    assert groups.list_groups(office.database, office.settings, "ru") == []
    made = office.post(client, "/groups", order="rule", join="all", **rule)
    address = made.headers["Location"].removeprefix(office.prefix)
    page = unescape(office.get(client, address).text)
    assert "«Город» равно «казань» и «Долг» больше, чем «100»" in page
    assert "/contacts/+79160000001" in page
    assert "/contacts/+79165555555" not in page
    assert "«Долг» больше, чем «100»" in office.get(client, "/groups").text

    better = {"field": "Город", "is": "Тверь"}
    assert office.post(client, f"{address}/rule", rule=json.dumps(better)).status_code == 303
    assert "/contacts/+79166666666" in office.get(client, address).text
    for wrong in ("{", '{"field": "Город"}', "[" * 100_000):
        answer = office.post(client, f"{address}/rule", rule=wrong)
        assert answer.status_code == 400
        assert 'class="notice error"' in answer.text
    told = groups.show(office.database, office.settings, "Должники", "ru")
    assert told["rule"] == better


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"test_1": "filled", "field_1": "Город"}, {"field": "Город", "empty": False}),
        ({"test_1": "empty", "field_1": ""}, {"field": "", "empty": True}),
        ({"test_1": "birthday_this_week", "field_1": "Дата"}, {"birthday_this_week": "Дата"}),
        ({"test_1": "mailed_within_days", "value_1": "30"}, {"mailed_within_days": 30}),
        ({"test_1": "delivered_no"}, {"delivered": False}),
        ({"test_2": "replied"}, {"replied": True}),
        (
            {"test_1": "replied_no", "test_2": "delivered", "join": "any"},
            {"any": [{"replied": False}, {"delivered": True}]},
        ),
    ],
)
def test_every_condition_of_the_form_is_one_of_the_rules(
    office: Office, fields: dict[str, str], rule: object
) -> None:
    client = office.client(Role.OPERATOR)
    assert office.post(client, "/groups", order="rule", name="Одна", **fields).status_code == 303
    assert groups.show(office.database, office.settings, "Одна", "en")["rule"] == rule


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose at least one condition."),
        ({"test_1": "is", "field_1": "Город"}, "A condition is not filled in"),
        ({"test_1": "mailed_within_days", "value_1": "сто"}, "A condition is not filled in"),
        ({"test_1": "birthday_this_week"}, "A condition is not filled in"),
        ({"test_1": "replied", "name": "17"}, "is no mere number"),
    ],
)
def test_a_rule_that_cannot_be_is_told_in_the_form(
    office: Office, fields: dict[str, str], words: str
) -> None:
    client = office.client(Role.OPERATOR)
    answer = office.post(client, "/groups", order="rule", **({"name": "Одна"} | fields))
    assert answer.status_code == 400
    assert words in answer.text
    assert groups.list_groups(office.database, office.settings, "en") == []


def test_a_contact_is_put_into_a_group_and_taken_out_on_its_page(office: Office) -> None:
    take_up(office)
    group_id = groups.add(office.database, office.settings, name="Свои")["group_id"]
    client = office.client(Role.OPERATOR)
    for order, members in (("join", 1), ("join", 1), ("leave", 0)):
        office.post(client, f"/contacts/{NUMBER}/groups", order=order, group=str(group_id))
        assert groups.show(office.database, office.settings, group_id, "en")["members"] == members


def test_a_template_is_written_tried_on_a_contact_changed_and_removed(office: Office) -> None:
    take_up(office, Город="Казань")
    client = office.client(Role.OPERATOR)
    text = "{Имя}, ждём в городе {Город}.\n{Дом}"
    assert office.post(client, "/templates", name="Встреча", text=text).status_code == 303
    template_id = templates.show(office.database, "Встреча")["template_id"]
    assert "Встреча" in office.get(client, "/templates").text
    assert text in office.get(client, f"/templates/{template_id}").text
    shown = office.post(client, "/templates/preview", text=text, number=NUMBER).json
    assert shown["number"].startswith("+7")
    assert "Дом" in shown["note"]
    assert office.post(client, "/templates/preview", text=text).json["text"] == text
    for wrong in ({"text": "{Имя"}, {"text": text, "number": "+79169999999"}):
        assert office.post(client, "/templates/preview", **wrong).json["problem"]
    told = office.post(client, f"/templates/{template_id}", name="Встреча", text="")
    assert told.status_code == 400
    office.post(client, f"/templates/{template_id}", name="Встреча 2", text="Ждём.")
    assert templates.show(office.database, template_id)["text"] == "Ждём."
    assert office.post(client, "/templates", name="Встреча 2", text="x").status_code == 400
    assert office.post(client, f"/templates/{template_id}/remove").status_code == 303
    assert office.get(client, f"/templates/{template_id}").status_code == 404


def test_a_viewer_sees_everything_and_no_form(office: Office) -> None:
    take_up(office, Город="Казань")
    by_hand = groups.add(office.database, office.settings, name="Свои")["group_id"]
    by_rule = groups.add(office.database, office.settings, name="Казань", rule={"replied": False})["group_id"]
    template_id = templates.add(office.database, name="Встреча", text="Ждём <вас>")["template_id"]
    client = office.client(Role.VIEWER)
    for path, words in (
        ("/contacts", "Казань"),
        (f"/contacts/{NUMBER}", "Казань"),
        ("/groups", "Свои"),
        (f"/groups/{by_hand}", "Свои"),
        (f"/groups/{by_rule}", "Анна"),
        ("/templates", "Ждём &lt;вас&gt;"),
        (f"/templates/{template_id}", "Ждём &lt;вас&gt;"),
    ):
        answer = office.get(client, path)
        assert answer.status_code == 200
        content = answer.text.split('<main id="content"')[1]
        assert words in content
        assert 'method="post"' not in content, path
    for path in ("/contacts/import", "/groups/new", "/templates/new"):
        assert office.get(client, path).status_code == 403


def test_how_many_one_person_may_get_is_chosen_on_the_page_of_contacts(office: Office) -> None:
    viewer, client = office.client(Role.VIEWER), office.client(Role.OPERATOR)
    assert 'id="caps"' not in office.get(viewer, "/contacts").text
    answer = office.post(client, "/contacts/cap", per_day="2", per_week="")
    assert answer.headers["Location"].endswith("/contacts#caps")
    page = office.get(client, "/contacts").text
    assert "in 24 hours 2, in 7 days 0" in page
    assert re.search(r'name="per_day"[^>]* value="2"', page)
    for wrong in ("two", "-1", "1001", "9" * 30):
        office.post(client, "/contacts/cap", per_day=wrong)
        assert "no number of messages" in office.get(client, "/contacts").text
    assert re.search(r'name="per_day"[^>]* value="2"', office.get(client, "/contacts").text)
    # who may only read sees what holds, and changes nothing
    assert re.search(r'name="per_day"[^>]* disabled', office.get(viewer, "/contacts").text)
    assert office.post(viewer, "/contacts/cap", per_day="9").status_code == 403


def test_a_cap_of_the_settings_file_is_shown_and_not_asked(office: Office) -> None:
    people = office.settings.people.model_copy(update={"per_person_per_week": 4})
    office.app.extensions["pbx_sms_settings"] = office.settings.model_copy(update={"people": people})
    page = office.get(office.client(Role.OPERATOR), "/contacts").text
    assert re.search(r'name="per_week"[^>]* value="4" disabled', page)
    assert "set in pbx-sms.toml" in page
