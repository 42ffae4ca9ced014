"""What a mailing costs, from the draft to the last part: sums by hand, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from made_lists import make_list, people
from made_mailings import draft
from sqlalchemy import insert, select, update

from pbx_sms.config import Settings
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import costs, mailings, numbering, tariffs
from pbx_sms.operations.numbering import PlanFile
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import attempts, messages, sims

FIRST, SECOND = "250011234567890", "250991234567890"
MakeSettings = Callable[..., Settings]


@pytest.fixture
def office(database: Database) -> Database:
    """Two SIMs in modems: one of MTS, one of Beeline."""
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        for name, imsi in (("gsm1", FIRST), ("gsm2", SECOND)):
            modem_id = devices.register_modem(connection, agent_id, name, "/dev/null", now)
            devices.sim_found(connection, modem_id, imsi, now, [])
    return database


def add(database: Database, settings: Settings, name: str, price: str, **values: str) -> None:
    tariffs.add(database, settings, name=name, values={"price_per_part": price} | values)


def give(database: Database, settings: Settings, tariff: str, *imsis: str, option: str | None = None) -> None:
    for imsi in imsis:
        tariffs.give(database, settings, sim=imsi, tariff=tariff, option=option)


def sent(database: Database, mailing_id: int, outcomes: list[tuple[str, str, datetime]]) -> None:
    """(IMSI, kind of the verdict, when) of one part of each of the mailing's messages."""
    with database.begin() as connection:
        ids = {row.imsi: row.sim_id for row in connection.execute(select(sims.c.imsi, sims.c.sim_id))}
        rows = connection.execute(
            select(messages.c.message_id, messages.c.msisdn)
            .where(messages.c.mailing_id == mailing_id)
            .order_by(messages.c.message_id)
        ).all()
        for row, (imsi, kind, at) in zip(rows, outcomes, strict=False):
            connection.execute(
                insert(attempts).values(
                    message_id=row.message_id,
                    part=1,
                    sim_id=ids[imsi],
                    msisdn=row.msisdn,
                    started_at=at,
                    ended_at=at,
                    counted_at=at if kind in ("accepted", "unknown") else None,
                    uses_reserve=False,
                    kind=kind,
                )
            )


def test_the_example_of_the_price_list_is_180_roubles_against_6000_and_more(
    office: Database, settings: MakeSettings
) -> None:
    cost = costs.estimate_of_parts(office, settings(), [("+79161234567", 1)] * 3000)
    assert cost["parts_without_price"] == 3000, "nobody has said yet what a part costs"
    add(office, settings(), "Бизнес", "0,06")
    give(office, settings(), "Бизнес", FIRST, SECOND)
    cost = costs.estimate_of_parts(office, settings(), [("+79161234567", 1)] * 3000)
    assert cost["amounts"] == [{"currency": "RUB", "amount": "180.00"}]
    assert cost["comparison"] == {"currency": "RUB", "from": "6000.00", "to": "7500.00"}
    assert [(one["sim"], one["parts"], one["amount"]) for one in cost["sims"]] == [
        (FIRST, 1500, "90.00"),
        (SECOND, 1500, "90.00"),
    ]
    assert cost["parts_without_price"] == 0


def test_the_price_in_the_settings_is_a_tariff_and_one_that_was_given_goes_before(
    office: Database, settings: MakeSettings
) -> None:
    chosen = settings(
        sim=[{"imsi": FIRST, "price_per_part": 0.1, "per_day": 300}], cost={"comparison_per_part": 2}
    )
    cost = costs.estimate_of_parts(office, chosen, [("+79161234567", 2)] * 10)
    assert (cost["parts_without_price"], cost["amounts"]) == (5, [{"currency": "RUB", "amount": "1.50"}])
    assert (cost["comparison"]["from"], cost["comparison"]["to"]) == ("40.00", "40.00")
    add(office, chosen, "A", "1")
    give(office, chosen, "A", FIRST)
    cost = costs.estimate_of_parts(office, chosen, [("+79161234567", 2)] * 10)
    assert cost["amounts"] == [{"currency": "RUB", "amount": "15.00"}]


def test_own_numbers_are_cheaper_by_the_numbering_plan(office: Database, settings: MakeSettings) -> None:
    plan = (
        "АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН\n"
        "916;0000000;9999999;1;ПАО «Мобильные ТелеСистемы»;г. Москва;1\n"
        "903;0000000;9999999;1;ПАО «Вымпел-Коммуникации»;г. Москва;1\n"
    )
    numbering.import_files(office, settings(), files=[PlanFile(name="p.csv", content=plan.encode())])
    add(office, settings(), "N", "2", on_net_per_part="0.5")
    give(office, settings(), "N", FIRST, SECOND)
    with office.begin() as connection:
        connection.execute(update(sims).where(sims.c.imsi == SECOND).values(state="disabled"))
    # through MTS alone: 3 × 0.50 on-net, 2 × 2 off-net, 1 × 2 not in the plan
    cost = costs.estimate_of_parts(
        office, settings(), [("+79161234567", 3), ("+79031234567", 2), ("+79991234567", 1)]
    )
    assert [one["amount"] for one in cost["sims"]] == ["7.50"]


def test_what_was_taken_is_charged_refused_is_free_and_unknown_told_apart(
    office: Database, settings: MakeSettings
) -> None:
    add(office, settings(), "A", "1.55")
    give(office, settings(), "A", FIRST)
    mailing_id = draft(office, settings(), rows=5, start=True)
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    sent(
        office,
        mailing_id,
        [
            (FIRST, "accepted", at),
            (FIRST, "accepted", at),
            (FIRST, "permanent", at),
            (FIRST, "unknown", at),
            (SECOND, "accepted", at),
        ],
    )
    cost = costs.of_mailing(office, settings(), mailing_id)
    actual = cost["actual"]
    assert (actual["parts"], actual["parts_unknown"], actual["parts_without_price"]) == (3, 1, 1)
    assert actual["amounts"] == [{"currency": "RUB", "amount": "3.10"}]
    assert [(one["sim"], one["parts"], one["amount"], one["parts_unknown"]) for one in actual["sims"]] == [
        (FIRST, 2, "3.10", 1),
        (SECOND, 1, None, 0),
    ]
    assert actual["comparison"] == {"currency": "RUB", "from": "6.00", "to": "7.50"}


def test_included_parts_are_used_up_by_all_mailings_and_begin_anew_on_the_billing_day(
    office: Database, settings: MakeSettings
) -> None:
    add(office, settings(), "P", "3", included_parts="2", billing_day="29")
    give(office, settings(), "P", FIRST)
    # 29 February 2028 begins at 21:00 UTC of the 28th in the office's zone
    begins_at = datetime(2028, 2, 28, 21, 0, tzinfo=UTC)
    before = begins_at - timedelta(seconds=1)
    first = draft(office, settings(), rows=1, start=True)
    sent(office, first, [(FIRST, "accepted", begins_at - timedelta(days=2))])
    second = draft(office, settings(), rows=5, start=True)
    sent(
        office, second, [(FIRST, "accepted", at) for at in (before, before, begins_at, begins_at, begins_at)]
    )
    # one included part is left for the second mailing before, two after, two have to be paid
    actual = costs.of_mailing(office, settings(), second)["actual"]
    assert [(one["parts"], one["included"], one["amount"]) for one in actual["sims"]] == [(5, 3, "6.00")]
    assert costs.of_mailing(office, settings(), first)["actual"]["amounts"] == [
        {"currency": "RUB", "amount": "0.00"}
    ]


def test_a_draft_costs_what_start_would_make_of_it(office: Database, settings: MakeSettings) -> None:
    add(office, settings(), "A", "0.06")
    give(office, settings(), "A", FIRST, SECOND)
    list_id = make_list(office, people(4))
    mailing_id = mailings.create(office, settings(), list_id=list_id, text="Я" * 71)["mailing_id"]
    cost = costs.of_mailing(office, settings(), mailing_id)
    assert (cost["state"], cost["estimate"]["parts"]) == ("draft", 8)
    assert cost["estimate"]["amounts"] == [{"currency": "RUB", "amount": "0.48"}]
    assert cost["actual"]["amounts"] == []
    with pytest.raises(NotFound, match="mailing_not_found"):
        costs.of_mailing(office, settings(), 99)


def compared(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(one.get("sim") or one["tariff"], one["option"], one["total"], one["cheapest"]) for one in found]


def test_the_cheapest_sim_and_the_cheapest_option_are_found(office: Database, settings: MakeSettings) -> None:
    add(office, settings(), "Simple", "1")
    add(office, settings(), "Package", "2", monthly_fee="50")
    tariffs.change(
        office, settings(), name="Package", values={}, options=["500=100:500", "1000 = 900 : 1000"]
    )
    give(office, settings(), "Simple", FIRST)
    give(office, settings(), "Package", SECOND, option="500")
    assert compared(costs.compare(office, settings(), parts=600)) == [
        (SECOND, "500", "200.00", True),
        (FIRST, None, "600.00", False),
        # 50 + 100 + 100 × 2
        ("Package", "500", "350.00", True),
        ("Simple", None, "600.00", False),
        ("Package", "1000", "950.00", False),
        ("Package", None, "1250.00", False),
    ]
    assert compared(costs.compare(office, settings(), parts=100, only_tariffs=["Simple"])) == [
        ("Simple", None, "100.00", True)
    ]
    mailing_id = draft(office, settings(), rows=3)
    assert {one["parts"] for one in costs.compare(office, settings(), mailing_id=mailing_id)} == {3}
    with pytest.raises(NotFound, match="tariff_not_found"):
        costs.compare(office, settings(), parts=1, only_tariffs=["x"])
    with pytest.raises(Refused, match="cost_of_what"):
        costs.compare(office, settings())


def test_a_tariff_is_kept_changed_and_removed(office: Database, settings: MakeSettings) -> None:
    add(office, settings(), " Бизнес  2 ", "0,06", off_net_per_part="1.5", billing_day="31", currency="eur")
    changed = tariffs.change(
        office,
        settings(),
        name="Бизнес 2",
        values={"off_net_per_part": "", "name": "Новый"},
        options=["S=1:2"],
    )
    assert changed == {
        "tariff": "Новый",
        "currency": "EUR",
        "price_per_part": "0.06",
        "on_net_per_part": None,
        "off_net_per_part": None,
        "included_parts": 0,
        "monthly_fee": "0.00",
        "billing_day": 31,
        "options": [{"name": "S", "fee": "1.00", "included_parts": 2}],
        "sims": [],
    }
    give(office, settings(), "Новый", FIRST, option="S")
    with pytest.raises(Conflict, match="tariff_in_use"):
        tariffs.remove(office, settings(), name="Новый")
    tariffs.change(office, settings(), name="Новый", values={}, options=["S=3:4"])
    assert costs.compare(office, settings(), parts=4)[0]["option"] == "S", "the SIM keeps it"
    tariffs.change(office, settings(), name="Новый", values={}, without_options=["S"])
    assert costs.compare(office, settings(), parts=4)[0]["option"] is None
    tariffs.give(office, settings(), sim="gsm1", tariff=None)
    assert tariffs.remove(office, settings(), name="Новый") == {"tariff": "Новый"}
    assert tariffs.list_tariffs(office, settings()) == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "tariff_price_missing"),
        ({"price_per_part": " "}, "tariff_price_missing"),
        ({"price_per_part": "cheap"}, "tariff_price_invalid"),
        ({"price_per_part": "-1"}, "tariff_price_invalid"),
        ({"price_per_part": "1", "on_net_per_part": "x"}, "tariff_price_invalid"),
        ({"price_per_part": "1", "billing_day": "32"}, "tariff_number_invalid"),
        ({"price_per_part": "1", "billing_day": "0"}, "tariff_number_invalid"),
        ({"price_per_part": "1", "included_parts": "1.5"}, "tariff_number_invalid"),
        ({"price_per_part": "1", "currency": "рубль"}, "tariff_currency_invalid"),
    ],
)
def test_a_wrong_value_stores_no_tariff(
    sqlite_database: Database, settings: MakeSettings, values: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        tariffs.add(sqlite_database, settings(), name="A", values=values)
    assert tariffs.list_tariffs(sqlite_database, settings()) == []


def test_names_are_unique_and_what_is_not_there_is_told(office: Database, settings: MakeSettings) -> None:
    add(office, settings(), "A", "1")
    with pytest.raises(Conflict, match="tariff_exists"):
        add(office, settings(), "A", "2")
    add(office, settings(), "B", "2")
    with pytest.raises(Conflict, match="tariff_exists"):
        tariffs.change(office, settings(), name="B", values={"name": "A"})
    for order in (
        lambda: tariffs.show(office, settings(), name="C"),
        lambda: tariffs.change(office, settings(), name="A", values={}, without_options=["x"]),
        lambda: tariffs.give(office, settings(), sim=FIRST, tariff="A", option="x"),
        lambda: tariffs.give(office, settings(), sim="no", tariff="A"),
    ):
        with pytest.raises(NotFound):
            order()
    for option in ("", "x", "x=1", "x=a:1", "=1:1", "x=1:-1"):
        with pytest.raises(Refused, match="tariff_option_invalid"):
            tariffs.change(office, settings(), name="A", values={}, options=[option])
