"""Saved texts as one number reads them; on both databases."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pbx_sms.config import Settings
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import contacts, templates
from pbx_sms.storage.engine import Database

SETTINGS = Settings()
ANNA = "+79161234501"
STRANGER = "+79161234502"
TEXT = "{Имя|Клиент}, заказ №{Номер} ждёт в городе {Город}"


@pytest.fixture
def office(database: Database) -> Database:
    templates.add(database, name="Заказ", text=TEXT)
    contacts.set_contact(database, SETTINGS, ANNA, name="Анна", fields={"Город": "Казань"})
    return database


@pytest.mark.parametrize(
    ("number", "fields", "read"),
    [
        # a given field, and the contact's own for the rest
        (ANNA, {"Номер": "84315"}, "Анна, заказ №84315 ждёт в городе Казань"),
        # a given field comes before the contact's, however its name is written
        (ANNA, {"номер": "1", " ГОРОД ": "Уфа"}, "Анна, заказ №1 ждёт в городе Уфа"),
        # an empty one takes the contact's away: the placeholder's own word stands
        (ANNA, {"Номер": "1", "Имя": ""}, "Клиент, заказ №1 ждёт в городе Казань"),
        # nobody's contact: the fields alone; one that the text does not use is left alone
        ("8 916 123-45-02", {"Номер": "1", "Город": "Уфа", "x": "y"}, "Клиент, заказ №1 ждёт в городе Уфа"),
        # a value is never read for placeholders
        (STRANGER, {"Номер": "{Имя}", "Город": "{"}, "Клиент, заказ №{Имя} ждёт в городе {"),
    ],
)
def test_a_saved_text_reads_the_given_fields_then_the_contact(
    office: Database, number: str, fields: Mapping[str, str], read: str
) -> None:
    assert templates.written(office, SETTINGS, "Заказ", number, fields) == read


def test_a_name_is_found_in_either_language(office: Database) -> None:
    templates.add(office, name="Hello", text="Hello {Name}, {имя}")
    assert templates.written(office, SETTINGS, "Hello", ANNA, {}) == "Hello Анна, Анна"


@pytest.mark.parametrize(
    ("number", "fields", "missing"),
    [(ANNA, {}, ["Номер"]), (STRANGER, {}, ["Номер", "Город"]), (ANNA, {"Номер": " "}, ["Номер"])],
)
def test_what_is_lacking_is_named(
    office: Database, number: str, fields: Mapping[str, str], missing: list[str]
) -> None:
    with pytest.raises(Refused) as refused:
        templates.written(office, SETTINGS, "Заказ", number, fields)
    assert (refused.value.code, refused.value.params) == ("template_fields_missing", {"names": missing})


def test_a_text_or_number_that_is_none_is_refused(office: Database) -> None:
    with pytest.raises(NotFound):
        templates.written(office, SETTINGS, "Заказы", ANNA, {})
    with pytest.raises(Refused) as refused:
        templates.written(office, SETTINGS, "Заказ", "84951234567", {})
    assert refused.value.code == "landline"
