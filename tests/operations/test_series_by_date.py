"""Mailings around dates of a list's column or of a contact, and to groups: everybody on their own day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from made_lists import make_list, number, people
from made_mailings import MakeSettings, count
from series_office import Office
from sqlalchemy import select, update

from pbx_sms.errors import Conflict
from pbx_sms.operations import groups, lists, series, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import lists as lists_table
from pbx_sms.storage.schema import messages, series_runs
from pbx_sms.storage.schema import series as series_table


@pytest.fixture
def office(database: Database, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(database, settings())
    monkeypatch.setattr(database, "now", made.now)
    return made


MONDAY = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


# by a column

#: 10:00 in Moscow
BORN = [
    (number(1), "Анна", "30.11.1980"),
    (number(2), "Борис", "01.12"),
    (number(3), "Вера", "30.11.2001"),
    (number(4), "Глеб", "скоро"),
    (number(5), "Дарья", ""),
]


def test_everybody_gets_it_on_their_own_day(office: Office) -> None:
    series_id = office.birthdays(BORN, text="{Имя}, с днём рождения!")
    for day in range(26, 30):
        assert not office.fire(datetime(2026, 11, day, 7, tzinfo=UTC))
    assert office.fire(MONDAY)
    assert office.sent() == [
        (number(1), "Анна, с днём рождения!"),
        (number(3), "Вера, с днём рождения!"),
    ]
    assert office.fire(MONDAY + timedelta(days=1))
    assert [one for one, _ in office.sent()] == [number(1), number(3), number(2)]
    assert office.runs(series_id)[-3:] == [
        ("2026-11-29", "nobody"),
        ("2026-11-30", "done"),
        ("2026-12-01", "done"),
    ]
    # rows keep the numbers they have in the list, and the list made for the day is nobody's business
    with office.database.read() as connection:
        assert list(connection.execute(select(messages.c.row).order_by(messages.c.message_id)).scalars()) == [
            2,
            4,
            3,
        ]
    assert len(lists.list_lists(office.database)) == 1


def test_the_same_person_never_gets_the_same_birthday_twice_also_from_another_list(office: Office) -> None:
    series_id = office.birthdays(BORN, text="{Имя}, с днём рождения!")
    # the run of the 30th is refused first, and made good later; meanwhile the list was imported again
    office.fire(datetime(2026, 11, 30, 7, tzinfo=UTC) - timedelta(days=4))
    for day in range(27, 31):
        office.fire(datetime(2026, 11, day, 7, tzinfo=UTC))
    assert len(office.sent()) == 2
    again = make_list(office.database, [*BORN, (number(6), "Ева", "30.11.1990")])
    series.change(office.database, office.settings, series_id, list_id=again)
    with office.database.begin() as connection:
        # as if the day had not been counted
        connection.execute(series_runs.delete())
        connection.execute(update(series_table).values(next_day=date(2026, 11, 30), next_at=MONDAY))
    assert office.fire(MONDAY + timedelta(minutes=5))
    assert [one for one, _ in office.sent()] == [number(1), number(3), number(6)]


def test_missed_birthdays_are_made_up_for_together(office: Office) -> None:
    series_id = office.birthdays(BORN, text="{Имя}, с днём рождения!")
    office.fire(datetime(2026, 12, 2, 12, tzinfo=UTC))
    assert office.show(series_id)["state"] == "waits"
    series.run_now(office.database, office.settings, series_id)
    assert [one for one, _ in office.sent()] == [number(1), number(2), number(3)]
    assert office.show(series_id)["next_day"] == "2026-12-03"


def test_nobody_is_congratulated_early(office: Office) -> None:
    series_id = office.birthdays(BORN)
    with pytest.raises(Conflict, match="series_nothing_waits"):
        series.run_now(office.database, office.settings, series_id)


def test_a_birthday_of_somebody_on_the_stop_list_keeps_nobody_waiting(office: Office) -> None:
    series_id = office.birthdays([(number(1), "Анна", "26.11.1980"), (number(2), "Борис", "27.11")])
    stop_list.add(office.database, office.settings, number=number(1))
    assert not office.fire(datetime(2026, 11, 26, 7, tzinfo=UTC))
    assert office.show(series_id)["state"] == "active"
    assert office.show(series_id)["run_list"][0]["reason"] == "nothing_to_send"
    assert office.fire(datetime(2026, 11, 27, 7, tzinfo=UTC))


def test_a_day_before_a_visit(office: Office) -> None:
    rule = {"kind": "date", "offset_days": -1}
    office.birthdays([(number(1), "Анна", "27.11.2026 14:30"), (number(2), "Борис", "27.11")], rule=rule)
    assert office.fire(datetime(2026, 11, 26, 7, tzinfo=UTC))
    assert [one for one, _ in office.sent()] == [number(1)]


def test_the_preview_tells_who_is_next_and_which_dates_cannot_be_read(office: Office) -> None:
    series_id = office.birthdays(BORN)
    shown = series.preview(office.database, office.settings, series_id, days=2)
    assert [(day["day"], day["at"], day["messages"]) for day in shown["days"]] == [
        ("2026-11-30", MONDAY, 2),
        ("2026-12-01", MONDAY + timedelta(days=1), 1),
    ]
    assert [row["row"] for row in shown["days"][0]["rows"]] == [2, 4]
    assert shown["unreadable"] == [{"row": 5, "value": "скоро"}]


def test_the_preview_by_the_calendar_tells_how_many(office: Office) -> None:
    series_id = office.add(rule={"kind": "monthly", "at": "10:00", "day": 31, "weekdays": []})
    shown = series.preview(office.database, office.settings, series_id, days=3)
    assert [(day["day"], day["messages"]) for day in shown["days"]] == [
        ("2026-11-30", 3),
        ("2026-12-31", 3),
        ("2027-01-31", 3),
    ]


# to groups


def test_who_joined_a_group_meanwhile_gets_it_and_who_left_does_not(office: Office) -> None:
    groups.add(
        office.database,
        office.settings,
        name="Туристы",
        list_id=make_list(office.database, people(2)),
    )
    groups.add(office.database, office.settings, name="Отказались")
    audience = {"lists": [], "groups": ["Туристы"], "without": ["Отказались"]}
    series_id = office.add(audience=audience, text="{Имя}, автобус ждёт", name="Автобус")
    before = lists.list_lists(office.database)
    coming = series.preview(office.database, office.settings, series_id, days=1)["days"]
    assert [day["messages"] for day in coming] == [2]
    assert office.fire(MONDAY)
    assert [text for _, text in office.sent()] == ["Имя0, автобус ждёт", "Имя1, автобус ждёт"]
    groups.add_list(office.database, "Туристы", make_list(office.database, people(3)))
    groups.add_member(office.database, office.settings, "Отказались", [number(0)])
    assert office.fire(MONDAY + WEEK)
    assert sorted(text for _, text in office.sent()[2:]) == ["Имя1, автобус ждёт", "Имя2, автобус ждёт"]
    # what was composed for a run or a look is nobody's list
    assert len(lists.list_lists(office.database)) == len(before) + 1


def test_birthdays_of_a_group_go_by_the_contacts_own_field(office: Office) -> None:
    members = make_list(office.database, [(number(1), "Анна", "26.11.1980"), (number(2), "Борис", "01.12")])
    groups.add(office.database, office.settings, name="Клиенты", list_id=members)
    audience = {"lists": [], "groups": ["Клиенты"], "without": []}
    office.add(audience=audience, text="{Имя}, поздравляем!", rule={"kind": "birthday", "column": "Заказ"})
    stored = count(office.database, lists_table)
    assert office.fire(datetime(2026, 11, 26, 7, tzinfo=UTC))
    assert office.sent() == [(number(1), "Анна, поздравляем!")]
    # the list of the day stays, the composed one has gone
    assert count(office.database, lists_table) == stored + 1


def test_a_group_that_is_gone_leaves_the_series_waiting(office: Office) -> None:
    members = make_list(office.database, people(2))
    groups.add(office.database, office.settings, name="Туристы", list_id=members)
    audience = {"lists": [], "groups": ["Туристы"], "without": []}
    series_id = office.add(audience=audience, text="Автобус ждёт")
    groups.remove(office.database, "Туристы")
    assert not office.fire(MONDAY)
    assert (office.show(series_id)["state"], office.show(series_id)["reason"]) == ("waits", "group_not_found")


# what is refused at once
