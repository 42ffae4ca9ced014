"""The forecast alone: hand-made figures, and mailings that never end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from paper_office import DAY, MOSCOW, NOW, UNLIMITED, end, ends, sim, work

from pbx_sms.core.forecast import MailingWork, Rows, Sent, UsedPart, foresee
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.planning.open_hours import Interval
from pbx_sms.core.reason import Reason

# hand-made figures


def test_without_limits_it_takes_as_long_as_the_parts_do() -> None:
    found = end([sim(part_s=2.0)], work([1, 2, 3]))
    assert found.ends_at == NOW + timedelta(seconds=12)
    assert found.limited_by == "modem"


def test_the_gap_lies_between_the_beginnings_of_parts() -> None:
    # begun at 0, 6, 12; the last is answered 2 seconds later
    found = end([sim(part_s=2.0, min_gap_s=6.0)], work([1, 1, 1]))
    assert found.ends_at == NOW + timedelta(seconds=14)
    assert found.limited_by == "gap"


def test_a_part_leaves_the_day_24_hours_after_its_answer() -> None:
    found = end([sim(part_s=2.0, per_day=3)], work([1] * 4))
    assert found.ends_at == NOW + timedelta(days=1, seconds=2 + 2)
    assert found.limited_by == "day"
    assert found.parts_by_day == {date(2026, 3, 2): 3, date(2026, 3, 3): 1}


def test_a_message_waits_until_all_of_its_parts_have_room() -> None:
    # two of three are free; the message of three waits for the first, which leaves an hour after its answer
    found = end([sim(part_s=2.0, per_hour=3)], work([1, 3]))
    assert found.ends_at == NOW + timedelta(hours=1, seconds=2 + 6)


def test_what_was_used_before_leaves_at_its_own_time() -> None:
    used = [UsedPart(NOW - timedelta(hours=23), True)] * 50 + [UsedPart(NOW - timedelta(hours=1), True)] * 50
    found = end([sim(part_s=1.0, per_day=100, used=used)], work([1] * 60))
    # an hour later 50 go, 23 hours later the other 10
    assert found.ends_at == NOW + timedelta(hours=23, seconds=10)


def test_the_reserve_is_for_service_and_urgent_messages_alone() -> None:
    office = [sim(part_s=1.0, per_day=10, service_reserve_per_day=4)]
    ordinary, urgent = work([1] * 7), work([1] * 4, "u", MailingKind.URGENT)
    assert end(office, ordinary).limited_by == "reserve"
    found = ends(office, ordinary, urgent)
    assert found["u"].ends_at == NOW + timedelta(seconds=4)
    # six more fit into the day, the seventh is the next day's
    assert found["m"].parts_by_day == {date(2026, 3, 2): 6, date(2026, 3, 3): 1}


def test_a_billing_month_frees_all_of_it_at_once() -> None:
    # the month begins on the 5th at midnight in Moscow
    office = [replace(sim(part_s=1.0), limits=replace(UNLIMITED, per_month=100, billing_day=5))]
    found = end(office, work([1] * 130))
    assert found.ends_at == datetime(2026, 3, 4, 21, 0, 30, tzinfo=UTC)
    assert found.parts_by_day == {date(2026, 3, 2): 100, date(2026, 3, 5): 30}


def test_a_billing_day_that_february_lacks_is_its_last() -> None:
    now = datetime(2028, 2, 10, tzinfo=UTC)
    office = [replace(sim(part_s=1.0), limits=replace(UNLIMITED, per_month=10, billing_day=31))]
    found = ends(office, work([1] * 20), now=now)["m"]
    # 29 February begins at 21:00 UTC of the 28th
    assert found.ends_at == datetime(2028, 2, 28, 21, 0, 10, tzinfo=UTC)


def test_days_are_the_office_s_also_where_clocks_are_set() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    # the night of 29 March 2026 has 23 hours: midnight is at 23:00 and then at 22:00 UTC
    now = datetime(2026, 3, 28, 22, 59, 0, tzinfo=UTC)
    office = [sim(part_s=60.0)]
    found = foresee(office, [work([1] * 1384)], now=now, zone=berlin).mailings["m"]
    days = {date(2026, 3, 28): 1, date(2026, 3, 29): 23 * 60, date(2026, 3, 30): 3}
    assert found.parts_by_day == days


def test_a_sim_in_its_first_week_sends_less() -> None:
    new = replace(sim(part_s=1.0, per_day=100, warm_up_per_day=10), first_seen_at=NOW - 6 * DAY)
    found = end([new], work([1] * 40))
    # 10 today; tomorrow the week is over
    assert list(found.parts_by_day.values()) == [10, 30]


def test_recipients_of_the_month_are_counted_too() -> None:
    found = end([sim(part_s=1.0, recipients_per_month=5)], work([2] * 6))
    assert found.limited_by == "recipients"
    assert found.ends_at == NOW + timedelta(days=30, seconds=2 + 2)


def test_mailings_of_one_kind_share_by_parts() -> None:
    office = [sim(part_s=1.0)]
    found = ends(office, work([1] * 1000, "large"), work([1] * 20, "small"))
    assert found["small"].ends_at is not None
    assert found["small"].ends_at <= NOW + timedelta(seconds=2 * 20 + 14)
    assert found["large"].ends_at == NOW + timedelta(seconds=1020)


def test_a_planned_mailing_begins_at_its_time_and_goes_first_by_its_kind() -> None:
    urgent = replace(work([1] * 5, "u", MailingKind.URGENT), starts_at=NOW + timedelta(seconds=100))
    found = ends([sim(part_s=1.0)], work([1] * 200), urgent)
    assert (found["u"].begins_at, found["u"].ends_at) == (
        NOW + timedelta(seconds=100),
        NOW + timedelta(seconds=105),
    )
    assert found["m"].ends_at == NOW + timedelta(seconds=205)


def office_hours(instant: datetime) -> Interval:
    """10 to 18 in Moscow."""
    day = instant.astimezone(MOSCOW).replace(hour=10, minute=0, second=0, microsecond=0)
    if instant >= day + timedelta(hours=8):
        day += DAY
    return Interval(day.astimezone(UTC), (day + timedelta(hours=8)).astimezone(UTC))


def test_what_is_closed_waits_for_its_window() -> None:
    found = end([sim(part_s=60.0)], work([1] * 400, windows=office_hours))
    # six hours are left today, 360 of a minute each
    assert found.parts_by_day == {date(2026, 3, 2): 360, date(2026, 3, 3): 40}
    assert found.ends_at == datetime(2026, 3, 3, 7, 40, tzinfo=UTC)
    assert found.limited_by == "windows"


def test_each_zone_has_its_own_window_and_the_other_goes_meanwhile() -> None:
    vladivostok = timedelta(hours=7)

    def east(instant: datetime) -> Interval:
        found = office_hours(instant + vladivostok)
        assert found.until_at is not None
        return Interval(found.from_at - vladivostok, found.until_at - vladivostok)

    mailing = MailingWork(
        key="m",
        kind=MailingKind.INFORMATION,
        rows=[
            Rows(parts=[1] * 10, places=range(0, 10), windows=east),
            Rows(parts=[1] * 10, places=range(10, 20), windows=office_hours),
        ],
    )
    # noon in Moscow: the east is closed until 3 in the morning
    found = end([sim(part_s=60.0)], mailing)
    assert found.ends_at == datetime(2026, 3, 3, 0, 10, tzinfo=UTC)
    assert found.begins_at == NOW


def test_what_has_not_gone_by_the_cut_off_stays() -> None:
    found = end([sim(part_s=60.0)], replace(work([1] * 100), cut_off_at=NOW + timedelta(hours=1)))
    assert found.ends_at == NOW + timedelta(hours=1)
    assert (found.messages_left, sum(found.parts_by_day.values())) == (40, 60)


def test_what_is_spread_goes_one_by_one_at_its_time_and_inside_of_its_window() -> None:
    # every two hours from noon: 12, 14, 16, and what falls on the evening goes the next morning
    earliest = [NOW + timedelta(hours=2 * number) for number in range(5)]
    told: list[Sent] = []
    spread = work([1] * 5, windows=office_hours, earliest=earliest)
    foresee([sim(part_s=1.0)], [spread], now=NOW, zone=MOSCOW, trace=told.append)
    assert [one.at.astimezone(MOSCOW).hour for one in told] == [12, 14, 16, 10, 10]


def test_only_the_sims_of_a_row_send_it() -> None:
    found = end([sim(1), sim(2)], work([1] * 10, sim_ids=frozenset({2})))
    assert found.parts_by_sim == {2: 10}


def test_sims_that_are_kept_for_others_send_nothing_of_it() -> None:
    found = end([sim(1), sim(2), sim(3)], work([1] * 10, without=frozenset({1, 3})))
    assert found.parts_by_sim == {2: 10}
    assert end([sim(1)], work([1], without=frozenset({1}))).never == Reason(
        "forecast_other_sim", {"count": 1}
    )


def test_a_message_too_long_for_one_sim_goes_through_another() -> None:
    found = end([sim(1, per_day=2), sim(2, per_day=10)], work([1, 3, 1, 3]))
    assert found.never is None
    assert found.parts_by_sim[2] >= 6


def test_a_rehearsal_tells_every_message_in_order() -> None:
    told: list[Sent] = []
    foresee([sim(1), sim(2)], [work([1, 2, 1])], now=NOW, zone=MOSCOW, trace=told.append)
    assert [(one.place, one.parts) for one in told] == [(0, 1), (1, 2), (2, 1)]
    assert [one.at for one in told] == [NOW, NOW, NOW + timedelta(seconds=2)]


# mailings that never end


def test_without_any_sim_it_never_ends() -> None:
    assert end([], work([1])).never == Reason("forecast_no_sim")
    why = Reason("forecast_all_held", {"count": 2})
    assert foresee([], [work([1])], now=NOW, zone=MOSCOW, why_no_sim=why).mailings["m"].never == why


def test_what_is_longer_than_every_limit_never_goes_and_the_others_do() -> None:
    found = end([sim(1, per_day=1), sim(2, per_day=2)], work([1, 3, 1, 3]))
    assert found.never == Reason("forecast_too_long", {"count": 2, "parts": 3, "max_parts": 2})
    assert found.ends_at is None
    assert sum(found.parts_by_day.values()) == 2
    assert found.messages_left == 2


def test_a_warm_up_alone_keeps_nothing_back_for_ever() -> None:
    new = replace(sim(part_s=1.0, warm_up_per_day=1), first_seen_at=NOW - DAY)
    found = end([new], work([3]))
    assert found.ends_at == NOW + timedelta(days=6, seconds=3)


def test_what_only_an_absent_sim_may_send_never_goes() -> None:
    found = end([sim(1)], work([1], sim_ids=frozenset({9})))
    assert found.never == Reason("forecast_other_sim", {"count": 1})


def test_where_every_window_is_closed_for_good_it_never_ends() -> None:
    found = end([sim(1)], work([1] * 3, windows=lambda instant: None))
    assert found.never == Reason("forecast_windows_closed", {"count": 3})


def test_what_takes_more_than_ten_years_never_ends() -> None:
    found = end([sim(1, per_day=1)], work([1] * 4000))
    assert found.never is not None
    assert found.never.code == "forecast_too_far"


def test_nothing_to_send_ends_now() -> None:
    found = end([sim(1)], work([]))
    assert (found.ends_at, found.limited_by) == (NOW, None)
