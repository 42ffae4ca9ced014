"""The rules for SIMs: to read, to order, and to try on a number without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from pbx_sms.config import Settings
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.msisdn import Normalizer, Rejected
from pbx_sms.core.route_rules import RouteRule, RouteRuleKind
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations.audit import order, tell
from pbx_sms.operations.routing import replanning
from pbx_sms.operations.routing.choice import RouteChooser
from pbx_sms.operations.sims import label_of, one_named
from pbx_sms.storage import sims
from pbx_sms.storage.engine import Database
from pbx_sms.storage.routing import rules as stored_rules
from pbx_sms.storage.routing.rules import RuleRow

#: rules that name their SIMs
_WITH_SIMS = (RouteRuleKind.ONLY, RouteRuleKind.RESERVE)
MAX_RULES = 100


def list_rules(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """[{"rule_id", "position" (from 1), "kind", "sims": [IMSI], "sim_names", "strict", "kinds",
    "group_id"?, "group"?, "list_id"?, "list"?, "mailing_id"?, "mailing"?, "created_at", "created_by"}] in
    the order in which they are read. `sentences.routes.rule_text` makes a sentence of each."""
    with database.read() as connection:
        rows = stored_rules.every_with_names(connection)
        known = {sim.sim_id: sim for sim in sims.every(connection, database.now())}
    imsis = {sim_id: sim.imsi for sim_id, sim in known.items()}
    names = {sim_id: label_of(settings, sim.imsi, sim.label) or sim.imsi for sim_id, sim in known.items()}
    return [_shown(row, position, imsis, names) for position, row in enumerate(rows, 1)]


@order("route.add", "kind", "sim_names", "strict", "kinds", "group", "list_id", "mailing_id", "position")
def add(
    database: Database,
    settings: Settings,
    *,
    kind: str,
    sim_names: Sequence[str] = (),
    strict: bool = False,
    kinds: Sequence[str] = (),
    group: str | None = None,
    list_id: int | None = None,
    mailing_id: int | None = None,
    position: int | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """The new rule as `list_rules` shows it, with what it means for messages that wait: "waiting": how many
    get their route anew, "changed": how many of them go through other SIMs now (None: an engine is at it).

    `group` is a name or an id. Refused: route_kind_invalid, kind_invalid, route_needs_sims,
    route_names_no_sims, route_needs_whom, route_never_strict, route_too_many, route_group_not_found,
    list_not_found, mailing_not_found, and what `operations.sims` says about a SIM's name.
    """
    rule_kind = _parse(RouteRuleKind, kind, "route_kind_invalid")
    mailing_kinds = frozenset(_parse(MailingKind, one, "route_mailing_kind_invalid") for one in kinds)
    if rule_kind in _WITH_SIMS and not sim_names:
        raise Refused("route_needs_sims")
    if rule_kind not in _WITH_SIMS and sim_names:
        raise Refused("route_names_no_sims")
    if strict and rule_kind is RouteRuleKind.RESERVE:
        raise Refused("route_never_strict")
    if rule_kind is RouteRuleKind.RESERVE and not (kinds or group or list_id or mailing_id):
        raise Refused("route_needs_whom")
    now = database.now()
    with database.begin() as connection:
        if len(stored_rules.every(connection)) >= MAX_RULES:
            raise Refused("route_too_many", max=MAX_RULES)
        group_id = None if group is None else _group(connection, group)
        if list_id is not None and not stored_rules.list_exists(connection, list_id):
            raise NotFound("list_not_found", list_id=list_id)
        if mailing_id is not None and not stored_rules.mailing_exists(connection, mailing_id):
            raise NotFound("mailing_not_found", mailing_id=mailing_id)
        rule = RouteRule(
            rule_id=0,
            kind=rule_kind,
            sim_ids=frozenset(one_named(connection, settings, name, now).sim_id for name in sim_names),
            strict=strict or rule_kind is RouteRuleKind.ONLY,
            kinds=mailing_kinds,
            group_id=group_id,
            list_id=list_id,
            mailing_id=mailing_id,
        )
        rule_id = stored_rules.add(connection, rule, position=position, now=now, by=by)
    return _one(database, settings, rule_id) | _reach(database, settings)


@order("route.move", "rule_id", "position")
def move(database: Database, settings: Settings, *, rule_id: int, position: int) -> dict[str, Any]:
    """The rule, now the `position`-th that is read, as `add` shows it. Refused: route_rule_not_found."""
    with database.begin() as connection:
        if not stored_rules.move(connection, rule_id, position):
            raise NotFound("route_rule_not_found", rule_id=rule_id)
    return _one(database, settings, rule_id) | _reach(database, settings)


@order("route.remove", "rule_id")
def remove(database: Database, settings: Settings, *, rule_id: int) -> dict[str, Any]:
    """The rule that is gone, as `add` shows it. Refused: route_rule_not_found."""
    removed = _one(database, settings, rule_id)
    with database.begin() as connection:
        if not stored_rules.remove(connection, rule_id):
            raise NotFound("route_rule_not_found", rule_id=rule_id)
        tell(before=removed)
    return removed | _reach(database, settings)


def try_number(
    database: Database,
    settings: Settings,
    *,
    number: str,
    kind: str = MailingKind.INFORMATION,
    group: str | None = None,
    list_id: int | None = None,
    mailing_id: int | None = None,
) -> dict[str, Any]:
    """What the rules say about a message to the number, as if it were in the group or the list; nothing is
    sent. {"number", "operator"?, "operator_by"? ("numbering_plan" | "service_centre"), "last_sim"?,
    "rule_id"?, "strict", "sims": [IMSI] | null (any), "without": [IMSI], "reason", "reason_params",
    "steps": [{"rule_id", "position", "reason", "reason_params"}]}.

    Refused: the number's own code, route_mailing_kind_invalid, route_group_not_found.
    """
    found = Normalizer(settings.sending.country).normalize(number)
    if isinstance(found, Rejected):
        raise Refused(found.code, value=found.value)
    mailing_kind = _parse(MailingKind, kind, "route_mailing_kind_invalid")
    now = database.now()
    with database.read() as connection:
        group_ids = () if group is None else (_group(connection, group),)
        chooser = RouteChooser(connection, settings, mailing_kind, now, mailing_id=mailing_id)
        list_ids = () if list_id is None else (list_id,)
        known = chooser.known(connection, [found.msisdn], group_ids=group_ids, list_ids=list_ids)[
            found.msisdn
        ]
        imsis = {sim.sim_id: sim.imsi for sim in sims.every(connection, now)}
        positions = {rule.rule_id: number for number, rule in enumerate(stored_rules.every(connection), 1)}
    route = known.choice.route
    shown: dict[str, Any] = {"number": found.msisdn}
    if known.addressee.operator is not None:
        by = "service_centre" if known.by_service_centre else "numbering_plan"
        shown |= {"operator": known.addressee.operator, "operator_by": by}
    if known.addressee.last_sim_id is not None:
        shown["last_sim"] = imsis.get(known.addressee.last_sim_id)
    decided = route is not None and route.reason is not None
    reason = known.choice.steps[-1].reason if decided else None
    return shown | {
        "rule_id": route.rule_id if route is not None else None,
        "strict": route is not None and route.strict,
        "sims": None if route is None or route.sim_ids is None else _imsis(route.sim_ids, imsis),
        "without": [] if route is None else _imsis(route.without, imsis),
        "reason": "route_default" if reason is None else reason.code,
        "reason_params": {} if reason is None else dict(reason.params),
        "steps": [
            {
                "rule_id": step.rule_id,
                "position": positions.get(step.rule_id),
                "reason": step.reason.code,
                "reason_params": dict(step.reason.params),
            }
            for step in known.choice.steps
        ],
    }


def _reach(database: Database, settings: Settings) -> dict[str, Any]:
    return replanning.after_change(database, settings).as_dict()


def _one(database: Database, settings: Settings, rule_id: int) -> dict[str, Any]:
    for rule in list_rules(database, settings):
        if rule["rule_id"] == rule_id:
            return rule
    raise NotFound("route_rule_not_found", rule_id=rule_id)


def _shown(row: RuleRow, position: int, imsis: dict[int, str], names: dict[int, str]) -> dict[str, Any]:
    rule = row.rule
    shown: dict[str, Any] = {
        "rule_id": rule.rule_id,
        "position": position,
        "kind": str(rule.kind),
        "sims": _imsis(rule.sim_ids, imsis),
        "sim_names": [names[one] for one in sorted(rule.sim_ids) if one in names],
        "strict": rule.strict,
        "kinds": [str(kind) for kind in MailingKind if kind in rule.kinds],
        "created_at": row.created_at,
        "created_by": row.created_by,
    }
    for what, id_, name in (
        ("group", rule.group_id, row.group),
        ("list", rule.list_id, row.list),
        ("mailing", rule.mailing_id, row.mailing),
    ):
        if id_ is not None:
            shown |= {f"{what}_id": id_, what: name}
    return shown


def _imsis(sim_ids: frozenset[int], imsis: dict[int, str]) -> list[str]:
    return [imsis[one] for one in sorted(sim_ids) if one in imsis]


def _parse(choices: Any, text: str, code: str) -> Any:
    try:
        return choices(text)
    except ValueError as error:
        raise Refused(code, value=text, choices=", ".join(choices)) from error


def _group(connection: Connection, name: str) -> int:
    group_id = stored_rules.group_named(connection, name)
    if group_id is None:
        raise NotFound("route_group_not_found", group=name)
    return group_id
