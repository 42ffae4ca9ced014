"""`pbx-sms stop`: the numbers that nothing is sent to."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from pbx_sms.cli.arguments import Commands, add_command, add_group
from pbx_sms.cli.context import Context
from pbx_sms.cli.output import Column, key
from pbx_sms.errors import Refused
from pbx_sms.operations import stop_list, stop_records
from pbx_sms.storage.stop_list import StopSource

_COLUMNS = (
    Column("cli_column_number", key("number")),
    Column("cli_column_source", key("source")),
    Column("cli_column_created_at", key("created_at")),
    Column("cli_column_created_by", key("created_by")),
    Column("cli_column_call", key("call_id")),
    Column("cli_column_note", key("note")),
)


_HISTORY = (
    Column("cli_column_at", key("at")),
    Column("cli_column_action", key("action")),
    Column("cli_column_source", key("source")),
    Column("cli_column_created_by", key("by")),
    Column("cli_column_call", key("call_id")),
    Column("cli_column_note", key("note")),
)


def add_commands(commands: Commands) -> None:
    group = add_group(commands, "stop", "The stop list: numbers that nothing is sent to.")
    add = add_command(group, "add", add_number, "Put a number on the stop list; what waits for it ends.")
    add.add_argument("number", metavar="NUMBER")
    add.add_argument("--note", metavar="TEXT", help="why, or who asked for it")
    add.add_argument("--call", metavar="ID", help="it was asked for by this call: Asterisk's unique id of it")

    remove = add_command(group, "remove", remove_number, "Take a number off the stop list: a false alarm.")
    remove.add_argument("number", metavar="NUMBER")
    remove.add_argument("--why", metavar="TEXT", required=True, help="kept with your name in the history")

    listed = add_command(group, "list", list_numbers, "Show the stop list, newest first.")
    listed.add_argument("--search", metavar="TEXT", help="only numbers or notes that hold it")

    one = add_command(group, "show", show_number, "Show how the demand of a number was obeyed.")
    one.add_argument("number", metavar="NUMBER")

    past = add_command(
        group, "history", show_history, "Show when a number was stopped and released, and why."
    )
    past.add_argument("number", metavar="NUMBER")

    judge = add_command(
        group, "test", judge_text, "Say whether a text would stop its sender, and by which rule."
    )
    judge.add_argument("text", metavar="TEXT")

    out = add_command(group, "export", export_file, "Write the stop list into a workbook or CSV.")
    out.add_argument("--out", metavar="FILE", type=Path, required=True, help="…xlsx or …csv")

    bring = add_command(group, "import", import_file, "Put every number of a file on the stop list.")
    bring.add_argument("file", metavar="FILE", help="a workbook or CSV; the numbers are found as in a list")
    bring.add_argument("--note", metavar="TEXT", help="where they come from")


def add_number(context: Context, args: argparse.Namespace) -> int:
    added = stop_list.add(
        context.database,
        context.settings,
        number=args.number,
        note=args.note,
        by=context.person,
        source=StopSource.CALL if args.call else StopSource.PERSON,
        call_id=args.call,
    )
    code = "cli_stop_added" if added["added"] else "cli_stop_already"
    context.output.object(added, context.output.sentence(code, added))
    return 0


def remove_number(context: Context, args: argparse.Namespace) -> int:
    removed = stop_list.remove(
        context.database, context.settings, number=args.number, why=args.why, by=context.person
    )
    context.output.object(removed, context.output.sentence("cli_stop_removed", removed))
    return 0


def list_numbers(context: Context, args: argparse.Namespace) -> int:
    found = stop_list.list_entries(context.database, context.settings, search=args.search)
    context.output.rows(found, _COLUMNS, empty="cli_stop_empty")
    return 0


def show_number(context: Context, args: argparse.Namespace) -> int:
    told = stop_records.show(context.database, context.settings, number=args.number)
    output = context.output
    params = {
        name: output.time(value) if isinstance(value, datetime) else value for name, value in told.items()
    }
    lines = [output.sentence("stop_show_listed" if told["listed"] else "stop_show_removed", params)]
    lines.append(output.sentence("stop_show_asked", params))
    lines.append(
        output.sentence("stop_show_before" if told["last_before_at"] else "stop_show_no_before", params)
    )
    lines.append(output.sentence("stop_show_after" if told["after_count"] else "stop_show_no_after", params))
    if told["confirmation"]:
        state = output.sentence(f"message_state_{told['confirmation']['state']}")
        lines.append(output.sentence("stop_show_confirmation", told["confirmation"] | {"state": state}))
    output.object(told, *lines)
    return 0


def show_history(context: Context, args: argparse.Namespace) -> int:
    found = stop_records.history(context.database, context.settings, number=args.number)
    context.output.rows(found, _HISTORY, empty="cli_stop_empty")
    return 0


def judge_text(context: Context, args: argparse.Namespace) -> int:
    judged = stop_records.judge(context.settings, args.text)
    output = context.output
    code = "cli_stop_test_yes" if judged["is_stop"] else "cli_stop_test_no"
    output.object(
        judged,
        output.sentence(code, judged | {"why": output.reason(judged)}),
        output.sentence("cli_stop_test_text", judged),
    )
    return 0


def export_file(context: Context, args: argparse.Namespace) -> int:
    form = args.out.suffix.removeprefix(".").lower()
    try:
        count = stop_records.export(
            context.database, context.settings, args.out, format=form, language=context.text_language
        )
    except OSError as error:
        raise Refused(
            "stop_export_failed", path=str(args.out), problem=error.strerror or str(error)
        ) from error
    told = {"path": str(args.out), "numbers": count}
    context.output.object(told, context.output.sentence("cli_stop_exported", told))
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
