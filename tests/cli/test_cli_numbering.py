"""`pbx-sms numbering` as a person and as a program use it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Command

HEAD = "АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН\n"


def test_a_plan_is_imported_shown_and_asked(pbx_sms: Command, tmp_path: Path) -> None:
    path = tmp_path / "DEF-9xx.csv"
    path.write_text(HEAD + "916;0000000;9999999;10000000;ПАО МТС;г. Москва;1\n", encoding="cp1251")
    assert pbx_sms("numbering", "find", "+79161234567").refusal().startswith("No numbering plan is loaded.")
    told = pbx_sms("numbering", "import", str(path), "--json").object()
    assert (told["files"], told["ranges"], told["ranges_with_zone"]) == (["DEF-9xx.csv"], 1, 1)
    assert pbx_sms("numbering", "show", "--json").object() == told
    assert "DEF-9xx.csv" in pbx_sms("numbering", "show").out
    found = pbx_sms("numbering", "find", "8 916 123 45 67", "--json").object()
    assert found == {
        "number": "+79161234567",
        "operator": "ПАО МТС",
        "brand": "mts",
        "region": "г. Москва",
        "zone": "Europe/Moscow",
    }
    assert "Europe/Moscow" in pbx_sms("numbering", "find", "+79161234567").out
    path.write_text("a;b\n", encoding="utf-8")
    assert "DEF-9xx.csv" in pbx_sms("numbering", "import", str(path)).refusal()
    assert pbx_sms("numbering", "import", str(tmp_path / "no.csv")).status == 1
