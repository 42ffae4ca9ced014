"""Tariffs, numbering plan, balances and costs on the pages, in both languages."""

from __future__ import annotations

import io

from office import Office

from pbx_sms.operations import tariffs
from pbx_sms.storage.users import Role

PLAN = "АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН\n916;0000000;9999999;1;ПАО МТС;г. Москва;1\n"
NBSP = "\N{NO-BREAK SPACE}"


def test_a_tariff_is_entered_changed_and_given_to_a_sim(office: Office) -> None:
    office.add_sim("250011234567890", "gsm1", "MTS RUS")
    client = office.client(Role.OPERATOR, language="ru")
    assert "Тарифов пока нет" in office.get(client, "/tariffs").text
    refused = office.post(client, "/tariffs", **{"name": "Бизнес", "price_per_part": "дёшево"})
    assert refused.status_code == 400
    assert 'value="Бизнес"' in refused.text, "what was typed is still there"
    office.post(client, "/tariffs", **{"name": "Бизнес", "price_per_part": "0,06", "options": "S=100:500"})
    office.post(client, "/tariffs/sims", **{"sim": "250011234567890", "tariff": "Бизнес|S"})
    page = office.get(client, "/tariffs?edit=Бизнес").text
    assert f"0,06{NBSP}₽" in page
    assert "S=100.00:500" in page
    assert '<option value="Бизнес|S" selected>' in page
    office.post(
        client, "/tariffs", **{"edit": "Бизнес", "name": "Новый", "price_per_part": "0.07", "options": ""}
    )
    (tariff,) = tariffs.list_tariffs(office.database, office.settings)
    assert (tariff["tariff"], tariff["price_per_part"], tariff["options"]) == ("Новый", "0.07", [])
    office.post(client, "/tariffs/sims", **{"sim": "250011234567890", "tariff": ""})
    office.post(client, "/tariffs/remove", **{"name": "Новый"})
    assert tariffs.list_tariffs(office.database, office.settings) == []


def test_a_plan_is_loaded_and_asked(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert "No plan is loaded yet." in office.get(client, "/tariffs/numbering").text
    office.post(client, "/tariffs/numbering", **{"files": (io.BytesIO(PLAN.encode("cp1251")), "DEF-9xx.csv")})
    page = office.get(client, "/tariffs/numbering?number=8+916+123-45-67").text
    assert "DEF-9xx.csv" in page
    assert "ПАО МТС · г. Москва · Europe/Moscow" in page
    assert "alert" in office.get(client, "/tariffs/numbering?number=x").text


def test_a_pattern_is_tried_kept_and_taken_away(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    typed = {"operator": "МТС", "pattern": "Доступно*{amount}", "code": "*100#", "currency": "RUB"}
    tried = office.post(client, "/tariffs/balances", **(typed | {"what": "try", "answer": "Доступно: 5,5 р"}))
    assert "The pattern finds 5.50." in tried.text
    assert "Доступно*{amount}</td>" not in office.get(client, "/tariffs/balances").text
    office.post(client, "/tariffs/balances", **(typed | {"what": "keep"}))
    assert "Доступно*{amount}</td>" in office.get(client, "/tariffs/balances").text
    assert office.post(client, "/tariffs/balances", **(typed | {"pattern": "(.*)*"})).status_code == 400
    office.post(client, "/tariffs/balances", **{"operator": "mts", "what": "remove"})
    assert "Доступно*{amount}</td>" not in office.get(client, "/tariffs/balances").text


def test_a_viewer_sees_prices_and_changes_none(office: Office) -> None:
    client = office.client(Role.VIEWER)
    for path in ("/tariffs", "/tariffs/numbering", "/tariffs/balances"):
        page = office.get(client, path)
        assert page.status_code == 200
        assert 'class="primary"' not in page.text
        assert office.post(client, path, **{}).status_code == 403


def test_the_cost_stands_on_the_mailings_page(office: Office) -> None:
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS RUS")
    assert sim_id
    tariffs.add(office.database, office.settings, name="A", values={"price_per_part": "0.5"})
    tariffs.give(office.database, office.settings, sim="gsm1", tariff="A")
    mailing_id = office.start_mailing(office.add_list())
    page = office.get(office.client(Role.OPERATOR, language="ru"), f"/mailings/{mailing_id}").text
    assert "Оценка всей рассылки" in page
    assert "сервис рассылок взял бы" in page
