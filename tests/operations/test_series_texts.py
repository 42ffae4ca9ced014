"""A series that sends a saved text, and one that writes to numbers that fail; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from made_history import past_mailing, past_message
from made_lists import make_list, number, people
from made_mailings import MakeSettings
from series_office import TEXT, Office

from pbx_sms.core.message import MessageState
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import series, templates
from pbx_sms.storage.engine import Database

MONDAY = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def office(database: Database, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(database, settings())
    monkeypatch.setattr(database, "now", made.now)
    templates.add(database, name="Встреча", text="{Имя}, ждём Вас")
    return made


def with_saved(office: Office, **choices: object) -> int:
    return office.add(text=None, saved_text="Встреча", **choices)


def test_each_day_sends_the_saved_text_as_it_is_then(office: Office) -> None:
    series_id = with_saved(office)
    shown = office.show(series_id)
    assert (shown["template"], shown["text"]) == ("Встреча", "{Имя}, ждём Вас")
    assert office.fire(MONDAY)
    templates.change(office.database, "Встреча", text="{Имя}, ждём Вас в среду", name="Среда")
    preview = series.preview(office.database, office.settings, series_id, days=1)
    assert (preview["template"], preview["text"]) == ("Среда", "{Имя}, ждём Вас в среду")
    assert office.fire(MONDAY + WEEK)
    texts = [text.partition(", ")[2] for _, text in office.sent()]
    assert texts == ["ждём Вас"] * 3 + ["ждём Вас в среду"] * 3


def test_without_its_saved_text_a_series_waits_and_goes_on_with_another(office: Office) -> None:
    series_id = with_saved(office)
    assert templates.show(office.database, "Встреча")["series"] == [
        {"series_id": series_id, "name": "Клиенты"}
    ]
    removed = templates.remove(office.database, "Встреча")
    assert [one["series_id"] for one in removed["series"]] == [series_id]
    preview = series.preview(office.database, office.settings, series_id)
    assert (preview["text"], preview["days"]) == (None, [])
    assert preview["problems"] == [
        {"reason": "series_template_gone", "reason_params": {"template": "Встреча"}}
    ]
    assert not office.fire(MONDAY)
    shown = office.show(series_id)
    assert (shown["state"], shown["reason"], shown["text"]) == ("waits", "series_template_gone", None)
    assert office.sent() == []
    # neither by order, nor by another saved text that takes the name
    with pytest.raises(Refused) as refused:
        series.run_now(office.database, office.settings, series_id)
    assert refused.value.code == "series_template_gone"
    templates.add(office.database, name="Встреча", text="Совсем другое")
    with pytest.raises(Refused):
        series.run_now(office.database, office.settings, series_id)
    series.change(office.database, office.settings, series_id, text=TEXT)
    series.run_now(office.database, office.settings, series_id)
    assert len(office.sent()) == 3
    assert office.runs(series_id) == [("2026-11-30", "done")]
    assert office.show(series_id)["template"] is None


def test_a_saved_text_that_fits_the_list_no_more_makes_the_series_wait(office: Office) -> None:
    series_id = with_saved(office)
    templates.change(office.database, "Встреча", text="{Товар} готов")
    assert series.preview(office.database, office.settings, series_id)["problems"][0]["reason"] == (
        "unknown_placeholder"
    )
    office.fire(MONDAY)
    assert (office.show(series_id)["state"], office.sent()) == ("waits", [])
    templates.change(office.database, "Встреча", text="{Имя}, готово")
    series.run_now(office.database, office.settings, series_id)
    assert len(office.sent()) == 3


def test_a_series_changes_from_a_typed_text_to_a_saved_one(office: Office) -> None:
    series_id = office.add()
    changed = series.change(office.database, office.settings, series_id, saved_text="Встреча")
    assert (changed["template"], changed["text"]) == ("Встреча", "{Имя}, ждём Вас")
    # what is not named stays
    series.change(office.database, office.settings, series_id, list_id=make_list(office.database, people(1)))
    office.fire(MONDAY)
    assert [text.endswith("ждём Вас") for _, text in office.sent()] == [True]


@pytest.mark.parametrize(
    ("text", "saved", "code"),
    [
        ("Текст", "Встреча", "series_text_twice"),
        ("", None, "mailing_text_empty"),
        (None, "Никакой", "template_not_found"),
        (None, "Товар", "unknown_placeholder"),
    ],
)
def test_a_text_that_cannot_be_changes_nothing(
    office: Office, text: str | None, saved: str | None, code: str
) -> None:
    templates.add(office.database, name="Товар", text="{Товар}")
    with pytest.raises((Refused, NotFound)) as refused:
        office.add(text=text, saved_text=saved)
    assert refused.value.code == code
    assert series.list_series(office.database) == []
    series_id = with_saved(office)
    with pytest.raises((Refused, NotFound)):
        series.change(office.database, office.settings, series_id, text=text, saved_text=saved)
    assert office.show(series_id)["template"] == "Встреча"


def test_a_series_by_a_date_sends_the_saved_text_too(office: Office) -> None:
    series_id = office.birthdays(
        [(number(1), "Анна", "30.11.1990")], text=None, saved_text="Встреча", start_on=MONDAY.date()
    )
    templates.change(office.database, "Встреча", text="{Имя}, с днём рождения")
    office.fire(MONDAY)
    assert office.sent() == [(number(1), "Анна, с днём рождения")]
    assert office.show(series_id)["state"] == "active"


def test_numbers_that_fail_are_spared_unless_the_series_writes_to_them_as_well(office: Office) -> None:
    for _ in range(office.settings.people.failing_after):
        mailing_id = past_mailing(office.database, office.at)
        past_message(office.database, number(1), office.at, MessageState.UNDELIVERED, mailing_id=mailing_id)
    rows = [(number(1), "Анна", "30.11.1990"), (number(2), "Борис", "30.11.1991")]
    list_id = make_list(office.database, rows)
    plain = office.add(list_id)
    every = office.add(list_id, text="{Имя}, зайдите", allow_failing=True)
    birthdays = office.birthdays(
        rows, text="{Имя}, с днём рождения", allow_failing=True, start_on=MONDAY.date()
    )
    assert (office.show(plain)["allow_failing"], office.show(every)["allow_failing"]) == (False, True)
    days = {
        one: series.preview(office.database, office.settings, one, days=1)["days"][0]["messages"]
        for one in (plain, every)
    }
    assert days == {plain: 1, every: 2}
    history = len(office.sent())
    office.fire(MONDAY)
    sent = office.sent()[history:]
    assert [to for to, text in sent if text.endswith("напоминаем о встрече")] == [number(2)]
    assert [to for to, text in sent if text.endswith("зайдите")] == [number(1), number(2)]
    assert [to for to, text in sent if text.endswith("с днём рождения")] == [number(1), number(2)]
    changed = series.change(office.database, office.settings, every, allow_failing=False)
    assert changed["allow_failing"] is False
    assert office.show(birthdays)["allow_failing"] is True
