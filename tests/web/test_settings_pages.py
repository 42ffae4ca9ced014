"""The settings file on a page: every key, which are given and which default, and no secret."""

from __future__ import annotations

import re

from office import Office

from pbx_sms import config
from pbx_sms.config import Settings
from pbx_sms.storage.users import Role
from web import settings_pages
from web.settings_pages import sections, without_password

FILE = """
[database]
url = "postgresql+psycopg://sms:hu/n@ter2@db.example/sms?password=hunter2"
[asterisk]
secret = "hunter2"
[scripting]
token = "hunter2"
[[modem]]
name = "gsm1"
port = "/dev/gsm1"
pin = "4821"
[notify]
smtp_password = "hunter2"
webhook_url = "https://hooks.example/hunter2"
webhook_secret = "hunter2"
[limits]
per_hour = 17
"""


def test_every_key_is_shown_and_says_whether_the_file_sets_it(office: Office) -> None:
    page = office.get(office.client(Role.ADMIN, language="ru"), "/settings").text
    for name in Settings.model_fields:
        assert f"[{name}]" in page
    shown = {section.title: section.values for section in sections(office.settings)}
    assert {value.key for value in shown["[limits]"]} == set(config.sections.LimitSettings.model_fields)
    made = config.parse(FILE)
    limits = {value.key: value for section in sections(made) for value in section.values}
    assert (limits["per_hour"].text, limits["per_hour"].is_default) == ("17", False)
    assert (limits["per_day"].text, limits["per_day"].is_default) == ("100", True)
    assert "задано в pbx-sms.toml" in page
    assert "по умолчанию" in page


def test_no_secret_is_shown(office: Office) -> None:
    made = config.parse(FILE)
    office.app.extensions["pbx_sms_settings"] = made
    page = office.get(office.client(Role.ADMIN), "/settings").text
    assert "hunter2" not in page
    assert "ter2" not in page
    assert "4821" not in page
    assert page.count('<td class="text">set</td>') == 6
    assert "postgresql+psycopg://sms:…@db.example/sms?…" in page


def test_every_key_that_sounds_like_a_secret_is_one() -> None:
    """Whoever adds such a key is asked here."""
    sounding = re.compile("secret|password|token|pin|key|credential")
    for section in Settings.model_fields.values():
        for name in re.findall(r"\w+Settings", str(section.annotation)):
            found = getattr(config.sections, name, None)
            for key in [] if found is None else found.model_fields:
                if sounding.search(key) and not key.endswith("_file"):
                    assert settings_pages._SECRET.fullmatch(key), key


def test_an_address_without_a_password_stays_as_it_is() -> None:
    assert without_password("sqlite:////var/lib/x.db") == "sqlite:////var/lib/x.db"
    assert without_password("https://hooks.example/a") == "https://hooks.example/a"
