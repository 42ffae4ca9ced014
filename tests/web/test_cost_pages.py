"""Which SIM card and which tariff is cheapest for a mailing: the page, from the check and the mailing."""

from __future__ import annotations

from office import Office

from pbx_sms.operations import tariffs
from pbx_sms.storage.users import Role

FIRST, SECOND = "250011234567890", "250991234567890"
TEXT = "{Имя}, заказ {Заказ} готов"
NBSP = "\N{NO-BREAK SPACE}"


def priced(office: Office) -> None:
    """Two SIMs: one at 0.50 a part, one whose tariff has parts included for a fee."""
    office.add_sim(FIRST, "gsm1", "MTS")
    office.add_sim(SECOND, "gsm2", "Beeline")
    tariffs.add(office.database, office.settings, name="Простой", values={"price_per_part": "0.5"})
    tariffs.add(
        office.database, office.settings, name="Пакет", values={"price_per_part": "2", "monthly_fee": "90"}
    )
    tariffs.change(office.database, office.settings, name="Пакет", values={}, options=["SMS 500=100:500"])
    tariffs.give(office.database, office.settings, sim="gsm1", tariff="Простой")
    tariffs.give(office.database, office.settings, sim="gsm2", tariff="Пакет", option="SMS 500")


def many(count: int) -> list[tuple[str, str, int, int]]:
    return [(f"Имя {number}", f"+7916{number:07}", number, 1) for number in range(count)]


def test_the_check_page_leads_to_the_comparison_and_back(office: Office) -> None:
    priced(office)
    client = office.client(Role.OPERATOR, language="ru")
    choices = {"list_id": str(office.add_list(many(10))), "text": TEXT, "name": "Заказы"}
    assert "Сравнить SIM-карты и тарифы" in office.post(client, "/mailings/check", **choices).text
    page = office.post(client, "/mailings/costs", **choices)
    assert page.status_code == 200
    assert "Стоимость: Заказы" in page.text
    # all through gsm2 is included; the tariff alone costs 10 × 0.50, the package its fees
    assert page.text.count("дешевле всех") == 2
    assert f"190,00{NBSP}₽" in page.text
    assert f"5,00{NBSP}₽" in page.text
    assert "Если отправить всё через одну SIM-карту" in page.text
    assert "Назад к проверке" in page.text


def test_a_mailing_leads_to_the_comparison_and_a_viewer_may_look(office: Office) -> None:
    priced(office)
    mailing_id = office.start_mailing(office.add_list(many(4)), TEXT)
    viewer = office.client(Role.VIEWER)
    link = f"/mailings/{mailing_id}/costs"
    assert link in office.get(viewer, f"/mailings/{mailing_id}").text
    page = office.get(viewer, link).text
    assert page.count(">cheapest<") == 2
    assert "As the SIM cards will share it" in page


def test_a_sim_without_a_tariff_is_named_and_without_prices_the_page_says_what_to_do(office: Office) -> None:
    office.add_sim(FIRST, "gsm1", "MTS")
    client = office.client(Role.OPERATOR)
    choices = {"list_id": str(office.add_list(many(2))), "text": TEXT}
    page = office.post(client, "/mailings/costs", **choices).text
    assert f"SIM cards without a tariff: {FIRST}." in page
    assert "Nothing to compare yet." in page


def test_what_does_not_exist_or_may_not_be_asked(office: Office) -> None:
    viewer = office.client(Role.VIEWER)
    assert office.get(viewer, "/mailings/999/costs").status_code == 404
    assert office.post(viewer, "/mailings/costs", list_id="1", text=TEXT).status_code == 403
    assert office.post(office.client(Role.OPERATOR), "/mailings/costs", text=TEXT).status_code == 400


def test_a_mailing_of_which_nothing_went_says_so_instead_of_a_price(office: Office) -> None:
    priced(office)
    mailing_id = office.start_mailing(office.add_list(many(4)), TEXT)
    page = office.get(office.client(Role.VIEWER), f"/mailings/{mailing_id}").text
    assert "nothing was sent yet" in page
    assert "no price is known" not in page
