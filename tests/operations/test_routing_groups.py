"""Rules for people of a group, however the group is kept: the same people as an audience of that group."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from made_history import past_message
from made_lists import make_list, number, people
from made_mailings import TEXT, MakeSettings
from sqlalchemy import insert, select

from pbx_sms.operations import contacts, group_members, groups, mailings
from pbx_sms.operations.routing import rules
from pbx_sms.storage import groups as stored_groups
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import inbound, messages, routes, sims

#: who is known, with a city and a birthday
CITIES = {number(0): "Казань", number(1): "казань", number(2): "Уфа", number(3): ""}


def sim(database: Database) -> int:
    now = database.now()
    with database.begin() as connection:
        key = connection.execute(
            insert(sims).values(
                imsi="250010000000001", label="склад", state="ready", first_seen_at=now, modem_id=1
            )
        ).inserted_primary_key
    assert key is not None
    return int(key[0])


def know(database: Database, settings: MakeSettings) -> None:
    """Four of the six people of the list: one was mailed and got it, one did not, one wrote."""
    now = database.now()
    for msisdn, city in CITIES.items():
        contacts.set_contact(database, settings(), msisdn, fields={"Город": city or "-"})
    past_message(database, number(1), now - timedelta(days=3))
    past_message(database, number(2), now - timedelta(days=40), "undelivered")
    past_message(database, number(5), now - timedelta(days=3))
    with database.begin() as connection:
        connection.execute(
            insert(inbound).values(sim_id=1, sender=number(2), msisdn=number(2), text="да", received_at=now)
        )


def given_to_the_sim(database: Database, mailing_id: int) -> set[str]:
    """The numbers whose message has a route of the rule."""
    query = (
        select(messages.c.msisdn)
        .join(routes, routes.c.route_id == messages.c.route_id)
        .where(messages.c.mailing_id == mailing_id, routes.c.strict)
    )
    with database.read() as connection:
        return set(connection.execute(query).scalars())


def start(database: Database, settings: MakeSettings, rows: int = 6) -> int:
    list_id = make_list(database, people(rows))
    mailing_id: int = mailings.create(database, settings(), list_id=list_id, text=TEXT, start=True)[
        "mailing_id"
    ]
    return mailing_id


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({"rule": {"field": "Город", "is": "Казань"}}, {0, 1}),
        ({"rule": {"not": {"field": "Город", "is": "Казань"}}}, {2, 3}),
        ({"rule": {"mailed_within_days": 7}}, {1}),
        ({"rule": {"delivered": False}}, {2}),
        ({"rule": {"all": [{"replied": True}, {"field": "Город", "is": "Уфа"}]}}, {2}),
        ({"keywords": ["турция"]}, {3}),
        ({"list": [0, 4]}, {0, 4}),
        ({"hand": [5]}, {5}),
    ],
)
def test_a_rule_for_a_group_finds_whom_an_audience_of_it_would_have(
    database: Database, settings: MakeSettings, how: dict[str, Any], wanted: set[int]
) -> None:
    sim(database)
    know(database, settings)
    options = {word: how[word] for word in ("rule", "keywords") if word in how}
    if "list" in how:
        options["list_id"] = make_list(database, [(number(one), "Имя", "1") for one in how["list"]])
    group_id = groups.add(database, settings(), name="Турция", **options)["group_id"]
    if "hand" in how:
        groups.add_member(database, settings(), group_id, [number(one) for one in how["hand"]])
    if "keywords" in how:
        with database.begin() as connection:
            stored_groups.join_by_keyword(connection, number(3), "Турция", database.now())
    rules.add(database, settings(), kind="only", sim_names=["склад"], group="Турция")
    found = given_to_the_sim(database, start(database, settings))
    assert found == {number(one) for one in wanted}
    audience = groups.members(database, settings(), groups.find(database, group_id))
    assert {contact.msisdn for contact in audience} == found
    for place in range(6):
        tried = rules.try_number(database, settings(), number=number(place))
        assert (tried["reason"] == "route_only") == (place in wanted)


def test_who_is_in_a_group_by_rule_is_found_out_at_start(database: Database, settings: MakeSettings) -> None:
    sim(database)
    know(database, settings)
    groups.add(database, settings(), name="Казань", rule={"field": "Город", "is": "Казань"})
    rules.add(database, settings(), kind="only", sim_names=["склад"], group="Казань")
    list_id = make_list(database, people(4))
    mailing_id = mailings.create(database, settings(), list_id=list_id, text=TEXT)["mailing_id"]
    contacts.set_contact(database, settings(), number(0), fields={"Город": "Уфа"})
    contacts.set_contact(database, settings(), number(2), fields={"Город": "Казань"})
    mailings.start(database, settings(), mailing_id)
    assert given_to_the_sim(database, mailing_id) == {number(1), number(2)}


def test_nobody_is_in_a_group_that_is_gone(database: Database, settings: MakeSettings) -> None:
    sim(database)
    know(database, settings)
    group_id = groups.add(database, settings(), name="Все", rule={"not": {"field": "Город", "empty": True}})[
        "group_id"
    ]
    rules.add(database, settings(), kind="only", sim_names=["склад"], group="Все")
    groups.remove(database, "Все")
    with database.read() as connection:
        found = group_members.members_among(connection, settings(), group_id, [number(0)], database.now())
    assert found == set()
    assert given_to_the_sim(database, start(database, settings)) == set()
