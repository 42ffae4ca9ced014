"""What may happen to an office, and which random sequences of it are played: the scenes of `any_sequence`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pbx_sms.core.mailing import MailingKind
from pbx_sms.engine.pace import Pace

PACE = Pace(look_s=900.0, lease_s=7200.0, round_s=240.0, poll_s=43_200.0, usage_s=900.0)
MODEMS_EACH = 2
#: months go by: what is not told by a wake-up is noticed later
SLOW_PACE = Pace(look_s=3600.0, lease_s=43_200.0, round_s=14_400.0, poll_s=86_400.0, usage_s=3600.0)


@dataclass(frozen=True, slots=True)
class Passes:
    seconds: float


@dataclass(frozen=True, slots=True)
class ClockSet:
    by: timedelta


@dataclass(frozen=True, slots=True)
class Restart:
    pbx: int
    killed: bool
    stopped_s: float
    #: what somebody does to the clock meanwhile
    by: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A rule of the network: what it does with some of the next parts."""

    options: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Order:
    kind: MailingKind
    part_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Swap:
    """Two SIMs change places, be it from one PBX to another."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class LimitsSet:
    """A person lowers or raises what one SIM may do in an hour; never above what the audit allows."""

    sim: int
    per_hour: int


@dataclass(frozen=True, slots=True)
class RuleAdded:
    """A person adds a rule for SIMs, by their numbers."""

    kind: str
    sims: frozenset[int]
    strict: bool
    #: none: for every message
    kinds: frozenset[str]
    position: int


@dataclass(frozen=True, slots=True)
class RuleRemoved:
    place: int


@dataclass(frozen=True, slots=True)
class RuleMoved:
    place: int
    position: int


@dataclass(frozen=True, slots=True)
class Hold:
    sim: int


@dataclass(frozen=True, slots=True)
class Release:
    sim: int


Step = (
    Passes | ClockSet | Restart | Trouble | Order | Swap | LimitsSet
    | RuleAdded | RuleRemoved | RuleMoved | Hold | Release
)  # fmt: skip

JUMPS = st.sampled_from(
    [
        timedelta(seconds=seconds) * sign
        for seconds in (20, 59, 61, 1800, 3600, 7200, 86_400, 5 * 86_400, 31 * 86_400)
        for sign in (1, -1)
    ]
)
PASSES = st.builds(Passes, st.sampled_from([7.0, 90.0, 700.0, 3000.0, 3599.0, 3601.0, 20_000.0, 86_000.0]))
LONG_PASSES = st.builds(Passes, st.sampled_from([86_400.0, 3 * 86_400.0, 9 * 86_400.0, 17 * 86_400.0]))
TROUBLES = st.builds(
    lambda trouble, after, times: Trouble((*trouble, ("after", after), ("times", times))),
    st.sampled_from(
        [
            (("code", "+CMS ERROR: 42"),),
            (("code", "+CMS ERROR: 21"),),
            (("code", "+CMS ERROR: 331"),),
            (("silent", True),),
            (("silent", True), ("taken", True)),
            (("late_s", 90.0),),
            (("answer_after_s", 30.0),),
            (("raises", "modem_busy"),),
        ]
    ),
    st.integers(0, 4),
    st.integers(1, 3),
)
ORDERS = st.builds(
    Order,
    st.sampled_from([*MailingKind]),
    st.lists(st.integers(1, 7), min_size=1, max_size=25).map(tuple),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Which sequences, under which limits."""

    name: str
    pbxs: int
    limits: dict[str, Any]
    moves_clock: bool = False
    is_long: bool = False
    modems_each: int = MODEMS_EACH
    #: rules for SIMs, which people change
    has_rules: bool = False

    @property
    def pace(self) -> Pace:
        return SLOW_PACE if self.is_long else PACE

    def steps(self) -> st.SearchStrategy[list[Step]]:
        restarts = st.builds(
            Restart,
            pbx=st.integers(0, self.pbxs - 1),
            killed=st.booleans(),
            stopped_s=st.sampled_from([0.0, 2.0, 1000.0, 50_000.0]),
            by=(st.just(timedelta(0)) | JUMPS) if self.moves_clock else st.just(timedelta(0)),
        )
        sims = st.integers(0, self.pbxs * self.modems_each - 1)
        one: st.SearchStrategy[Step] = (
            (LONG_PASSES if self.is_long else PASSES)
            | restarts
            | TROUBLES
            | ORDERS
            | st.builds(Swap, sims, sims)
            | st.builds(LimitsSet, sims, st.integers(7, self.limits.get("per_hour", 12)))
        )
        if self.moves_clock:
            one |= st.builds(ClockSet, JUMPS)
        if self.has_rules:
            return st.lists(one | _rule_steps(sims), min_size=12, max_size=24)
        return st.lists(one, min_size=5, max_size=8 if self.is_long else 14)


def _rule_steps(sims: st.SearchStrategy[int]) -> st.SearchStrategy[Step]:
    some = st.tuples(sims, sims).map(frozenset)
    one_kind = st.sampled_from([str(kind) for kind in MailingKind])
    some_kinds = st.tuples(one_kind, one_kind).map(frozenset)
    kinds = st.just(frozenset[str]()) | some_kinds
    positions, none = st.integers(1, 4), st.just(frozenset[int]())
    found_by_itself = st.sampled_from(["same_sim", "operator", "cheapest"])
    added = (
        st.builds(RuleAdded, found_by_itself, none, st.booleans(), kinds, positions)
        | st.builds(RuleAdded, st.just("only"), some, st.booleans(), kinds, positions)
        | st.builds(RuleAdded, st.just("reserve"), some, st.just(value=False), some_kinds, positions)
    )
    # twice: half of what happens is about rules
    return (
        added
        | added
        | st.builds(RuleRemoved, st.integers(0, 5))
        | st.builds(RuleMoved, st.integers(0, 5), positions)
        | st.builds(Hold, sims)
        | st.builds(Release, sims)
        | st.builds(Release, sims)
    )


#: each is tight in something else
SCENES = [
    Scene(name=name, pbxs=pbxs, limits=limits, moves_clock=pbxs == 1)
    for name, several, limits in (
        ("hour", 3, {"per_hour": 7, "per_day": 40, "service_reserve_per_day": 3, "min_gap_s": 6.0}),
        ("reserve", 2, {"per_day": 16, "service_reserve_per_day": 9}),
        ("month", 2, {"per_hour": 11, "per_day": 24, "per_month": 30}),
    )
    for pbxs in (1, several)
] + [
    Scene(
        name="billing_month",
        pbxs=pbxs,
        limits={"per_day": 12, "per_month": 40, "billing_day": 31},
        is_long=True,
    )
    for pbxs in (1, 2)
]
#: three operators' SIMs; a day that is used up sends what only prefers a SIM another way
ROUTED = [
    Scene(
        name="routes",
        pbxs=pbxs,
        limits={"per_hour": 25, "per_day": 60, "service_reserve_per_day": 5},
        modems_each=modems_each,
        has_rules=True,
    )
    for pbxs, modems_each in ((1, 4), (2, 2))
]


def steps_of(scene: Scene, number: int) -> list[Step]:
    """The steps of a seed: the same on every machine with the same hypothesis."""
    drawn: list[list[Step]] = []

    @seed(number)
    @hypothesis_settings(
        max_examples=2, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck)
    )
    @given(scene.steps())
    def draw(steps: list[Step]) -> None:
        drawn.append(steps)

    draw()
    # the first one is always the smallest
    return drawn[-1]


#: what waits from the beginning, in each kind that is not for a hurry
FIRST = (
    Order(MailingKind.INFORMATION, (1, 2, 3, 7, 4, 1, 5, 6, 2, 1) * 6),
    Order(MailingKind.ADVERTISING, (2, 1, 1, 3, 1) * 6),
)
#: of an office with rules: one of each kind, so that each decides about something
FIRST_RULES = (
    RuleAdded("reserve", frozenset({0}), strict=False, kinds=frozenset({"urgent", "service"}), position=1),
    RuleAdded("only", frozenset({1, 3}), strict=False, kinds=frozenset({"advertising"}), position=2),
    RuleAdded("same_sim", frozenset(), strict=False, kinds=frozenset(), position=3),
    RuleAdded("operator", frozenset(), strict=False, kinds=frozenset(), position=4),
    RuleAdded("cheapest", frozenset(), strict=False, kinds=frozenset(), position=5),
)
