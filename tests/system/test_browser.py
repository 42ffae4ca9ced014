"""A real Chromium over the real pages: from the workbook to the end of the log, and the counter's arithmetic.

What sends is the hand of `office`, so that the test decides when each thing happens; the daemon with
simulated modems has its own tests.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from browser_pages import open_page, sign_in
from office import ROWS, Office, refusal, workbook
from pages_process import PagesProcess
from playwright.sync_api import Browser, expect

from pbx_sms.core import encoding, segments
from pbx_sms.operations import groups, templates
from pbx_sms.storage.users import Role

# a busy machine is no mistake of the pages
pytestmark = pytest.mark.timeout(600)


def test_from_the_workbook_to_the_end_of_the_log(
    browser: Browser, office: Office, pages: PagesProcess, tmp_path: Path
) -> None:
    page, problems = open_page(browser)
    sign_in(page, pages, office.add_user(Role.OPERATOR))
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    (tmp_path / "clients.xlsx").write_bytes(workbook(ROWS))

    page.get_by_role("link", name="Upload a list").click()
    page.set_input_files("#file", tmp_path / "clients.xlsx")
    expect(page.locator("#phone_column")).to_have_value("Телефон")
    page.get_by_role("button", name="Import the list").click()
    expect(page.get_by_role("heading", name="clients", exact=True)).to_be_visible()
    expect(page.locator("#rejected")).to_contain_text("нет номера")

    page.get_by_role("link", name="Write to this list").click()
    text = page.get_by_label("Text", exact=True)
    text.fill(", заказ № готов")
    text.press("Home")
    page.get_by_role("button", name="Имя", exact=True).click()
    expect(text).to_have_value("{Имя}, заказ № готов")
    expect(page.locator("#bubble")).to_have_text("Сергей Михайлович, заказ № готов")
    expect(page.locator("#characters")).to_have_text("32")
    expect(page.locator("#parts")).to_have_text("1")
    expect(page.locator("#forcing")).to_contain_text("№")
    text.fill("{Имя|Клиент}, заказ №{Заказ} готов")
    page.get_by_role("button", name="Row below").click()
    expect(page.locator("#bubble")).to_have_text("Анна Петровна, заказ №84316 готов")
    page.get_by_role("button", name="Check the mailing").click()

    send = page.locator("[data-start]")
    expect(send).to_be_disabled()
    expect(page.locator(".reasons")).to_contain_text("this is not a telephone number")
    page.get_by_label("Send each row its own message").check()
    expect(send).to_be_enabled()
    expect(send).to_have_text("Send 5 messages, 5 parts")
    page.get_by_role("button", name="Row below").click()
    expect(page.locator("#bubble")).to_have_text("Клиент, заказ №84318 готов")
    send.click()

    expect(page.locator("#mailing-state")).to_have_text("running")
    expect(page.locator("#live")).to_have_text("live")
    lines = page.locator("#log-lines tr")
    office.send_one(sim_id)
    expect(lines).to_have_count(1)
    for words in ("+7 916 000‑00‑01", "gsm1", "sent", "Сергей Михайлович, заказ №84315 готов"):
        expect(lines.first).to_contain_text(words)
    office.send_one(sim_id, refusal("+CMS ERROR: 1"))
    expect(lines.first).to_contain_text("+CMS ERROR: 1")
    office.report(sim_id, "+79160000001", 1)
    expect(lines.last).to_contain_text("delivered")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#mailing-state")).to_have_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#live")).to_have_text("live")
    while office.send_one(sim_id) is not None:
        pass
    office.finish()
    expect(page.locator("#mailing-state")).to_have_text("finished")
    expect(page.locator("#done")).to_have_text("5")
    expect(lines).to_have_count(5)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert problems == []


def test_the_log_goes_on_after_the_connection_was_lost(
    browser: Browser, office: Office, pages: PagesProcess
) -> None:
    page, _ = open_page(browser)
    name = office.add_user(Role.VIEWER)
    mailing_id = office.start_mailing(office.add_list())
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    sign_in(page, pages, name)
    page.goto(f"{pages.url}/mailings/{mailing_id}")
    expect(page.locator("#live")).to_have_text("live")
    office.send_one(sim_id)
    expect(page.locator("#log-lines tr")).to_have_count(1)
    page.context.set_offline(True)
    pages.stop()
    expect(page.locator("#live")).to_contain_text("No connection")
    office.send_one(sim_id)
    office.send_one(sim_id)
    with pages:
        page.context.set_offline(False)
        expect(page.locator("#log-lines tr")).to_have_count(3)
        expect(page.locator("#live")).to_have_text("live")


def test_a_log_without_a_place_for_a_stream_is_brought_up_to_date_by_polling(
    browser: Browser, office: Office, pages: PagesProcess
) -> None:
    name = office.add_user(Role.VIEWER)
    mailing_id = office.start_mailing(office.add_list())
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    page, _ = open_page(browser)
    sign_in(page, pages, name)
    page.route("**/events?*", lambda route: route.fulfill(status=503, body="taken"))
    page.goto(f"{pages.url}/mailings/{mailing_id}")
    expect(page.locator("#live")).to_contain_text("every few seconds")
    office.send_one(sim_id)
    expect(page.locator("#log-lines tr")).to_have_count(1)


def test_nothing_needs_sideways_scrolling_on_a_phone_in_either_language(
    browser: Browser, office: Office, pages: PagesProcess, tmp_path: Path
) -> None:
    (tmp_path / "clients.xlsx").write_bytes(workbook(ROWS))
    office.add_user(Role.ADMIN)
    list_id = office.add_list()
    mailing_id = office.start_mailing(list_id)
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    office.send_one(sim_id)
    by_hand = groups.add(office.database, office.settings, name="Клиенты", list_id=list_id)["group_id"]
    rule = {"all": [{"field": "Заказ", "greater": 84_000}, {"not": {"replied": True}}]}
    by_rule = groups.add(office.database, office.settings, name="Без ответа", rule=rule)["group_id"]
    template_id = templates.add(office.database, name="Заказ", text="{Имя}, заказ готов")["template_id"]
    for language in ("en", "ru"):
        page, problems = open_page(browser, language, width=360)
        sign_in(page, pages, "admin")
        for path in (
            "/",
            "/lists",
            f"/lists/{list_id}",
            "/uploads/new",
            f"/mailings/new?list_id={list_id}",
            f"/mailings/{mailing_id}",
            f"/mailings/{mailing_id}/cancel",
            "/contacts",
            "/contacts/+79160000001",
            f"/contacts/import?list_id={list_id}",
            "/groups",
            "/groups/new",
            f"/groups/{by_hand}",
            f"/groups/{by_rule}",
            "/templates",
            f"/templates/{template_id}",
        ):
            page.goto(pages.url + path)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 360, (language, path, width)
        page.goto(f"{pages.url}/uploads/new")
        page.set_input_files("#file", tmp_path / "clients.xlsx")
        expect(page.locator("#mapping")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert problems == []


#: texts with less contrast than WCAG 2.2 AA asks for (1.4.3), as [what, text, ratio]; what is disabled may
_PALE_TEXTS = """() => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const over = (top, below) => top.rgb.map((value, index) => value * top.a + below[index] * (1 - top.a));
  const channel = (value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const pale = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.getClientRects().length) continue;
    if (element.closest("[disabled], .sr, script, noscript, option")) continue;
    const chain = [];
    for (let one = element; one; one = one.parentElement) chain.unshift(getComputedStyle(one));
    const base = chain.reduce((below, style) => over(parse(style.backgroundColor), below), [255, 255, 255]);
    const style = chain.at(-1);
    const ink = parse(style.color);
    ink.a *= chain.reduce((opacity, one) => opacity * Number(one.opacity), 1);
    const [dark, light] = [luminance(over(ink, base)), luminance(base)].sort((one, other) => one - other);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) pale.push([element.className || element.tagName, text, ratio]);
  }
  return pale;
}"""


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    browser: Browser, office: Office, pages: PagesProcess, colors: str
) -> None:
    name = office.add_user(Role.ADMIN)
    list_id = office.add_list()
    mailing_id = office.start_mailing(list_id)
    sim_id = office.add_sim("250011234567890", "gsm1", "MTS")
    for answer in ("+CMS ERROR: 1", "timeout"):
        office.send_one(sim_id, refusal(answer))
    office.send_one(sim_id)
    page, _ = open_page(browser, colors=colors)
    page.goto(f"{pages.url}/sign-in")
    assert page.evaluate(_PALE_TEXTS) == []
    sign_in(page, pages, name)
    for path in (
        "/",
        "/lists",
        f"/lists/{list_id}",
        "/uploads/new",
        f"/mailings/new?list_id={list_id}",
        f"/mailings/{mailing_id}",
        f"/mailings/{mailing_id}/messages",
        f"/mailings/{mailing_id}/cancel",
        "/nowhere",
    ):
        page.goto(pages.url + path)
        assert page.evaluate(_PALE_TEXTS) == [], path
    page.goto(f"{pages.url}/mailings/new?list_id={list_id}")
    page.get_by_label("Text", exact=True).fill("{Имя|Клиент}, заказ №{Заказ} готов")
    page.get_by_role("button", name="Check the mailing").click()
    expect(page.locator(".problems")).to_be_visible()
    assert page.evaluate(_PALE_TEXTS) == []


def _texts() -> list[str]:
    """Texts around every edge of the two encodings, and a thousand that chance has put together."""
    texts = ["", "a", "€", "€" * 80, "€" * 81, "a" * 152 + "€" + "b" * 20, "[" * 77 + "a" * 100]
    for length in (69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 305, 306, 307, 469, 470):
        texts += [
            "a" * length,
            "я" * length,
            "a" * (length - 1) + "ё",
            "😀" * (length // 2) + "x" * (length % 2),
        ]
    texts += ["я" * 66 + "😀" + "я" * 66 + "😀" * 3, "я" * 66 + "e\u0301" * 30, "я" * 65 + "👩‍👩‍👧‍👦" * 20]
    texts += [
        "я" * 66 + "🇷🇺" * 40,
        "👍🏽" * 40,
        "\u200d" * 100,
        "\u0301" * 150,
        "«“”»—–№" * 20,
        "\r\n\f\x1b\x00",
    ]
    chance = random.Random(11)
    letters = "abcABC@£$¥ΔΦΓΛ ^{}\\[~]|€\n" * 8 + "яёЖ№—😀🇷🇺👍🏽\u0301\u200d"
    for _ in range(1000):
        only_gsm = chance.random() < 0.4
        chosen = letters[:-12] if only_gsm else letters
        texts.append("".join(chance.choices(chosen, k=chance.randint(1, 400))))
    return texts


def test_the_counter_of_the_page_counts_like_the_program(
    browser: Browser, office: Office, pages: PagesProcess
) -> None:
    texts = _texts()
    page, _ = open_page(browser)
    page.goto(f"{pages.url}/sign-in")
    counted = page.evaluate(
        """async (texts) => {
            const { measure, forcingCharacters } = await import("/sms/static/counter.js");
            return texts.map((text) => [measure(text), forcingCharacters(text)]);
        }""",
        texts,
    )
    for text, (measured, forcing) in zip(texts, counted, strict=True):
        expected = segments.measure(text)
        parts = segments.split(text)
        assert measured["encoding"] == expected.encoding, text
        assert measured["characters"] == expected.characters, text
        assert measured["units"] == expected.units, text
        assert measured["parts"] == expected.parts, text
        assert measured["left"] == expected.units_left_in_last_part, text
        assert len(measured["cuts"]) == len(parts) - 1, text
        ends = [0]
        for part in parts:
            ends.append(ends[-1] + len(part.text.encode("utf-16-le")) // 2)
        assert measured["cuts"] == ends[1:-1], text
        assert tuple(forcing) == encoding.forcing_characters(text), text
    halves = page.evaluate(
        """async () => (await import("/sms/static/counter.js")).measure("half \\ud83d of a pair")"""
    )
    assert halves is None
