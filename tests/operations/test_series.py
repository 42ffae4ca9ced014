"""Mailings that come again: what fires, what waits for a person, and that nobody gets a day twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from made_lists import make_list, number, people
from made_mailings import MakeSettings, count
from series_office import WEDNESDAY, Office
from sqlalchemy import update

from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import groups, lists, mailings, series
from pbx_sms.storage import queue
from pbx_sms.storage.engine import Database
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.schema import lists as lists_table
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.schema import messages, series_runs


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


def test_a_series_follows_its_group_to_another_name(office: Office) -> None:
    made = groups.add(
        office.database, office.settings, name="Клиенты", list_id=make_list(office.database, people(3))
    )
    series_id = office.add(audience={"lists": [], "groups": ["Клиенты"], "without": []}, text="Встреча")
    groups.rename(office.database, made["group_id"], "Постоянные")
    assert office.fire(MONDAY)
    assert (len(office.sent()), office.runs(series_id)) == (3, [("2026-11-30", "done")])


def test_a_day_whose_hour_is_closed_makes_its_mailing_and_sends_in_the_next_open_hours(
    office: Office, settings: MakeSettings
) -> None:
    office.settings = settings(planner={})
    series_id = office.add(rule={"at": "23:00"})
    late = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
    assert office.fire(late)
    assert office.runs(series_id) == [("2026-11-30", "done")]
    mailing_id = office.show(series_id)["run_list"][0]["mailing_id"]
    # the quiet hours end at 9 in Moscow
    opens_at = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)

    def leased(at: datetime) -> int:
        with office.database.begin() as connection:
            return len(
                queue.lease(
                    connection,
                    Queue(mailing_id, 0),
                    agent_id=1,
                    limit=10,
                    sim_ids=[1],
                    now=at,
                    until_at=at + timedelta(seconds=60),
                )
            )

    assert [leased(late), leased(opens_at - timedelta(seconds=1)), leased(opens_at)] == [0, 0, 3]
