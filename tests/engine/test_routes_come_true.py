"""What is foreseen of a mailing under routing rules, before its Start, is what the engine then does."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from engine_rig import Rig, imsi_of
from foreseen_runs import LIMITS, MakeRig, assert_true, measured
from made_history import past_message
from made_lists import make_list, number, people

from pbx_sms.core.forecast import Ending
from pbx_sms.operations import contacts, forecasts, groups, mailings
from pbx_sms.operations.routing import rules

TEXT = "{Имя}, заказ {Заказ} готов"


def group_of(rig: Rig, count: int, name: str = "Турция") -> None:
    """The first `count` people of the list are of one city; the group is the people of that city."""
    contacts.import_list(
        rig.database, make_list(rig.database, [(number(one), "Казань", "") for one in range(count)])
    )
    groups.add(rig.database, rig.settings, name=name, rule={"field": "", "is": "Казань"})


def only(rig: Rig, *modems: int, **whom: Any) -> None:
    rules.add(rig.database, rig.settings, kind="only", sim_names=[imsi_of(modem) for modem in modems], **whom)


def before_start(rig: Rig, list_id: int) -> Ending:
    return forecasts.of_list(rig.database, rig.settings, list_id=list_id, text=TEXT).ending


def start(rig: Rig, list_id: int) -> int:
    made = mailings.create(rig.database, rig.settings, list_id=list_id, text=TEXT, start=True)
    return int(made["mailing_id"])


def sent_by(rig: Rig, numbers: set[str]) -> dict[str, int]:
    return dict(Counter(entry.imsi for entry in rig.cell.ledger if entry.number in numbers))


async def test_a_group_for_one_sim_alone_makes_the_mailing_end_later(make_rig: MakeRig) -> None:
    rig = await measured(make_rig)
    list_id = make_list(rig.database, people(1200))
    free = before_start(rig, list_id)
    group_of(rig, 500)
    only(rig, 0, group="Турция")
    strict = before_start(rig, list_id)
    assert free.ends_at is not None
    assert strict.ends_at is not None
    # 90 a day from each of four SIMs: the fourth day; 500 through one of them: the sixth
    now = rig.clock.true_now()
    assert (free.ends_at - now) // timedelta(days=1) + 1 == 4
    assert (strict.ends_at - now) // timedelta(days=1) + 1 == 6
    mailing = start(rig, list_id)
    await assert_true(rig, (mailing, strict))
    first = sent_by(rig, {number(place) for place in range(500)})
    assert first == {imsi_of(0): 500}
    rest = sent_by(rig, {number(place) for place in range(500, 1200)})
    assert all(abs(rest[imsi_of(modem)] - 700 / 3) <= 10 for modem in (1, 2, 3))


async def test_sims_that_are_kept_for_others_take_nothing_of_it(make_rig: MakeRig) -> None:
    rig = await measured(make_rig, modems=3)
    rules.add(rig.database, rig.settings, kind="reserve", sim_names=[imsi_of(0)], kinds=["urgent"])
    list_id = make_list(rig.database, people(400))
    ending = before_start(rig, list_id)
    assert len(ending.parts_by_sim) == 2
    await assert_true(rig, (start(rig, list_id), ending))
    assert set(rig.by_sim()) == {imsi_of(1), imsi_of(2)}


@pytest.mark.parametrize(
    "limits",
    [
        # its day is used up after three hours: others take the rest, and leave it tomorrow's
        {"per_hour": 30},
        # nothing but the gap: it alone takes all, and the others stand idle
        {"per_day": 0, "per_month": 0, "service_reserve_per_day": 0, "min_gap_s": 30.0},
    ],
)
async def test_the_sim_that_a_person_knows_is_waited_for_as_the_engine_does(
    make_rig: MakeRig, limits: dict[str, Any]
) -> None:
    rig = await measured(make_rig, modems=3, limits=LIMITS | limits)
    rules.add(rig.database, rig.settings, kind="same_sim")
    known = rig.sim(imsi_of(0)).sim_id
    long_ago = rig.clock.true_now() - timedelta(days=90)
    for place in range(300):
        past_message(rig.database, number(place), long_ago, sim_id=known)
    list_id = make_list(rig.database, people(400))
    ending = before_start(rig, list_id)
    await assert_true(rig, (start(rig, list_id), ending))
    by_imsi = {rig.sim(imsi_of(modem)).sim_id: len(found) for modem, found in _by_modem(rig).items()}
    assert all(abs(by_imsi[sim_id] - parts) <= 8 for sim_id, parts in ending.parts_by_sim.items()), (
        by_imsi, ending.parts_by_sim,
    )  # fmt: skip


def _by_modem(rig: Rig) -> dict[int, list[Any]]:
    return {modem: rig.by_sim().get(imsi_of(modem), []) for modem in range(len(rig.modems))}


async def test_a_rehearsal_names_the_sims_of_the_rules_and_so_does_the_engine(make_rig: MakeRig) -> None:
    rig = await measured(make_rig, modems=3)
    group_of(rig, 60)
    only(rig, 1, 2, group="Турция")
    list_id = make_list(rig.database, people(150))
    rehearsed = forecasts.rehearse_list(rig.database, rig.settings, list_id=list_id, text=TEXT)
    by_rehearsal = {line.letter.msisdn: line.sim for line in rehearsed.lines}
    assert len(by_rehearsal) == 150
    group = {number(place) for place in range(60)}
    assert {by_rehearsal[msisdn] for msisdn in group} == {imsi_of(1), imsi_of(2)}
    await assert_true(rig, (start(rig, list_id), rehearsed.ending))
    assert set(sent_by(rig, group)) == {imsi_of(1), imsi_of(2)}


async def test_a_draft_is_foreseen_under_the_rules_of_its_own_mailing(make_rig: MakeRig) -> None:
    rig = await measured(make_rig, modems=2)
    list_id = make_list(rig.database, people(120))
    draft = mailings.create(rig.database, rig.settings, list_id=list_id, text=TEXT)["mailing_id"]
    only(rig, 1, mailing_id=draft)
    second = rig.sim(imsi_of(1)).sim_id
    ending = forecasts.of_mailing(rig.database, rig.settings, draft).ending
    assert ending.parts_by_sim == {second: 120}
    assert len(before_start(rig, list_id).parts_by_sim) == 2
    rehearsed = forecasts.rehearse(rig.database, rig.settings, draft)
    assert {line.sim for line in rehearsed.lines} == {imsi_of(1)}
    mailings.start(rig.database, rig.settings, draft)
    await assert_true(rig, (draft, ending))
