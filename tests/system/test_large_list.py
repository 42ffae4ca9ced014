"""A large list in the browser, over gunicorn: progress, other pages meanwhile, a restart in the middle."""

from __future__ import annotations

import re

import pytest
from browser_pages import open_page, sign_in
from made_lists import make_list, number
from office import Office
from pages_process import PagesProcess
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from pbx_sms.storage import views
from pbx_sms.storage.schema import messages
from pbx_sms.storage.users import Role
from pbx_sms.storage.views import MailingView

pytestmark = pytest.mark.timeout(600)

ROWS = 20_000
TEXT = "{Имя}, заказ №{Заказ} готов"
BUTTON = "Send 20,000 messages, 20,000 parts"


@pytest.fixture
def list_id(office: Office) -> int:
    return make_list(office.database, [(number(one), f"Имя {one}", str(one)) for one in range(ROWS)])


def stored(office: Office) -> list[MailingView]:
    with office.database.read() as connection:
        return views.mailings_newest_first(connection)


def message_count(office: Office) -> int:
    with office.database.read() as connection:
        return connection.execute(select(func.count()).select_from(messages)).scalar_one()


def check(page: Page, pages: PagesProcess, list_id: int) -> None:
    page.goto(f"{pages.url}/mailings/new?list_id={list_id}")
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_role("button", name="Check the mailing").click()
    expect(page.locator("[data-start]")).to_have_text(BUTTON)


def form_of(page: Page) -> dict[str, str | float | bool]:
    fields: dict[str, str | float | bool] = page.evaluate(
        "Object.fromEntries(new FormData(document.getElementById('check')))"
    )
    return fields


def test_start_shows_progress_while_pages_answer_and_neither_a_second_click_nor_a_second_browser_repeats_it(
    browser: Browser, office: Office, pages: PagesProcess, list_id: int
) -> None:
    page, problems = open_page(browser)
    sign_in(page, pages, office.add_user(Role.OPERATOR))
    other, _ = open_page(browser)
    sign_in(other, pages, office.add_user(Role.ADMIN))
    check(page, pages, list_id)
    check(other, pages, list_id)
    form, form_of_other = form_of(page), form_of(other)
    page.locator("[data-start]").click()
    expect(page.get_by_text("the Start goes on")).to_be_visible()
    # the form once more: the same Start; the form of another browser: a question
    again = page.request.post(f"{pages.url}/mailings", form=form, max_redirects=0)
    assert again.headers["location"] == f"/sms/mailings/starting/{form['once']}"
    refused = other.request.post(f"{pages.url}/mailings", form=form_of_other, max_redirects=0)
    assert refused.status == 400
    assert "at this moment" in refused.text()
    assert other.request.get(f"{pages.url}/").status == 200
    # all of that was answered while the queue was being filled
    assert [mailing.state for mailing in stored(office)] in ([], ["draft"])
    expect(page.locator("#mailing-state")).to_have_text("running")
    expect(page.locator(".big-progress")).to_contain_text("of 20,000")
    assert [(mailing.state, mailing.messages) for mailing in stored(office)] == [("running", ROWS)]
    assert message_count(office) == ROWS
    assert problems == []


def test_a_restart_in_the_middle_of_a_start_is_explained_and_the_start_can_be_repeated(
    browser: Browser, office: Office, pages: PagesProcess, list_id: int
) -> None:
    page, _ = open_page(browser)
    sign_in(page, pages, office.add_user(Role.OPERATOR))
    check(page, pages, list_id)
    page.locator("[data-start]").click()
    while message_count(office) == 0:
        continue
    # somebody else writes, so that the Start comes no further before the server is gone
    with office.database.begin():
        # what the page has to remember has reached it
        with page.expect_response(re.compile(r"progress\.json\?mailing=\d+$")):
            pass
        expect(page.locator("#phase")).to_have_text("Writing the messages")
        pages.stop()
    assert [mailing.state for mailing in stored(office)] == ["draft"]
    assert 0 < message_count(office) < ROWS
    with pages:
        expect(page.get_by_text("The Start of this mailing was broken off")).to_be_visible()
        send = page.locator("[data-start]")
        expect(send).to_have_text(BUTTON)
        send.click()
        expect(page.locator("#mailing-state")).to_have_text("running")
        assert [(mailing.state, mailing.messages) for mailing in stored(office)] == [("running", ROWS)]
        assert message_count(office) == ROWS
