"""What a mailing will cost when it takes longer than the billing month: by the forecast, sums by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from made_history import accepted_parts
from made_lists import make_list, people
from made_mailings import TEXT, draft
from priced_office import IMSIS, MOSCOW, TEN_A_DAY, add_sims, moscow, priced
from sqlalchemy import update

from pbx_sms.config import Settings
from pbx_sms.core.planning.choice import PlanChoice
from pbx_sms.errors import Refused
from pbx_sms.operations import costs, mailings, tariffs
from pbx_sms.operations.costs.compare import MOST_PARTS, compared
from pbx_sms.operations.costs.estimate import estimated, plan_of, plan_of_parts
from pbx_sms.operations.routing import rules
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import mailings as mailings_table
from pbx_sms.storage.schema import sims

MakeSettings = Callable[..., Settings]


def months(
    database: Database, settings: Settings, count: int, now: datetime, **plan: Any
) -> list[list[tuple[str, int, int, str]]]:
    """(first day, parts, of them included, amount) of each month of each SIM."""
    numbers = [(f"+7916{place:07}", 1) for place in range(count)]
    with database.read() as connection:
        found = estimated(settings, plan_of(connection, settings, numbers, now, **plan))
    assert sum(sim["parts"] for sim in found["sims"]) == count
    return [
        [(one["begins_on"], one["parts"], one["included"], one["amount"]) for one in sim["months"]]
        for sim in found["sims"]
    ]


@pytest.mark.parametrize(
    ("now", "day", "expected"),
    [
        # 25 parts, ten at each noon; the month of day 31 begins on the last of February
        (
            "2027-02-27T12:00",
            "31",
            [("2027-01-31", 10, 10, "0.00"), ("2027-02-28", 15, 12, "9.00")],
        ),
        (
            "2028-02-27T12:00",
            "31",
            [("2028-01-31", 20, 12, "24.00"), ("2028-02-29", 5, 5, "0.00")],
        ),
        (
            "2028-02-28T12:00",
            "29",
            [("2028-01-29", 10, 10, "0.00"), ("2028-02-29", 15, 12, "9.00")],
        ),
        # the SIM's own day stands in the settings of no one: the first
        ("2026-12-30T12:00", "", [("2026-12-01", 20, 12, "24.00"), ("2027-01-01", 5, 5, "0.00")]),
    ],
)
def test_each_month_has_its_included_parts(
    database: Database, settings: MakeSettings, now: str, day: str, expected: list[tuple[str, int, int, str]]
) -> None:
    made = settings(limits=TEN_A_DAY)
    add_sims(database)
    priced(database, made, "gsm1", included_parts="12", billing_day=day)
    assert months(database, made, 25, moscow(now)) == [expected]


def test_a_month_is_that_of_the_sim(sqlite_database: Database, settings: MakeSettings) -> None:
    made = settings(limits=TEN_A_DAY, sim=[{"imsi": IMSIS[1], "billing_day": 11}])
    add_sims(sqlite_database, 2)
    priced(sqlite_database, made, "gsm1", "gsm2", included_parts="8")
    # 40 parts through two SIMs: 10 each on the tenth, 10 each on the eleventh
    assert months(sqlite_database, made, 40, moscow("2026-11-10T12:00")) == [
        [("2026-11-01", 20, 8, "36.00")],
        [("2026-10-11", 10, 8, "6.00"), ("2026-11-11", 10, 8, "6.00")],
    ]


def test_a_mailing_that_begins_in_the_next_month_uses_that_months_parts(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    made = settings(limits=TEN_A_DAY)
    (sim_id,) = add_sims(sqlite_database)
    priced(sqlite_database, made, "gsm1", included_parts="12")
    now = moscow("2026-11-29T12:00")
    with sqlite_database.begin() as connection:
        before = now - timedelta(days=2)
        accepted_parts(connection, sim_id, [before - timedelta(minutes=minutes) for minutes in range(12)])
    assert months(sqlite_database, made, 5, now) == [[("2026-11-01", 5, 0, "15.00")]]
    choice = PlanChoice(start_at=moscow("2026-12-01T09:00"))
    assert months(sqlite_database, made, 5, now, choice=choice) == [[("2026-12-01", 5, 5, "0.00")]]


def test_what_the_forecast_cannot_place_is_shared_by_the_limits_in_the_month_of_today(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    made = settings(limits=TEN_A_DAY, sim=[{"imsi": IMSIS[0], "per_day": 30}])
    ids = add_sims(sqlite_database, 2)
    priced(sqlite_database, made, "gsm1", "gsm2", included_parts="12")
    with sqlite_database.begin() as connection:
        # nothing says until when they rest: no forecast can count on them
        connection.execute(update(sims).where(sims.c.sim_id.in_(ids)).values(state="suspended"))
    assert months(sqlite_database, made, 80, moscow("2026-11-10T12:00")) == [
        [("2026-11-01", 60, 12, "144.00")],
        [("2026-11-01", 20, 12, "24.00")],
    ]


def test_the_estimate_of_the_start_is_kept_while_its_own_parts_use_up_what_is_included(
    database: Database, settings: MakeSettings
) -> None:
    made = settings()
    (sim_id,) = add_sims(database)
    priced(database, made, "gsm1", included_parts="3")
    mailing_id = draft(database, made, rows=3, start=True)
    before = costs.of_mailing(database, made, mailing_id)["estimate"]
    assert before["amounts"] == [{"currency": "RUB", "amount": "0.00"}]
    now = database.now()
    with database.begin() as connection:
        accepted_parts(connection, sim_id, [now] * 3)
    tariffs.change(database, made, name="P", values={"price_per_part": "9"})
    after = costs.of_mailing(database, made, mailing_id)
    assert after["estimate"] == before
    assert after["actual"]["amounts"] == [{"currency": "RUB", "amount": "0.00"}]
    # one that an older version started has none: it is reckoned as of its start
    with database.begin() as connection:
        connection.execute(update(mailings_table).values(cost_estimate=None))
    legacy = costs.of_mailing(database, made, mailing_id)["estimate"]
    assert (legacy["parts"], legacy["amounts"]) == (3, [{"currency": "RUB", "amount": "0.00"}])


def test_a_draft_is_estimated_anew_and_its_start_keeps_what_holds_then(
    database: Database, settings: MakeSettings
) -> None:
    made = settings()
    add_sims(database)
    created = mailings.create(database, made, list_id=make_list(database, people(4)), text=TEXT)
    mailing_id = created["mailing_id"]
    assert created["cost"] == {
        "estimate": None,
        "actual": None,
        "comparison": {"currency": "RUB", "from": "8.00", "to": "10.00"},
        "reason": "cost_no_tariff",
        "reason_params": {"sims": [IMSIS[0]]},
    }
    priced(database, made, "gsm1")
    told = costs.told(database, made, mailing_id)
    assert told["estimate"]["amounts"] == [{"currency": "RUB", "amount": "12.00"}]
    assert (told["actual"], "reason" in told) == (None, False)
    started = mailings.start(database, made, mailing_id)
    assert started["cost"] == told
    told = costs.told(database, made, mailing_id)
    assert (told["estimate"], told["actual"]["parts"]) == (started["cost"]["estimate"], 0)


def test_where_some_sims_have_no_tariff_the_sum_lacks_their_parts_and_says_so(
    database: Database, settings: MakeSettings
) -> None:
    made = settings()
    add_sims(database, 2)
    priced(database, made, "gsm1")
    created = mailings.create(database, made, list_id=make_list(database, people(4)), text=TEXT, start=True)
    estimate = created["cost"]["estimate"]
    assert (estimate["amounts"], estimate["parts_without_price"]) == (
        [{"currency": "RUB", "amount": "6.00"}],
        2,
    )
    assert created["cost"]["reason_params"] == {"sims": [IMSIS[1]]}


def test_a_rule_that_binds_the_mailing_to_a_sim_is_in_the_estimate(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    made = settings()
    add_sims(sqlite_database, 2)
    priced(sqlite_database, made, "gsm1")
    tariffs.add(sqlite_database, made, name="Dear", values={"price_per_part": "10"})
    tariffs.give(sqlite_database, made, sim="gsm2", tariff="Dear")
    rules.add(sqlite_database, made, kind="only", sim_names=["gsm2"], strict=True)
    created = mailings.create(sqlite_database, made, list_id=make_list(sqlite_database, people(4)), text=TEXT)
    assert created["cost"]["estimate"]["amounts"] == [{"currency": "RUB", "amount": "40.00"}]
    # what each SIM alone would cost is another question
    found = costs.compare(sqlite_database, made, mailing_id=created["mailing_id"])
    assert [(one["sim"], one["total"]) for one in found if one["kind"] == "sim"] == [
        (IMSIS[0], "12.00"),
        (IMSIS[1], "40.00"),
    ]


def test_through_one_sim_a_mailing_takes_as_long_as_it_takes_over_its_months(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    made = settings(limits=TEN_A_DAY)
    add_sims(sqlite_database, 2)
    now = moscow("2026-11-30T12:00")
    priced(sqlite_database, made, "gsm1", "gsm2", included_parts="12")
    with sqlite_database.read() as connection:
        plan = plan_of(connection, made, [("+79160000000", 1)] * 35, now)
        (first, second, *_) = compared(made, plan, None)
    # 10 on 30 November, all included; 25 in December, of which 13 are paid
    for one in (first, second):
        assert (one["kind"], one["included"], one["amount"]) == ("sim", 22, "39.00")
        assert one["ends_at"].astimezone(MOSCOW).date().isoformat() == "2026-12-03"


@pytest.mark.parametrize(
    ("limits", "included", "amount", "ends_on"),
    [
        # 10 on 30 November, all included; 25 in December, of which 13 are paid
        ({}, 22, "39.00", "2026-12-03"),
        # fifteen in 30 days: 10 and 5, from 30 December on 10 and 5, on 29 January 5; 8 of December are paid
        ({"per_month": 15}, 10 + 12 + 5, "24.00", "2027-01-29"),
    ],
)
def test_a_number_of_parts_goes_over_as_many_months_as_it_takes(
    sqlite_database: Database,
    settings: MakeSettings,
    limits: dict[str, int],
    included: int,
    amount: str,
    ends_on: str,
) -> None:
    made = settings(limits=TEN_A_DAY | limits)
    now = moscow("2026-11-30T12:00")
    add_sims(sqlite_database)
    priced(sqlite_database, made, "gsm1", included_parts="12")
    with sqlite_database.read() as connection:
        (offer, *tariff_offers) = compared(made, plan_of_parts(connection, made, 35, now), None)
    assert (offer["kind"], offer["parts"], offer["included"], offer["amount"]) == (
        "sim",
        35,
        included,
        amount,
    )
    assert offer["ends_at"].astimezone(MOSCOW).date().isoformat() == ends_on
    # a tariff that no SIM has need not have limits: within one month
    assert [(one["kind"], one["included"]) for one in tariff_offers] == [("tariff", 12)]


def test_more_parts_than_anybody_sends_are_refused_and_an_office_without_a_modem_gets_an_answer(
    sqlite_database: Database, settings: MakeSettings
) -> None:
    made = settings(limits=TEN_A_DAY)
    priced(sqlite_database, made)
    with pytest.raises(Refused, match="cost_parts_too_many"):
        costs.compare(sqlite_database, made, parts=MOST_PARTS + 1)
    assert [one["total"] for one in costs.compare(sqlite_database, made, parts=10)] == ["30.00"]
