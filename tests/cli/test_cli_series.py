"""`series` as processes: added, previewed, held and removed, in the shapes programs rely on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pbx_sms.operations import templates
from pbx_sms.storage.engine import Database

if TYPE_CHECKING:
    from conftest import Command

TEXT = "{Имя}, с днём рождения!"


def people(path: Path) -> str:
    path.write_text(
        "Телефон;Имя;Родился\n89161234501;Анна;29.02.1984\n89161234502;Борис;01.03.1990\n89161234503;Вера;?\n",
        encoding="utf-8",
    )
    return str(path)


def test_a_series_is_added_previewed_paused_and_removed(pbx_sms: Command, tmp_path: Path) -> None:
    added = pbx_sms(
        *("series", "add", "--list", people(tmp_path / "people.csv"), "--text", TEXT, "--json"),
        *("--birthday", "родился", "--leap-day", "mar1", "--at", "10:00", "--name", "Дни рождения"),
        *("--from", "2027-02-01", "--until", "2028-12-31"),
    ).object()
    assert added["state"] == "active"
    assert added["next_day"] == "2027-02-01"
    assert added["rule"] == {
        "kind": "birthday",
        "at": "10:00",
        "column": "родился",
        "offset_days": 0,
        "leap_day": "mar1",
    }
    shown, told, listed = pbx_sms.all(
        ("series", "preview", "1", "--json"),
        ("series", "preview", "1"),
        ("--language", "ru", "series", "list"),
    )
    preview = shown.object()
    # in 2027 both have their day on 1 March
    assert [(day["day"], day["messages"]) for day in preview["days"]] == [("2027-03-01", 2)]
    assert preview["days"][0]["at"] == "2027-03-01T07:00:00.000000Z"
    assert [row["number"] for row in preview["days"][0]["rows"]] == ["+79161234501", "+79161234502"]
    assert preview["unreadable"] == [{"row": 4, "value": "?"}]
    assert "2027-03-01 10:00: messages: 2" in told.out
    assert "29 февраля: в обычный год — 1 марта" in listed.out

    assert pbx_sms("series", "pause", "1", "--json").object() == {"series_id": 1, "state": "paused"}
    assert "is paused" in pbx_sms("series", "run-now", "1").refusal()
    assert pbx_sms("series", "resume", "1", "--json").object()["state"] == "active"
    assert "own day only" in pbx_sms("series", "run-now", "1").refusal()
    skipped = pbx_sms("series", "skip", "1", "--json").object()
    assert skipped["skipped"] == {"from_day": "2027-02-01", "day": "2027-02-01"}
    assert "belongs to repeating mailing 1" in pbx_sms("list", "remove", "1").refusal()
    assert pbx_sms("series", "remove", "1", "--json").object() == {"series_id": 1}
    assert "no repeating mailing 1" in pbx_sms("series", "show", "1").refusal()


def test_a_series_by_the_calendar_is_run_ahead_of_its_time(pbx_sms: Command, tmp_path: Path) -> None:
    pbx_sms(
        *("series", "add", "--list", people(tmp_path / "people.csv"), "--text", "{Имя}, собрание"),
        *("--monthly", "31", "--at", "09:30", "--count", "2"),
    )
    ran = pbx_sms("series", "run-now", "1", "--json").object()
    assert (ran["run"]["state"], ran["run"]["mailing_id"], ran["run"]["messages"]) == ("done", 1, 3)
    assert ran["runs"] == 1
    assert pbx_sms("mailing", "show", "1", "--json").object()["state"] == "running"
    changed = pbx_sms("series", "change", "1", "--text", "Собрание", "--json").object()
    assert changed["text"] == "Собрание"
    assert "mailing 1, messages: 3" in pbx_sms("series", "show", "1").out


def test_a_rule_that_is_none_is_refused_and_leaves_no_list(pbx_sms: Command, tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv")
    add = ("series", "add", "--list", path, "--text", "x", "--at", "10:00")
    assert "weekday" in pbx_sms(*add, "--weekly", "foo").refusal()
    assert "32" in pbx_sms(*add, "--monthly", "32").refusal()
    assert "no date" in pbx_sms(*add, "--every", "1", "--until", "gestern").refusal()
    assert "Нет" in pbx_sms(*add, "--date", "Нет").refusal()
    assert pbx_sms("list", "list", "--json").objects() == []
    assert pbx_sms(*add).status == 2


def test_a_series_sends_a_saved_text_and_says_when_it_is_gone(
    pbx_sms: Command, stored: Database, tmp_path: Path
) -> None:
    templates.add(stored, name="Собрание", text="{Имя}, собрание")
    added = pbx_sms(
        *("series", "add", "--list", people(tmp_path / "people.csv"), "--template", "Собрание"),
        *("--monthly", "31", "--at", "09:30", "--allow-failing", "--json"),
    ).object()
    assert (added["template_id"], added["template"]) == (1, "Собрание")
    removed = pbx_sms("template", "remove", "1")
    assert "Repeating mailing 1" in removed.out
    preview = pbx_sms("series", "preview", "1", "--json").object()
    assert (preview["text"], preview["problems"][0]["reason"]) == (None, "series_template_gone")
    assert "“Собрание” was removed" in pbx_sms("series", "run-now", "1").refusal()
    changed = pbx_sms("series", "change", "1", "--text", "Сбор", "--no-allow-failing", "--json").object()
    assert (changed["text"], changed["template"], changed["allow_failing"]) == ("Сбор", None, False)
