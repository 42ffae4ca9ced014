"""`pbx-sms route`: the rules that choose SIMs, and what they say about a number."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, add_group, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, Output, key
from pbx_sms.core.mailing import MailingKind
from pbx_sms.core.route_rules import RouteRuleKind
from pbx_sms.operations.routing import rules
from pbx_sms.sentences.routes import rule_text

_KINDS = tuple(map(str, MailingKind))


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "route", "Which SIM: rules over the default spread, read from the top.")
    add = add_command(group, "add", add_rule, "Add a rule; messages that wait get their SIMs anew.")
    add.add_argument("rule", metavar="RULE", choices=tuple(map(str, RouteRuleKind)), help=(
        "same_sim: the SIM that the person knows; operator: SIMs of the recipient's own operator; only: these"
        " SIMs and no others; cheapest: the lowest price; reserve: these SIMs are kept for such messages"
    ))  # fmt: skip
    add.add_argument(
        "--sim", metavar="SIM", action="append", default=[], help="IMSI, label or modem; may be repeated"
    )
    add.add_argument(
        "--kind", metavar="KIND", action="append", default=[], choices=_KINDS,
        help="only for mailings of this kind; may be repeated: " + ", ".join(_KINDS),
    )  # fmt: skip
    add.add_argument("--group", metavar="G", help="only for people of this group: name or id")
    add.add_argument("--list", metavar="ID", type=positive, help="only for numbers of this list")
    add.add_argument("--mailing", metavar="ID", type=positive, help="only for this mailing")
    add.add_argument("--strict", action="store_true", help="wait for these SIMs instead of taking others")
    add.add_argument("--at", metavar="PLACE", type=positive, help="place from the top; default: the last")

    add_command(group, "list", list_rules, "Show the rules in the order in which they are read.")

    move = add_command(group, "move", move_rule, "Move a rule to another place.")
    move.add_argument("rule_id", metavar="RULE", type=positive)
    move.add_argument("place", metavar="PLACE", type=positive, help="from the top, 1 being the first")

    remove = add_command(group, "remove", remove_rule, "Remove a rule.")
    remove.add_argument("rule_id", metavar="RULE", type=positive)

    test = add_command(group, "test", try_number, "Say which rule decides about a number; nothing is sent.")
    test.add_argument("number", metavar="NUMBER")
    test.add_argument("--kind", metavar="KIND", choices=_KINDS, default="information", help=", ".join(_KINDS))
    test.add_argument("--group", metavar="G", help="as if the number were in this group")
    test.add_argument("--list", metavar="ID", type=positive, help="as if it stood in this list")
    test.add_argument("--mailing", metavar="ID", type=positive, help="as a message of this mailing")


def add_rule(context: Context, args: argparse.Namespace) -> int:
    added = rules.add(
        context.database,
        context.settings,
        kind=args.rule,
        sim_names=args.sim,
        strict=args.strict,
        kinds=args.kind,
        group=args.group,
        list_id=args.list,
        mailing_id=args.mailing,
        position=args.at,
        by=context.person,
    )
    return _tell(context, "cli_route_added", added)


def list_rules(context: Context, args: argparse.Namespace) -> int:
    columns = (
        Column("cli_column_route_place", key("position")),
        Column("cli_column_route", key("rule_id")),
        Column("cli_column_route_says", key("text")),
    )
    found = [_with_text(context, rule) for rule in rules.list_rules(context.database, context.settings)]
    context.output.rows(found, columns, empty="cli_no_routes")
    return 0


def move_rule(context: Context, args: argparse.Namespace) -> int:
    moved = rules.move(context.database, context.settings, rule_id=args.rule_id, position=args.place)
    return _tell(context, "cli_route_moved", moved)


def remove_rule(context: Context, args: argparse.Namespace) -> int:
    removed = rules.remove(context.database, context.settings, rule_id=args.rule_id)
    return _tell(context, "cli_route_removed", removed)


def try_number(context: Context, args: argparse.Namespace) -> int:
    tried = rules.try_number(
        context.database,
        context.settings,
        number=args.number,
        kind=args.kind,
        group=args.group,
        list_id=args.list,
        mailing_id=args.mailing,
    )
    output = context.output
    lines = [tried["number"]]
    if "operator" in tried:
        proven = tried["operator_by"] == "service_centre"
        lines.append(output.sentence("cli_route_operator_proven" if proven else "cli_route_operator", tried))
    lines += [
        output.sentence("cli_route_step", step | {"said": output.reason(step)}) for step in tried["steps"]
    ]
    lines.append(output.sentence("cli_route_decision", {"said": output.reason(tried)}))
    if tried["without"]:
        lines.append(output.sentence("cli_route_without", {"sims": tried["without"]}))
    output.object(tried, *lines)
    return 0


def _tell(context: Context, code: str, rule: dict[str, Any]) -> int:
    shown = _with_text(context, rule)
    output = context.output
    output.object(shown, output.sentence(code, shown), *reach_lines(output, shown))
    return 0


def reach_lines(output: Output, told: Mapping[str, Any]) -> list[str]:
    """What an order means for messages that wait, where it means anything for them."""
    if not told.get("waiting"):
        return []
    reached = "cli_route_reach" if told["changed"] is not None else "cli_route_reach_later"
    return [output.sentence(reached, told)]


def _with_text(context: Context, rule: dict[str, Any]) -> dict[str, Any]:
    """With its sentence; what people call the SIMs stands in there."""
    shown = rule | {"text": rule_text(rule, context.output.language)}
    del shown["sim_names"]
    return shown
