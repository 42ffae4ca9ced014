"""The report's column of costs: each row what its message cost or will cost, and the sum is the sum shown."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from made_lists import make_list, people
from priced_office import TEN_A_DAY, add_sims, priced
from sqlalchemy import insert, select, update

from pbx_sms.config import Settings
from pbx_sms.core.message import MessageState
from pbx_sms.operations import costs, mailings, tariffs
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import attempts, messages, sims

MakeSettings = Callable[..., Settings]
COSTS = "Стоимость, "


def started(database: Database, settings: Settings, rows: int) -> int:
    list_id = make_list(database, people(rows))
    made = mailings.create(database, settings, list_id=list_id, text="Заказ готов", start=True)
    mailing_id: int = made["mailing_id"]
    return mailing_id


def gone(database: Database, sim_id: int, count: int, *kinds: str) -> None:
    """The first messages went through the SIM, with these verdicts, else accepted."""
    now = database.now()
    with database.begin() as connection:
        rows = connection.execute(select(messages).order_by(messages.c.message_id).limit(count)).all()
        for row, kind in zip(rows, [*kinds, *["accepted"] * (count - len(kinds))], strict=True):
            state = MessageState.SUBMITTED if kind == "accepted" else MessageState.UNKNOWN
            connection.execute(
                update(messages)
                .where(messages.c.message_id == row.message_id)
                .values(state=state, sim_id=sim_id, submitted_at=now)
            )
            connection.execute(
                insert(attempts).values(
                    message_id=row.message_id,
                    part=1,
                    sim_id=sim_id,
                    msisdn=row.msisdn,
                    started_at=now,
                    ended_at=now,
                    counted_at=now,
                    uses_reserve=False,
                    kind=kind,
                )
            )


def reported(
    database: Database, settings: Settings, mailing_id: int, path: Path
) -> tuple[dict[str, list[Decimal | None]], dict[str, list[tuple[Any, Any]]]]:
    """(currency → what stands in each row, label → (value, unit) of each sum)."""
    mailings.report(database, settings, mailing_id, path, "ru")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    columns = {
        str(title).removeprefix(COSTS): [
            None if cell.value is None else Decimal(str(cell.value)) for cell in column[1:]
        ]
        for title, column in zip(titles, sheet.iter_cols(), strict=True)
        if str(title).startswith(COSTS)
    }
    sums: dict[str, list[tuple[Any, Any]]] = {}
    for row in book.worksheets[-1].iter_rows(values_only=True):
        sums.setdefault(str(row[0]), []).append((row[1], row[2]))
    return columns, sums


def added(rows: list[Decimal | None]) -> Decimal:
    return sum((amount for amount in rows if amount is not None), Decimal(0))


def test_what_went_and_what_waits_add_up_to_the_sum_of_the_rows(
    database: Database, settings: MakeSettings, tmp_path: Path
) -> None:
    made = settings(limits=TEN_A_DAY)
    (sim_id,) = add_sims(database)
    priced(database, made, "gsm1", included_parts="3")
    mailing_id = started(database, made, 8)
    gone(database, sim_id, 5)
    columns, sums = reported(database, made, mailing_id, tmp_path / "report.xlsx")
    # three are included, in the order in which they went; the others cost three roubles, sent or not
    assert columns == {"RUB": [Decimal(0)] * 3 + [Decimal(3)] * 5}
    assert sums["Стоимость на сейчас"] == [(6, "RUB")]
    (total,) = [values for label, values in sums.items() if "сумма строк" in label]
    assert total == [(15, "RUB")]
    assert added(columns["RUB"]) == 15


def test_when_all_has_gone_the_rows_add_up_to_what_it_has_cost(
    sqlite_database: Database, settings: MakeSettings, tmp_path: Path
) -> None:
    made = settings(limits=TEN_A_DAY)
    (sim_id,) = add_sims(sqlite_database)
    priced(sqlite_database, made, "gsm1", price_per_part="0.065")
    mailing_id = started(sqlite_database, made, 4)
    gone(sqlite_database, sim_id, 4, "unknown")
    mailings.cancel(sqlite_database, mailing_id)
    columns, sums = reported(sqlite_database, made, mailing_id, tmp_path / "report.xlsx")
    # nobody knows of the first one whether it is charged
    assert columns == {"RUB": [None, *[Decimal("0.065")] * 3]}
    assert [Decimal(str(value)) for value, _ in sums["Стоимость на сейчас"]] == [added(columns["RUB"])]
    assert not [label for label in sums if "сумма строк" in label]


def test_currencies_stand_in_columns_of_their_own_and_no_price_is_an_empty_one(
    sqlite_database: Database, settings: MakeSettings, tmp_path: Path
) -> None:
    made = settings(limits=TEN_A_DAY)
    ids = add_sims(sqlite_database, 2)
    mailing_id = started(sqlite_database, made, 4)
    assert reported(sqlite_database, made, mailing_id, tmp_path / "r.xlsx")[0] == {"RUB": [None] * 4}
    priced(sqlite_database, made, "gsm1")
    tariffs.add(sqlite_database, made, name="E", values={"price_per_part": "0.5", "currency": "EUR"})
    tariffs.give(sqlite_database, made, sim="gsm2", tariff="E")
    gone(sqlite_database, ids[0], 1)
    columns, sums = reported(sqlite_database, made, mailing_id, tmp_path / "r.xlsx")
    assert set(columns) == {"EUR", "RUB"}
    assert all((euro is None) != (rouble is None) for euro, rouble in zip(*columns.values(), strict=True))
    (total,) = [values for label, values in sums.items() if "сумма строк" in label]
    assert {unit: Decimal(str(value)) for value, unit in total} == {
        currency: added(rows) for currency, rows in columns.items()
    }


def test_a_message_that_waits_costs_what_its_sim_takes_in_the_month_in_which_it_goes(
    sqlite_database: Database, settings: MakeSettings, tmp_path: Path
) -> None:
    made = settings(limits=TEN_A_DAY)
    add_sims(sqlite_database)
    priced(sqlite_database, made, "gsm1", included_parts="12")
    mailing_id = started(sqlite_database, made, 25)
    # as the estimate of the Start had it: 10 each day from 22 November on, all in one month
    estimate = costs.of_mailing(sqlite_database, made, mailing_id)["estimate"]["amounts"]
    columns, _ = reported(sqlite_database, made, mailing_id, tmp_path / "report.xlsx")
    assert estimate == [{"currency": "RUB", "amount": f"{added(columns['RUB']):.2f}"}]
    with sqlite_database.begin() as connection:
        connection.execute(update(sims).values(state="disabled"))
    columns, _ = reported(sqlite_database, made, mailing_id, tmp_path / "report.xlsx")
    assert columns == {"RUB": [None] * 25}, "nobody knows through which SIM it goes"
