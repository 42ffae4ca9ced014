"""Contacts from files, lists and by hand, groups of them, and the lists composed for a mailing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from made_lists import make_list, number
from sqlalchemy import insert, select

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound, PbxSmsError, Refused
from pbx_sms.operations import audiences, contacts, groups, lists, mailings, stop_list, templates
from pbx_sms.storage import groups as stored_groups
from pbx_sms.storage import mailing_rows, views
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import inbound, messages

SETTINGS = Settings()
A, B, C, D = (number(place) for place in range(1, 5))


def bring(database: Database, text: str, rule: str = "keep", *, dry_run: bool = False) -> dict[str, Any]:
    return contacts.import_file(
        database, SETTINGS, text.encode(), file_name="people.csv", rule=rule, dry_run=dry_run
    )


def known(database: Database) -> dict[str, tuple[str | None, dict[str, str]]]:
    return {one["number"]: (one["name"], one["fields"]) for one in contacts.search(database)}


def counted(told: dict[str, Any]) -> tuple[int, int, int, int]:
    return told["new"], told["changed"], told["unchanged"], len(told["rejected"])


FIRST = f"Телефон;Имя;Город\n{A};Анна;Казань\n{B};;Москва\nнет;Кто-то;Омск\n{B};Борис;Тула\n"
SECOND = f"Телефон;Имя;Город;Скидка\n{A};Аня;;5\n{B};Борис;Тверь;\n{C};Вера;Уфа;\n"


def test_a_trial_of_an_import_tells_what_the_import_then_does(database: Database) -> None:
    assert counted(bring(database, FIRST, dry_run=True)) == (2, 0, 0, 1)
    assert known(database) == {}
    assert counted(bring(database, FIRST)) == (2, 0, 0, 1)
    assert known(database) == {A: ("Анна", {"Город": "Казань"}), B: ("Борис", {"Город": "Москва"})}
    assert counted(bring(database, FIRST)) == (0, 0, 2, 1)


@pytest.mark.parametrize(
    ("rule", "counts", "anna", "boris"),
    [
        ("add", (1, 0, 2, 0), ("Анна", {"Город": "Казань"}), "Москва"),
        ("keep", (1, 1, 1, 0), ("Анна", {"Город": "Казань", "Скидка": "5"}), "Москва"),
        ("overwrite", (1, 2, 0, 0), ("Аня", {"Город": "Казань", "Скидка": "5"}), "Тверь"),
    ],
)
def test_who_is_a_contact_already_is_treated_by_the_rule(
    database: Database, rule: str, counts: tuple[int, ...], anna: Any, boris: str
) -> None:
    bring(database, FIRST)
    assert counted(bring(database, SECOND, rule, dry_run=True)) == counts
    assert counted(bring(database, SECOND, rule)) == counts
    assert known(database)[A] == anna
    assert known(database)[B] == ("Борис", {"Город": boris})
    assert known(database)[C] == ("Вера", {"Город": "Уфа"})


def test_a_stored_list_becomes_contacts_by_the_same_rules(database: Database) -> None:
    list_id = make_list(database, [(A, "Анна", "1"), (None, "Никто", "2"), (A, "Аня", "3")])
    assert counted(contacts.import_list(database, list_id)) == (1, 0, 0, 1)
    assert known(database) == {A: ("Анна", {"Заказ": "1"})}
    assert counted(contacts.import_list(database, list_id, rule="overwrite")) == (0, 1, 0, 1)
    assert known(database) == {A: ("Аня", {"Заказ": "3"})}


def test_contacts_are_found_by_number_name_and_field_in_any_case(database: Database) -> None:
    bring(database, FIRST)
    found = lambda words: [one["number"] for one in contacts.search(database, words)]  # noqa: E731
    assert found("анна") == found("АННА") == found("казань") == [A]
    assert found("8" + A[2:]) == [A]
    assert found(A[-4:]) == [A]
    assert found("%") == []
    assert found("Уфа") == []


def test_a_contact_by_hand_is_changed_field_by_field(database: Database) -> None:
    made = contacts.set_contact(database, SETTINGS, "8" + A[2:], name="Анна", fields={"Город": "Казань"})
    assert made == {"number": A, "name": "Анна", "fields": {"Город": "Казань"}, "is_new": True}
    contacts.set_contact(database, SETTINGS, A, fields={"город": "", "Скидка": "5"})
    assert known(database) == {A: ("Анна", {"Скидка": "5"})}
    contacts.remove(database, SETTINGS, A)
    assert known(database) == {}
    with pytest.raises(NotFound) as refused:
        contacts.show(database, SETTINGS, A)
    assert refused.value.code == "contact_not_found"


def test_a_contact_shows_all_that_passed_in_the_order_of_time(database: Database) -> None:
    list_id = make_list(database, [(A, "Анна", "1"), (B, "", "2")])
    mailings.create(database, SETTINGS, list_id=list_id, text="{Имя}!", leave_out_incomplete=True, start=True)
    with database.begin() as connection:
        connection.execute(
            insert(inbound).values(sim_id=1, sender=A, msisdn=A, text="спасибо", received_at=database.now())
        )
    stop_list.add(database, SETTINGS, number=A)
    assert contacts.show(database, SETTINGS, A)["stopped"]
    stop_list.remove(database, SETTINGS, number=A, why="просил сам")
    shown = contacts.show(database, SETTINGS, A)
    assert [one["kind"] for one in shown["history"]] == ["sent", "received", "stop_added", "stop_removed"]
    assert not shown["stopped"]
    (entry,) = contacts.show(database, SETTINGS, B)["history"]
    assert (entry["kind"], entry["reason"]) == ("left_out", "placeholder_empty")


def members(database: Database, group: str | int) -> list[str]:
    found = groups.find(database, group)
    return [contact.msisdn for contact in groups.members(database, SETTINGS, found)]


def test_a_group_by_hand_takes_numbers_lists_and_senders_of_its_keyword(database: Database) -> None:
    list_id = make_list(database, [(B, "Борис", "1"), (B, "Борис", "2"), (C, "Вера", "3")])
    made = groups.add(database, SETTINGS, name="Турция", keywords=["  ТУРЦИЯ "], list_id=list_id)
    assert made["members"] == 2
    assert groups.add_member(database, SETTINGS, "Турция", [A, A])["added"] == 1
    with database.begin() as connection:
        stored_groups.join_by_keyword(connection, D, " турция\n", database.now())
    assert members(database, "Турция") == [B, C, A, D]
    assert groups.remove_member(database, SETTINGS, "Турция", [A, B])["removed"] == 2
    assert members(database, made["group_id"]) == [C, D]
    contacts.remove(database, SETTINGS, C)
    assert members(database, made["group_id"]) == [D]


def test_a_group_by_rule_follows_its_contacts_and_takes_nobody_by_hand(database: Database) -> None:
    bring(database, FIRST)
    rule = {"all": [{"field": "Город", "is": "казань"}, {"not": {"mailed_within_days": 7}}]}
    groups.add(database, SETTINGS, name="Казань", rule=rule)
    assert members(database, "Казань") == [A]
    contacts.set_contact(database, SETTINGS, B, fields={"Город": "Казань"})
    assert members(database, "Казань") == [A, B]
    with database.begin() as connection:
        connection.execute(
            insert(messages).values(
                rank=0, msisdn=A, text="x", encoding="GSM7", part_count=1, state="submitted",
                wants_report=False, created_at=database.now(), submitted_at=database.now(),
            )
        )  # fmt: skip
    assert members(database, "Казань") == [B]
    with pytest.raises(Conflict) as refused:
        groups.add_member(database, SETTINGS, "Казань", [C])
    assert refused.value.code == "group_by_rule"
    (shown,) = groups.list_groups(database, SETTINGS, "ru")
    assert shown["sentence"] == (
        "«Город» равно «казань» и неверно, что (сообщение отправляли за последние дни: 7)"
    )
    (shown,) = groups.list_groups(database, SETTINGS, "en")
    assert shown["sentence"] == ("“Город” is “казань” and not (a message was sent within the last days: 7)")


def test_a_group_that_cannot_be_made_leaves_nothing(database: Database) -> None:
    groups.add(database, SETTINGS, name="Одна", keywords=["да"])
    for code, options in {
        "group_exists": {"name": "Одна"},
        "group_name_invalid": {"name": "17"},
        "keyword_used": {"name": "Другая", "keywords": ["ДА"]},
        "keyword_is_stop_word": {"name": "Другая", "keywords": ["Стоп"]},
        "group_rule_not_a_condition": {"name": "Другая", "rule": {"x": 1}},
        "list_not_found": {"name": "Другая", "list_id": 17},
        "group_by_rule_takes_nobody": {"name": "Другая", "keywords": ["нет"], "rule": {"replied": True}},
    }.items():
        with pytest.raises(PbxSmsError) as refused:
            groups.add(database, SETTINGS, **options)
        assert refused.value.code == code
    assert [one["name"] for one in groups.list_groups(database, SETTINGS, "en")] == ["Одна"]


def rows_of(database: Database, list_id: int) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        found = mailing_rows.read_rows(connection, list_id, after_row=0, limit=100)
    return [(row.row, row.msisdn, row.fields, row.reject_code, row.repeat_of_row) for row in found]


def test_lists_and_groups_minus_groups_become_one_list_with_united_columns(database: Database) -> None:
    first = make_list(database, [(A, "Анна", "1"), (None, "Никто", "2"), (B, "Борис", "3")])
    contacts.set_contact(database, SETTINGS, A, name="Аня", fields={"Город": "Казань", "ЗАКАЗ": "9"})
    contacts.set_contact(database, SETTINGS, C, name="Вера", fields={"Город": "Уфа"})
    groups.add(database, SETTINGS, name="Все")
    groups.add_member(database, SETTINGS, "Все", [A, C])
    groups.add(database, SETTINGS, name="Не писать")
    groups.add_member(database, SETTINGS, "Не писать", [B])
    list_id = audiences.compose(
        database, SETTINGS, lists=[first], groups=["Все"], without=["Не писать"], by="anna"
    )
    assert rows_of(database, list_id) == [
        (2, A, [A, "Анна", "1", ""], None, None),
        (3, None, ["нет", "Никто", "2", ""], "not_a_number", None),
        (4, None, [B, "Борис", "3", ""], "in_left_out_group", None),
        (5, A, [A, "Аня", "9", "Казань"], None, 2),
        (6, C, [C, "Вера", "", "Уфа"], None, None),
    ]
    with database.read() as connection:
        assert views.column_names(connection, list_id) == ["Телефон", "Имя", "Заказ", "Город"]
        found = views.list_by_id(connection, list_id)
        assert found is not None
        assert found.name == "Клиенты + Все − Не писать"
    assert [one["list_id"] for one in lists.list_lists(database)] == [first]
    created = mailings.create(
        database, SETTINGS, list_id=list_id, text="{Имя}: {Город|—}", repeats="first", start=True
    )
    assert created["messages"] == 2
    with database.read() as connection:
        texts = connection.execute(select(messages.c.text).order_by(messages.c.message_id)).scalars().all()
    assert texts == ["Анна: —", "Вера: Уфа"]
    assert {row["row"]: row["reason"] for row in created["left_out"]} == {
        3: "not_a_number",
        4: "in_left_out_group",
        5: "repeat_other_text",
    }


def test_one_list_alone_is_itself_and_nothing_at_all_is_refused(database: Database) -> None:
    list_id = make_list(database, [(A, "Анна", "1")])
    assert audiences.compose(database, SETTINGS, lists=[list_id, list_id]) == list_id
    with pytest.raises(Refused) as refused:
        audiences.compose(database, SETTINGS)
    assert refused.value.code == "audience_empty"
    with pytest.raises(NotFound):
        audiences.compose(database, SETTINGS, lists=[list_id], without=["Никакая"])
    assert len(lists.list_lists(database)) == 1


def test_a_saved_text_is_read_with_a_contact_s_values(database: Database) -> None:
    made = templates.add(database, name="Заказ", text="{Имя}, ваш {Товар} ждёт в городе {Город|нашем}")
    contacts.set_contact(database, SETTINGS, A, name="Анна", fields={"Товар": "стол"})
    shown = templates.preview(database, SETTINGS, made["text"], A, "ru")
    assert (shown["text"], shown["missing"]) == ("Анна, ваш стол ждёт в городе нашем", [])
    contacts.set_contact(database, SETTINGS, A, fields={"Товар": ""})
    assert templates.preview(database, SETTINGS, made["text"], A, "ru")["missing"] == ["Товар"]
    templates.change(database, "Заказ", text="Новый")
    assert templates.show(database, made["template_id"])["text"] == "Новый"
    with pytest.raises(Refused):
        templates.change(database, "Заказ", text="{")
    with pytest.raises(Conflict):
        templates.add(database, name="Заказ", text="x")
    templates.remove(database, "Заказ")
    assert templates.list_templates(database) == []
    assert json.dumps(made)


def test_a_group_gets_another_name_and_loses_a_keyword(database: Database) -> None:
    groups.add(database, SETTINGS, name="Турция", keywords=["турция", "море"])
    groups.add(database, SETTINGS, name="Египет")
    assert groups.rename(database, "Турция", " Турция  2027 ")["name"] == "Турция 2027"
    with pytest.raises(Conflict, match="group_exists"):
        groups.rename(database, "Турция 2027", "Египет")
    with pytest.raises(Refused, match="group_name_invalid"):
        groups.rename(database, "Турция 2027", "17")
    assert groups.remove_keyword(database, "Турция 2027", " МОРЕ ")["keyword"] == "море"
    with pytest.raises(Refused, match="keyword_not_found"):
        groups.remove_keyword(database, "Турция 2027", "море")
    assert groups.show(database, SETTINGS, "Турция 2027", "ru")["keywords"] == ["турция"]
    # the word is free for another group
    groups.add_keyword(database, SETTINGS, "Египет", "море")
