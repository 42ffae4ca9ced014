"""Orders on contacts, groups, SIMs and tariffs say what they mean for messages that wait; both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from made_lists import make_list, number, people
from made_mailings import TEXT, MakeSettings
from sqlalchemy import insert, select

from pbx_sms.core.tariff import Tariff
from pbx_sms.errors import NotFound
from pbx_sms.operations import contacts, groups, mailings, tariffs
from pbx_sms.operations import sims as sim_orders
from pbx_sms.operations.routing import replanning, rules
from pbx_sms.storage import tariffs as stored_tariffs
from pbx_sms.storage.engine import Database
from pbx_sms.storage.schema import messages, routes, sims

FIRST, SECOND = "250010000000001", "250990000000002"
Order = Callable[[Database, Any], dict[str, Any]]


@pytest.fixture
def office(database: Database, settings: MakeSettings) -> Database:
    """Two SIMs, four messages that wait; number 0 is in Турция by hand and in Казань by its field."""
    now = database.now()
    with database.begin() as connection:
        for place, imsi in enumerate((FIRST, SECOND), 1):
            connection.execute(
                insert(sims).values(imsi=imsi, state="ready", first_seen_at=now, seen_at=now, modem_id=place)
            )
    mailings.create(database, settings(), list_id=make_list(database, people(4)), text=TEXT, start=True)
    contacts.set_contact(database, settings(), number(0), name="Анна", fields={"Город": "Казань"})
    groups.add(database, settings(), name="Турция")
    groups.add_member(database, settings(), "Турция", [number(0)])
    groups.add(database, settings(), name="Казань", rule={"field": "город", "is": "Казань"})
    return database


def carried_out(database: Database, settings: MakeSettings, order: Order) -> dict[str, Any]:
    return replanning.with_reach(database, settings(), lambda: order(database, settings()))


def reach(told: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """(waiting, changed); None where nothing is said of messages."""
    return (told["waiting"], told["changed"]) if "waiting" in told else None


def on_first(database: Database) -> set[str]:
    """The numbers whose messages may go through the first SIM only."""
    query = select(messages.c.msisdn).join(routes, routes.c.route_id == messages.c.route_id)
    with database.read() as connection:
        return set(connection.execute(query.where(routes.c.strict)).scalars())


def set_fields(place: int, **fields: str) -> Order:
    return lambda database, settings: contacts.set_contact(
        database, settings, number(place), fields=dict(fields)
    )


def set_name(place: int, name: str) -> Order:
    return lambda database, settings: contacts.set_contact(database, settings, number(place), name=name)


def remove(place: int) -> Order:
    return lambda database, settings: contacts.remove(database, settings, number(place))


@pytest.mark.parametrize(
    ("group", "order", "told", "after"),
    [
        # a contact that goes leaves the groups by hand and by rule
        ("Турция", remove(0), (4, 1), set()),
        ("Казань", remove(0), (4, 1), set()),
        # a field that the group's rule reads, however its name is written; one it does not read
        ("Казань", set_fields(0, ГОРОД="Уфа"), (4, 1), set()),
        ("Казань", set_fields(0, Товар="стол"), None, {0}),
        ("Казань", set_name(0, "Вера"), None, {0}),
        ("Турция", set_fields(0, Город="Уфа"), None, {0}),
        # the same value once more changes nothing
        ("Казань", set_fields(0, Город="Казань"), None, {0}),
        # somebody becomes a contact
        ("Казань", set_fields(1, Город="Казань"), (4, 1), {0, 1}),
        ("Турция", set_fields(1, Город="Казань"), None, {0}),
        # orders on the group itself
        ("Турция", lambda d, s: groups.add_member(d, s, "Турция", [number(1), number(2)]), (4, 2), {0, 1, 2}),
        ("Турция", lambda d, s: groups.remove_member(d, s, "Турция", [number(0)]), (4, 1), set()),
        ("Турция", lambda d, s: groups.remove(d, "Турция"), (4, 1), set()),
        ("Казань", lambda d, s: groups.set_rule(d, s, "Казань", {"field": "", "is": "Анна"}), (4, 0), {0}),
    ],
)
def test_an_order_says_how_many_waiting_messages_it_concerns(
    office: Database,
    settings: MakeSettings,
    group: str,
    order: Order,
    told: tuple[int, int] | None,
    after: set[int],
) -> None:
    rules.add(office, settings(), kind="only", sim_names=[FIRST], group=group)
    assert on_first(office) == {number(0)}
    assert reach(carried_out(office, settings, order)) == told
    assert on_first(office) == {number(place) for place in after}
    # nothing is left to the duty
    assert not replanning.look(office, settings())


def test_an_import_says_it_too_and_a_list_alone_does_not(office: Database, settings: MakeSettings) -> None:
    groups.set_rule(office, settings(), "Казань", {"field": "Заказ", "empty": False})
    rules.add(office, settings(), kind="only", sim_names=[FIRST], group="Казань")
    list_id = make_list(office, people(3))
    tried = carried_out(office, settings, lambda d, s: contacts.import_list(d, list_id, dry_run=True))
    assert reach(tried) is None
    assert on_first(office) == set()
    told = carried_out(office, settings, lambda d, s: contacts.import_list(d, list_id))
    assert reach(told) == (4, 3)
    assert on_first(office) == {number(0), number(1), number(2)}
    again = carried_out(office, settings, lambda d, s: contacts.import_list(d, list_id))
    assert reach(again) is None


def test_sims_and_tariffs_concern_messages_where_a_rule_asks_for_them(
    office: Database, settings: MakeSettings
) -> None:
    with office.begin() as connection:
        for imsi, price in ((FIRST, "0.2"), (SECOND, "0.5")):
            tariff = Tariff(name=imsi, currency="RUB", price_per_part=Decimal(price))
            stored_tariffs.add(connection, tariff, now=office.now(), by=None)
    orders: list[Order] = [
        lambda d, s: tariffs.give(d, s, sim=FIRST, tariff=FIRST),
        lambda d, s: tariffs.give(d, s, sim=SECOND, tariff=SECOND),
        lambda d, s: sim_orders.hold(d, s, name=FIRST),
        lambda d, s: sim_orders.release(d, s, name=FIRST),
    ]
    assert [reach(carried_out(office, settings, order)) for order in orders] == [None] * 4
    rules.add(office, settings(), kind="cheapest")
    orders = [
        *orders[2:],
        lambda d, s: tariffs.change(d, s, name=SECOND, values={"price_per_part": "0.1"}),
    ]
    told = [reach(carried_out(office, settings, order)) for order in orders]
    assert told == [(4, 4), (4, 4), (4, 4)]


def test_what_is_refused_says_why_and_concerns_nobody(office: Database, settings: MakeSettings) -> None:
    rules.add(office, settings(), kind="only", sim_names=[FIRST], group="Турция")
    with pytest.raises(NotFound):
        carried_out(office, settings, remove(3))
    assert on_first(office) == {number(0)}
    assert not replanning.look(office, settings())
