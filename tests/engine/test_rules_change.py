"""Rules that change while messages wait: what is sent afterwards goes the new way, whatever was in stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from engine_rig import CALM, Rig, imsi_of
from made_lists import make_list, number, people

from pbx_sms.operations import contacts, groups, mailings
from pbx_sms.operations.routing import replanning, rules
from pbx_sms.storage.schema import events

MakeRig = Callable[..., Rig]
TEXT = "{Имя}, заказ {Заказ} готов"


def only(rig: Rig, modem: int, **how: Any) -> dict[str, Any]:
    return rules.add(rig.database, rig.settings, kind="only", sim_names=[imsi_of(modem)], **how)


def start(rig: Rig, rows: int) -> int:
    list_id = make_list(rig.database, people(rows))
    made = mailings.create(rig.database, rig.settings, list_id=list_id, text=TEXT, start=True)
    return int(made["mailing_id"])


def begun_since(rig: Rig, at: datetime) -> Counter[str]:
    """IMSI → messages whose intent is later than `at`."""
    imsis = {rig.sim(modem.imsi).sim_id: modem.imsi for modem in rig.modems}
    return Counter(imsis[row.sim_id] for row in rig.attempts() if row.started_at > at)


async def test_a_rule_that_is_added_moved_and_removed_in_the_middle_holds_at_once(make_rig: MakeRig) -> None:
    rig = make_rig(modems=3)
    await rig.start()
    mailing = start(rig, 300)
    await rig.passes(10.2)
    assert len(begun_since(rig, rig.mailing_row(mailing).started_at)) == 3
    first = only(rig, 0)
    assert first["changed"] == first["waiting"] > 200
    changed_at = rig.database.now()
    await rig.passes(20)
    assert set(begun_since(rig, changed_at)) == {imsi_of(0)}
    only(rig, 1, position=1)
    changed_at = rig.database.now()
    await rig.passes(20)
    assert set(begun_since(rig, changed_at)) == {imsi_of(1)}
    assert begun_since(rig, changed_at)[imsi_of(1)] >= 18
    for rule in rules.list_rules(rig.database, rig.settings):
        rules.remove(rig.database, rig.settings, rule_id=rule["rule_id"])
    changed_at = rig.database.now()
    await rig.until(lambda: rig.is_finished(mailing))
    assert len(begun_since(rig, changed_at)) == 3
    rig.assert_each_once(mailing)
    why = Counter(row.reason_code for row in rig.rows(events) if row.state == "submitting")
    assert why["route_only"] >= 36


async def test_what_the_engine_is_to_find_out_waits_with_a_reason_and_goes_only_then(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(modems=2, pace=CALM)
    await rig.start()
    mailing = start(rig, replanning.AT_ONCE + 200)
    await rig.passes(10.2)
    added = only(rig, 1)
    assert added["changed"] is None
    changed_at = rig.database.now()
    await rig.passes(30)
    # nobody has read the routes yet: nothing goes, and the mailing says why
    assert sum(begun_since(rig, changed_at).values()) == 0
    assert rig.mailing_row(mailing).reason_code == "route_anew"
    assert replanning.look(rig.database, rig.settings)
    rig.database.wake()
    await rig.passes(30)
    assert set(begun_since(rig, changed_at)) == {imsi_of(1)}
    assert begun_since(rig, changed_at)[imsi_of(1)] >= 25
    assert rig.mailing_row(mailing).reason_code is None


@pytest.mark.parametrize("is_joined", [True, False])
async def test_who_joins_or_leaves_a_group_in_the_middle_goes_the_way_of_its_rule(
    make_rig: MakeRig, is_joined: bool
) -> None:
    rig = make_rig(modems=2)
    await rig.start()
    everybody = [number(place) for place in range(100)]
    for msisdn in everybody:
        contacts.set_contact(rig.database, rig.settings, msisdn, name="x")
    groups.add(rig.database, rig.settings, name="Турция")
    if not is_joined:
        groups.add_member(rig.database, rig.settings, "Турция", everybody)
    only(rig, 0, group="Турция")
    mailing = start(rig, 100)
    await rig.passes(10.2)
    change = groups.add_member if is_joined else groups.remove_member
    change(rig.database, rig.settings, "Турция", everybody)
    changed_at = rig.database.now()
    await rig.passes(3)
    assert sum(begun_since(rig, changed_at).values()) == 0
    assert replanning.look(rig.database, rig.settings)
    rig.database.wake()
    await rig.until(lambda: rig.is_finished(mailing))
    assert set(begun_since(rig, changed_at)) == ({imsi_of(0)} if is_joined else {imsi_of(0), imsi_of(1)})
    rig.assert_each_once(mailing)


async def test_two_pbxs_obey_a_new_rule_and_give_back_what_they_hold(make_rig: MakeRig) -> None:
    here = make_rig(modems=1, agent="pbx1")
    there = make_rig(modems=1, agent="pbx2", first_modem=1)
    await here.start()
    await there.start()
    mailing = start(here, 120)
    await here.passes(10.2)
    only(here, 1)
    changed_at = here.database.now()
    await here.until(lambda: here.is_finished(mailing))
    theirs = there.sim(imsi_of(1)).sim_id
    assert {row.sim_id for row in here.attempts() if row.started_at > changed_at} == {theirs}
    here.assert_each_once(mailing)
