"""Balances: asked by hand or in time, read by a person's pattern, and a warning when money runs low."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pbx_sms.config import Settings
from pbx_sms.core.reason import Reason
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations import balances, sims
from pbx_sms.storage import balances as stored
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database

IMSI = "250011234567890"
MakeSettings = Callable[..., Settings]


@pytest.fixture
def sim_id(database: Database) -> int:
    now = database.now()
    with database.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", now)
        modem_id = devices.register_modem(connection, agent_id, "gsm1", "/dev/null", now)
        return devices.sim_found(connection, modem_id, IMSI, now, [])


def told(database: Database, settings: Settings, sim_id: int, text: str) -> Reason | None:
    with database.begin() as connection:
        return stored.told(connection, settings, sim_id, text, database.now())


def shown(database: Database, settings: Settings) -> dict[str, Any]:
    (sim,) = sims.list_sims(database, settings)
    return {key: value for key, value in sim.items() if key.startswith("balance") and key != "balance_at"}


def test_an_answer_is_read_and_a_low_one_warns_once(
    database: Database, settings: MakeSettings, sim_id: int
) -> None:
    chosen = settings(cost={"low_balance": 50})
    assert told(database, chosen, sim_id, "Баланс:50.00р.") is None
    warning = told(database, chosen, sim_id, "Баланс:49,99р.")
    assert warning == Reason("balance_low", {"amount": "49.99", "currency": "RUB", "threshold": "50.00"})
    assert told(database, chosen, sim_id, "Баланс:40р.") is None, "it was low before"
    assert shown(database, chosen) == {
        "balance": "Баланс:40р.",
        "balance_amount": "40.00",
        "balance_currency": "RUB",
        "balance_low": True,
    }
    assert told(database, chosen, sim_id, "Баланс:100р.") is None
    assert told(database, chosen, sim_id, "Баланс:1р.") is not None


def test_a_sim_may_have_a_threshold_of_its_own(
    database: Database, settings: MakeSettings, sim_id: int
) -> None:
    chosen = settings(sim=[{"imsi": IMSI, "low_balance": 5.5}], cost={"low_balance": 50})
    assert told(database, chosen, sim_id, "Баланс: 6 р") is None
    assert told(database, chosen, sim_id, "Баланс: 5.49 р") is not None


def test_an_answer_that_nobody_can_read_is_shown_as_it_is(
    database: Database, settings: MakeSettings, sim_id: int
) -> None:
    chosen = settings(cost={"low_balance": 50})
    told(database, chosen, sim_id, "Баланс: 6 р")
    assert told(database, chosen, sim_id, "Услуга недоступна") is None
    assert shown(database, chosen) == {"balance": "Услуга недоступна"}


def test_a_persons_pattern_goes_before_the_one_that_was_there(
    database: Database, settings: MakeSettings, sim_id: int
) -> None:
    kept = balances.set_pattern(
        database,
        settings(),
        operator="ПАО «МТС»",
        pattern="Доступно*{amount}",
        code="*100*9#",
        currency="eur",
    )
    assert kept == {
        "operator": "mts",
        "code": "*100*9#",
        "pattern": "Доступно*{amount}",
        "currency": "EUR",
        "own": True,
    }
    with database.read() as connection:
        assert stored.code_of(connection, settings(), sim_id) == "*100*9#"
        own = settings(sim=[{"imsi": IMSI, "balance_code": "*102#"}])
        assert stored.code_of(connection, own, sim_id) == "*102#"
    told(database, settings(), sim_id, "Баланс: 6 р, доступно: 16 р")
    assert shown(database, settings())["balance_amount"] == "16.00"
    told(database, settings(), sim_id, "Баланс: 6.00 р")
    assert "balance_amount" not in shown(database, settings()), "an own pattern is not guessed around"
    assert balances.remove_pattern(database, settings(), operator="мтс") == {"operator": "mts"}
    told(database, settings(), sim_id, "Баланс: 6.00 р")
    assert shown(database, settings())["balance_amount"] == "6.00"
    with pytest.raises(NotFound, match="balance_pattern_not_found"):
        balances.remove_pattern(database, settings(), operator="mts")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"operator": "", "pattern": "{amount}"}, "balance_operator_missing"),
        ({"operator": "mts", "pattern": "(.*)*"}, "balance_pattern_invalid"),
        ({"operator": "mts", "pattern": "{amount}", "code": "100"}, "balance_code_invalid"),
        ({"operator": "mts", "pattern": "{amount}", "currency": "рубли"}, "tariff_currency_invalid"),
    ],
)
def test_a_wrong_pattern_changes_nothing(
    sqlite_database: Database, settings: MakeSettings, values: dict[str, str], code: str
) -> None:
    before = balances.list_patterns(sqlite_database, settings())
    with pytest.raises(Refused, match=code):
        balances.set_pattern(sqlite_database, settings(), **values)
    assert balances.list_patterns(sqlite_database, settings()) == before


def test_a_balance_is_due_when_asked_for_and_when_the_last_one_is_old(
    database: Database, settings: MakeSettings, sim_id: int
) -> None:
    def is_due(chosen: Settings, after: timedelta = timedelta(0)) -> bool:
        with database.begin() as connection:
            return stored.is_due(connection, chosen, sim_id, database.now() + after)

    daily = settings(cost={"balance_every_h": 24})
    assert (is_due(settings()), is_due(daily)) == (False, True)
    told(database, daily, sim_id, "Баланс: 6 р")
    assert [is_due(daily, timedelta(hours=hours)) for hours in (23, 25)] == [False, True]
    assert balances.ask(database, settings(), name="gsm1")["sim"] == IMSI
    assert is_due(settings())
    with database.begin() as connection:
        stored.asked(connection, sim_id)
    assert not is_due(settings())


def test_a_sim_that_is_nowhere_cannot_be_asked(
    database: Database, settings: MakeSettings, sim_id: int
) -> None:
    from sqlalchemy import update

    from pbx_sms.storage.schema import sims as table

    with database.begin() as connection:
        connection.execute(update(table).values(modem_id=None))
    with pytest.raises(Conflict, match="balance_sim_absent"):
        balances.ask(database, settings(), name=IMSI)
