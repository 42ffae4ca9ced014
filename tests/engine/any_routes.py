"""Random sequences for an office with rules for its SIMs: what each message may take is reckoned here once
more, by reading the rules aloud, and held against what the log says of every submission."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from any_sequence import Office
from any_steps import Hold, LimitsSet, Order, Passes, Release, RuleAdded, RuleMoved, RuleRemoved, Step
from engine_rig import number_of
from made_history import past_message

from pbx_sms.core.numbering import NumberRange
from pbx_sms.operations import sims as sim_orders
from pbx_sms.operations.routing import replanning, rules
from pbx_sms.storage import numbering
from pbx_sms.storage.schema import events, messages

#: code of the network in the IMSI, and the brand
NETWORKS = (("25001", "МТС"), ("25099", "Билайн"), ("25002", "МегаФон"))
#: of a part, by the number of the SIM: two are equal
PRICES = (0.5, 0.2, 0.2, 0.9)
_CODES = {kind: f"route_{kind}" for kind in ("same_sim", "operator", "only", "cheapest")}
#: orders of an office; each has numbers of its own
_ORDERS, _BLOCK = 60, 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """From an instant on: the rules in their order, and the SIMs that a person holds."""

    at: datetime
    rules: tuple[dict[str, Any], ...]
    held: frozenset[str]


@dataclass(frozen=True, slots=True)
class Expected:
    #: None: no rule decides
    kind: str | None
    wanted: frozenset[str]
    without: frozenset[str]
    strict: bool
    #: of the log's reason
    params: dict[str, Any]


class RoutedOffice(Office):
    """The SIMs are of three operators and have prices; a third of the people are known to a SIM."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.imsis = [
            f"{NETWORKS[place % 3][0]}{place:010}"
            for place in range(len(self.rigs) * len(self.rigs[0].modems))
        ]
        modems = [modem for rig in self.rigs for modem in rig.modems]
        for modem, imsi in zip(modems, self.imsis, strict=True):
            modem.imsi = imsi
        self._told: list[Told] = []
        self._known: dict[str, str] = {}
        self._orders = 0
        #: how often the log said what
        self.said: Counter[str | None] = Counter()

    async def start(self) -> None:
        await super().start()
        rig = self.rigs[0]
        for place, imsi in enumerate(self.imsis):
            rig.set_sim(imsi, price_per_part=PRICES[place % 4])
        blocks = [
            NumberRange(
                first=int(number_of(order * _BLOCK + place)[1:]),
                last=int(number_of(order * _BLOCK + place + 4)[1:]),
                operator=operator,
                region=None,
                zone=None,
            )
            for order in range(_ORDERS)
            for place in range(0, _BLOCK, 20)
            for place, (_, operator) in zip(range(place, place + 15, 5), NETWORKS, strict=True)
        ]
        with rig.database.begin() as connection:
            numbering.replace(
                connection, blocks, row_count=len(blocks), file_names=["plan.csv"], file_date=None,
                now=rig.database.now(), by=None,
            )  # fmt: skip
        self._tell()

    async def take(self, step: Step) -> None:
        rig = self.rigs[0]
        database, settings = rig.database, rig.settings
        read = self._told[-1].rules
        match step:
            case Passes():
                await super().take(step)
                # the duty comes now and then
                if replanning.look(database, settings):
                    database.wake()
            case LimitsSet(sim, per_hour):
                rig.set_sim(self.imsis[sim], per_hour=per_hour)
            case Order():
                self._order(step)
            case RuleAdded(kind, named, strict, kinds, position):
                rules.add(
                    database, settings, kind=kind, sim_names=[self.imsis[one] for one in sorted(named)],
                    strict=strict, kinds=sorted(kinds), position=position,
                )  # fmt: skip
            case RuleRemoved(place) if read:
                rules.remove(database, settings, rule_id=read[place % len(read)]["rule_id"])
            case RuleMoved(place, position) if read:
                rules.move(database, settings, rule_id=read[place % len(read)]["rule_id"], position=position)
            case RuleRemoved() | RuleMoved():
                return
            case Hold(sim) if rig.sim(self.imsis[sim]).state == "ready":
                sim_orders.hold(database, settings, name=self.imsis[sim])
            case Release(sim) if rig.sim(self.imsis[sim]).state == "disabled":
                sim_orders.release(database, settings, name=self.imsis[sim])
            case Hold() | Release():
                return
            case _:
                await super().take(step)
        self._tell()

    def _order(self, step: Order) -> None:
        rig = self.rigs[0]
        self._orders += 1
        first = self._orders * _BLOCK
        for index in range(first, first + len(step.part_counts), 3):
            imsi = self.imsis[index // 3 % len(self.imsis)]
            past_message(rig.database, number_of(index), rig.database.now(), sim_id=rig.sim(imsi).sim_id)
            self._known[number_of(index)] = imsi
        self._place(step, first_index=first, by_rules=True)

    def _tell(self) -> None:
        rig = self.rigs[0]
        held = frozenset(imsi for imsi in self.imsis if rig.sim(imsi).state == "disabled")
        read = tuple(rules.list_rules(rig.database, rig.settings))
        self._told.append(Told(rig.database.now(), read, held))

    # the audit

    def audit(self) -> None:
        self._audit_limits()
        self.rigs[0].assert_no_part_twice()
        self._audit_routes()

    def _audit_routes(self) -> None:
        rig = self.rigs[0]
        imsis = {rig.sim(imsi).sim_id: imsi for imsi in self.imsis}
        told = {row.message_id: row for row in rig.rows(messages) if row.mailing_id in self._placed}
        last: dict[int, str] = {}
        for row in sorted(rig.rows(events), key=lambda row: row.event_id):
            if row.kind != "message" or row.state != "submitting" or row.message_id not in told:
                continue
            if row.parts_submitted:
                # the rest of a begun message follows through its SIM
                assert imsis[row.sim_id] == last[row.message_id]
                continue
            message = told[row.message_id]
            before = [one for one in self._told if one.at < row.at][-1:]
            before += [one for one in self._told if one.at == row.at]
            expected = [
                self._expected(one, message.msisdn, self._placed[message.mailing_id].kind) for one in before
            ]
            sim, tried = imsis[row.sim_id], last.get(row.message_id)
            assert any(self._is_obeyed(one, sim, tried, row) for one in expected), (row, sim, tried, expected)
            last[row.message_id] = sim
            self.said[row.reason_code] += 1

    @staticmethod
    def _is_obeyed(expected: Expected, sim: str, tried: str | None, row: Any) -> bool:
        if tried == sim:
            # refused it before, and perhaps bound to it since
            return True
        wants = sim in expected.wanted
        permits = wants or (not expected.strict and sim not in expected.without)
        if tried is not None:
            return permits and row.reason_code == "rerouted"
        if expected.kind is None:
            return permits and row.reason_code is None
        if wants:
            said = (row.reason_code, row.reason_params or {})
            return said == (_CODES[expected.kind], expected.params)
        said = (row.reason_code, row.reason_params)
        return permits and said == ("route_elsewhere", {"sims": sorted(expected.wanted, key=_place)})

    def _expected(self, told: Told, msisdn: str, kind: str) -> Expected:
        without: frozenset[str] = frozenset()
        for rule in told.rules:
            concerns = not rule["kinds"] or kind in rule["kinds"]
            if rule["kind"] == "reserve" and not concerns:
                without |= frozenset(rule["sims"])
            if rule["kind"] == "reserve" or not concerns:
                continue
            wanted, params = self._named(rule, told, msisdn, without)
            if wanted - without:
                strict = rule["strict"] or rule["kind"] == "only"
                return Expected(rule["kind"], wanted - without, without, strict, params)
        return Expected(None, frozenset(self.imsis) - without, without, strict=False, params={})

    def _named(
        self, rule: dict[str, Any], told: Told, msisdn: str, without: frozenset[str]
    ) -> tuple[frozenset[str], dict[str, Any]]:
        free = [imsi for imsi in self.imsis if imsi not in told.held]
        match rule["kind"]:
            case "same_sim":
                return frozenset({self._known[msisdn]} if msisdn in self._known else ()), {}
            case "operator":
                place = int(msisdn[-7:]) % _BLOCK % 20 // 5
                if place > 2:
                    return frozenset(), {}
                code, operator = NETWORKS[place]
                own = frozenset(imsi for imsi in free if imsi.startswith(code))
                if not own and rule["strict"]:
                    own = frozenset(imsi for imsi in self.imsis if imsi.startswith(code))
                return own, {"operator": operator}
            case "cheapest":
                prices = {imsi: PRICES[_place(imsi) % 4] for imsi in free if imsi not in without}
                lowest = min(prices.values(), default=0.0)
                cheap = frozenset(imsi for imsi, price in prices.items() if price == lowest)
                return cheap, {"price": f"{lowest:g}"}
            case _:
                return frozenset(rule["sims"]), {"sims": sorted(rule["sims"], key=_place)}


def _place(imsi: str) -> int:
    return int(imsi[5:])
