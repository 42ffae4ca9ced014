"""The pages of what is foreseen: before Start, while it runs, and the rehearsal."""

from __future__ import annotations

from office import Office
from sqlalchemy import func, select

from pbx_sms.operations import forecasts
from pbx_sms.storage.schema import mailings, messages
from pbx_sms.storage.users import Role

TEXT = "{Имя}, заказ {Заказ} готов"
LONG = "{Имя}, " + "подробности " * 8


def registered(office: Office) -> None:
    """A SIM in a modem of an engine that runs."""
    office.add_sim("250011234567890", "gsm1", "MTS")


def many(count: int) -> list[tuple[str, str, int, int]]:
    return [(f"Имя {number}", f"+7916{number:07}", number, 1) for number in range(count)]


def stored(office: Office) -> tuple[int, int]:
    with office.database.read() as connection:
        return tuple(  # type: ignore[return-value]
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (mailings, messages)
        )


def test_the_check_page_says_when_it_ends_and_what_would_be_earlier(office: Office) -> None:
    registered(office)
    client = office.client(Role.OPERATOR, language="ru")
    page = office.post(client, "/mailings/check", list_id=str(office.add_list(many(200))), text=LONG)
    assert "Если начать сейчас, закончится:" in page.text
    assert "если добавить одну SIM-карту" in page.text
    assert "если с каждой SIM-карты по 150 частей в сутки" in page.text
    assert "если в тексте не больше 1 части" in page.text
    assert "Больше всего времени занимает: суточные лимиты SIM-карт" in page.text


def test_what_is_quick_anyway_has_no_table_of_what_if(office: Office) -> None:
    registered(office)
    page = office.post(
        office.client(Role.OPERATOR), "/mailings/check", list_id=str(office.add_list(many(3))), text=TEXT
    )
    assert "Started now, it ends:" in page.text
    assert "What if" not in page.text


def test_without_a_sim_the_check_page_says_what_would_help(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    page = office.post(client, "/mailings/check", list_id=str(office.add_list(many(3))), text=TEXT)
    assert "it never ends: no SIM was ever seen; connect a modem" in page.text
    # a SIM would help, and when it would then end is told
    assert "with one more SIM" in page.text


def test_a_rehearsal_from_the_check_page_shows_first_and_last_and_stores_nothing(office: Office) -> None:
    registered(office)
    client = office.client(Role.OPERATOR)
    list_id = str(office.add_list(many(100)))
    before = stored(office)
    page = office.post(client, "/mailings/rehearsal", list_id=list_id, text=TEXT, name="Заказы")
    assert page.status_code == 200
    assert "Rehearsal: Заказы" in page.text
    assert "Имя 0, заказ 0 готов" in page.text
    assert "Имя 99, заказ 99 готов" in page.text
    assert "Имя 50, заказ 50 готов" not in page.text
    assert "…and 60 messages between them…" in page.text
    assert "250011234567890" in page.text
    assert stored(office) == before


def test_a_running_mailing_shows_its_end_and_what_goes_when(office: Office) -> None:
    registered(office)
    mailing_id = office.start_mailing(office.add_list(many(4)), TEXT)
    forecasts.Keeper(office.settings).refresh(office.database)
    client = office.client(Role.VIEWER)
    for path in (f"/mailings/{mailing_id}", f"/mailings/{mailing_id}/forecast"):
        page = office.get(client, path)
        assert "Expected to end:" in page.text, path
        assert "What goes when" in page.text
    assert "ends " in office.get(client, "/mailings").text
    rehearsal = office.get(client, f"/mailings/{mailing_id}/rehearsal")
    assert "Имя 3, заказ 3 готов" in rehearsal.text


def test_a_running_mailing_that_never_ends_says_why(office: Office) -> None:
    mailing_id = office.start_mailing(office.add_list(many(4)), TEXT)
    forecasts.Keeper(office.settings).refresh(office.database)
    page = office.get(office.client(Role.VIEWER), f"/mailings/{mailing_id}")
    assert "it never ends: no SIM was ever seen" in page.text


def test_what_does_not_exist_or_may_not_be_asked(office: Office) -> None:
    viewer = office.client(Role.VIEWER)
    assert office.get(viewer, "/mailings/999/rehearsal").status_code == 404
    assert office.get(viewer, "/mailings/999/forecast").status_code == 404
    answer = office.post(viewer, "/mailings/rehearsal", list_id="1", text=TEXT)
    assert answer.status_code == 403
    assert office.post(office.client(Role.OPERATOR), "/mailings/rehearsal", text=TEXT).status_code == 400
