"""`pbx-sms group`: groups of contacts, by hand or by rule."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pbx_sms.cli import contacts
from pbx_sms.cli.arguments import Commands, add_command, add_group, from_base64, positive
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.cli.routes import reach_lines
from pbx_sms.errors import Refused
from pbx_sms.operations import groups
from pbx_sms.operations.contacts import as_dict
from pbx_sms.operations.routing import replanning

_COLUMNS = (
    Column("cli_column_group", key("group_id")),
    Column("cli_column_name", key("name")),
    Column("cli_column_members", key("members")),
    Column("cli_column_group_rule", key("sentence")),
    Column("cli_column_keywords", lambda row: ", ".join(row["keywords"])),
)


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "group", "Groups of contacts, kept by hand or selected by a rule.")
    add = add_command(group, "add", add_one, "Make a group.")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--rule", metavar="JSON|@FILE", help="who belongs to it; else it is kept by hand")
    add.add_argument("--list", metavar="ID", dest="list_id", type=positive, help="everybody of this list")
    add.add_argument(
        "--keyword", metavar="W", dest="keywords", action="append", default=[], help="whoever sends it joins"
    )
    add_command(group, "list", list_groups, "Show the groups by name.")
    for name, run, help_text in (
        ("show", show_group, "Show a group with its rule and how many belong to it now."),
        ("members", show_members, "Show who belongs to a group now."),
        ("remove", remove_group, "Take a group away; its contacts stay."),
    ):
        add_command(group, name, run, help_text).add_argument("group", metavar="GROUP", help="name or id")
    for name, run, help_text in (
        ("add-member", add_member, "Put numbers into a group; who is no contact becomes one."),
        ("remove-member", remove_member, "Take numbers out of a group."),
    ):
        command = add_command(group, name, run, help_text)
        command.add_argument("group", metavar="GROUP", help="name or id")
        command.add_argument("numbers", metavar="NUMBER", nargs="+")
        command.add_argument("--base64", action="store_true", help="GROUP is base64 of UTF-8: for a dialplan")
    bring = add_command(group, "add-list", add_list, "Put everybody of a list into a group.")
    bring.add_argument("group", metavar="GROUP", help="name or id")
    bring.add_argument("list_id", metavar="ID", type=positive)
    word = add_command(group, "add-keyword", add_keyword, "Whoever sends this word alone joins the group.")
    word.add_argument("group", metavar="GROUP", help="name or id")
    word.add_argument("keyword", metavar="WORD")
    word = add_command(group, "remove-keyword", remove_keyword, "Let a word make nobody a member any more.")
    word.add_argument("group", metavar="GROUP", help="name or id")
    word.add_argument("keyword", metavar="WORD")
    called = add_command(group, "rename", rename_group, "Call a group otherwise.")
    called.add_argument("group", metavar="GROUP", help="name or id")
    called.add_argument("name", metavar="NAME")

    rule = add_group(group, "rule", "Rules that select contacts.")
    test = add_command(rule, "test", try_rule, "Say whom a rule would select; store nothing.")
    test.add_argument("rule", metavar="JSON|@FILE")
    change = add_command(rule, "set", set_rule, "Give a group by rule another rule.")
    change.add_argument("group", metavar="GROUP", help="name or id")
    change.add_argument("rule", metavar="JSON|@FILE")


def add_one(context: Context, args: argparse.Namespace) -> int:
    added = groups.add(
        context.database,
        context.settings,
        name=args.name,
        rule=_rule(args.rule) if args.rule is not None else None,
        keywords=args.keywords,
        list_id=args.list_id,
    )
    context.output.object(added, context.output.sentence("cli_group_added", added))
    return 0


def list_groups(context: Context, args: argparse.Namespace) -> int:
    found = groups.list_groups(context.database, context.settings, context.output.language)
    context.output.rows(found, _COLUMNS, empty="cli_no_groups")
    return 0


def show_group(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    shown = groups.show(context.database, context.settings, args.group, output.language)
    facts = [(column.title, column.value(shown)) for column in _COLUMNS]
    lines = [
        f"{output.sentence(title)}: {cell}" for title, value in facts if (cell := output.cell(value)) != ""
    ]
    output.object(shown, *lines)
    return 0


def show_members(context: Context, args: argparse.Namespace) -> int:
    found = groups.find(context.database, args.group)
    members = groups.members(context.database, context.settings, found)
    context.output.rows(map(as_dict, members), contacts.COLUMNS, empty="cli_group_empty")
    return 0


def remove_group(context: Context, args: argparse.Namespace) -> int:
    return _told_with_reach(context, "cli_group_removed", lambda: groups.remove(context.database, args.group))


def add_member(context: Context, args: argparse.Namespace) -> int:
    group = from_base64(args.group) if args.base64 else args.group
    return _told_with_reach(
        context,
        "cli_group_members_added",
        lambda: groups.add_member(context.database, context.settings, group, args.numbers),
    )


def remove_member(context: Context, args: argparse.Namespace) -> int:
    group = from_base64(args.group) if args.base64 else args.group
    return _told_with_reach(
        context,
        "cli_group_members_removed",
        lambda: groups.remove_member(context.database, context.settings, group, args.numbers),
    )


def add_list(context: Context, args: argparse.Namespace) -> int:
    return _told_with_reach(
        context,
        "cli_group_members_added",
        lambda: groups.add_list(context.database, args.group, args.list_id),
    )


def add_keyword(context: Context, args: argparse.Namespace) -> int:
    added = groups.add_keyword(context.database, context.settings, args.group, args.keyword)
    return _told(context, "cli_group_keyword_added", added)


def remove_keyword(context: Context, args: argparse.Namespace) -> int:
    removed = groups.remove_keyword(context.database, args.group, args.keyword)
    return _told(context, "cli_group_keyword_removed", removed)


def rename_group(context: Context, args: argparse.Namespace) -> int:
    return _told(context, "cli_group_renamed", groups.rename(context.database, args.group, args.name))


def try_rule(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    told = groups.try_rule(context.database, context.settings, _rule(args.rule), output.language)
    lines = [told["sentence"], output.sentence("cli_rule_selects", told)]
    lines += [f"{one['number']}  {output.cell(one['name'])}".rstrip() for one in told["first"]]
    output.object(told, *lines)
    return 0


def set_rule(context: Context, args: argparse.Namespace) -> int:
    rule = _rule(args.rule)
    return _told_with_reach(
        context,
        "cli_group_rule_set",
        lambda: groups.set_rule(context.database, context.settings, args.group, rule),
    )


def _told(context: Context, code: str, told: dict[str, Any]) -> int:
    output = context.output
    output.object(told, output.sentence(code, told), *reach_lines(output, told))
    return 0


def _told_with_reach(context: Context, code: str, order: Callable[[], dict[str, Any]]) -> int:
    """Of an order by which a rule for SIMs may apply to other people."""
    return _told(context, code, replanning.with_reach(context.database, context.settings, order))


def _rule(text: str) -> Any:
    """Raises Refused: group_rule_not_json, group_rule_unreadable."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Refused("group_rule_unreadable", path=text[1:], problem=str(error)) from error
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Refused("group_rule_not_json", problem=str(error)) from error
