"""A day in an office, nothing of it made up: modems on the wire, the engine, gunicorn, a person at Chromium.

The person works in Russian. What was sent is told by the ledger of the simulated network, and by nobody else.
"""

from __future__ import annotations

import io
import runpy
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from browser_pages import open_page
from office import PASSWORD
from office_programs import ROOT, OfficePrograms
from playwright.sync_api import Browser, Page, expect

from pbx_sms.core import segments
from pbx_sms.storage import views
from pbx_sms.storage.users import Role

pytestmark = pytest.mark.timeout(600)

#: the sample list, and what has to become of each of its rows
SAMPLE = runpy.run_path(str(ROOT / "examples" / "make_clients.py"))
CLIENTS: list[Any] = SAMPLE["clients"]()
REACHABLE = [client for client in CLIENTS if client.number is not None]
PART_COUNT = sum(segments.measure(client.text()).parts for client in REACHABLE)
BUTTON = f"Отправить {len(REACHABLE)} сообщений, {PART_COUNT} частей"


@pytest.fixture
def programs(compiled_words: None, tmp_path: Path) -> Iterator[OfficePrograms]:
    with OfficePrograms(tmp_path, modems=4, latency_s=0.2) as running:
        yield running


def upload(page: Page, programs: OfficePrograms, tmp_path: Path) -> None:
    (tmp_path / "прайс.xlsx").write_bytes(b"this is no workbook at all" * 100)
    page.get_by_role("link", name="Загрузить список").click()
    page.set_input_files("#file", tmp_path / "прайс.xlsx")
    expect(page.locator("#upload-problem")).to_contain_text("прайс.xlsx")
    with programs.database.read() as connection:
        assert views.lists_newest_first(connection) == []
    page.set_input_files("#file", SAMPLE["WORKBOOK"])
    expect(page.locator("#phone_column")).to_have_value("Мобильный телефон")
    expect(page.locator("#sheet")).to_have_value(SAMPLE["SHEET"])
    page.get_by_role("button", name="Принять список").click()
    for client in CLIENTS:
        if client.number is None:
            expect(page.locator("#rejected")).to_contain_text(str(client.row))


def write(page: Page, programs: OfficePrograms) -> None:
    page.get_by_role("link", name="Написать по списку").click()
    text = page.get_by_label("Текст", exact=True)
    text.fill("{Обращениее}, Ваш заказ готов")
    expect(page.locator("#text-problem")).to_contain_text("{Обращениее}")
    page.get_by_role("button", name="Проверить рассылку").click()
    expect(page.locator(".problems")).to_contain_text("{Обращениее}")
    expect(page.locator("[data-start]")).to_be_disabled()
    with programs.database.read() as connection:
        assert views.mailings_newest_first(connection) == []
    page.get_by_role("button", name="Назад к тексту").click()
    text.fill("")
    # words typed, columns put in by a click
    for place, piece in enumerate(SAMPLE["TEXT"].replace("}", "{").split("{")):
        if place % 2:
            page.get_by_role("button", name=piece, exact=True).click()
        else:
            text.press_sequentially(piece)
    expect(text).to_have_value(SAMPLE["TEXT"])
    expect(page.locator("#bubble")).to_have_text(REACHABLE[0].text())


def check_and_start(page: Page) -> None:
    page.get_by_role("button", name="Проверить рассылку").click()
    send = page.locator("[data-start]")
    expect(send).to_be_disabled()
    page.get_by_label("Каждой строке — своё сообщение").check()
    expect(send).to_have_text(BUTTON)
    send.click()
    expect(page.locator("#mailing-state")).to_have_text("идёт")


def done_count(page: Page) -> int:
    return int(page.locator("#done").inner_text())


def until_done(page: Page, at_least: int) -> None:
    page.wait_for_function(
        "least => Number(document.getElementById('done').textContent) >= least", arg=at_least
    )


def sim_of(page: Page, modem: str) -> Any:
    return page.locator(".sim", has_text=modem)


def check_ledger(programs: OfficePrograms, states: dict[int, str]) -> None:
    """Each number its own text once; of what is unknown, no part twice."""
    sent: defaultdict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    for line in programs.ledger():
        sent[line["number"]][(line["part"], line["text"])] += 1
    wanted: defaultdict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    unsure: defaultdict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    for client in REACHABLE:
        kept = unsure if states[client.row] == "неизвестно" else wanted
        for number, part in enumerate(segments.split(client.text()), 1):
            kept[client.number][(number, part.text)] += 1
    for number in {client.number for client in REACHABLE}:
        assert wanted[number] <= sent[number] <= wanted[number] + unsure[number], number
    assert set(sent) <= set(wanted) | set(unsure)


def test_a_day_in_the_office(browser: Browser, programs: OfficePrograms, tmp_path: Path) -> None:
    programs.add_user(Role.OPERATOR, "Анна", PASSWORD)
    page, problems = open_page(browser, "ru")
    page.goto(f"{programs.url}/")
    page.fill("#name", "Анна")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".sim.ready")).to_have_count(4)

    upload(page, programs, tmp_path)
    write(page, programs)
    assert programs.ledger() == []
    check_and_start(page)
    expect(page.locator("#live")).to_have_text("в прямом эфире")
    until_done(page, 4)
    expect(page.locator("#log-lines tr.good").first).to_contain_text("доставлено")

    page.get_by_role("button", name="Пауза").click()
    expect(page.locator("#mailing-state")).to_have_text("на паузе")
    expect(page.locator("[data-group=working]")).to_have_text("0")
    paused_at = len(programs.ledger())
    sim_of(page, "gsm2").wait_for()
    assert len(programs.ledger()) == paused_at
    page.get_by_role("button", name="Продолжить").click()
    expect(page.locator("#mailing-state")).to_have_text("идёт")

    programs.order(cmd="set", latency_s=0.6)
    programs.order(cmd="unplug", modem=1)
    expect(page.locator(".sim.absent")).to_contain_text("Её нет ни в одном работающем модеме")
    until_done(page, done_count(page) + 3)
    programs.order(cmd="plug", modem=1)
    expect(sim_of(page, "gsm2")).to_contain_text("готова")

    # what is in the air now gets no report: nobody can tell what has become of it
    programs.order(cmd="set", latency_s=1.5)
    programs.order(cmd="faults", fault=[{"action": "report_never"}])
    expect(page.locator("[data-group=working]")).not_to_have_text("0")
    programs.kill_engine()
    assert done_count(page) < len(REACHABLE)
    programs.order(cmd="set", latency_s=0.05)
    programs.order(cmd="faults", fault=[])
    programs.start_engine()
    stopped = page.locator("#log-lines tr.unsure", has_text="программа остановилась до ответа сети")
    expect(stopped.first).to_be_visible()
    expect(page.locator("#live")).to_have_text("в прямом эфире")

    expect(page.locator("#mailing-state")).to_have_text("завершена")
    expect(page.locator("#done")).to_have_text(str(len(REACHABLE)))
    expect(page.locator("[data-group=waiting]")).to_have_text("0")
    assert int(page.locator("[data-group=unsure]").inner_text()) > 0
    with page.expect_download() as download:
        page.get_by_role("link", name="Скачать отчёт").click()
    states = read_report(Path(download.value.path()))
    check_ledger(programs, states)
    assert Counter(states.values())["неизвестно"] == int(page.locator("[data-group=unsure]").inner_text())
    # the file that is no workbook was answered with 400, which the browser notes
    assert [problem for problem in problems if " 400 " not in problem] == []


def read_report(path: Path) -> dict[int, str]:
    """Row of the workbook → its state; each row keeps what stood in it and says what became of it."""
    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()))
    sheet = book[SAMPLE["SHEET"]]
    header = [cell.value for cell in sheet[SAMPLE["HEADER_ROW"]]]
    state, reason = header.index("Состояние"), header.index("Причина")
    states = {}
    for client in CLIENTS:
        cells = [cell.value for cell in sheet[client.row]]
        assert cells[:2] == list(client.cells[:2])
        states[client.row] = cells[state]
        if client.number is None:
            assert cells[state] == "не отправляется"
        else:
            assert cells[state] in ("доставлено", "отправлено", "неизвестно")
        if cells[state] in ("не отправляется", "неизвестно"):
            assert cells[reason]
    book.close()
    return states
