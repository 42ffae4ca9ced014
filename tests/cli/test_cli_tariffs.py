"""`pbx-sms tariff`, `sim tariff`, `mailing cost`, `cost compare` as a person and as a program use them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Command


def test_from_the_price_to_the_cost_of_a_mailing(pbx_sms: Command, sim: str, customers: Path) -> None:
    added = pbx_sms("tariff", "add", "Бизнес", "--price", "0.06", "--option", "S=100:500", "--json").object()
    assert (added["price_per_part"], added["options"][0]["name"]) == ("0.06", "S")
    assert pbx_sms("sim", "tariff", "gsm1", "Бизнес", "--json").object() == {
        "sim": sim,
        "label": None,
        "tariff": "Бизнес",
        "option": None,
    }
    arguments = ("--list", str(customers), "--text", "Скидка", "--repeats", "first", "--json")
    mailing_id = str(pbx_sms("mailing", "create", *arguments).object()["mailing_id"])
    cost = pbx_sms("mailing", "cost", mailing_id, "--json").object()
    assert cost["estimate"]["amounts"] == [{"currency": "RUB", "amount": "0.12"}]
    told = pbx_sms("mailing", "cost", mailing_id, "--language", "ru").out.replace("\N{NO-BREAK SPACE}", " ")
    assert "Оценка: 0,12 ₽." in told
    assert "Сервис рассылок взял бы 4,00 ₽ – 5,00 ₽." in told
    found = pbx_sms("cost", "compare", "--parts", "3000", "--json").objects()
    assert [(one["kind"], one["total"], one["cheapest"]) for one in found] == [
        ("sim", "180.00", True),
        ("tariff", "180.00", True),
        # the fee, and 2,500 parts beyond the package
        ("tariff", "250.00", False),
    ]
    assert "180.00" in pbx_sms("cost", "compare", "--parts", "3000").out
    assert "Бизнес" in pbx_sms("tariff", "list").out
    assert "0.06" in pbx_sms("tariff", "show", "Бизнес").out
    assert (
        pbx_sms("tariff", "set", "Бизнес", "--price", "0.07", "--json").object()["price_per_part"] == "0.07"
    )
    assert "Бизнес" in pbx_sms("tariff", "remove", "Бизнес").refusal()
    pbx_sms("sim", "tariff", "gsm1", "none", "--json").object()
    assert pbx_sms("tariff", "remove", "Бизнес", "--json").object() == {"tariff": "Бизнес"}
    assert pbx_sms("tariff", "add", "X", "--price", "free").status == 1
    assert pbx_sms("cost", "compare").status == 2
