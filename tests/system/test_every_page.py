"""Every page in a real Chromium, in both languages and looks, on a telephone and on a wide screen: nothing
that axe-core finds against WCAG 2.2 AA, no error in the console, nothing to scroll sideways.

`SCREENSHOTS=FOLDER` keeps a picture of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from browser_pages import open_page, sign_in
from office import ROWS, Office, workbook
from pages_process import PagesProcess
from playwright.sync_api import Browser, Page
from walked_office import NO_PAGES, ONLY_MEANWHILE, WALK, Things, furnish

from pbx_sms.storage.users import Role

# a busy machine is no mistake of the pages
pytestmark = pytest.mark.timeout(1800)

_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: what axe found, as one line for each element
_FINDINGS = """async (run) => (await axe.run(document, run)).violations.flatMap((violation) =>
  violation.nodes.map((node) =>
    `${violation.id}: ${node.html.slice(0, 160)} ${node.any.map((one) => one.message).join("; ")}`))"""
_WIDTHS = (1440, 360)
_LOOKS = ("light", "dark")


def test_the_walk_knows_every_page(office: Office) -> None:
    pages = {rule.endpoint for rule in office.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert pages == set(WALK) | NO_PAGES | ONLY_MEANWHILE


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_can_be_used_by_everybody(
    browser: Browser, office: Office, pages: PagesProcess, tmp_path: Path, language: str
) -> None:
    made = furnish(office)
    name = office.add_user(Role.ADMIN)
    (tmp_path / "clients.xlsx").write_bytes(workbook(ROWS))
    page, problems = open_page(browser, language)
    found = []
    for address in _walk(page, pages, made, name, tmp_path / "clients.xlsx"):
        page.evaluate(_AXE)
        for width in _WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for look in _LOOKS:
                page.emulate_media(color_scheme=look)  # type: ignore[arg-type]
                # all but colours is the same in the other look
                run: dict[str, Any] = {"runOnly": _RULES if look == _LOOKS[0] else ["color-contrast"]}
                for finding in page.evaluate(_FINDINGS, run):
                    found.append(f"{address} {width} {look} {finding}")
                _keep_picture(page, f"{address if address != '/' else 'today'}.{width}.{language}.{look}")
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{address} {width} is scrolled sideways")
        found += [f"{address} console: {problem}" for problem in problems]
        problems.clear()
    assert not found, "\n".join(found)


def _walk(page: Page, pages: PagesProcess, made: Things, name: str, list_file: Path) -> Iterator[str]:
    """Goes from page to page and says where it is."""
    page.goto(f"{pages.url}/sign-in")
    yield "/sign-in"
    sign_in(page, pages, name)
    for addresses in WALK.values():
        for address in addresses(made):
            answer = page.goto(pages.url + address)
            assert answer is not None
            assert answer.ok, address
            yield address
    page.goto(f"{pages.url}/uploads/new")
    page.set_input_files("#file", list_file)
    page.wait_for_selector("#mapping")
    yield "/uploads/key"
    page.goto(f"{pages.url}/mailings/new?list_id={made.list_id}")
    page.fill("textarea", "{Имя|Клиент}, заказ №{Заказ} готов")
    page.locator("form:has(textarea) button.primary").click()
    page.wait_for_selector("[data-start]")
    yield "/mailings/check"


def _keep_picture(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        file_name = name.strip("/").replace("/", "-").replace("?", "-").replace("%", "") or "today"
        (Path(folder) / f"{file_name}.png").write_bytes(page.screenshot(full_page=True))
