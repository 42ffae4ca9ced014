"""Choosing how much one person may get, and what Start says about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from made_history import a_sim, accepted_parts, past_message
from made_lists import make_list, number

from pbx_sms.config import Settings
from pbx_sms.errors import Refused
from pbx_sms.operations import mailings, person_caps
from pbx_sms.storage.engine import Database

A, B, C = number(1), number(2), number(3)
ROWS = [(A, "Анна", "1"), (B, "Борис", "2"), (C, "Вера", "3"), (A, "Анна", "4")]


def went(database: Database, msisdn: str, hours_ago: float) -> None:
    at = database.now() - timedelta(hours=hours_ago)
    message_id = past_message(database, msisdn, at)
    with database.begin() as connection:
        sim_id = a_sim(database, connection)
        accepted_parts(connection, sim_id, [at], msisdn=msisdn, first_message_id=message_id)


def test_nothing_is_capped_until_somebody_chooses(database: Database) -> None:
    assert person_caps.show(database, Settings()) == {"per_day": 0, "per_week": 0, "in_settings": []}
    person_caps.choose(database, Settings(), per_day=2, by="Ольга")
    person_caps.choose(database, Settings(), per_week=5)
    assert person_caps.show(database, Settings())["per_day"] == 2
    told = person_caps.choose(database, Settings(), per_day=0)
    assert (told["per_day"], told["per_week"]) == (0, 5)


def test_what_the_settings_file_says_cannot_be_chosen(
    database: Database, settings: Callable[..., Settings]
) -> None:
    own = settings(people={"per_person_per_day": 3})
    person_caps.choose(database, Settings(), per_day=9, per_week=9)
    assert person_caps.show(database, own) == {"per_day": 3, "per_week": 9, "in_settings": ["per_day"]}
    with pytest.raises(Refused, match="person_cap_in_settings"):
        person_caps.choose(database, own, per_day=1, per_week=1)
    assert person_caps.show(database, own)["per_week"] == 9


@pytest.mark.parametrize("value", [-1, 1001])
def test_a_cap_that_nobody_means_is_refused(database: Database, value: int) -> None:
    with pytest.raises(Refused, match="person_cap_invalid"):
        person_caps.choose(database, Settings(), per_week=value)


def test_start_tells_how_many_will_wait_those_of_the_list_itself_included(database: Database) -> None:
    went(database, B, 3)
    went(database, C, 30)
    list_id = make_list(database, ROWS)
    text = "Заказ {Заказ}"

    def waits(kind: str = "information") -> int | None:
        told = mailings.create(database, Settings(), list_id=list_id, text=text, kind=kind, repeats="all")
        return told.get("person_cap_waits")

    assert waits() is None
    person_caps.choose(database, Settings(), per_day=1)
    # Boris has had one, Anna stands in the list twice
    assert waits() == 2
    assert waits("service") is None
    person_caps.choose(database, Settings(), per_week=1)
    # Vera's of 30 hours ago is in the week
    assert waits() == 3
    draft = mailings.create(database, Settings(), list_id=list_id, text=text, repeats="all")
    assert mailings.start(database, Settings(), draft["mailing_id"])["person_cap_waits"] == 3
    at_once = mailings.create(database, Settings(), list_id=list_id, text=text, repeats="all", start=True)
    assert (at_once["messages"], at_once["person_cap_waits"]) == (4, 3)
