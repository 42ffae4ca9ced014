"""`pbx-sms stop`: the numbers that nothing is sent to."""

from __future__ import annotations

import argparse
from pathlib import Path

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.operations import stop_list

_COLUMNS = (
    Column("cli_column_number", key("number")),
    Column("cli_column_source", key("source")),
    Column("cli_column_created_at", key("created_at")),
    Column("cli_column_created_by", key("created_by")),
    Column("cli_column_note", key("note")),
)


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "stop", "The stop list: numbers that nothing is sent to.")
    add = add_command(group, "add", add_number, "Put a number on the stop list; what waits for it ends.")
    add.add_argument("number", metavar="NUMBER")
    add.add_argument("--note", metavar="TEXT", help="why, or who asked for it")

    remove = add_command(group, "remove", remove_number, "Take a number off the stop list.")
    remove.add_argument("number", metavar="NUMBER")

    add_command(group, "list", list_numbers, "Show the stop list, newest first.")

    bring = add_command(group, "import", import_file, "Put every number of a file on the stop list.")
    bring.add_argument("file", metavar="FILE", help="a workbook or CSV; the numbers are found as in a list")
    bring.add_argument("--note", metavar="TEXT", help="where they come from")


def add_number(context: Context, args: argparse.Namespace) -> int:
    added = stop_list.add(
        context.database, context.settings, number=args.number, note=args.note, by=context.person
    )
    code = "cli_stop_added" if added["added"] else "cli_stop_already"
    context.output.object(added, context.output.sentence(code, added))
    return 0


def remove_number(context: Context, args: argparse.Namespace) -> int:
    removed = stop_list.remove(context.database, context.settings, number=args.number)
    context.output.object(removed, context.output.sentence("cli_stop_removed", removed))
    return 0


def list_numbers(context: Context, args: argparse.Namespace) -> int:
    found = stop_list.list_entries(context.database, context.settings)
    context.output.rows(found, _COLUMNS, empty="cli_stop_empty")
    return 0


def import_file(context: Context, args: argparse.Namespace) -> int:
    path = Path(args.file)
    told = stop_list.import_file(
        context.database,
        context.settings,
        source=path,
        file_name=path.name,
        note=args.note,
        by=context.person,
    )
    output = context.output
    lines = [output.sentence("cli_stop_imported", told)]
    lines += [
        output.sentence(
            "cli_row_rejected", row | {"value": output.cell(row["value"]), "why": output.reason(row)}
        )
        for row in told["rejected"]
    ]
    output.object(told, *lines)
    return 0
