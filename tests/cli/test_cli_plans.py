"""`plan show`, `plan hours`, `mailing schedule` and the options of a plan, as processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Command

HOURS = """[planner]
information_window = "09:00-20:00 Mon-Fri"
quiet_hours = "21:00-09:00"
days_off = [2099-11-26]
"""
CREATE = ("--text", "{Имя}, ждём", "--repeats", "first")


@pytest.fixture
def with_hours(pbx_sms: Command) -> Command:
    written = pbx_sms.config.read_text(encoding="utf-8")
    pbx_sms.write_config(written.partition("[planner]")[0] + HOURS)
    return pbx_sms


def test_a_mailing_is_scheduled_put_off_made_a_draft_and_begun(pbx_sms: Command, customers: Path) -> None:
    pbx_sms("mailing", "create", "--list", str(customers), *CREATE)
    started = pbx_sms("mailing", "start", "1", "--at", "2099-11-27 10:00", "--json").object()
    assert (started["state"], started["scheduled_at"]) == ("scheduled", "2099-11-27T07:00:00.000000Z")
    assert pbx_sms("mailing", "schedule", "1", "--at", "28.11.2099 09:30", "--json").object() == {
        "mailing_id": 1,
        "state": "scheduled",
        "scheduled_at": "2099-11-28T06:30:00.000000Z",
    }
    assert "has passed" in pbx_sms("mailing", "schedule", "1", "--at", "2001-01-01 10:00").refusal()
    assert "“soon” is no date with a time" in pbx_sms("mailing", "schedule", "1", "--at", "soon").refusal()
    assert pbx_sms("mailing", "schedule", "1").status == 2
    shown = pbx_sms("mailing", "show", "1", "--json").object()
    assert shown["scheduled_at"] == "2099-11-28T06:30:00.000000Z"
    assert pbx_sms("mailing", "schedule", "1", "--cancel", "--json").object() == {
        "mailing_id": 1,
        "state": "draft",
    }
    shown = pbx_sms("mailing", "show", "1", "--json").object()
    assert (shown["state"], "scheduled_at" in shown, shown["counts"]) == ("draft", False, {})
    assert pbx_sms("mailing", "start", "1", "--json").object()["state"] == "running"
    assert pbx_sms("mailing", "schedule", "1", "--at", "2099-11-28 09:30").status == 1


def test_the_plan_of_a_mailing_is_shown_by_zones(with_hours: Command, customers: Path) -> None:
    options = ("--at", "2099-11-27 10:00", "--until", "2099-11-27 18:00", "--then", "ask", "--smooth")
    created = with_hours(
        "mailing", "create", "--list", str(customers), *CREATE, *options, "--start", "--json"
    )
    assert created.object()["state"] == "scheduled"
    plan = with_hours("plan", "show", "1", "--json").object()
    assert (plan["state"], plan["window"], plan["quiet_hours"]) == (
        "scheduled",
        "09:00-20:00 Mon-Fri",
        "21:00-09:00",
    )
    assert (plan["cut_off_at"], plan["then"], plan["smooth"]) == ("2099-11-27T15:00:00.000000Z", "ask", True)
    (zone,) = plan["zones"]
    assert (zone["zone"], zone["open"], zone["reason"]) == (
        "Europe/Moscow",
        False,
        "waits_for_recipients_hour",
    )
    assert zone["next"] == [
        {"from_at": "2099-11-27T07:00:00.000000Z", "until_at": "2099-11-27T15:00:00.000000Z"}
    ]
    told = with_hours("plan", "show", "1").out
    assert "window 09:00-20:00 Mon-Fri; quiet hours 21:00-09:00" in told
    assert "spread evenly" in told
    assert "waits for 10:00 in the recipient's zone (Europe/Moscow), 27.11.2099" in told
    assert with_hours("plan", "show", "99").status == 1


def test_the_hours_of_a_day_are_told_with_their_reasons(with_hours: Command) -> None:
    friday = with_hours("plan", "hours", "--date", "2099-11-27", "--json").object()
    assert (friday["zone"], friday["weekday"], friday["day_off"]) == ("Europe/Moscow", "Fri", None)
    assert [(one["from"], one["until"]) for one in friday["open"]] == [("09:00", "20:00")]
    saturday = with_hours("plan", "hours", "--date", "2099-11-28", "--json").object()
    assert saturday["open"] == []
    omsk = with_hours("plan", "hours", "--date", "2099-11-27", "--zone", "Asia/Omsk", "--json").object()
    assert omsk["open"][0]["from_at"] == "2099-11-27T03:00:00.000000Z"
    off = ("plan", "hours", "--kind", "advertising", "--date", "2099-11-26")
    assert with_hours(*off, "--json").object()["day_off"] == "own"
    assert "closed" in with_hours(*off).out
    assert "is no time zone" in with_hours("plan", "hours", "--zone", "Atlantis").refusal()
    assert with_hours("plan", "hours", "--date", "tomorrow").status == 2
