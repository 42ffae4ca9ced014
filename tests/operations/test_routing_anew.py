"""Changed rules reach messages that wait: on both databases, few at once and many by the duty."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from made_lists import make_list, number, people
from made_mailings import TEXT, MakeSettings
from sqlalchemy import insert, select, update

from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.numbering import NumberRange
from pbx_sms.core.quota import SimLimits
from pbx_sms.core.tariff import Tariff
from pbx_sms.operations import contacts, groups, mailings, tariffs
from pbx_sms.operations import messages as single
from pbx_sms.operations import sims as sim_orders
from pbx_sms.operations.routing import replanning, rules
from pbx_sms.operations.routing.choice import RouteChooser
from pbx_sms.storage import numbering, queue
from pbx_sms.storage import tariffs as stored_tariffs
from pbx_sms.storage.engine import Database, open_database
from pbx_sms.storage.queue import NewMessage
from pbx_sms.storage.queue.leases import Queue
from pbx_sms.storage.routing import revision
from pbx_sms.storage.schema import messages, routes, routing_state, sims

#: of MTS and of Beeline
FIRST, SECOND = "250010000000001", "250990000000002"


@pytest.fixture(autouse=True)
def two_sims(database: Database) -> None:
    now = database.now()
    with database.begin() as connection:
        for place, imsi in enumerate((FIRST, SECOND), 1):
            connection.execute(
                insert(sims).values(imsi=imsi, state="ready", first_seen_at=now, seen_at=now, modem_id=place)
            )


def start(database: Database, settings: MakeSettings, rows: int = 4, **choices: Any) -> int:
    list_id = make_list(database, people(rows))
    made = mailings.create(database, settings(), list_id=list_id, text=TEXT, start=True, **choices)
    return int(made["mailing_id"])


def only(database: Database, settings: MakeSettings, imsi: str, **how: Any) -> dict[str, Any]:
    return rules.add(database, settings(), kind="only", sim_names=[imsi], **how)


def ways(database: Database) -> dict[str, set[str] | None]:
    """number → the IMSIs that its waiting message may take; None for any."""
    query = (
        select(messages.c.msisdn, routes.c.sim_ids, routes.c.without)
        .outerjoin(routes, routes.c.route_id == messages.c.route_id)
        .where(messages.c.state == "queued")
    )
    with database.read() as connection:
        imsis = {row.sim_id: row.imsi for row in connection.execute(select(sims))}
        return {
            row.msisdn: None if row.sim_ids is None else {imsis[one] for one in row.sim_ids}
            for row in connection.execute(query)
        }


def is_pending(database: Database) -> bool:
    with database.read() as connection:
        return revision.read(connection).pending


def set_messages(database: Database, *places: int, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(
            update(messages).where(messages.c.msisdn.in_([number(one) for one in places])).values(**values)
        )


def test_each_change_of_the_rules_gives_what_waits_its_sims_anew(
    database: Database, settings: MakeSettings
) -> None:
    start(database, settings, 4)
    everybody = {number(place) for place in range(4)}
    added = only(database, settings, FIRST)
    assert (added["waiting"], added["changed"]) == (4, 4)
    assert ways(database) == dict.fromkeys(everybody, {FIRST})
    below = only(database, settings, SECOND)
    assert (below["waiting"], below["changed"]) == (4, 0)
    moved = rules.move(database, settings(), rule_id=below["rule_id"], position=1)
    assert (moved["waiting"], moved["changed"]) == (4, 4)
    assert ways(database) == dict.fromkeys(everybody, {SECOND})
    for rule in (added, below):
        removed = rules.remove(database, settings(), rule_id=rule["rule_id"])
    assert (removed["waiting"], removed["changed"]) == (4, 4)
    assert ways(database) == dict.fromkeys(everybody)
    assert not is_pending(database)


def test_what_is_begun_bound_or_over_stays_as_it_is_and_what_is_leased_goes_back(
    database: Database, settings: MakeSettings
) -> None:
    start(database, settings, 5)
    now = database.now()
    set_messages(database, 0, bound_sim_id=2)
    set_messages(database, 1, first_accepted_at=now, bound_sim_id=2)
    set_messages(database, 2, state="submitting", agent_id=1)
    set_messages(database, 3, state="leased", agent_id=1, lease_until_at=now + timedelta(minutes=5))
    added = only(database, settings, FIRST)
    assert (added["waiting"], added["changed"]) == (2, 2)
    with database.read() as connection:
        rows = {row.msisdn: row for row in connection.execute(select(messages))}
    assert [rows[number(place)].route_id is None for place in range(5)] == [True, True, True, False, False]
    assert (rows[number(2)].state, rows[number(3)].state) == ("submitting", "queued")
    assert (rows[number(3)].agent_id, rows[number(3)].lease_until_at) == (None, None)


def test_a_paused_a_scheduled_and_a_single_message_are_reached_too(
    database: Database, settings: MakeSettings
) -> None:
    mailing_id = start(database, settings, 2)
    mailings.pause(database, mailing_id)
    single.send(database, settings(), number=number(7), text="x")
    single.send(database, settings(), number=number(8), text="x", kind=MailingKind.URGENT)
    only(database, settings, FIRST, kinds=["urgent"])
    only(database, settings, SECOND, kinds=["information"])
    assert ways(database) == {
        number(0): {SECOND},
        number(1): {SECOND},
        number(7): None,
        number(8): {FIRST},
    }


def members_change(database: Database, settings: MakeSettings) -> None:
    groups.add_member(database, settings(), "Турция", [number(1)])


def rule_changes(database: Database, settings: MakeSettings) -> None:
    groups.set_rule(database, settings(), "Казань", {"field": "", "is": "Имя1"})


def group_goes(database: Database, settings: MakeSettings) -> None:
    groups.remove(database, "Турция")


@pytest.mark.parametrize(
    ("group", "change", "before", "after"),
    [
        ("Турция", members_change, {0}, {0, 1}),
        ("Казань", rule_changes, {2}, {1}),
        ("Турция", group_goes, {0}, set()),
    ],
)
def test_a_group_that_a_rule_names_is_looked_at_again_when_it_changes(
    database: Database, settings: MakeSettings, group: str, change: Callable[..., None],
    before: set[int], after: set[int],
) -> None:  # fmt: skip
    start(database, settings, 4)
    for place in range(4):
        contacts.set_contact(database, settings(), number(place), name=f"Имя{place}")
    groups.add(database, settings(), name="Турция")
    groups.add_member(database, settings(), "Турция", [number(0)])
    groups.add(database, settings(), name="Казань", rule={"field": "", "is": "Имя2"})
    only(database, settings, FIRST, group=group)

    def chosen() -> set[str]:
        return {msisdn for msisdn, imsis in ways(database).items() if imsis == {FIRST}}

    assert chosen() == {number(place) for place in before}
    change(database, settings)
    assert is_pending(database)
    assert replanning.look(database, settings())
    assert chosen() == {number(place) for place in after}
    assert not replanning.look(database, settings())


def test_a_group_that_no_rule_names_changes_nothing(database: Database, settings: MakeSettings) -> None:
    start(database, settings, 2)
    only(database, settings, FIRST)
    groups.add(database, settings(), name="Турция")
    groups.add_member(database, settings(), "Турция", [number(0)])
    sim_orders.hold(database, settings(), name=FIRST)
    assert not is_pending(database)


def test_the_cheapest_sim_is_looked_for_again_when_a_tariff_is_given_or_a_sim_held(
    database: Database, settings: MakeSettings
) -> None:
    start(database, settings, 1)
    prices = {FIRST: "0.5", SECOND: "0.2"}
    with database.begin() as connection:
        for imsi, price in prices.items():
            tariff = Tariff(name=imsi, currency="RUB", price_per_part=Decimal(price))
            stored_tariffs.add(connection, tariff, now=database.now(), by=None)
    rules.add(database, settings(), kind="cheapest")
    assert ways(database) == {number(0): None}

    def chosen() -> Any:
        assert replanning.look(database, settings())
        return ways(database)[number(0)]

    tariffs.give(database, settings(), sim=FIRST, tariff=FIRST)
    assert chosen() == {FIRST}
    tariffs.give(database, settings(), sim=SECOND, tariff=SECOND)
    assert chosen() == {SECOND}
    sim_orders.hold(database, settings(), name=SECOND)
    assert chosen() == {FIRST}
    sim_orders.release(database, settings(), name=SECOND)
    assert chosen() == {SECOND}


@pytest.mark.parametrize(("strict", "wanted"), [(True, {FIRST}), (False, None)])
def test_a_strict_rule_waits_for_a_sim_of_the_operator_that_is_held_and_another_rule_does_not(
    database: Database, settings: MakeSettings, strict: bool, wanted: set[str] | None
) -> None:
    start(database, settings, 1)
    with database.begin() as connection:
        numbering.replace(
            connection,
            [NumberRange(first=79160000000, last=79169999999, operator="МТС", region=None, zone=None)],
            row_count=1, file_names=["plan.csv"], file_date=None, now=database.now(), by=None,
        )  # fmt: skip
    rules.add(database, settings(), kind="operator", strict=strict)
    assert ways(database) == {number(0): {FIRST}}
    sim_orders.hold(database, settings(), name=FIRST)
    assert replanning.look(database, settings())
    assert ways(database) == {number(0): wanted}
    assert rules.try_number(database, settings(), number=number(0))["sims"] == (
        None if wanted is None else list(wanted)
    )


def test_many_are_left_to_the_duty_and_none_of_them_is_lent_before(
    database: Database, settings: MakeSettings
) -> None:
    count = replanning.AT_ONCE + 1
    mailing_id = start(database, settings, count)
    added = only(database, settings, FIRST)
    assert (added["waiting"], added["changed"]) == (count, None)
    assert replanning.waiting_count(database) == count

    def lent() -> int:
        now = database.now()
        with database.begin() as connection:
            found = queue.lease(
                connection,
                Queue(mailing_id, 0),
                agent_id=1,
                limit=10,
                sim_ids=[1, 2],
                now=now,
                until_at=now,
                revision=revision.read(connection).revision,
            )
        return len(found)

    assert lent() == 0
    assert replanning.look(database, settings())
    assert replanning.waiting_count(database) == 0
    assert lent() == 10
    assert set(map(frozenset, filter(None, ways(database).values()))) == {frozenset({FIRST})}


def test_several_engines_share_the_work_and_each_message_changes_once(
    database: Database, settings: MakeSettings
) -> None:
    count = 2_500
    start(database, settings, count)
    only(database, settings, FIRST)
    changed: list[int | None] = []

    def work() -> None:
        own = open_database(database.url)
        try:
            changed.append(replanning.carry_out(own, settings()))
        finally:
            own.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one for one in changed if one is not None] == [count]
    assert set(map(frozenset, filter(None, ways(database).values()))) == {frozenset({FIRST})}
    assert not is_pending(database)


def test_the_work_of_a_process_that_died_is_taken_over(database: Database, settings: MakeSettings) -> None:
    start(database, settings, replanning.AT_ONCE + 1)
    only(database, settings, FIRST)
    now = database.now()
    with database.begin() as connection:
        assert revision.claim(connection, "dead", now, now + timedelta(seconds=30))
    assert replanning.carry_out(database, settings()) is None
    with database.begin() as connection:
        connection.execute(update(routing_state).values(claimed_until_at=now - timedelta(seconds=1)))
    assert replanning.carry_out(database, settings()) == replanning.AT_ONCE + 1


def test_a_start_in_whose_middle_the_rules_change_gives_the_rest_the_new_ones(
    database: Database, settings: MakeSettings
) -> None:
    with database.read() as connection:
        chooser = RouteChooser(connection, settings(), MailingKind.INFORMATION, database.now())

    def write(place: int) -> None:
        new = NewMessage(
            msisdn=number(place), text="x", encoding="gsm7", part_count=1, rank=0, wants_report=False
        )
        with database.begin() as connection:
            queue.insert_messages(connection, chooser.assign(connection, [new]), database.now())

    write(0)
    only(database, settings, FIRST)
    write(1)
    assert ways(database) == {number(0): {FIRST}, number(1): {FIRST}}
    assert not is_pending(database)
    with database.read() as connection:
        assert queue.count_stale(connection, revision.read(connection).revision) == 0


def test_a_message_whose_unknown_outcome_is_settled_by_sending_again_asks_the_rules_of_then(
    database: Database, settings: MakeSettings
) -> None:
    start(database, settings, 1)
    set_messages(database, 0, state="unknown")
    only(database, settings, FIRST)
    assert not is_pending(database)
    set_messages(database, 0, state="leased", agent_id=1)
    with database.begin() as connection:
        assert denied_state(connection) == "queued"
    assert is_pending(database)
    assert replanning.look(database, settings())
    assert ways(database) == {number(0): {FIRST}}


def denied_state(connection: Any) -> str | None:
    """The intent of the only message through the second SIM: the state it is in then."""
    now = connection.execute(select(messages.c.created_at)).scalar_one()
    begun = queue.Begun(
        message_id=connection.execute(select(messages.c.message_id)).scalar_one(),
        agent_id=1,
        sim_id=2,
        limits=SimLimits(),
        zone=ZoneInfo("UTC"),
        sim_first_seen_at=now,
        until_at=now,
        resume_parts_s=300.0,
        whole_message=False,
        modem_id=None,
    )
    denied = queue.begin_submit(connection, begun, now, [])
    assert isinstance(denied, queue.Denied)
    return denied.state
