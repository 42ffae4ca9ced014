"""`group` and `send --template` as processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from pbx_sms.config import Settings
from pbx_sms.operations import groups, templates
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import messages

if TYPE_CHECKING:
    from conftest import Command

NUMBER = "+79161234567"
TEXT = "{Имя}, заказ №{Номер} готов"


@pytest.fixture
def office(stored: Database) -> Database:
    groups.add(stored, Settings(), name="Анапа", keywords=["анапа"])
    groups.add(stored, Settings(), name="Крым")
    templates.add(stored, name="Заказ", text=TEXT)
    templates.add(stored, name="Пустой", text="{Имя| }")
    return stored


def message_count(stored: Database) -> int:
    with stored.read() as connection:
        return int(connection.execute(select(func.count()).select_from(messages)).scalar_one())


def test_a_group_is_renamed(pbx_sms: Command, office: Database) -> None:
    renamed = pbx_sms("group", "rename", "Анапа", "  Анапа,   лето ", "--json").object()
    assert renamed == {"group_id": 1, "name": "Анапа, лето", "was": "Анапа"}
    shown = pbx_sms("group", "show", "Анапа, лето", "--json").object()
    assert (shown["group_id"], shown["keywords"]) == (1, ["анапа"])
    # by its id, and with a sentence
    assert "Море" in pbx_sms("group", "rename", "1", "Море").out
    # the same name again changes nothing and is no mistake
    assert pbx_sms("group", "rename", "Море", "Море", "--json").object()["name"] == "Море"


def test_a_name_that_cannot_be_is_refused_and_the_group_keeps_its_own(
    pbx_sms: Command, office: Database
) -> None:
    for group, name, told in (
        ("Анапа", "Крым", "a group “Крым” already"),
        ("Анапа", "", "1 to 100 characters"),
        ("Анапа", "я" * 101, "1 to 100 characters"),
        ("Анапа", "2026", "no mere number"),
        ("Никакая", "Море", "no group “Никакая”"),
        ("9", "Море", "no group “9”"),
    ):
        assert told in pbx_sms("group", "rename", group, name).refusal()
    names = [one["name"] for one in pbx_sms("group", "list", "--json").objects()]
    assert names == ["Анапа", "Крым"]


def test_a_keyword_is_taken_from_a_group(pbx_sms: Command, office: Database) -> None:
    groups.add_keyword(office, Settings(), "Анапа", "море")
    removed = pbx_sms("group", "remove-keyword", "Анапа", "  МОРЕ ", "--json").object()
    assert removed == {"group_id": 1, "name": "Анапа", "keyword": "море"}
    assert pbx_sms("group", "show", "1", "--json").object()["keywords"] == ["анапа"]
    # it is free for another group
    assert pbx_sms("group", "add-keyword", "Крым", "море").status == 0
    assert "анапа" in pbx_sms("group", "remove-keyword", "1", "анапа").out


def test_a_keyword_that_is_none_is_refused_and_the_others_stay(pbx_sms: Command, office: Database) -> None:
    for group, keyword, told in (
        # never one, another group's, none at all
        ("Анапа", "горы", "“горы” is no keyword"),
        ("Крым", "анапа", "“анапа” is no keyword"),
        ("Анапа", "", "“” is no keyword"),
        ("Никакая", "анапа", "no group “Никакая”"),
    ):
        assert told in pbx_sms("group", "remove-keyword", group, keyword).refusal()
    assert pbx_sms("group", "show", "Анапа", "--json").object()["keywords"] == ["анапа"]


def test_a_saved_text_is_sent_with_fields_and_the_contact(pbx_sms: Command, office: Database) -> None:
    assert pbx_sms("contact", "set", NUMBER, "--name", "Анна").status == 0
    sent = pbx_sms("send", NUMBER, "--template", "Заказ", "--field", "номер=84315", "--json").object()
    assert (sent["state"], sent["duplicate"]) == ("queued", False)
    assert sent["text"] == "Анна, заказ №84315 готов"
    assert pbx_sms("message", "show", "1", "--json").object()["text"] == sent["text"]
    # by its id, with a key, a kind, and another name than the contact's
    order = ("send", NUMBER, "--template", "1", "--field", "Номер=7", "--field", "Имя=Пётр", "--id", "crm-7")
    first = pbx_sms(*order, "--kind", "urgent", "--json").object()
    assert pbx_sms(*order, "--kind", "urgent", "--json").object() == first | {"duplicate": True}
    assert first["text"] == "Пётр, заказ №7 готов"
    assert message_count(office) == 2


def test_a_saved_text_that_cannot_be_filled_sends_nothing(pbx_sms: Command, office: Database) -> None:
    for arguments, told in (
        (("--template", "Заказ"), "needs values for: Имя, Номер"),
        (("--template", "Заказ", "--field", "Номер=", "--field", "Имя=Анна"), "needs values for: Номер"),
        (("--template", "Заказ", "--field", "Номер"), "no field"),
        (("--template", "Заказы"), "no saved text “Заказы”"),
        (("--template", "Пустой"), "empty"),
    ):
        assert told in pbx_sms("send", NUMBER, *arguments).refusal()
    assert message_count(office) == 0


def test_a_text_and_a_saved_one_together_or_neither_is_wrong_usage(
    pbx_sms: Command, office: Database
) -> None:
    for arguments in (
        (),
        ("Текст", "--template", "Заказ"),
        ("Текст", "--field", "Имя=Анна"),
        ("--template", "Заказ", "--base64"),
    ):
        answered = pbx_sms("send", NUMBER, *arguments)
        assert (answered.status, answered.out) == (2, "")
        assert "usage: pbx-sms send" in answered.err
    assert message_count(office) == 0
