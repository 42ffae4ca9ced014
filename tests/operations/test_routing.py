"""The rules for SIMs as orders, and the routes that messages get when they are made; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from inbound_tpdus import DELIVERS
from made_lists import make_list, number, people
from made_mailings import TEXT, MakeSettings
from sqlalchemy import Table, insert, select, update

from pbx_sms import sentences
from pbx_sms.core.numbering import NumberRange
from pbx_sms.core.tariff import Tariff
from pbx_sms.core.tpdu.address import encode_smsc
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import mailings
from pbx_sms.operations import messages as single
from pbx_sms.operations.routing import rules
from pbx_sms.sentences.routes import rule_text
from pbx_sms.storage import numbering, tariffs
from pbx_sms.storage.engine import Database
from pbx_sms.storage.routing import facts, routes
from pbx_sms.storage.schema import (
    contacts,
    group_members,
    groups,
    inbound,
    inbound_parts,
    messages,
    sims,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def put(database: Database, table: Table, **values: Any) -> int:
    with database.begin() as connection:
        key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def sim(database: Database, serial: int, **values: Any) -> int:
    """In a modem, as far as rules ask."""
    row = {"imsi": f"25001{serial:010}", "state": "ready", "first_seen_at": NOW, "modem_id": serial}
    return put(database, sims, **(row | values))


def group_of(database: Database, name: str, *msisdns: str) -> int:
    group_id = put(database, groups, name=name, created_at=NOW)
    for msisdn in msisdns:
        contact = put(database, contacts, msisdn=msisdn, created_at=NOW, updated_at=NOW)
        put(database, group_members, group_id=group_id, contact_id=contact, added_at=NOW)
    return group_id


def sent(
    database: Database, msisdn: str, sim_id: int, *, at: datetime = NOW, state: str = "submitted"
) -> None:
    put(
        database, messages, rank=0, msisdn=msisdn, text="x", encoding="ucs2", part_count=1, state=state,
        wants_report=False, created_at=at, submitted_at=at, sim_id=sim_id,
    )  # fmt: skip


def came_in(database: Database, msisdn: str, sim_id: int, *, at: datetime = NOW, pdu: str = "00") -> None:
    inbound_id = put(
        database, inbound, sim_id=sim_id, sender=msisdn, msisdn=msisdn, text="да", received_at=at
    )
    put(
        database, inbound_parts, fingerprint=f"{inbound_id}", sim_id=sim_id, sender=msisdn, pdu=pdu,
        received_at=at, inbound_id=inbound_id,
    )  # fmt: skip


def route_of(database: Database, message_id: int) -> Any:
    with database.read() as connection:
        route_id = connection.execute(
            select(messages.c.route_id).where(messages.c.message_id == message_id)
        ).scalar_one()
        return None if route_id is None else routes.read(connection, [route_id])[route_id]


def add(database: Database, settings: MakeSettings, kind: str, *sim_names: str, **how: Any) -> dict[str, Any]:
    return rules.add(database, settings(), kind=kind, sim_names=sim_names, **how)


def test_rules_stand_in_their_order_and_can_be_moved_and_removed(
    database: Database, settings: MakeSettings
) -> None:
    sim(database, 1, label="склад")
    first = add(database, settings, "same_sim")
    second = add(database, settings, "operator", kinds=["advertising"], strict=True)
    third = add(database, settings, "only", "склад", position=1, by="anna")
    assert [first["position"], second["position"], third["position"]] == [1, 2, 1]
    assert third | {"created_at": None} == {
        "rule_id": third["rule_id"],
        "position": 1,
        "kind": "only",
        "sims": ["250010000000001"],
        "sim_names": ["склад"],
        "strict": True,
        "kinds": [],
        "created_at": None,
        "created_by": "anna",
        "waiting": 0,
        "changed": 0,
    }

    def order() -> list[int]:
        return [rule["rule_id"] for rule in rules.list_rules(database, settings())]

    ids = [third["rule_id"], first["rule_id"], second["rule_id"]]
    assert order() == ids
    rules.move(database, settings(), rule_id=ids[0], position=2)
    assert order() == [ids[1], ids[0], ids[2]]
    moved = rules.move(database, settings(), rule_id=ids[1], position=99)
    assert (order(), moved["position"]) == ([ids[0], ids[2], ids[1]], 3)
    removed = rules.remove(database, settings(), rule_id=ids[2])
    assert (removed["rule_id"], order()) == (ids[2], [ids[0], ids[1]])
    with pytest.raises(NotFound, match="route_rule_not_found"):
        rules.remove(database, settings(), rule_id=ids[2])
    with pytest.raises(NotFound, match="route_rule_not_found"):
        rules.move(database, settings(), rule_id=ids[2], position=1)


@pytest.mark.parametrize(
    ("code", "order"),
    [
        ("route_kind_invalid", {"kind": "nearest"}),
        ("route_mailing_kind_invalid", {"kind": "same_sim", "kinds": ["spam"]}),
        ("route_needs_sims", {"kind": "only"}),
        ("route_names_no_sims", {"kind": "cheapest", "sim_names": ["склад"]}),
        (
            "route_never_strict",
            {"kind": "reserve", "sim_names": ["склад"], "kinds": ["urgent"], "strict": True},
        ),
        ("route_needs_whom", {"kind": "reserve", "sim_names": ["склад"]}),
        ("sim_not_found", {"kind": "only", "sim_names": ["гараж"]}),
        ("route_group_not_found", {"kind": "same_sim", "group": "Турция"}),
        ("list_not_found", {"kind": "same_sim", "list_id": 77}),
        ("mailing_not_found", {"kind": "same_sim", "mailing_id": 77}),
    ],
)
def test_a_wrong_rule_is_refused_with_its_reason_and_nothing_is_stored(
    database: Database, settings: MakeSettings, code: str, order: dict[str, Any]
) -> None:
    sim(database, 1, label="склад")
    with pytest.raises(Refused, match=code):
        rules.add(database, settings(), **order)
    assert rules.list_rules(database, settings()) == []


def test_start_gives_each_message_the_route_of_its_recipient(
    database: Database, settings: MakeSettings
) -> None:
    first, second = sim(database, 1, label="склад"), sim(database, 2)
    group_of(database, "Турция", number(2))
    add(database, settings, "only", "склад", group="Турция")
    add(database, settings, "same_sim")
    sent(database, number(1), first, at=NOW - timedelta(days=1))
    sent(database, number(1), second)
    sent(database, number(2), second)
    sent(database, number(3), first, state="failed")
    sent(database, number(0), first)
    came_in(database, number(0), second, at=NOW + timedelta(seconds=1))
    list_id = make_list(database, people(4))
    mailing_id = mailings.create(database, settings(), list_id=list_id, text=TEXT, start=True)["mailing_id"]
    with database.read() as connection:
        made = connection.execute(
            select(messages.c.message_id, messages.c.msisdn).where(messages.c.mailing_id == mailing_id)
        ).all()
    found = {row.msisdn: route_of(database, row.message_id) for row in made}
    assert {
        msisdn: None if route is None else (set(route.sim_ids), route.strict, route.reason.code)
        for msisdn, route in found.items()
    } == {
        number(1): ({second}, False, "route_same_sim"),
        number(2): ({first}, True, "route_only"),
        # nothing that failed is anything that the person knows
        number(3): None,
        # the newest is what came from the person
        number(0): ({second}, False, "route_same_sim"),
    }
    assert found[number(1)] == found[number(0)]
    with database.read() as connection:
        assert len(routes.newer_than(connection, 0)) == 2


def test_a_single_message_has_its_route_too(database: Database, settings: MakeSettings) -> None:
    kept, _ = sim(database, 1, label="склад"), sim(database, 2)
    add(database, settings, "reserve", "склад", kinds=["urgent"])
    service = single.send(database, settings(), number=number(1), text="x")["message_id"]
    urgent = single.send(database, settings(), number=number(1), text="x", kind="urgent")["message_id"]
    assert route_of(database, service).without == {kept}
    assert route_of(database, urgent) is None


def test_the_cheapest_sim_is_the_one_of_the_settings_or_of_the_database(
    database: Database, settings: MakeSettings
) -> None:
    sim(database, 1, price_per_part=0.05)
    cheap = sim(database, 2, price_per_part=0.20)
    sim(database, 3)
    add(database, settings, "cheapest")
    made = settings(sim=[{"imsi": f"25001{2:010}", "price_per_part": 0.01}])
    assert rules.try_number(database, made, number=number(1))["sims"] == [f"25001{2:010}"]
    with database.begin() as connection:
        connection.execute(update(sims).where(sims.c.sim_id == cheap).values(state="disabled"))
    # one that a person holds is not reckoned with
    assert rules.try_number(database, made, number=number(1))["sims"] == [f"25001{1:010}"]


def test_the_cheapest_sim_depends_on_the_tariff_the_net_and_what_is_included(
    database: Database, settings: MakeSettings
) -> None:
    mts, beeline = sim(database, 1), sim(database, 2, imsi="250990000000002")
    plan(database, (79160000000, 79169999999, "МТС"), (79030000000, 79039999999, "Билайн"))
    add(database, settings, "cheapest")
    cheap_on_net = Tariff(
        name="Свои", currency="RUB", price_per_part=Decimal("2"), on_net_per_part=Decimal("0.5")
    )
    with database.begin() as connection:
        own = tariffs.add(connection, cheap_on_net, now=NOW, by=None)
        connection.execute(update(sims).where(sims.c.sim_id.in_((mts, beeline))).values(tariff_id=own))

    def chosen(msisdn: str) -> list[str]:
        found: list[str] = rules.try_number(database, settings(), number=msisdn)["sims"]
        return found

    assert chosen("+79160000001") == ["250010000000001"]
    assert chosen("+79030000001") == ["250990000000002"]
    package = Tariff(name="Пакет", currency="RUB", price_per_part=Decimal("3"), included_parts=10)
    with database.begin() as connection:
        with_parts = tariffs.add(connection, package, now=NOW, by=None)
        connection.execute(update(sims).where(sims.c.sim_id == beeline).values(tariff_id=with_parts))
    # what is included costs nothing
    assert chosen("+79160000001") == ["250990000000002"]


def test_trying_a_number_says_what_every_rule_said(database: Database, settings: MakeSettings) -> None:
    first = sim(database, 1, label="склад")
    sim(database, 2, label="касса")
    group_of(database, "Турция")
    only = add(database, settings, "only", "склад", group="Турция")
    kept = add(database, settings, "reserve", "касса", kinds=["urgent"])
    same = add(database, settings, "same_sim")
    tried = rules.try_number(database, settings(), number="8 916 000 0001")
    assert [(step["rule_id"], step["position"], step["reason"]) for step in tried["steps"]] == [
        (only["rule_id"], 1, "route_step_not_for_it"),
        (kept["rule_id"], 2, "route_step_reserved"),
        (same["rule_id"], 3, "route_step_no_history"),
    ]
    assert (tried["reason"], tried["rule_id"], tried["sims"]) == ("route_default", None, None)
    assert tried["without"] == [f"25001{2:010}"]
    as_member = rules.try_number(database, settings(), number=number(1), group="Турция", kind="advertising")
    assert (as_member["reason"], as_member["rule_id"]) == ("route_only", only["rule_id"])
    assert (as_member["strict"], as_member["sims"]) == (True, [f"25001{1:010}"])
    sent(database, number(1), first)
    known = rules.try_number(database, settings(), number=number(1), kind="urgent")
    assert (known["reason"], known["last_sim"]) == ("route_same_sim", f"25001{1:010}")
    with pytest.raises(Refused):
        rules.try_number(database, settings(), number="12")
    with database.read() as connection:
        assert (
            connection.execute(select(messages.c.message_id).where(messages.c.state == "queued")).all() == []
        )


def test_the_newest_message_of_a_number_tells_through_which_centre_it_came(database: Database) -> None:
    sim_id = sim(database, 1)
    older, newer = DELIVERS[:2]
    came_in(database, number(1), sim_id, pdu=older.hex)
    came_in(database, number(1), sim_id, pdu=newer.hex)
    came_in(database, number(2), sim_id, pdu="F0")
    with database.read() as connection:
        assert facts.service_centres(connection, [number(1), number(2), number(3)]) == {number(1): newer.smsc}


def plan(database: Database, *ranges: tuple[int, int, str]) -> None:
    with database.begin() as connection:
        numbering.replace(
            connection,
            [
                NumberRange(first=first, last=last, operator=operator, region=None, zone=None)
                for first, last, operator in ranges
            ],
            row_count=len(ranges),
            file_names=["plan.csv"],
            file_date=None,
            now=NOW,
            by=None,
        )


def test_the_own_operator_is_the_plans_unless_a_message_from_the_number_proves_another(
    database: Database, settings: MakeSettings
) -> None:
    mts, beeline = sim(database, 1), sim(database, 2, imsi="250990000000002")
    plan(
        database,
        (79160000000, 79169999999, 'ПАО "Мобильные ТелеСистемы"'),
        (79030000000, 79039999999, "ПАО «ВымпелКом»"),
    )
    add(database, settings, "operator")
    tried = rules.try_number(database, settings(), number=number(1))
    assert (tried["operator"], tried["operator_by"]) == ('ПАО "Мобильные ТелеСистемы"', "numbering_plan")
    assert tried["sims"] == ["250010000000001"]
    came_in(database, number(1), mts, pdu=deliver_through("+79037011111"))
    ported = rules.try_number(database, settings(), number=number(1))
    assert (ported["operator"], ported["operator_by"]) == ("ПАО «ВымпелКом»", "service_centre")
    assert ported["sims"] == ["250990000000002"]
    # one of a country whose plan nobody imported proves nothing against the plan
    came_in(database, number(1), beeline, pdu=deliver_through("+31624000000"))
    assert rules.try_number(database, settings(), number=number(1))["operator_by"] == "numbering_plan"


def deliver_through(centre: str) -> str:
    """A golden TPDU behind another service centre."""
    golden = DELIVERS[0].hex
    return encode_smsc(centre).hex().upper() + golden[2 * (1 + int(golden[:2], 16)) :]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_each_rule_is_a_sentence(database: Database, settings: MakeSettings, language: str) -> None:
    sim(database, 1, label="склад")
    group_id = group_of(database, "Турция")
    for kind in ("same_sim", "operator", "cheapest"):
        for strict in (False, True):
            add(database, settings, kind, strict=strict, kinds=["service", "urgent"])
    add(database, settings, "only", "склад", group="Турция")
    add(database, settings, "reserve", "склад", kinds=["urgent"])
    texts = [rule_text(rule, language) for rule in rules.list_rules(database, settings())]
    assert len(set(texts)) == 8
    assert all("{" not in text and "route_" not in text and text[0].isupper() for text in texts)
    assert "склад" in texts[6]
    assert "Турция" in texts[6]
    with database.begin() as connection:
        connection.execute(groups.delete().where(groups.c.group_id == group_id))
    gone = rules.list_rules(database, settings())[6]
    assert sentences.render("route_gone", {}, language) in rule_text(gone, language)
