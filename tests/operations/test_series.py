"""Mailings that come again: what fires, what waits for a person, and that nobody gets a day twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from made_lists import MadeRow, make_list, number, people
from made_mailings import MakeSettings, count
from sqlalchemy import select, update

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import groups, lists, mailings, series, stop_list
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import lists as lists_table
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.schema import messages, series_runs
from pbx_sms.storage.schema import series as series_table

TEXT = "{Имя}, напоминаем о встрече"
#: a Wednesday, 10:00 in Moscow
WEDNESDAY = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


class Office:
    """A database whose clock the test sets, and settings."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.at = WEDNESDAY

    def now(self) -> datetime:
        return self.at

    def add(self, list_id: int | None = None, **choices: Any) -> int:
        if list_id is None and "audience" not in choices:
            list_id = make_list(self.database, people(3))
        rule = {"kind": "weekly", "at": "10:00", "weekdays": ["mon"]} | choices.pop("rule", {})
        made = series.make_rule(rule.pop("kind"), first=date(2026, 11, 25), **rule)
        added = series.add(
            self.database,
            self.settings,
            list_id=list_id,
            text=choices.pop("text", TEXT),
            rule=made,
            **choices,
        )
        series_id: int = added["series_id"]
        return series_id

    def birthdays(self, rows: list[MadeRow], **choices: Any) -> int:
        """The date stands in the column Заказ."""
        rule = {"kind": "birthday", "at": "10:00", "column": "заказ"} | choices.pop("rule", {})
        return self.add(make_list(self.database, rows), rule=rule, **choices)

    def fire(self, at: datetime | None = None) -> bool:
        self.at = at or self.at
        return series.fire_due(self.database, self.settings)

    def show(self, series_id: int) -> dict[str, Any]:
        return series.show(self.database, series_id)

    def runs(self, series_id: int) -> list[tuple[str, str]]:
        return [(run["day"], run["state"]) for run in reversed(self.show(series_id)["run_list"])]

    def sent(self) -> list[tuple[str, str]]:
        """(number, text) of all messages, in order."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(messages.c.msisdn, messages.c.text).order_by(messages.c.message_id)
            )
            return [(row.msisdn, row.text) for row in rows]


@pytest.fixture
def office(database: Database, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(database, settings())
    monkeypatch.setattr(database, "now", made.now)
    return made


MONDAY = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_every_monday_the_list_gets_it_once(office: Office) -> None:
    series_id = office.add()
    assert not office.fire(MONDAY - timedelta(seconds=1))
    assert office.fire(MONDAY)
    assert not office.fire(MONDAY + timedelta(seconds=10))
    assert len(office.sent()) == 3
    assert office.fire(MONDAY + WEEK)
    assert len(office.sent()) == 6
    shown = office.show(series_id)
    assert office.runs(series_id) == [("2026-11-30", "done"), ("2026-12-07", "done")]
    assert (shown["state"], shown["runs"], shown["next_day"]) == ("active", 2, "2026-12-14")
    mailing = mailings.show(office.database, shown["run_list"][0]["mailing_id"])
    assert (mailing["name"], mailing["state"]) == ("Клиенты, 07.12.2026", "running")


def test_a_time_that_has_passed_today_is_not_made_up_for(office: Office) -> None:
    series_id = office.add(rule={"kind": "every", "at": "09:59"})
    assert office.show(series_id)["next_day"] == "2026-11-26"


def test_after_a_long_stop_nothing_fires_by_itself_and_the_series_says_why(office: Office) -> None:
    series_id = office.add()
    assert not office.fire(MONDAY + timedelta(seconds=901))
    shown = office.show(series_id)
    assert (shown["state"], shown["reason"]) == ("waits", "series_overdue")
    assert shown["reason_params"] == {"planned_at": MONDAY.isoformat()}
    # nor does the next Monday
    assert not office.fire(MONDAY + WEEK)
    assert count(office.database, messages) == 0


def test_a_little_late_is_not_overdue(office: Office) -> None:
    office.add()
    assert office.fire(MONDAY + timedelta(seconds=900))


def test_two_missed_mondays_are_made_up_for_by_one_mailing(office: Office) -> None:
    series_id = office.add()
    office.fire(MONDAY + WEEK + timedelta(hours=5))
    series.run_now(office.database, office.settings, series_id, by="anna")
    assert len(office.sent()) == 3
    shown = office.show(series_id)
    run = shown["run_list"][0]
    assert (run["from_day"], run["day"], run["ordered_by"]) == ("2026-11-30", "2026-12-07", "anna")
    assert (shown["state"], shown["next_day"]) == ("active", "2026-12-14")


def test_what_was_missed_can_be_skipped(office: Office) -> None:
    series_id = office.add()
    office.fire(MONDAY + timedelta(hours=1))
    skipped = series.skip(office.database, office.settings, series_id)
    assert skipped["skipped"] == {"from_day": "2026-11-30", "day": "2026-11-30"}
    assert office.runs(series_id) == [("2026-11-30", "skipped")]
    assert not office.fire()
    assert office.fire(MONDAY + WEEK)


def test_the_next_day_can_be_skipped_before_it_comes(office: Office) -> None:
    series_id = office.add()
    series.skip(office.database, office.settings, series_id)
    assert not office.fire(MONDAY)
    assert office.fire(MONDAY + WEEK)


def test_the_next_day_can_be_run_ahead_of_its_time_and_does_not_come_again(office: Office) -> None:
    series_id = office.add()
    series.run_now(office.database, office.settings, series_id)
    assert len(office.sent()) == 3
    assert not office.fire(MONDAY)
    # nor after a pause that computes the next day anew
    series.pause(office.database, series_id)
    office.at = WEDNESDAY
    assert series.resume(office.database, office.settings, series_id)["next_at"] == MONDAY + WEEK


def test_days_that_pass_during_a_pause_are_left_out(office: Office) -> None:
    series_id = office.add()
    series.pause(office.database, series_id)
    assert not office.fire(MONDAY)
    office.at = MONDAY + timedelta(days=1)
    series.resume(office.database, office.settings, series_id)
    assert not office.fire()
    assert office.fire(MONDAY + WEEK)


def test_it_ends_after_so_many_runs(office: Office) -> None:
    series_id = office.add(max_runs=2)
    assert len(series.preview(office.database, office.settings, series_id)["days"]) == 2
    assert office.fire(MONDAY)
    assert office.show(series_id)["state"] == "active"
    assert office.fire(MONDAY + WEEK)
    assert office.show(series_id)["state"] == "ended"
    assert not office.fire(MONDAY + 2 * WEEK)


def test_it_ends_with_its_last_day(office: Office) -> None:
    series_id = office.add(end_on=date(2026, 12, 1))
    assert office.fire(MONDAY)
    assert (office.show(series_id)["state"], office.show(series_id)["next_day"]) == ("ended", None)
    with pytest.raises(Conflict, match="series_is_ended"):
        series.pause(office.database, series_id)


def test_what_start_refuses_leaves_the_series_waiting_with_the_reason(office: Office) -> None:
    list_id = make_list(office.database, [(number(1), "Анна", ""), (number(2), "", "")])
    series_id = office.add(list_id)
    assert not office.fire(MONDAY)
    shown = office.show(series_id)
    assert (shown["state"], shown["reason"], shown["next_day"]) == (
        "waits",
        "placeholders_empty",
        "2026-11-30",
    )
    assert count(office.database, mailings_table) == 0
    with pytest.raises(Refused, match="placeholders_empty"):
        series.run_now(office.database, office.settings, series_id)
    # with a text that needs no name it goes, and on the same day
    series.change(office.database, office.settings, series_id, text="Напоминаем о встрече")
    series.run_now(office.database, office.settings, series_id)
    assert office.runs(series_id) == [("2026-11-30", "done")]
    assert len(office.sent()) == 2


def test_a_refused_day_can_be_skipped(office: Office) -> None:
    list_id = make_list(office.database, [(number(1), "", "")])
    series_id = office.add(list_id)
    office.fire(MONDAY)
    series.skip(office.database, office.settings, series_id)
    assert office.runs(series_id) == [("2026-11-30", "skipped")]
    assert office.show(series_id)["next_day"] == "2026-12-07"


def test_one_series_that_waits_does_not_hold_up_the_others(office: Office) -> None:
    office.add(make_list(office.database, [(number(1), "", "")]))
    office.add()
    assert office.fire(MONDAY)
    assert len(office.sent()) == 3


def test_a_list_that_a_series_needs_cannot_be_removed(office: Office) -> None:
    list_id = make_list(office.database, people(1))
    series_id = office.add(list_id, max_runs=1)
    with pytest.raises(Conflict, match="list_in_series"):
        lists.remove_list(office.database, list_id)
    office.fire(MONDAY)
    with office.database.begin() as connection:
        connection.execute(update(mailings_table).values(state="finished"))
    lists.remove_list(office.database, list_id)
    assert office.show(series_id)["list_id"] is None


def test_a_series_is_removed_and_its_mailings_stay(office: Office) -> None:
    series_id = office.add()
    office.fire(MONDAY)
    series.remove(office.database, series_id)
    assert series.list_series(office.database) == []
    assert count(office.database, series_runs) == 0
    assert count(office.database, mailings_table) == 1
    with pytest.raises(NotFound, match="series_not_found"):
        office.show(series_id)


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


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"text": "{Нет}"}, "unknown_placeholder"),
        ({"text": " "}, "mailing_text_empty"),
        ({"end_on": date(2026, 11, 24)}, "series_end_before_start"),
        ({"end_on": date(2026, 11, 26)}, "series_never_comes"),
        ({"max_runs": 0}, "series_count_invalid"),
        ({"rule": {"kind": "birthday", "column": "Нет", "weekdays": []}}, "unknown_placeholder"),
        ({"rule": {"kind": "birthday", "column": "Заказ"}, "max_runs": 3}, "series_count_by_column"),
        ({"rule": {"kind": "yearly"}}, "series_rule_unknown"),
        ({"rule": {"at": "24:00"}}, "series_time_invalid"),
        ({"rule": {"weekdays": ["foo"]}}, "series_weekdays_invalid"),
        ({"rule": {"kind": "date"}}, "series_column_missing"),
    ],
)
def test_a_series_that_cannot_be_is_refused_and_nothing_is_stored(
    office: Office, choices: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        office.add(**choices)
    assert series.list_series(office.database) == []


def test_lists_made_for_a_day_that_was_refused_are_gone(office: Office) -> None:
    office.birthdays([(number(1), "", "26.11.1980")])
    office.fire(datetime(2026, 11, 26, 7, tzinfo=UTC))
    assert count(office.database, lists_table) == 1
