"""What holds for every command: exit statuses, options anywhere, languages, mistakes in the settings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Command

WRONG = {
    "no command": [(), ("fly",), ("--jsn",), ("--language", "fr", "inbox")],
    "db and processes": [("db",), ("db", "downgrade"), ("run", "now"), ("web", "--port", "80")],
    "user": [
        ("user",),
        ("user", "add", "anna"),
        ("user", "add", "anna", "--role", "king"),
        ("user", "remove"),
        ("user", "passwd"),
        ("user", "list", "anna"),
    ],
    "list": [
        ("list",),
        ("list", "import"),
        ("list", "import", "a.csv", "--header-row", "x"),
        ("list", "show", "first"),
        ("list", "remove", "0"),
    ],
    "mailing": [
        ("mailing", "create", "--text", "x"),
        ("mailing", "create", "--list", "1"),
        ("mailing", "create", "--list", "1", "--text", "x", "--kind", "spam"),
        ("mailing", "create", "--list", "1", "--text", "x", "--repeats", "none"),
        ("mailing", "start"),
        ("mailing", "pause", "x"),
        ("mailing", "watch", "-1"),
        ("mailing", "report", "1"),
    ],
    "send and message": [
        ("send", "+79161234567"),
        ("send", "+79161234567", "x", "--kind", "advertising"),
        ("send", "+79161234567", "x", "--wait", "long"),
        ("message", "list", "--state", "lost"),
        ("message", "show", "x"),
        ("message", "resolve", "1"),
        ("message", "resolve", "1", "delivered"),
    ],
    "stop, inbox, sim, simulate": [
        ("stop", "add"),
        ("stop", "import"),
        ("inbox", "--limit", "0"),
        ("inbox", "--since", "yesterday"),
        ("sim", "hold"),
        ("simulate",),
        ("simulate", "--modems", "2"),
        ("simulate", "--modems", "2", "--dir", "x", "--profile", "nokia"),
    ],
}


@pytest.mark.parametrize("commands", WRONG.values(), ids=WRONG.keys())
def test_wrong_usage_is_explained_and_ends_with_2(pbx_sms: Command, commands: list[tuple[str, ...]]) -> None:
    for command, result in zip(commands, pbx_sms.all(*commands), strict=True):
        assert result.status == 2, (command, result)
        assert result.out == ""
        assert result.err.startswith("usage: pbx-sms")
        assert "error: " in result.err


def test_help_and_version_need_no_settings(pbx_sms: Command) -> None:
    pbx_sms.write_config("not toml")
    helped, versioned = pbx_sms.all(("mailing", "create", "--help"), ("--version",))
    assert helped.status == 0
    assert "--leave-out-incomplete" in helped.out
    assert versioned.out.startswith("pbx-sms ")


def test_shared_options_may_stand_before_and_after_the_command(pbx_sms: Command, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.toml"
    pbx_sms.config.rename(elsewhere)
    results = pbx_sms.all(
        ("--json", "--config", str(elsewhere), "stop", "add", "+79161234567"),
        ("stop", "--json", "add", "+79161234568", "--config", str(elsewhere)),
        ("stop", "add", "+79161234569", "--config", str(elsewhere), "--json"),
    )
    for result in results:
        assert result.object()["added"] is True


def test_every_mistake_in_the_settings_is_named_by_its_key(pbx_sms: Command) -> None:
    pbx_sms.write_config('[limits]\nper_day = -1\n[[modem]]\nname = "a"\n[sending]\ncountry = "Russia"\n')
    refusal = pbx_sms("inbox").refusal()
    assert "limits.per_day: " in refusal
    assert "modem[0]: " in refusal
    assert "sending.country: " in refusal
    pbx_sms.write_config("[limits\n")
    assert "line 1" in pbx_sms("db", "upgrade").refusal()
    assert "cannot be read" in pbx_sms("inbox", "--config", "nowhere.toml").refusal()


def test_a_database_that_is_not_there_names_the_command_that_makes_it(
    pbx_sms: Command, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "x.db"
    pbx_sms.write_config(f'[database]\nurl = "sqlite:///{path}"\n')
    for result in pbx_sms.all(("send", "+79161234567", "x"), ("run",), ("web",)):
        assert "pbx-sms db upgrade" in result.refusal()
    assert not path.exists()
    assert str(path) in pbx_sms("db", "upgrade").refusal()
    path.parent.mkdir()
    assert pbx_sms("db", "upgrade", "--json").object() == {"ready": True}
    assert pbx_sms("db", "upgrade").status == 0
    assert pbx_sms("send", "+79161234567", "x", "--json").object()["state"] == "queued"


def test_the_language_follows_the_environment_and_the_option(pbx_sms: Command) -> None:
    russian = {"LC_ALL": "ru_RU.UTF-8"}
    assert "Стоп-лист пуст" in pbx_sms("stop", "list", env=russian).out
    assert "The stop list is empty" in pbx_sms("stop", "list", "--language", "en", env=russian).out
    assert "городской" in pbx_sms("send", "84951234567", "x", env={"LC_ALL": "", "LANG": "ru_RU"}).refusal()
    assert "landline" in pbx_sms("send", "84951234567", "x").refusal()


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(pbx_sms: Command) -> None:
    numbers = [f"+7916{number:07}" for number in range(5_000)]
    (pbx_sms.folder / "stop.csv").write_text("\n".join(numbers), encoding="utf-8")
    assert pbx_sms("stop", "import", "stop.csv", "--json").object()["added"] == 5_000
    with pbx_sms.start("stop", "list", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["number"] in numbers
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_text_that_the_terminal_cannot_show_is_no_reason_to_fail(pbx_sms: Command) -> None:
    assert pbx_sms("stop", "add", "+79161234567", "--note", "по просьбе", "--json").status == 0
    plain = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    shown = pbx_sms("stop", "list", env=plain)
    assert shown.status == 0
    assert "+79161234567" in shown.out
    assert pbx_sms("stop", "list", "--json", env=plain).objects()[0]["note"] == "по просьбе"


def test_the_installed_command_and_the_module_are_the_same(pbx_sms: Command) -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import sys; from pbx_sms.cli import main; sys.exit(main(['stop', 'list']))"],
        env=pbx_sms.environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "The stop list is empty.\n")
