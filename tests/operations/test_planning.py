"""Plans of mailings in virtual time: windows by zone, scheduled starts, cut-offs, even spreading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from doubles.clock import VirtualClock, VirtualLoop
from made_lists import make_list, number
from made_mailings import MakeSettings, mailing_row
from planned_mailings import DECENT, NOON, TEXT, begin, chosen, events_of, leased_rows
from sqlalchemy import select

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, Refused
from pbx_sms.operations import mailings, planning
from pbx_sms.operations.planning import Planner
from pbx_sms.storage import windows
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.schema import messages


@pytest.fixture
def clock() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


@pytest.fixture
def office(sqlite_url: str, clock: VirtualLoop) -> Iterator[Database]:
    opened = open_database(sqlite_url, clock=VirtualClock(clock))
    yield opened
    opened.close()


@pytest.fixture
def decent(settings: MakeSettings) -> Settings:
    return settings(planner=DECENT)


# --- windows


def test_only_zones_whose_window_is_open_send_and_the_one_that_closes_first_goes_first(
    office: Database, decent: Settings
) -> None:
    # at noon in Moscow it is 14:00 in Yekaterinburg, 19:00 in Vladivostok, 10:00 in London, 04:00 in New York
    zones = ["Europe/Moscow", "UTC+5", "Asia/Vladivostok", "Europe/London", "America/New_York"]
    mailing_id = begin(office, decent, zones)
    assert leased_rows(office, mailing_id) == [2, 3, 4, 5]
    with office.read() as connection:
        opened = windows.open_zones(windows.of_mailing(connection, mailing_id), office.now())
    assert list(opened[:4]) == ["Asia/Vladivostok", "UTC+05:00", "Europe/Moscow", "Europe/London"]
    plan = {zone["zone"]: zone for zone in planning.show(office, decent, mailing_id)["zones"]}
    assert plan["America/New_York"]["reason"] == "waits_for_recipients_hour"
    assert plan["America/New_York"]["reason_params"]["time"] == "09:00"


def test_a_window_that_is_over_is_closed_until_it_is_moved_on(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"])
    planner = Planner(decent)
    clock.passes(timedelta(hours=8))
    assert leased_rows(office, mailing_id) == []
    clock.passes(timedelta(hours=13))
    # 09:00 of the next day, and nobody looked since
    assert leased_rows(office, mailing_id) == []
    assert planner.look(office)
    assert leased_rows(office, mailing_id) == [2]


def test_two_planners_move_a_window_on_once(office: Database, decent: Settings, clock: VirtualLoop) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"])
    first, second = Planner(decent), Planner(decent)
    first.look(office)
    second.look(office)
    clock.passes(timedelta(hours=21))
    assert first.look(office)
    assert not second.look(office)
    assert leased_rows(office, mailing_id) == [2]


def test_where_nobody_knows_the_zone_advertising_goes_only_when_it_is_decent_everywhere(
    office: Database, decent: Settings
) -> None:
    mailing_id = begin(office, decent, ["", "Екатеринбург"], kind="advertising")
    (zone,) = planning.show(office, decent, mailing_id)["zones"]
    # 09:00 in Kaliningrad until 20:00 in Kamchatka
    assert zone["zone"] == "all:RU"
    assert zone["next"][0] == {
        "from_at": datetime(2026, 3, 3, 7, tzinfo=UTC),
        "until_at": datetime(2026, 3, 3, 8, tzinfo=UTC),
    }
    assert zone["reason"] == "waits_for_decent_hour"


def test_there_information_keeps_the_hours_of_the_office(office: Database, decent: Settings) -> None:
    mailing_id = begin(office, decent, [""])
    assert leased_rows(office, mailing_id) == [2]
    (zone,) = planning.show(office, decent, mailing_id)["zones"]
    assert zone["zone"] == "Europe/Moscow"


def test_the_setting_says_which_kinds_go_when_it_is_decent_everywhere(
    office: Database, settings: MakeSettings
) -> None:
    other = settings(planner=DECENT | {"all_zones_for": ["information"]})
    assert leased_rows(office, begin(office, other, ["", "Asia/Vladivostok"])) == [3]
    assert leased_rows(office, begin(office, other, [""], kind="advertising")) == [2]


def test_the_check_says_of_how_many_recipients_nobody_knows_the_zone(
    office: Database, decent: Settings
) -> None:
    rows = [(number(0), "", "1"), (number(1), "Asia/Omsk", "2"), (number(2), "", "3")]
    list_id = make_list(office, rows)
    choice = chosen(office, decent)
    checked = mailings.check(office, decent, list_id=list_id, text=TEXT, choice=choice)
    assert (checked.guessed_zones, checked.zones) == (2, {"Europe/Moscow": 2, "Asia/Omsk": 1})
    urgent = mailings.check(office, decent, list_id=list_id, text=TEXT, kind="urgent", choice=choice)
    assert (urgent.guessed_zones, urgent.zones) == (0, {})


def test_abroad_nobody_is_a_neighbour_of_the_office(office: Database, decent: Settings) -> None:
    # a Brazilian mobile number does not tell in which of the country's zones it is
    list_id = make_list(office, [("+5511961234567", "", "1"), ("+5511961234568", "", "2")])
    checked = mailings.check(office, decent, list_id=list_id, text=TEXT)
    assert all(zone != "Europe/Moscow" for zone in checked.zones)


def test_a_window_of_its_own_is_cut_by_the_quiet_hours(office: Database, decent: Settings) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"], window="06:00-10:00")
    (zone,) = planning.show(office, decent, mailing_id)["zones"]
    assert zone["next"][0]["from_at"] == datetime(2026, 3, 3, 6, tzinfo=UTC)
    assert zone["next"][0]["until_at"] == datetime(2026, 3, 3, 7, tzinfo=UTC)


def test_a_mailing_that_skips_holidays_waits_over_a_monday_that_is_one(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    clock.passes(timedelta(days=4, hours=10))
    mailing_id = begin(office, decent, ["Europe/Moscow"], window="09:00-18:00 Mon-Fri", holidays="skip")
    (zone,) = planning.show(office, decent, mailing_id)["zones"]
    # Friday evening; Monday 9 March stands for the women's day on Sunday
    assert zone["next"][0]["from_at"] == datetime(2026, 3, 10, 6, tzinfo=UTC)


def test_a_service_message_has_no_window(office: Database, decent: Settings) -> None:
    list_id = make_list(office, [(number(0), "America/New_York", "1")])
    created = mailings.create(office, decent, list_id=list_id, text=TEXT, kind="service", start=True)
    plan = planning.show(office, decent, created["mailing_id"])
    assert [(zone["zone"], zone["open"], zone["next"]) for zone in plan["zones"]] == [("", True, [])]


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"at": "2026-03-02 11:59"}, "start_at_passed"),
        ({"at": "tomorrow"}, "instant_unreadable"),
        ({"at": "2026-12-01"}, "instant_unreadable"),
        ({"until": "2026-03-02 11:00"}, "cut_off_passed"),
        ({"at": "2026-03-04 10:00", "until": "2026-03-04 10:00"}, "cut_off_before_start"),
        ({"then": "ask"}, "cut_off_action_alone"),
        ({"window": "always and ever"}, "window_unreadable"),
        ({"window": "22:00-23:00"}, "window_never_opens"),
        ({"holidays": "maybe"}, "holidays_invalid"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_and_nothing_is_sent(
    office: Database, decent: Settings, choices: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        begin(office, decent, ["Europe/Moscow"], **choices)
    assert refused.value.code == code
    assert all(mailing["state"] == "draft" for mailing in mailings.list_mailings(office))


@pytest.mark.parametrize(
    ("zone", "written", "instant"),
    [
        # Berlin: 02:30 is left out on 29 March and is as much later; on 25 October it is the first of two
        ("Europe/Berlin", "2026-03-29 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("Europe/Berlin", "25.10.2026 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Europe/Berlin", "2026-10-25T02:30+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("Europe/Moscow", "29.02.2028 00:00", datetime(2028, 2, 28, 21, tzinfo=UTC)),
        ("Pacific/Kiritimati", "01.01.2027 00:00", datetime(2026, 12, 31, 10, tzinfo=UTC)),
        ("Pacific/Chatham", "01.01.2027 00:00", datetime(2026, 12, 31, 10, 15, tzinfo=UTC)),
        ("Asia/Kamchatka", "01.03.2027 09:00", datetime(2027, 2, 28, 21, tzinfo=UTC)),
        ("Europe/Kaliningrad", "01.03.2027 09:00", datetime(2027, 3, 1, 7, tzinfo=UTC)),
    ],
)
def test_a_start_and_a_cut_off_are_read_by_the_offices_clock(
    settings: MakeSettings, zone: str, written: str, instant: datetime
) -> None:
    there = settings(sending={"time_zone": zone})
    choice = planning.choose(there, NOON - timedelta(days=9), at=written)
    assert choice.start_at == instant
    assert planning.choose(there, NOON - timedelta(days=9), until=written).cut_off_at == instant


def test_a_column_that_the_list_does_not_have_is_refused(office: Database, decent: Settings) -> None:
    list_id = make_list(office, [(number(0), "", "1")])
    choice = planning.choose(decent, office.now(), zone_column="Город")
    with pytest.raises(Refused) as refused:
        mailings.create(office, decent, list_id=list_id, text=TEXT, choice=choice, start=True)
    assert refused.value.code == "zone_column_unknown"
    assert mailings.list_mailings(office) == []


# --- a time to start


def test_a_scheduled_mailing_has_its_messages_and_begins_once_at_its_time(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"] * 3, at="2026-03-03 10:00")
    shown = mailings.show(office, mailing_id)
    assert (shown["state"], shown["counts"], shown["started_at"]) == ("scheduled", {"queued": 3}, None)
    first, second = Planner(decent), Planner(decent)
    clock.passes(timedelta(hours=22) - timedelta(seconds=1))
    first.look(office)
    assert mailing_row(office, mailing_id).state == "scheduled"
    clock.passes(timedelta(seconds=1))
    assert first.look(office)
    second.look(office)
    assert events_of(office, mailing_id) == [("draft", None), ("scheduled", None), ("running", None)]
    assert mailing_row(office, mailing_id).started_at == NOON + timedelta(hours=22)
    assert leased_rows(office, mailing_id) == [2, 3, 4]


def test_a_schedule_that_is_long_overdue_waits_for_a_person(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"], at="2026-03-03 10:00")
    clock.passes(timedelta(hours=22, seconds=901))
    Planner(decent).look(office)
    shown = mailings.show(office, mailing_id)
    assert (shown["state"], shown["reason"]) == ("paused", "overdue")
    mailings.resume(office, mailing_id)
    assert mailings.show(office, mailing_id)["started_at"] is not None
    assert leased_rows(office, mailing_id) == [2]


def test_one_that_is_a_quarter_of_an_hour_late_begins(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"], at="2026-03-03 10:00")
    clock.passes(timedelta(hours=22, seconds=900))
    assert Planner(decent).look(office)
    assert mailing_row(office, mailing_id).state == "running"


def test_another_time_takes_the_place_of_the_first(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"], at="2026-03-03 10:00")
    mailings.schedule(office, decent, mailing_id, "04.03.2026 10:00")
    clock.passes(timedelta(hours=22))
    Planner(decent).look(office)
    assert mailing_row(office, mailing_id).state == "scheduled"
    clock.passes(timedelta(days=1))
    Planner(decent).look(office)
    assert mailing_row(office, mailing_id).state == "running"


def test_a_scheduled_mailing_may_begin_at_once(office: Database, decent: Settings) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"], at="2026-03-03 10:00")
    assert leased_rows(office, mailing_id) == []
    mailings.begin_now(office, decent, mailing_id, by="anna")
    assert leased_rows(office, mailing_id) == [2]
    with pytest.raises(Conflict):
        mailings.begin_now(office, decent, mailing_id)


def test_a_time_that_is_taken_back_leaves_a_draft_without_messages(
    office: Database, decent: Settings
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"] * 3, at="2026-03-03 10:00")
    mailings.unschedule(office, mailing_id)
    shown = mailings.show(office, mailing_id)
    assert (shown["state"], shown["messages"]) == ("draft", 0)
    with office.read() as connection:
        assert connection.execute(select(messages.c.message_id)).all() == []
    assert mailings.start(office, decent, mailing_id)["state"] == "running"


def test_cancelling_a_scheduled_mailing_gives_every_row_its_end(office: Database, decent: Settings) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"] * 3, at="2026-03-03 10:00")
    assert mailings.cancel(office, mailing_id)["cancelled"] == 3
    shown = mailings.show(office, mailing_id)
    assert (shown["state"], shown["counts"]) == ("cancelled", {"cancelled": 3})


# --- the end


def test_what_could_not_go_by_the_cut_off_is_cancelled_with_its_reason(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow", "America/New_York"], until="2026-03-02 15:00")
    assert leased_rows(office, mailing_id) == [2]
    clock.passes(timedelta(hours=3))
    assert leased_rows(office, mailing_id) == []
    Planner(decent).look(office)
    with office.read() as connection:
        ended = connection.execute(select(messages.c.state, messages.c.reason_code)).all()
    assert {tuple(row) for row in ended} == {("cancelled", "cut_off")}


def test_a_mailing_that_asks_is_paused_and_goes_on_without_the_cut_off(
    office: Database, decent: Settings, clock: VirtualLoop
) -> None:
    mailing_id = begin(office, decent, ["Europe/Moscow"], until="2026-03-02 15:00", then="ask")
    clock.passes(timedelta(hours=3))
    planner = Planner(decent)
    planner.look(office)
    shown = mailings.show(office, mailing_id)
    assert (shown["state"], shown["reason"]) == ("paused", "cut_off_asks")
    mailings.resume(office, mailing_id)
    planner.look(office)
    assert mailing_row(office, mailing_id).state == "running"
    assert leased_rows(office, mailing_id) == [2]


# --- evenly


def test_a_smooth_mailing_is_spread_over_what_is_left_of_the_window(
    office: Database, decent: Settings
) -> None:
    begin(office, decent, ["Europe/Moscow"] * 8, smooth=True)
    with office.read() as connection:
        times = connection.execute(select(messages.c.not_before_at).order_by(messages.c.message_id)).scalars()
        # eight hours until 20:00 in Moscow
        assert list(times) == [NOON + timedelta(hours=hour) for hour in range(8)]


def test_it_is_spread_over_several_days_until_the_cut_off(office: Database, decent: Settings) -> None:
    begin(office, decent, ["Europe/Moscow"] * 3, smooth=True, until="2026-03-03 17:00")
    with office.read() as connection:
        times = connection.execute(select(messages.c.not_before_at).order_by(messages.c.message_id)).scalars()
        # 8 hours today, 8 tomorrow from 09:00: the second goes at 17:20, the third at 11:40
        assert list(times) == [
            NOON,
            NOON + timedelta(hours=5, minutes=20),
            datetime(2026, 3, 3, 8, 40, tzinfo=UTC),
        ]


def test_without_an_end_nothing_can_be_spread(office: Database, decent: Settings) -> None:
    list_id = make_list(office, [(number(0), "", "1")])
    choice = planning.choose(decent, office.now(), smooth=True)
    with pytest.raises(Refused) as refused:
        mailings.create(office, decent, list_id=list_id, text=TEXT, kind="urgent", choice=choice, start=True)
    assert refused.value.code == "smooth_needs_end"
