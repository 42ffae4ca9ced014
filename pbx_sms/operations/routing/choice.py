"""The routes of the messages that are being made: the rules are read once, the facts for many at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core import route_rules
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.numbering import NumberingPlan
from pbx_sms.core.operator_brand import brand, brand_of_sim
from pbx_sms.core.route_rules import Addressee, Choice, Pool, Route, RouteRule, RouteRuleKind, SimFacts
from pbx_sms.operations import group_members
from pbx_sms.operations.price_desk import Desk, net_of
from pbx_sms.operations.sims import label_of
from pbx_sms.storage import numbering
from pbx_sms.storage.queue import NewMessage
from pbx_sms.storage.routing import facts, revision, routes
from pbx_sms.storage.routing import rules as stored_rules
from pbx_sms.storage.routing.facts import SimOfPool

#: from so many numbers on the whole numbering plan is loaded
_MANY = 200
#: numbers whose routes are looked for at a time
_CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one recipient, and what followed from it."""

    addressee: Addressee
    #: the operator was proven by a message from the number, against or beside the plan
    by_service_centre: bool
    choice: Choice


class RouteChooser:
    """The rules and the SIMs as they were when it was made; `assign` looks whether they still are so."""

    def __init__(
        self, connection: Connection, settings: Settings, kind: MailingKind, now: datetime, *,
        mailing_id: int | None = None, rules: Sequence[RouteRule] | None = None,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._kind = kind
        self._mailing_id = mailing_id
        self._now = now
        self._given = rules
        self._read(connection)

    def _read(self, connection: Connection) -> None:
        # first: rules that are newer than their revision are read again, older ones never would be
        self.revision = revision.read(connection).revision
        self._rules = stored_rules.every(connection) if self._given is None else list(self._given)
        self._plan: NumberingPlan | None = None
        settings, now = self._settings, self._now
        sims = facts.sims_of_pool(connection, now) if self._rules else []
        self._facts = {sim.sim_id: self._facts_of(connection, settings, sim) for sim in sims}
        self._price_of: Callable[[str | None], dict[int, float]] = lambda operator: {}
        if any(rule.kind is RouteRuleKind.CHEAPEST for rule in self._rules):
            self._price_of = prices_of(Desk(connection, settings, now), [sim for sim in sims if not sim.held])

    @property
    def has_rules(self) -> bool:
        return bool(self._rules)

    def assign(self, connection: Connection, new: Sequence[NewMessage]) -> list[NewMessage]:
        """The messages with their routes; what is bound to a SIM needs none. The rules are those that are in
        force when the transaction ends."""
        if revision.hold(connection) != self.revision:
            self._read(connection)
        new = [replace(one, route_revision=self.revision) for one in new]
        if not self._rules:
            return new
        known = self.known(connection, {one.msisdn for one in new if one.bound_sim_id is None})
        wanted = {msisdn: one.choice.route for msisdn, one in known.items() if one.choice.route is not None}
        ids = routes.ids_of(connection, wanted.values(), self._now)
        route_ids = {msisdn: ids[routes.fingerprint(route)] for msisdn, route in wanted.items()}
        return [
            replace(one, route_id=route_ids.get(one.msisdn)) if one.bound_sim_id is None else one
            for one in new
        ]

    def known(
        self,
        connection: Connection,
        msisdns: Collection[str],
        *,
        group_ids: Collection[int] = (),
        list_ids: Collection[int] = (),
    ) -> dict[str, Known]:
        """What the rules say about each number, as if it were in these groups and lists too."""
        kinds = {rule.kind for rule in self._rules}
        ask_operator = bool(kinds & {RouteRuleKind.OPERATOR, RouteRuleKind.CHEAPEST})
        if ask_operator and self._plan is None and len(msisdns) > _MANY:
            self._plan = numbering.load(connection)
        last = facts.last_sims(connection, msisdns) if RouteRuleKind.SAME_SIM in kinds else {}
        centres = facts.service_centres(connection, msisdns) if ask_operator else {}
        in_groups = {
            group_id: group_members.members_among(connection, self._settings, group_id, msisdns, self._now)
            for group_id in {rule.group_id for rule in self._rules} - {None}
            if group_id is not None
        }
        lists = {
            list_id: facts.listed_among(connection, list_id, msisdns)
            for list_id in {rule.list_id for rule in self._rules} - {None}
            if list_id is not None
        }
        found = {}
        for msisdn in msisdns:
            centre = centres.get(msisdn)
            proven = self._operator_of(connection, centre) if centre is not None else None
            operator = proven or (self._operator_of(connection, msisdn) if ask_operator else None)
            addressee = Addressee(
                msisdn=msisdn,
                kind=self._kind,
                mailing_id=self._mailing_id,
                group_ids=frozenset(group_ids).union(
                    one for one, held in in_groups.items() if msisdn in held
                ),
                list_ids=frozenset(list_ids).union(one for one, held in lists.items() if msisdn in held),
                last_sim_id=last.get(msisdn),
                operator=operator,
            )
            pool = Pool(sims=self._facts, prices=self._price_of(operator))
            found[msisdn] = Known(
                addressee=addressee,
                by_service_centre=proven is not None,
                choice=route_rules.choose(self._rules, addressee, pool),
            )
        return found

    def _operator_of(self, connection: Connection, number: str) -> str | None:
        """By the numbering plan that the office imported."""
        known = numbering.find(connection, number) if self._plan is None else self._plan.find(number)
        return None if known is None else known.operator

    def _facts_of(self, connection: Connection, settings: Settings, sim: SimOfPool) -> SimFacts:
        own = self._operator_of(connection, sim.own_number) if sim.own_number else None
        return SimFacts(
            sim_id=sim.sim_id,
            name=label_of(settings, sim.imsi, sim.label) or sim.imsi,
            operator=brand_of_sim(imsi=sim.imsi, operator=sim.operator, own_operator=own),
            held=sim.held,
        )


def routes_of(
    connection: Connection,
    settings: Settings,
    msisdns: Sequence[str],
    kind: MailingKind,
    mailing_id: int | None,
    now: datetime,
) -> list[Route | None]:
    """The routes that Start would give the messages, in their order; empty where there are no rules."""
    chooser = RouteChooser(connection, settings, kind, now, mailing_id=mailing_id)
    found: list[Route | None] = []
    if chooser.has_rules:
        for start in range(0, len(msisdns), _CHUNK):
            chunk = msisdns[start : start + _CHUNK]
            known = chooser.known(connection, set(chunk))
            found += [known[msisdn].choice.route for msisdn in chunk]
    return found


def prices_of(desk: Desk, sims: Sequence[SimOfPool]) -> Callable[[str | None], dict[int, float]]:
    """For a recipient's operator: what a part costs with each SIM, where that is known. Nothing, while
    something that the tariff includes is left in the month."""
    ours = {sim.sim_id for sim in sims}
    priced = [sim for sim in desk.sims if sim.row.sim_id in ours and sim.tariff is not None]
    included = {
        sim.row.sim_id
        for sim in priced
        if sim.tariff is not None
        and (parts := sim.tariff.included_with(sim.option))
        and desk.used_in_month(sim) < parts
    }

    def prices(operator: str | None) -> dict[int, float]:
        recipient = brand(operator) if operator else ""
        return {
            sim.row.sim_id: 0.0
            if sim.row.sim_id in included
            else float(sim.tariff.price(net_of(sim.brand, recipient)))
            for sim in priced
            if sim.tariff is not None
        }

    return prices
