"""The page of missed calls."""

from __future__ import annotations

import re

from made_history import missed_calls_of
from office import Office

from pbx_sms.storage.users import Role


def test_the_page_says_what_came_of_each_call(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert "No missed calls." in office.get(client, "/missed-calls").text
    now = office.database.now()
    with office.database.begin() as connection:
        missed_calls_of(connection, now)
    page = office.get(client, "/missed-calls").text
    assert "Перезвоним!" in page
    assert "went or waits already" in page
    assert "79161234568" in re.sub(r"\D", "", page)
    waiting = office.get(client, "/missed-calls?view=waiting").text
    assert "went or waits already" not in waiting
    assert "No missed calls." in office.get(client, "/missed-calls?number=0000").text
