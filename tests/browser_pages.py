"""Pages in a real Chromium, for the tests that look at what a person looks at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from office import PASSWORD
from pages_process import PagesProcess
from playwright.sync_api import Browser, Page, expect, sync_playwright

#: a busy machine is no mistake of the pages
PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)

_CHROMIUM = "/usr/bin/chromium"
_QUIET = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running_chromium() -> Iterator[Browser]:
    # its sandbox cannot be used by root, as in a container
    arguments = [*_QUIET, "--no-sandbox"] if os.geteuid() == 0 else _QUIET
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_CHROMIUM, args=arguments)
        yield launched
        launched.close()


def open_page(
    browser: Browser, language: str = "en", width: int = 1280, colors: str | None = None
) -> tuple[Page, list[str]]:
    """A page of a person's own, and everything that goes wrong in it: exceptions, refused scripts, missing
    files."""
    context = browser.new_context(
        locale=language,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if colors == "dark" else "light",
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
    return page, problems


def sign_in(page: Page, pages: PagesProcess, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{pages.url}/")
    page.fill("#name", name)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sms/")
