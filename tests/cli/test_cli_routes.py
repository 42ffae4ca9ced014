"""`route` as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx_sms.config import Settings
from pbx_sms.operations import groups, messages
from pbx_sms.operations.routing import rules
from pbx_sms.storage import devices
from pbx_sms.storage.engine import Database

if TYPE_CHECKING:
    from conftest import Command

IMSI = "250011234567890"


def test_rules_are_made_ordered_tried_and_removed(pbx_sms: Command, stored: Database) -> None:
    with stored.begin() as connection:
        agent_id = devices.register_agent(connection, "pbx1", stored.now())
        modem_id = devices.register_modem(connection, agent_id, "gsm1", None, stored.now())
        devices.sim_found(connection, modem_id, IMSI, stored.now(), [])
    first = pbx_sms("route", "add", "same_sim", "--json").object()
    assert first["text"].startswith("Every message: from the SIM")
    only = pbx_sms(
        "route", "add", "only", "--sim", "gsm1", "--kind", "urgent", "--at", "1", "--json"
    ).object()
    assert (only["position"], only["sims"], only["kinds"], only["strict"]) == (1, [IMSI], ["urgent"], True)
    assert [rule["rule_id"] for rule in pbx_sms("route", "list", "--json").objects()] == [2, 1]
    assert pbx_sms("route", "move", "1", "1", "--json").object()["position"] == 1
    tried = pbx_sms("route", "test", "8 916 123-45-67", "--kind", "urgent", "--json").object()
    assert (tried["rule_id"], tried["sims"], tried["reason"]) == (2, [IMSI], "route_only")
    assert [step["reason"] for step in tried["steps"]] == ["route_step_no_history", "route_only"]
    assert all(step["reason_text"] for step in tried["steps"])
    said = pbx_sms("route", "test", "+79161234567", "--kind", "urgent").out
    assert "1. rule 1: nothing has passed" in said
    assert f"only through the SIM that the rule names: {IMSI}" in said
    assert pbx_sms("route", "remove", "2", "--json").object()["rule_id"] == 2
    assert "no rule 2" in pbx_sms("route", "remove", "2").refusal()
    assert "needs the SIMs" in pbx_sms("route", "add", "only").refusal()
    assert pbx_sms("route", "add", "nearest").status == 2


def test_an_order_on_a_group_says_how_many_waiting_messages_it_concerns(
    pbx_sms: Command, stored: Database, sim: str
) -> None:
    groups.add(stored, Settings(), name="Турция")
    messages.send(stored, Settings(), number="+79161234567", text="x")
    rules.add(stored, Settings(), kind="only", sim_names=[sim], group="Турция")
    joined = pbx_sms("group", "add-member", "Турция", "+79161234567", "--json").object()
    assert (joined["added"], joined["waiting"], joined["changed"]) == (1, 1, 1)
    left = pbx_sms("contact", "remove", "+79161234567").out
    assert "messages that wait: 1; through other SIMs than before: 1" in left
    # where no rule asks nothing is said
    assert "waiting" not in pbx_sms("sim", "hold", sim, "--json").object()
