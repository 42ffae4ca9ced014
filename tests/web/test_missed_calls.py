"""The page of missed calls."""

from __future__ import annotations

import re
from datetime import timedelta

from office import Office

from pbx_sms.core.reason import Reason
from pbx_sms.storage import missed_calls
from pbx_sms.storage.missed_calls import NewMissedCall
from pbx_sms.storage.users import Role


def test_the_page_says_what_came_of_each_call(office: Office) -> None:
    client = office.client(Role.OPERATOR)
    assert "No missed calls." in office.get(client, "/missed-calls").text
    now = office.database.now()
    with office.database.begin() as connection:
        for number, reason in (
            ("+79161234567", None),
            ("+79161234568", Reason("missed_again", {"hours": "24"})),
        ):
            new = NewMissedCall(
                call_id=number,
                caller=number,
                msisdn=number,
                did="4951112233",
                queue="sales",
                rule="office",
                called_at=now,
                missed_at=now,
                text="Перезвоним!",
                next_at=now + timedelta(seconds=60),
                reason=reason,
            )
            assert missed_calls.add(connection, new) is not None
    page = office.get(client, "/missed-calls").text
    assert "Перезвоним!" in page
    assert "went or waits already" in page
    assert "79161234568" in re.sub(r"\D", "", page)
    waiting = office.get(client, "/missed-calls?view=waiting").text
    assert "went or waits already" not in waiting
    assert "No missed calls." in office.get(client, "/missed-calls?number=0000").text
