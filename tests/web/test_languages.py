"""Both languages everywhere: nothing untranslated, and the choice stays with the person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from office import TRANSLATIONS, Office

from pbx_sms.storage.users import Role

WEB = TRANSLATIONS.parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
}


def _messages_of_the_catalog() -> dict[str, Message]:
    with (WEB / "translations/ru/LC_MESSAGES/messages.po").open("rb") as file:
        catalog = read_po(file, locale="ru")
    return {_first(message.id): message for message in catalog if message.id}


def _first(message_id: str | tuple[str, ...] | list[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def test_every_word_of_the_pages_is_in_the_catalogue_and_no_other() -> None:
    used = {_first(message) for _, _, message, _, _ in extract_from_dir(WEB, METHODS, keywords=KEYWORDS)}
    assert len(used) > 200
    assert used == set(_messages_of_the_catalog())


def test_every_word_has_its_translation_in_all_plural_forms_with_the_same_placeholders() -> None:
    for message in _messages_of_the_catalog().values():
        texts = message.string if isinstance(message.id, tuple) else (message.string,)
        assert len(texts) == (3 if isinstance(message.id, tuple) else 1)
        for text in texts:
            assert text, message.id
            assert not message.fuzzy
            wanted = set(re.findall(r"%\(\w+\)s", _first(message.id)))
            assert set(re.findall(r"%\(\w+\)s", text)) == wanted, message.id


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "Отправить 1 сообщение, 1 часть"), (3, "Отправить 3 сообщения"), (11, "Отправить 11 сообщений")],
)
def test_the_button_counts_in_russian(office: Office, count: int, words: str) -> None:
    rows = [(f"Имя {number}", f"+7916{number:07}", number, 1) for number in range(count)]
    client = office.client(Role.OPERATOR, language="ru")
    page = office.post(client, "/mailings/check", list_id=str(office.add_list(rows)), text="Добрый день")
    assert words in page.text


def test_a_browser_is_answered_in_the_language_it_asks_for(office: Office) -> None:
    assert "Войти" in office.get(office.client(language="ru-RU,ru;q=0.9,en;q=0.5"), "/sign-in").text
    assert "Sign in" in office.get(office.client(language="de,fr"), "/sign-in").text


def test_the_choice_of_a_language_stays_with_the_session_and_with_the_user(office: Office) -> None:
    client = office.client(Role.VIEWER)
    assert office.post(client, "/language", language="ru", next="/mailings").headers["Location"] == (
        f"{office.prefix}/mailings"
    )
    assert 'lang="ru"' in office.get(client, "/").text
    office.post(client, "/sign-out")
    assert "Войти" in office.get(client, "/sign-in").text
    elsewhere = office.app.test_client()
    office.post(elsewhere, "/sign-in", name="viewer", password="correct horse")
    assert 'lang="ru"' in office.get(elsewhere, "/").text


@pytest.mark.parametrize("language", ["", "de", "../../ru"])
def test_a_language_that_does_not_exist_is_refused(office: Office, language: str) -> None:
    assert office.post(office.client(), "/language", language=language).status_code == 400


def test_reasons_and_errors_are_in_the_readers_language(office: Office) -> None:
    client = office.client(Role.VIEWER, language="ru")
    assert "Такой страницы нет" in office.get(client, "/mailings/999").text
    list_id = office.add_list()
    assert "это не номер телефона" in office.get(client, f"/lists/{list_id}").text


def test_no_template_has_words_outside_of_gettext() -> None:
    """Letters between tags that no gettext call produced; names and units apart."""
    allowed = {"SIM", "pbx-sms", "dBm"}
    for path in sorted(Path(WEB / "templates").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        # the class of the page's column is no word
        text = re.sub(r"\{% block width %\}\w+", "", text)
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S)
        for words in re.findall(r">([^<]+)<", text):
            left = [word for word in words.split() if re.search(r"[A-Za-zА-Яа-я]", word)]
            assert set(left) <= allowed, (path.name, words)
