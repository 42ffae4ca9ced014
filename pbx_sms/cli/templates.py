"""`pbx-sms template`: saved texts."""

from __future__ import annotations

import argparse
from typing import Any

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.operations import templates

_COLUMNS = (
    Column("cli_column_template", key("template_id")),
    Column("cli_column_name", key("name")),
    Column("cli_column_text", key("text")),
)


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "template", "Saved texts with {placeholders}.")
    add = add_command(group, "add", add_template, "Save a text under a name.")
    add.add_argument("name", metavar="NAME")
    add.add_argument("text", metavar="TEXT")
    add_command(group, "list", list_templates, "Show the saved texts by name.")
    change = add_command(group, "set", set_template, "Give a saved text other words or another name.")
    change.add_argument("template", metavar="TEMPLATE", help="name or id")
    change.add_argument("--text", metavar="T")
    change.add_argument("--name", metavar="N")
    for name, run, help_text in (
        ("show", show_template, "Show a saved text and the columns it needs."),
        ("remove", remove_template, "Take a saved text away; mailings keep theirs."),
        ("preview", preview, "Show what a contact would read."),
    ):
        command = add_command(group, name, run, help_text)
        command.add_argument("template", metavar="TEMPLATE", help="name or id")
        if name == "preview":
            command.add_argument("--contact", metavar="NUMBER", required=True)


def add_template(context: Context, args: argparse.Namespace) -> int:
    added = templates.add(context.database, name=args.name, text=args.text, by=context.person)
    return _told(context, "cli_template_added", added)


def list_templates(context: Context, args: argparse.Namespace) -> int:
    context.output.rows(templates.list_templates(context.database), _COLUMNS, empty="cli_no_templates")
    return 0


def show_template(context: Context, args: argparse.Namespace) -> int:
    shown = templates.show(context.database, args.template)
    context.output.object(shown, shown["text"])
    return 0


def set_template(context: Context, args: argparse.Namespace) -> int:
    changed = templates.change(context.database, args.template, text=args.text, name=args.name)
    return _told(context, "cli_template_changed", changed)


def remove_template(context: Context, args: argparse.Namespace) -> int:
    removed = templates.remove(context.database, args.template)
    lines = [context.output.sentence("cli_template_removed", removed)]
    lines += [context.output.sentence("template_removed_from_series", one) for one in removed["series"]]
    context.output.object(removed, *lines)
    return 0


def preview(context: Context, args: argparse.Namespace) -> int:
    output = context.output
    found = templates.find(context.database, args.template)
    shown = templates.preview(
        context.database, context.settings, found.text, args.contact, context.text_language
    )
    lines = [shown["text"], output.sentence("cli_template_parts", shown)]
    if shown["missing"]:
        lines.append(output.sentence("cli_template_missing", shown))
    output.object(shown, *lines)
    return 0


def _told(context: Context, code: str, told: dict[str, Any]) -> int:
    context.output.object(told, context.output.sentence(code, told))
    return 0
