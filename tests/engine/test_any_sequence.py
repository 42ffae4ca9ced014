"""Whatever happens in whatever order, the network's ledger on a steady clock shows no limit passed.

`bench/any_sequence.py` plays as many more sequences of the same scenes as wanted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from any_routes import RoutedOffice
from any_sequence import run
from any_steps import FIRST, FIRST_RULES, ROUTED, SCENES, Scene, steps_of

from pbx_sms.config import Settings

PLAYED = [
    # several PBXs take several times as long
    *((scene, number) for scene in SCENES for number in ((1, 2) if scene.pbxs == 1 else (1,))),
    # what once overtook an urgent message: while it tried another SIM or was held by another PBX, when a
    # quota became free or was raised
    *(
        (dataclasses.replace(scene, pbxs=pbxs), number)
        for scene in SCENES
        for name, pbxs, number in (("hour", 1, 21), ("hour", 2, 0), ("hour", 2, 18), ("reserve", 2, 7))
        if scene.name == name and (scene.pbxs == 1) == (pbxs == 1)
    ),
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("scene", "number"),
    PLAYED,
    ids=lambda value: f"{value.name}-{value.pbxs}" if isinstance(value, Scene) else str(value),
)
def test_no_sequence_passes_a_limit_eats_the_reserve_overtakes_or_starves(
    sqlite_template: Path, settings: Callable[..., Settings], scene: Scene, number: int
) -> None:
    run(sqlite_template, settings, scene, [*FIRST, *steps_of(scene, number)])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [0, 4, 5, 6])
@pytest.mark.parametrize("scene", ROUTED, ids=lambda scene: f"{scene.pbxs}")
def test_no_sequence_sends_what_a_rule_forbids_or_says_another_reason_than_the_rule(
    sqlite_template: Path, settings: Callable[..., Settings], scene: Scene, number: int
) -> None:
    steps = [*FIRST_RULES, *FIRST, *steps_of(scene, number)]
    office = run(sqlite_template, settings, scene, steps, RoutedOffice)
    assert isinstance(office, RoutedOffice)
    # it is about something: several rules decided
    assert len(set(office.said) - {None}) >= 2
