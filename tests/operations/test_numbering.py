"""The numbering plan is replaced as a whole, or stays; its date is told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pbx_sms.config import Settings
from pbx_sms.errors import Refused
from pbx_sms.operations import numbering
from pbx_sms.operations.numbering import PlanFile
from pbx_sms.storage import numbering as stored
from pbx_sms.storage.engine import Database

SETTINGS = Settings()
HEAD = "АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН\n"


def plan_file(*rows: str, name: str = "DEF-9xx.csv", day: date | None = None) -> PlanFile:
    return PlanFile(name=name, content=(HEAD + "\n".join(rows)).encode("cp1251"), date=day)


def bring(database: Database, *files: PlanFile) -> dict[str, Any]:
    return numbering.import_files(database, SETTINGS, files=files, by="anna")


def test_several_files_are_one_plan_with_its_date(database: Database) -> None:
    told = bring(
        database,
        plan_file("916;0000000;0999999;1000000;МТС;г. Москва;1", day=date(2026, 2, 28)),
        plan_file(
            "916;1000000;1999999;1000000;МТС;г. Москва;1",
            "985;0000000;0000999;1000;МегаФон;Российская Федерация;2",
            name="2.csv",
            day=date(2026, 3, 1),
        ),
    )
    assert told | {"imported_at": None} == {
        "files": ["DEF-9xx.csv", "2.csv"],
        "file_date": "2026-03-01",
        "imported_at": None,
        "imported_by": "anna",
        "rows": 3,
        "ranges": 2,
        "ranges_with_zone": 1,
    }
    assert told == numbering.show(database, SETTINGS)
    assert numbering.find(database, SETTINGS, number="8 (916) 199-99-99") == {
        "number": "+79161999999",
        "operator": "МТС",
        "brand": "mts",
        "region": "г. Москва",
        "zone": "Europe/Moscow",
    }
    assert numbering.find(database, SETTINGS, number="+79162000000")["operator"] is None
    with database.read() as connection:
        plan = stored.load(connection)
        for number in ("+79161999999", "+79850000999", "+79850001000", "+71", "x"):
            assert plan.find(number) == stored.find(connection, number)


def test_a_mistake_anywhere_leaves_the_plan_that_was_there(database: Database) -> None:
    bring(database, plan_file("916;0000000;0999999;1000000;МТС;г. Москва;1"))
    before = numbering.show(database, SETTINGS)
    with pytest.raises(Refused) as refused:
        bring(
            database,
            plan_file("917;0000000;0999999;1000000;МТС;г. Москва;1"),
            plan_file("917;0999999;1999999;1000000;МТС;г. Москва;1", name="b.csv"),
        )
    assert (refused.value.code, refused.value.params["other_file"]) == ("numbering_overlap", "DEF-9xx.csv")
    assert numbering.show(database, SETTINGS) == before
    with database.read() as connection:
        found = stored.load(connection).find("+79160000000")
    assert found is not None


def test_another_plan_takes_the_place_of_the_first(database: Database) -> None:
    bring(database, plan_file("916;0000000;0999999;1000000;МТС;г. Москва;1"))
    bring(database, plan_file("917;0000000;0999999;1000000;МТС;г. Самара|Самарская область;1"))
    assert numbering.find(database, SETTINGS, number="+79160000000")["operator"] is None
    assert numbering.find(database, SETTINGS, number="+79170000000")["zone"] == "Europe/Samara"
    assert numbering.show(database, SETTINGS)["file_date"] is None


def test_without_a_plan_that_is_said(database: Database) -> None:
    assert numbering.show(database, SETTINGS)["files"] == []
    with pytest.raises(Refused, match="numbering_not_loaded"):
        numbering.find(database, SETTINGS, number="+79160000000")
    with pytest.raises(Refused, match="numbering_no_file"):
        bring(database)
    with database.read() as connection:
        assert stored.load(connection).find("+79160000000") is None
